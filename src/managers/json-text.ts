import { conflictLine, LineCounter } from "./line-counter.ts";

/** A JSON object as parsed, or why it is none and where. */
export type ParsedObject = { readonly state: "read"; readonly value: JsonObject } | UnreadText;

/** Why a text could not be parsed, and where. */
export interface UnreadText {
  readonly state: "unread";
  readonly reason: string;
  readonly line?: number;
}

/** An object of unknown content. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Parses a JSON object; a leading BOM is passed over. */
export function parseJsonObject(text: string): ParsedObject {
  let value: unknown;
  try {
    value = JSON.parse(text.startsWith("\ufeff") ? text.slice(1) : text);
  } catch (error) {
    const conflict = conflictLine(text);
    if (conflict !== undefined) return { state: "unread", reason: "merge conflict marker", line: conflict };
    const reason = error instanceof Error ? error.message.replace(/\s+/g, " ").slice(0, 200) : "not JSON";
    const line = errorLine(text, reason);
    return { state: "unread", reason: `not valid JSON: ${reason}`, ...(line === undefined ? {} : { line }) };
  }
  return isObject(value)
    ? { state: "read", value }
    : { state: "unread", reason: "not a JSON object", line: 1 };
}

function errorLine(text: string, message: string): number | undefined {
  const position = /at position (\d+)/.exec(message)?.[1];
  if (position !== undefined) return new LineCounter(text).at(Number(position));
  if (/end of JSON/.test(message)) return new LineCounter(text).at(text.length);
  // V8 quotes the text around an unexpected token instead of giving its position.
  const quoted = /Unexpected token .*?, (?:\.\.\.)?"(.*)"(?:\.\.\.)? is not valid JSON/.exec(message)?.[1];
  const around = quoted?.trim().split(" ")[0];
  const found = around === undefined || around === "" ? -1 : text.indexOf(around);
  return found < 0 ? undefined : new LineCounter(text).at(found + 1);
}

/** Whether a parsed value is an object with fields, not an array. */
export function isObject(value: unknown): value is JsonObject {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

const none: JsonObject = Object.freeze(Object.create(null) as JsonObject);

/** An own field that is an object; else an empty one. Inherited names such as `constructor` are never found. */
export function objectAt(value: JsonObject, field: string): JsonObject {
  const found = Object.hasOwn(value, field) ? value[field] : undefined;
  return isObject(found) ? found : none;
}

/** An own field that is a string; else `undefined`. */
export function stringAt(value: JsonObject, field: string): string | undefined {
  const found = Object.hasOwn(value, field) ? value[field] : undefined;
  return typeof found === "string" ? found : undefined;
}
