import { isDeepStrictEqual } from "node:util";
import { Failure } from "../../model/index.ts";
import { isObject } from "../json-text.ts";
import { parseToml } from "../parsers.ts";

/** One string of a TOML document and what it is to become. */
export interface StringChange {
  /** Keys and indexes from the document's root. */
  readonly at: readonly (string | number)[];
  readonly from: string;
  readonly to: string;
}

/**
 * Changes strings of a TOML document where they stand, every other byte kept. Each change is tried on all places in the
 * text that could be meant, and taken where the document then reads as it did but for that one string.
 * @throws {Failure} `conflict` when a string cannot be found so (written over several lines, with escapes).
 */
export function changeStrings(text: string, path: string, changes: readonly StringChange[]): string {
  return changes.reduce((current, change) => changeString(current, path, change), text);
}

function changeString(text: string, path: string, change: StringChange): string {
  const wanted = replaced(read(text, path), change.at, change.to);
  for (const quote of ['"', "'"]) {
    const literal = `${quote}${change.from}${quote}`;
    for (let at = text.indexOf(literal); at >= 0; at = text.indexOf(literal, at + 1)) {
      const start = at + 1;
      const edited = text.slice(0, start) + change.to + text.slice(start + change.from.length);
      const parsed = parseToml(edited);
      if (parsed.state === "read" && isDeepStrictEqual(parsed.value, wanted)) return edited;
    }
  }
  throw new Failure(
    "conflict",
    `${path} writes ${change.from.slice(0, 100)} in a way that is not edited`,
    "Change it by hand, then plan again.",
  );
}

function read(text: string, path: string): unknown {
  const parsed = parseToml(text);
  if (parsed.state === "read") return parsed.value;
  throw new Failure("conflict", `${path} cannot be read: ${parsed.reason}`, "Repair it, then plan again.");
}

/** The document with one string replaced; shares what is not on its way. */
function replaced(value: unknown, at: readonly (string | number)[], to: string): unknown {
  const [key, ...rest] = at;
  if (key === undefined) return to;
  if (Array.isArray(value))
    return value.map((one: unknown, index) => (index === key ? replaced(one, rest, to) : one));
  if (!isObject(value)) return value;
  return Object.assign(Object.create(Object.getPrototypeOf(value) as object | null) as object, value, {
    [key]: replaced(value[key], rest, to),
  });
}
