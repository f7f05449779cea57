/** One block of a yarn lockfile. */
export interface YarnEntry {
  /** `name@range` patterns that it serves. */
  readonly patterns: readonly string[];
  readonly line: number;
  version: string;
  resolved?: string;
  integrity?: string;
  readonly dependencies: [name: string, range: string][];
  readonly optionalDependencies: [name: string, range: string][];
}

/** Reads yarn 1's own format; blocks that are none are returned as bad lines. */
export function parseYarnV1(text: string): { entries: YarnEntry[]; bad: { line: number; reason: string }[] } {
  const entries: YarnEntry[] = [];
  const bad: { line: number; reason: string }[] = [];
  let entry: YarnEntry | undefined;
  let list: [string, string][] | undefined;
  let start = text.startsWith("\ufeff") ? 1 : 0;
  for (let line = 1; start < text.length; line++) {
    let end = text.indexOf("\n", start);
    if (end < 0) end = text.length;
    const next = end + 1;
    if (end > start && text.charCodeAt(end - 1) === 13) end--;
    let from = start;
    while (text.charCodeAt(from) === 32) from++;
    const indent = from - start;
    start = next;
    if (from >= end || text.charCodeAt(from) === 35) continue;
    const content = text.slice(from, end);
    if (indent === 0) {
      entry = undefined;
      list = undefined;
      if (/^(?:<{7}|={7}|>{7}|\|{7})/.test(content)) bad.push({ line, reason: "merge conflict marker" });
      else if (!content.endsWith(":")) bad.push({ line, reason: "not the head of a block" });
      else {
        entry = {
          patterns: patternsOf(content),
          line,
          version: "",
          dependencies: [],
          optionalDependencies: [],
        };
        entries.push(entry);
      }
    } else if (entry === undefined) continue;
    else if (indent === 2) list = readField(entry, content);
    else if (list !== undefined) {
      const [name, range] = pair(content);
      list.push([name, range]);
    }
  }
  return { entries, bad };
}

function patternsOf(head: string): string[] {
  return head
    .slice(0, -1)
    .split(", ")
    .map((pattern) => pattern.replace(/^"(.*)"$/, "$1"));
}

function readField(entry: YarnEntry, content: string): [string, string][] | undefined {
  if (content === "dependencies:") return entry.dependencies;
  if (content === "optionalDependencies:") return entry.optionalDependencies;
  const [name, value] = pair(content);
  if (name === "version") entry.version = value;
  else if (name === "resolved") entry.resolved = value;
  else if (name === "integrity") entry.integrity = value;
  return undefined;
}

/** `name "value"`, either part quoted or not. */
function pair(content: string): [string, string] {
  const quoted = content.startsWith('"') ? content.indexOf('"', 1) : -1;
  const cut = quoted > 0 ? quoted + 1 : content.indexOf(" ");
  if (cut < 0) return [content, ""];
  const name = quoted > 0 ? content.slice(1, quoted) : content.slice(0, cut);
  return [
    name,
    content
      .slice(cut)
      .trim()
      .replace(/^"(.*)"$/, "$1"),
  ];
}
