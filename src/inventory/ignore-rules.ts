/**
 * A subset of gitignore(5): comments, `!`, a leading or inner `/` that anchors, a trailing `/` for folders, `*`, `?`,
 * `**` and `[…]`. The last rule that matches decides; a rule in a deeper folder comes later. Not read: global excludes,
 * `.git/info/exclude`, and ignore files above the root.
 */
export interface IgnoreRule {
  readonly negated: boolean;
  readonly foldersOnly: boolean;
  /** Pattern parts between slashes, relative to `base`; a pattern without a slash begins with `**`. */
  readonly parts: readonly string[];
  /** Folder of the ignore file, relative to the root; `""` at the top. */
  readonly base: string;
}

const most = { rules: 2000, lineLength: 1000 };

/** Reads an ignore file; overlong lines and rules past a bound are passed over. */
export function readIgnoreRules(text: string, base: string): IgnoreRule[] {
  const rules: IgnoreRule[] = [];
  for (const raw of text.split("\n")) {
    const line = raw.replace(/\r$/, "").replace(/(?<!\\)\s+$/, "");
    if (line === "" || line.startsWith("#") || line.length > most.lineLength) continue;
    if (rules.length >= most.rules) break;
    const negated = line.startsWith("!");
    const pattern = (negated ? line.slice(1) : line).replace(/^\\(?=[#!])/, "");
    const foldersOnly = pattern.endsWith("/");
    const body = foldersOnly ? pattern.slice(0, -1) : pattern;
    const anchored = body.includes("/");
    const parts = body.split("/").filter((part) => part !== "");
    if (parts.length === 0) continue;
    rules.push({ negated, foldersOnly, parts: anchored ? parts : ["**", ...parts], base });
  }
  return rules;
}

/** Whether the rules leave out a path (relative to the root). */
export function isIgnored(path: string, isFolder: boolean, rules: readonly IgnoreRule[]): boolean {
  for (let index = rules.length - 1; index >= 0; index--) {
    const rule = rules[index];
    if (rule === undefined || (rule.foldersOnly && !isFolder)) continue;
    const relative =
      rule.base === ""
        ? path
        : path.startsWith(`${rule.base}/`)
          ? path.slice(rule.base.length + 1)
          : undefined;
    if (relative !== undefined && matchesParts(rule.parts, relative.split("/"))) return !rule.negated;
  }
  return false;
}

/** Parts against parts, where `**` stands for any number of them: one pass that remembers the last `**`. */
export function matchesParts(pattern: readonly string[], path: readonly string[]): boolean {
  let at = 0;
  let index = 0;
  let star = -1;
  let resume = 0;
  while (index < path.length) {
    const part = pattern[at];
    if (part === "**") {
      star = at++;
      resume = index;
    } else if (part !== undefined && matchesGlob(part, path[index] ?? "")) {
      at++;
      index++;
    } else if (star >= 0) {
      at = star + 1;
      index = ++resume;
    } else return false;
  }
  while (pattern[at] === "**") at++;
  return at === pattern.length;
}

/** One name against `*`, `?` and `[…]`; linear but for one remembered `*`, so that no pattern can stall a scan. */
export function matchesGlob(pattern: string, name: string): boolean {
  let at = 0;
  let index = 0;
  let star = -1;
  let resume = 0;
  while (index < name.length) {
    const step = pattern[at] === "*" ? 0 : matchOne(pattern, at, name.charAt(index));
    if (pattern[at] === "*") {
      star = at++;
      resume = index;
    } else if (step > 0) {
      at += step;
      index++;
    } else if (star >= 0) {
      at = star + 1;
      index = ++resume;
    } else return false;
  }
  while (pattern[at] === "*") at++;
  return at === pattern.length;
}

/** How many characters of the pattern match one character; 0 for none. */
function matchOne(pattern: string, at: number, character: string): number {
  const first = pattern[at];
  if (first === undefined) return 0;
  if (first === "?") return 1;
  if (first === "\\") return pattern[at + 1] === character ? 2 : 0;
  if (first !== "[") return first === character ? 1 : 0;
  const end = pattern.indexOf("]", at + 2);
  if (end < 0) return first === character ? 1 : 0;
  const body = pattern.slice(at + 1, end);
  const negated = body.startsWith("!") || body.startsWith("^");
  let within = false;
  for (let index = negated ? 1 : 0; index < body.length; index++) {
    const low = body.charAt(index);
    const isSpan = body[index + 1] === "-" && index + 2 < body.length;
    const high = isSpan ? body.charAt(index + 2) : low;
    if (character >= low && character <= high) within = true;
    if (isSpan) index += 2;
  }
  return within === negated ? 0 : end - at + 1;
}
