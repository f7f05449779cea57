import { parseSpecifiers } from "./specifier.ts";

/** A PEP 508 requirement. */
export interface ParsedRequirement {
  /** As written. */
  readonly name: string;
  /** As written. */
  readonly extras: string[];
  /** Clauses joined with commas, without white space or parentheses; `""` is any version. */
  readonly specifier: string;
  /** As written, not yet judged. */
  readonly marker?: string;
  /** A direct reference (`name @ url`). */
  readonly url?: string;
}

const maxLength = 16_384;
const nameAtStart = /^[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?/;
const wholeName = /^[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?$/;

/**
 * Reads a requirement by PEP 508: name, extras, specifiers (bare or in parentheses) or address, marker. Comments and
 * options belong to requirements files and are errors here. The marker's text is kept unread.
 */
export function parseRequirement(text: string): ParsedRequirement | { error: string } {
  if (text.length > maxLength) return { error: "longer than a requirement can be" };
  const trimmed = text.trim();
  const name = nameAtStart.exec(trimmed)?.[0];
  if (name === undefined)
    return { error: trimmed === "" ? "empty" : `no package name at "${excerpt(trimmed)}"` };
  const afterName = trimmed.slice(name.length).trimStart();
  const extras = readExtras(afterName);
  if ("error" in extras) return extras;
  return extras.rest.startsWith("@")
    ? readReference(name, extras.names, extras.rest.slice(1).trim())
    : readVersions(name, extras.names, extras.rest);
}

function readExtras(text: string): { names: string[]; rest: string } | { error: string } {
  if (!text.startsWith("[")) return { names: [], rest: text };
  const end = text.indexOf("]");
  if (end < 0) return { error: "extras without a closing bracket" };
  const inside = text.slice(1, end).trim();
  const names = inside === "" ? [] : inside.split(",").map((extra) => extra.trim());
  const wrong = names.find((extra) => !wholeName.test(extra));
  if (wrong !== undefined) return { error: `"${excerpt(wrong)}" is not the name of an extra` };
  return { names, rest: text.slice(end + 1).trimStart() };
}

function readReference(name: string, extras: string[], text: string): ParsedRequirement | { error: string } {
  const end = text.search(/\s/);
  const url = end < 0 ? text : text.slice(0, end);
  const rest = end < 0 ? "" : text.slice(end).trim();
  if (url === "") return { error: "no address after @" };
  if (rest === "") return { name, extras, specifier: "", url };
  if (!rest.startsWith(";")) return { error: `"${excerpt(rest)}" after the address` };
  return withMarker({ name, extras, specifier: "", url }, rest.slice(1));
}

function readVersions(name: string, extras: string[], text: string): ParsedRequirement | { error: string } {
  const semicolon = text.indexOf(";");
  const versions = (semicolon < 0 ? text : text.slice(0, semicolon)).trim();
  const bare = withoutParentheses(versions);
  if (bare === undefined || parseSpecifiers(bare) === undefined)
    return { error: `"${excerpt(versions)}" is not a version specifier` };
  const specifier = bare
    .split(",")
    .map((clause) => clause.replace(/\s+/g, ""))
    .filter((clause) => clause !== "")
    .join(",");
  const requirement = { name, extras, specifier };
  return semicolon < 0 ? requirement : withMarker(requirement, text.slice(semicolon + 1));
}

function withoutParentheses(text: string): string | undefined {
  if (!text.startsWith("(")) return text;
  return text.endsWith(")") ? text.slice(1, -1).trim() : undefined;
}

function withMarker(requirement: ParsedRequirement, text: string): ParsedRequirement | { error: string } {
  const marker = text.trim();
  return marker === "" ? { error: "no marker after the semicolon" } : { ...requirement, marker };
}

const excerpt = (text: string): string => (text.length > 60 ? `${text.slice(0, 60)}…` : text);
