/** What a test command said, as far as its output tells. */
export interface TestResults {
  /** Tests that ran; `null` when the output does not say. */
  readonly ran: number | null;
  /** Names of failed tests, as the runner prints them. */
  readonly failed: readonly string[];
}

/** Most names kept. */
const mostNames = 500;

/** Reads the closing lines of pytest, node:test (TAP and spec), jest, vitest and unittest. */
export function readTestResults(output: string): TestResults {
  const failed = new Set<string>();
  const text = output.replace(/\u001b\[[0-9;]*m/g, "");
  for (const pattern of [
    /^FAILED (\S+?::.+?)(?: - .*)?$/gm,
    /^ERROR (\S+)(?: - .*)?$/gm,
    /^not ok \d+ - (.+)$/gm,
    /^\s*✖ (.+?)(?: \([\d.]+m?s\))?$/gm,
    /^\s*● (.+)$/gm,
    /^(?:FAIL|ERROR): (\S+ \(.+\))$/gm,
  ])
    for (const [, name] of text.matchAll(pattern))
      if (name !== undefined && failed.size < mostNames) failed.add(name.trim());
  return { ran: countRan(text), failed: [...failed].sort() };
}

function countRan(text: string): number | null {
  const last = (pattern: RegExp): RegExpMatchArray | undefined => [...text.matchAll(pattern)].at(-1);
  const sum = (line: string, words: readonly string[]): number =>
    words.reduce((total, word) => total + Number(new RegExp(`(\\d+) ${word}`).exec(line)?.[1] ?? 0), 0);
  const pytest = last(
    /^=*\s*((?:\d+ (?:passed|failed|errors?|skipped|xfailed|xpassed|deselected|warnings?)(?:, )?)+) in [\d.]+s.*$/gm,
  )?.[1];
  if (pytest !== undefined) return sum(pytest, ["passed", "failed", "error", "xfailed", "xpassed"]);
  if (/^=*\s*no tests (?:ran|collected)/m.test(text)) return 0;
  const node = last(/^(?:#|ℹ) tests (\d+)$/gm)?.[1];
  if (node !== undefined) {
    const skipped = last(/^(?:#|ℹ) skipped (\d+)$/gm)?.[1] ?? "0";
    return Number(node) - Number(skipped);
  }
  const jest = last(/^\s*Tests:?\s+(.*\d+ (?:passed|failed).*)$/gm)?.[1];
  if (jest !== undefined) return sum(jest, ["passed", "failed"]);
  const unittest = last(/^Ran (\d+) tests? in /gm)?.[1];
  return unittest === undefined ? null : Number(unittest);
}
