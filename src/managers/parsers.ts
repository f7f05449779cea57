import { createRequire } from "node:module";
import type * as Toml from "smol-toml";
import type * as Yaml from "yaml";
import { isObject, type ParsedObject } from "./json-text.ts";
import { conflictLine } from "./line-counter.ts";
import { tooDeepLine } from "./nesting.ts";

// Loaded when the first such file is met: most projects have none, and every scan pays for what is imported.
const load = createRequire(import.meta.url);

/** Parses a TOML document. */
export function parseToml(text: string): ParsedObject {
  const toml = load("smol-toml") as typeof Toml;
  return parseWith(text, (source) => toml.parse(source));
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
