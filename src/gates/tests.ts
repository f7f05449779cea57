import type { GateResult, TestGate } from "../model/index.ts";
import type { Bench } from "./bench.ts";
import { listed } from "./listed.ts";
import { lastWords, runTests, type TestRun } from "./test-run.ts";

/** Gate `tests`: a command against its run on the old versions; a rerun tells flakes from failures. */
export async function testsGate(gate: TestGate, baseline: TestRun, bench: Bench): Promise<GateResult> {
  const result = (
    verdict: GateResult["verdict"],
    detail: string,
    samples: readonly unknown[] = [],
  ): GateResult => ({
    name: `tests: ${gate.name}`,
    mode: gate.mode,
    verdict,
    detail,
    ...(samples.length === 0 ? {} : { samples }),
  });
  const first = await runTests(gate, bench);
  if (first.error !== undefined)
    return baseline.error === undefined
      ? result("fail", `ran on the old versions, now ${first.error}`)
      : result("missing", first.error);
  if (first.timedOut)
    return baseline.timedOut
      ? result("inconclusive", `takes longer than ${gate.timeoutMs / 1000} s, on the old versions too`)
      : result("fail", `took longer than ${gate.timeoutMs / 1000} s, which it did not on the old versions`);
  if (first.ran === 0)
    return (baseline.ran ?? 0) > 0
      ? result("fail", `no test ran; on the old versions ${baseline.ran ?? 0} did`, [first.tail])
      : result("missing", "the command runs no test");
  if (first.code === 0) return passed(first, baseline, result);
  const newly = newlyFailing(baseline, first);
  if (newly === undefined)
    return result("inconclusive", `fails on the old and on the new versions, and names no tests to compare`, [
      first.tail,
    ]);
  if (newly.length === 0)
    return result("pass", `${countOf(first)}; ${first.failed.length} failed before and still fail`);
  const second = await runTests(gate, bench);
  const still = second.code === 0 ? [] : (newlyFailing(baseline, second) ?? newly);
  return still.length === 0
    ? result("warn", `${countOf(first)}; failed once and passed when run again: ${listed(newly, 8)}`, newly)
    : result(
        "fail",
        `newly failing: ${listed(still, 8)}${second.failed.length === 0 ? lastWords(second) : ""}`,
        [...still, second.tail],
      );
}

function passed(
  now: TestRun,
  baseline: TestRun,
  result: (verdict: GateResult["verdict"], detail: string) => GateResult,
): GateResult {
  if (now.ran !== null && baseline.ran !== null && now.ran < baseline.ran)
    return result("warn", `${countOf(now)}, none failed; on the old versions ${baseline.ran} ran`);
  return result(
    "pass",
    `${countOf(now)}, none failed${baseline.code === 0 ? "" : "; not all passed on the old versions"}`,
  );
}

const countOf = ({ ran, code }: TestRun): string =>
  ran === null ? `exit code ${code ?? "none"}, its output tells no number of tests` : `${ran} ran`;

/** What fails now and did not on the old versions; `undefined` where that cannot be told. */
function newlyFailing(baseline: TestRun, now: TestRun): string[] | undefined {
  if (baseline.code === 0) return now.failed.length === 0 ? ["the command as a whole"] : [...now.failed];
  if (now.failed.length === 0 || baseline.failed.length === 0) return undefined;
  const before = new Set(baseline.failed);
  return now.failed.filter((name) => !before.has(name));
}
