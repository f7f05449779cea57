/** What a test command said, as far as its output tells. */
export interface TestResults {
  /** Tests that ran, skipped ones not counted; `null` when the output does not say. */
  readonly ran: number | null;
  /** Names of failed tests, as the runner prints them; sorted. */
  readonly failed: readonly string[];
}

/** Most names that are kept. */
export const mostNames = 500;
const longestName = 300;

/** Names of failed tests, bounded, each once, sorted. */
export function namesOf(failed: Iterable<string>): string[] {
  const names = new Set<string>();
  for (const name of failed) if (names.size < mostNames) names.add(name.trim().slice(0, longestName));
  return [...names].sort();
}

const failedLines = [
  /^FAILED (\S+?::.+?)(?: - .*)?$/gm, // pytest
  /^ERROR (\S+\.py(?:::\S+)?)(?: - .*)?$/gm,
  /^[ \t]*not ok \d+ - (?!.*# (?:TODO|SKIP))(.+?)$/gm, // TAP
  /^[ \t]*✖ (?!failing tests:)(.+?)(?: \([\d.]+m?s\))?$/gm, // node:test
  /^[ \t]*● (.+)$/gm, // jest
  /^ FAIL {2}(.+ > .+)$/gm, // vitest
  /^(?:FAIL|ERROR): (\S+ \(.+\))$/gm, // unittest
];

/** Reads the closing lines of pytest, unittest, node:test, any TAP, jest, vitest and mocha. */
export function readTestResults(output: string): TestResults {
  const text = output.replace(/\u001b\[[0-9;]*m/g, "").replaceAll("\r\n", "\n");
  const failed = failedLines.flatMap((pattern) => [...text.matchAll(pattern)].map(([, name = ""]) => name));
  return { ran: countRan(text), failed: namesOf(failed) };
}

function countRan(text: string): number | null {
  const last = (pattern: RegExp): string | undefined => [...text.matchAll(pattern)].at(-1)?.[1];
  const sum = (line: string, words: readonly string[]): number =>
    words.reduce((total, word) => total + Number(new RegExp(`(\\d+) ${word}`).exec(line)?.[1] ?? 0), 0);
  const pytest = last(
    /^=*[ \t]*((?:\d+ (?:passed|failed|errors?|skipped|xfailed|xpassed|deselected|warnings?)(?:, )?)+) in [\d.]+s.*$/gm,
  );
  if (pytest !== undefined) return sum(pytest, ["passed", "failed", "error", "xfailed", "xpassed"]);
  if (/^=*[ \t]*no tests (?:ran|collected)/m.test(text) || /no test specified/i.test(text)) return 0;
  const node = last(/^(?:#|ℹ) tests (\d+)$/gm);
  if (node !== undefined) return Number(node) - Number(last(/^(?:#|ℹ) skipped (\d+)$/gm) ?? "0");
  const jest = last(/^[ \t]*Tests:?[ \t]+(.{0,200}\d+ (?:passed|failed|skipped|todo).*)$/gm);
  if (jest !== undefined) return sum(jest, ["passed", "failed"]);
  const unittest = last(/^Ran (\d+) tests? in /gm);
  if (unittest !== undefined)
    return Number(unittest) - Number(last(/^(?:OK|FAILED) \(.*?skipped=(\d+)/gm) ?? "0");
  const mocha = last(/^[ \t]*(\d+) passing\b/gm);
  if (mocha !== undefined) return Number(mocha) + Number(last(/^[ \t]*(\d+) failing\b/gm) ?? "0");
  const planned = last(/^1\.\.(\d+)/gm);
  return planned === undefined ? null : Number(planned);
}
