import { isObject, type JsonObject, type UnreadText } from "./json-text.ts";
import { conflictLine } from "./line-counter.ts";
import { parseYaml } from "./parsers.ts";

/** A lockfile's YAML with the line of each key of its first two levels, as `"section key"` or `"key"`. */
export interface LockYaml {
  readonly value: JsonObject;
  readonly lines: ReadonlyMap<string, number>;
}

/** A lockfile's YAML; where only the full grammar can read it no lines are known. */
export function readLockYaml(text: string): ({ readonly state: "read" } & LockYaml) | UnreadText {
  const conflict = conflictLine(text);
  if (conflict !== undefined) return { state: "unread", reason: "merge conflict marker", line: conflict };
  const quick = parseLockYaml(text);
  if (quick !== undefined) return { state: "read", ...quick };
  const parsed = parseYaml(text);
  return parsed.state === "unread" ? parsed : { ...parsed, lines: new Map() };
}

type Mapping = Record<string, unknown>;

/**
 * The YAML that pnpm and yarn write: block mappings, scalars, lists of scalars, flow collections on one line. Some
 * thirty times quicker than the full grammar. Scalars stay strings; folded text is cut at its first line.
 * `undefined` for anything else (anchors, tags, tabs, complex keys): read it with a full parser then.
 */
export function parseLockYaml(text: string): LockYaml | undefined {
  const root = mapping();
  const lines = new Map<string, number>();
  const stack: { indent: number; object: Mapping; key: string }[] = [{ indent: -1, object: root, key: "" }];
  let skipDeeper = -1;
  let start = text.startsWith("\ufeff") ? 1 : 0;
  for (let line = 1; start < text.length; line++) {
    let end = text.indexOf("\n", start);
    if (end < 0) end = text.length;
    let from = start;
    while (text.charCodeAt(from) === 32) from++;
    const indent = from - start;
    let to = end;
    while (to > from && text.charCodeAt(to - 1) <= 32) to--;
    start = end + 1;
    if (from >= to) continue;
    if (skipDeeper >= 0 && indent > skipDeeper) continue;
    skipDeeper = -1;
    const first = text.charCodeAt(from);
    if (first === 35) continue;
    if (first === 9 || first === 63 || first === 37) return undefined;
    if (first === 45 && (to === from + 1 || text.charCodeAt(from + 1) === 32)) {
      // A list: its items are never needed beyond scalars.
      skipDeeper = indent;
      continue;
    }
    if (first === 45 && indent === 0) continue; // document marker
    const entry = readEntry(text, from, to);
    if (entry === undefined) return undefined;
    let top = stack[stack.length - 1];
    while (top !== undefined && top.indent >= indent) {
      stack.pop();
      top = stack[stack.length - 1];
    }
    if (top === undefined || stack.length > 64) return undefined;
    if (stack.length === 1) lines.set(entry.key, line);
    else if (stack.length === 2) lines.set(`${top.key} ${entry.key}`, line);
    if (entry.value === "") {
      const object = mapping();
      top.object[entry.key] = object;
      stack.push({ indent, object, key: entry.key });
      continue;
    }
    const value = readValue(entry.value);
    if (value === undefined) return undefined;
    top.object[entry.key] = value;
    skipDeeper = indent;
  }
  return { value: root, lines };
}

const mapping = (): Mapping => Object.create(null) as Mapping;

/** `key: value` or `key:`; keys plain or quoted. */
function readEntry(text: string, from: number, to: number): { key: string; value: string } | undefined {
  const quote = text.charCodeAt(from);
  let colon: number;
  let key: string;
  if (quote === 34 || quote === 39) {
    const close = closing(text, from, to);
    if (close < 0) return undefined;
    key = unquote(text.slice(from, close + 1));
    colon = close + 1;
    if (text.charCodeAt(colon) !== 58) return undefined;
  } else {
    colon = text.indexOf(": ", from);
    if (colon < 0 || colon >= to) colon = text.charCodeAt(to - 1) === 58 ? to - 1 : -1;
    if (colon < 0) return undefined;
    key = text.slice(from, colon);
  }
  return { key, value: text.slice(colon + 1, to).trim() };
}

function closing(text: string, from: number, to: number): number {
  const quote = text.charCodeAt(from);
  for (let at = from + 1; at < to; at++) {
    const code = text.charCodeAt(at);
    if (quote === 34 && code === 92) at++;
    else if (code === quote) {
      if (quote === 39 && text.charCodeAt(at + 1) === 39) at++;
      else return at;
    }
  }
  return -1;
}

function unquote(text: string): string {
  const inner = text.slice(1, -1);
  if (text.startsWith("'")) return inner.includes("''") ? inner.replaceAll("''", "'") : inner;
  return inner.includes("\\") ? inner.replace(/\\(.)/g, (_, character: string) => character) : inner;
}

function readValue(text: string): unknown {
  switch (text.charCodeAt(0)) {
    case 34:
    case 39: {
      const close = closing(text, 0, text.length);
      return close < 0 ? text.slice(1) : unquote(text.slice(0, close + 1));
    }
    case 123:
    case 91: {
      const flow = new Flow(text);
      const value = flow.read();
      return flow.isWhole() ? value : undefined;
    }
    case 38:
    case 42:
    case 33:
    case 64:
    case 96:
      return undefined;
    default: {
      const comment = text.indexOf(" #");
      return comment < 0 ? text : text.slice(0, comment).trimEnd();
    }
  }
}

/** One-line flow collections: `{integrity: sha512-…}`, `['a', b]`. */
class Flow {
  private readonly text: string;
  private at = 0;

  constructor(text: string) {
    this.text = text;
  }

  isWhole(): boolean {
    return this.at === this.text.length;
  }

  read(depth = 0): unknown {
    if (depth > 20) return undefined;
    this.blanks();
    const first = this.text.charAt(this.at);
    if (first === "{") return this.mapping(depth);
    if (first === "[") return this.list(depth);
    return this.scalar(false);
  }

  private blanks(): void {
    while (this.text.charAt(this.at) === " ") this.at++;
  }

  private scalar(isKey: boolean): string {
    const first = this.text.charAt(this.at);
    const start = this.at;
    if (first === '"' || first === "'") {
      const close = closing(this.text, start, this.text.length);
      this.at = close < 0 ? this.text.length : close + 1;
      return unquote(this.text.slice(start, this.at));
    }
    while (this.at < this.text.length) {
      const character = this.text.charAt(this.at);
      if (character === "," || character === "}" || character === "]") break;
      if (isKey && character === ":") break;
      this.at++;
    }
    return this.text.slice(start, this.at).trim();
  }

  private mapping(depth: number): Mapping {
    const found = mapping();
    this.at++;
    for (;;) {
      this.blanks();
      if (this.at >= this.text.length) return found;
      if (this.text.charAt(this.at) === "}") {
        this.at++;
        return found;
      }
      const before = this.at;
      const key = this.scalar(true);
      if (this.text.charAt(this.at) === ":") this.at++;
      found[key] = this.read(depth + 1);
      this.blanks();
      if (this.text.charAt(this.at) === ",") this.at++;
      if (this.at === before) this.at++;
    }
  }

  private list(depth: number): unknown[] {
    const found: unknown[] = [];
    this.at++;
    for (;;) {
      this.blanks();
      if (this.at >= this.text.length) return found;
      if (this.text.charAt(this.at) === "]") {
        this.at++;
        return found;
      }
      const before = this.at;
      found.push(this.read(depth + 1));
      this.blanks();
      if (this.text.charAt(this.at) === ",") this.at++;
      if (this.at === before) this.at++;
    }
  }
}

/** The entries of a mapping that are mappings themselves. */
export function* mappingsOf(value: unknown): Generator<[string, JsonObject]> {
  if (!isObject(value)) return;
  for (const key of Object.keys(value)) {
    const entry = value[key];
    if (isObject(entry)) yield [key, entry];
  }
}
