import { orderOf } from "../../versions/index.ts";

const order = orderOf("npm");

/** A dependency's range with the alias taken off: `npm:real@^1` is a range on `real` (npm-package-arg's `alias`). */
export interface Spec {
  /** The real name; differs from the key in the manifest for an alias. */
  readonly name: string;
  /** A semver range, a tag, or another kind of spec as written. */
  readonly range: string;
  /** What else than a registry release it points to. */
  readonly foreign?: string;
}

/** Reads `"name": "range"` of a manifest. */
export function readSpec(name: string, range: string): Spec {
  const first = range.charCodeAt(0);
  // Digits, ^, ~, <, =, > and * begin nearly every range: nothing else to look for.
  if ((first >= 48 && first <= 62) || first === 94 || first === 126 || first === 42)
    return range.includes("/") && !range.includes(" ")
      ? { name, range, foreign: "a git checkout" }
      : { name, range };
  if (range.startsWith("npm:")) {
    const at = range.indexOf("@", 5);
    return at < 0
      ? { name: range.slice(4), range: "" }
      : { name: range.slice(4, at), range: range.slice(at + 1) };
  }
  const foreign = foreignOf(range);
  return foreign === undefined ? { name, range } : { name, range, foreign };
}

/** Why a resolved address or a spec is no registry release; `undefined` when it may be one. */
export function foreignOf(spec: string): string | undefined {
  if (/^(?:git[+:@]|github:|gitlab:|bitbucket:|gist:)/.test(spec)) return "a git checkout";
  if (/^https?:.*\.git(?:#|$)/.test(spec)) return "a git checkout";
  if (/^(?:file:|link:|portal:|\.{0,2}\/|~\/)/.test(spec)) return "a local file";
  if (/^https?:/.test(spec)) return "an address, not a release";
  if (/^[\w.-]+\/[\w.-]+(?:#.*)?$/.test(spec)) return "a git checkout";
  return undefined;
}

const memo = new Map<string, boolean | null>();
const number = "(0|[1-9]\\d{0,14})";
const plain = new RegExp(`^${number}\\.${number}\\.${number}$`);
const part = String.raw`(0|[1-9]\d{0,14}|[xX*])`;
const simple = new RegExp(`^(\\^|~|>=|<|=|)v?${number}(?:\\.${part}(?:\\.${part})?)?$`);

/**
 * Whether a version serves a range; `null` when the range is a tag or a foreign spec and nothing can be said.
 * A release against ordinary ranges (`^1.2.3`, `~1.2`, `1.x`, `>=1 <3`, `^1 || ^2`: nearly all) is decided here by
 * node-semver's rules; pre-releases and everything else go through the full grammar, which costs ten times as much.
 */
export function serves(version: string, range: string): boolean | null {
  if (range === version) return true;
  const key = `${version} ${range}`;
  const known = memo.get(key);
  if (known !== undefined) return known;
  const answer = quick(version, range) ?? slow(version, range);
  if (memo.size > 100_000) memo.clear();
  memo.set(key, answer);
  return answer;
}

function slow(version: string, range: string): boolean | null {
  if (order.satisfies(version, range)) return true;
  return order.isRange(range) ? false : null;
}

type Numbers = readonly [number, number, number];

function quick(version: string, range: string): boolean | undefined {
  const found = plain.exec(version);
  if (found === null) return undefined;
  const have: Numbers = [Number(found[1]), Number(found[2]), Number(found[3])];
  if (!range.includes("||")) return meetsAll(have, range);
  let answer: boolean | undefined = false;
  for (const alternative of range.split("||")) {
    const meets = meetsAll(have, alternative);
    if (meets === undefined) return undefined;
    answer ||= meets;
  }
  return answer;
}

function meetsAll(have: Numbers, range: string): boolean | undefined {
  const trimmed = range.trim();
  if (trimmed === "" || trimmed === "*") return true;
  let answer = true;
  for (const comparator of trimmed.includes(" ") ? trimmed.split(/ +/) : [trimmed]) {
    const meets = meetsOne(have, comparator);
    if (meets === undefined) return undefined;
    answer &&= meets;
  }
  return answer;
}

function meetsOne(have: Numbers, comparator: string): boolean | undefined {
  const found = simple.exec(comparator);
  if (found === null) return undefined;
  const operator = found[1];
  const major = Number(found[2]);
  const minor = numberOf(found[3]);
  const patch = numberOf(found[4]);
  // A number after a wildcard, and a bound on one, are read in ways of their own.
  if (minor === undefined && patch !== undefined) return undefined;
  const low: Numbers = [major, minor ?? 0, patch ?? 0];
  if (operator === ">=") return compare(have, low) >= 0;
  if (operator === "<") return compare(have, low) < 0;
  if (have[0] !== major) return false;
  if (operator === "^") {
    if (compare(have, low) < 0) return false;
    if (major > 0 || minor === undefined) return true;
    return have[1] === minor && (minor > 0 || patch === undefined || have[2] === patch);
  }
  if (minor !== undefined && have[1] !== minor) return false;
  return patch === undefined || (operator === "~" ? have[2] >= patch : have[2] === patch);
}

const numberOf = (text: string | undefined): number | undefined =>
  text === undefined || !/^\d/.test(text) ? undefined : Number(text);

const compare = (a: Numbers, b: Numbers): number => a[0] - b[0] || a[1] - b[1] || a[2] - b[2];
