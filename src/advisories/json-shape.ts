/** A JSON object whose fields are still to be judged. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** A value as an object, `undefined` for anything else; only own fields of parsed JSON are ever read. */
export function asObject(value: unknown): JsonObject | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as JsonObject)
    : undefined;
}

/** A value as a list, empty for anything else. */
export function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as unknown[]) : [];
}

/** The strings of a list that are not empty. */
export function stringsOf(value: unknown): string[] {
  return asList(value).filter((one): one is string => typeof one === "string" && one !== "");
}

/** A value as text that is not empty. */
export function asText(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}
