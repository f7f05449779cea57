/** What a test command said, as far as its output tells. */
export interface TestResults {
  /** Tests that ran; `null` when the output does not say. */
  readonly ran: number | null;
  /** Names of failed tests, as the runner prints them. */
  readonly failed: readonly string[];
}

/** Most names kept. */
const mostNames = 500;

/** Each matches within one line, so that the time grows with the output's length alone. */
const failures = [
  /^FAILED (\S+?::.+?)(?: - .*)?$/gm, // pytest
  /^ERROR (\S+\.py(?:::\S+)?)(?: - .*)?$/gm, // pytest: could not be collected or set up
  /^[ \t]*not ok \d+ - (.+)$/gm, // TAP
  /^[ \t]*✖ (.+?)(?: \([\d.]+m?s\))?$/gm, // node:test
  /^[ \t]*● (.+)$/gm, // jest
  /^[ \t]*(?:FAIL|×)[ \t]+(\S+\.[cm]?[jt]sx? > .+?)(?: \d+m?s)?$/gm, // vitest
  /^(?:FAIL|ERROR): (\S+ \(.+\))$/gm, // unittest
];

/** Lines of the same shape that name no test. */
const notNames = /^(?:failing tests:|Console|Validation Warning:?)$|# (?:TODO|SKIP)\b/i;

/** Reads the closing lines of pytest, node:test (TAP and spec), jest, vitest, mocha and unittest. */
export function readTestResults(output: string): TestResults {
  const failed = new Set<string>();
  // eslint-disable-next-line no-control-regex -- colours begin with it
  const text = output.replace(/\u001b\[[0-9;]*m/g, "").replaceAll("\r\n", "\n");
  for (const pattern of failures)
    for (const [, name = ""] of text.matchAll(pattern))
      if (failed.size < mostNames && !notNames.test(name)) failed.add(name.trim());
  return { ran: countRan(text), failed: [...failed].sort() };
}

function countRan(text: string): number | null {
  const last = (pattern: RegExp): string | undefined => [...text.matchAll(pattern)].at(-1)?.[1];
  const sum = (line: string, words: readonly string[]): number =>
    words.reduce((total, word) => total + Number(new RegExp(`(\\d+) ${word}`).exec(line)?.[1] ?? 0), 0);
  const pytest = last(
    /^=*[ \t]*((?:\d+ (?:passed|failed|errors?|skipped|xfailed|xpassed|deselected|warnings?)(?:, )?)+) in [\d.]+s.*$/gm,
  );
  if (pytest !== undefined) return sum(pytest, ["passed", "failed", "error", "xfailed", "xpassed"]);
  if (/^=*[ \t]*no tests (?:ran|collected)/m.test(text)) return 0;
  const node = last(/^(?:#|ℹ) tests (\d+)$/gm);
  if (node !== undefined) return Number(node) - Number(last(/^(?:#|ℹ) skipped (\d+)$/gm) ?? 0);
  const jest = last(/^[ \t]*Tests:?[ \t]+(.*\d+ (?:passed|failed|skipped|todo).*)$/gm);
  if (jest !== undefined) return sum(jest, ["passed", "failed"]);
  if (/^No test(?:s| files?) found\b/m.test(text)) return 0;
  const mocha = last(/^[ \t]*(\d+) passing\b/gm);
  if (mocha !== undefined) return Number(mocha) + Number(last(/^[ \t]*(\d+) failing\b/gm) ?? 0);
  const unittest = last(/^Ran (\d+) tests? in /gm);
  if (unittest === undefined) return null;
  return Number(unittest) - Number(last(/^(?:OK|FAILED) \(.*?skipped=(\d+)/gm) ?? 0);
}
