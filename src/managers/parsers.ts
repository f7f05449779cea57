import { createRequire } from "node:module";
import type * as Toml from "smol-toml";
import type * as Yaml from "yaml";
import { isObject, type JsonObject, type ParsedObject } from "./json-text.ts";
import { conflictLine } from "./line-counter.ts";
import { tooDeepLine } from "./nesting.ts";

// Loaded when the first such file is met: most projects have none, and every scan pays for what is imported.
const load = createRequire(import.meta.url);

/** Parses a TOML document. */
export function parseToml(text: string): ParsedObject {
  const toml = load("smol-toml") as typeof Toml;
  return parseWith(text, (source) => toml.parse(source));
}

/**
 * Parses a TOML document that is mostly tables of one array, `[[key]]`: table by table, since what the parser keeps of
 * keys for a whole document takes several times the memory of their values. Where the parts do not make up a document
 * (a heading within a text, a key given twice), it is parsed as a whole, and refused in its own words.
 * `take` is asked at once what to keep of each table, by its number from 0: a table is many times larger than its text.
 */
export function parseTomlTables(
  text: string,
  key: string,
  take: (table: unknown, index: number) => unknown,
): ParsedObject {
  const toml = load("smol-toml") as typeof Toml;
  // Without a prototype, as the parser's own.
  const value = Object.create(null) as Record<string, unknown>;
  const kept: unknown[] = [];
  const asWhole = (): ParsedObject => {
    const whole = parseToml(text);
    if (whole.state !== "read" || !Array.isArray(whole.value[key])) return whole;
    const taken = (whole.value[key] as unknown[]).map((table, index) => take(table, index));
    return {
      state: "read",
      value: Object.assign(Object.create(null) as JsonObject, whole.value, { [key]: taken }),
    };
  };
  for (const part of partsAt(text.startsWith("\ufeff") ? text.slice(1) : text, `[[${key}]]`)) {
    let read: Record<string, unknown>;
    try {
      read = toml.parse(part);
    } catch {
      return asWhole();
    }
    for (const [name, one] of Object.entries(read)) {
      const isOfArray = name === key && part.startsWith("[[") && Array.isArray(one);
      if (isOfArray) for (const table of one as unknown[]) kept.push(take(table, kept.length));
      else if (name === key || name in value) return asWhole();
      else value[name] = one;
    }
  }
  if (kept.length > 0) value[key] = kept;
  return { state: "read", value };
}

/** A text cut before each line that begins with a heading. */
function* partsAt(text: string, heading: string): Generator<string> {
  let start = 0;
  while (start < text.length) {
    const next = text.indexOf(`\n${heading}`, start);
    yield text.slice(start, next < 0 ? undefined : next + 1);
    start = next < 0 ? text.length : next + 1;
  }
}

/** Parses a YAML document; aliases and nesting are bounded. */
export function parseYaml(text: string): ParsedObject {
  const tooDeep = tooDeepLine(text);
  if (tooDeep !== undefined) return { state: "unread", reason: "nested too deeply", line: tooDeep };
  const yaml = load("yaml") as typeof Yaml;
  // Warnings are not printed; "silent" would pass over errors too.
  return parseWith(
    text,
    (source) => yaml.parse(source, { maxAliasCount: 100, logLevel: "error" }) as unknown,
  );
}

function parseWith(text: string, parse: (text: string) => unknown): ParsedObject {
  try {
    const value = parse(text.startsWith("\ufeff") ? text.slice(1) : text);
    return isObject(value)
      ? { state: "read", value: value }
      : { state: "unread", reason: "not a mapping", line: 1 };
  } catch (error) {
    const conflict = conflictLine(text);
    if (conflict !== undefined) return { state: "unread", reason: "merge conflict marker", line: conflict };
    const message =
      error instanceof Error ? (error.message.split("\n")[0] ?? "").slice(0, 200) : "unreadable";
    const line = lineOf(error) ?? Number(/line (\d+)/.exec(message)?.[1]);
    return { state: "unread", reason: message, ...(Number.isInteger(line) && line > 0 ? { line } : {}) };
  }
}

function lineOf(error: unknown): number | undefined {
  if (!(error instanceof Error)) return undefined;
  const { line, linePos } = error as Error & { line?: number; linePos?: readonly { line: number }[] };
  return line ?? linePos?.[0]?.line;
}
