import type { Finding, FindingChange, GateResult, TestGate, Upgrade, VersionCheck } from "../model/index.ts";
import { movedUnasked, type ReadBack } from "./holdings.ts";
import { runTests, type Bench, type TestRun } from "./test-run.ts";

const listed = (items: readonly string[], most = 5): string =>
  items.slice(0, most).join("; ") + (items.length > most ? `; and ${items.length - most} more` : "");

/** Gate `versions`: every target was read back, nothing else moved. */
export function versionsGate(
  upgrades: readonly Upgrade[],
  checks: readonly VersionCheck[],
  back: Omit<ReadBack, "root">,
): GateResult {
  const missed = checks.filter((check) => check.planned !== check.observed);
  const { appeared, gone } = movedUnasked(upgrades, back);
  const isPython = upgrades.some((upgrade) => upgrade.ecosystem === "PyPI");
  const problems = [
    ...missed.map(
      (check) => `${check.package} is ${check.observed ?? "absent"}, not ${check.planned ?? "absent"}`,
    ),
    ...appeared.map((one) => `${one} came in unasked`),
    ...(isPython ? gone.map((one) => `${one} went unasked`) : []),
  ];
  // npm drops from a lockfile what nothing asks for any more.
  const pruned = isPython || gone.length === 0 ? "" : `; npm dropped ${listed(gone)}, which nothing needed`;
  return {
    name: "versions",
    mode: "enforce",
    verdict: problems.length > 0 ? "fail" : pruned === "" ? "pass" : "warn",
    detail:
      problems.length > 0
        ? listed(problems)
        : `${checks.length} of ${checks.length} as planned, nothing else moved${pruned}`,
    samples: [...checks],
  };
}

/** Gate `security`: what was promised is gone, nothing critical or high came in; one snapshot on both sides. */
export function securityGate(upgrades: readonly Upgrade[], change: FindingChange): GateResult {
  const remaining = new Set([...change.left, ...change.introduced].map((finding) => finding.id));
  const fixes = upgrades.flatMap((upgrade) => upgrade.fixes);
  const left = fixes.filter((id) => remaining.has(id));
  const promised = new Set(upgrades.flatMap((upgrade) => upgrade.introduces));
  const severe = change.introduced.filter(
    (one) => (one.severity === "critical" || one.severity === "high") && !promised.has(one.id),
  );
  const [before, after] = [
    change.fixed.length + change.left.length,
    change.left.length + change.introduced.length,
  ];
  const name = (finding: Finding): string => `${finding.package} ${finding.version} ${finding.advisory}`;
  const problems = [
    ...(left.length === 0 ? [] : [`not cleared: ${listed(left)}`]),
    ...(severe.length === 0 ? [] : [`introduced: ${listed(severe.map(name))}`]),
    ...(fixes.length > 0 && after >= before ? ["not fewer findings than before"] : []),
  ];
  const counts = `${before} → ${after} findings, ${change.fixed.length} fixed, ${change.introduced.length} introduced`;
  return {
    name: "security",
    mode: "enforce",
    verdict: problems.length > 0 ? "fail" : change.introduced.length > 0 ? "warn" : "pass",
    detail: [counts, ...problems].join("; "),
    samples: change.introduced.map(name),
  };
}

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
    : result("fail", `newly failing: ${listed(still, 8)}`, [...still, second.tail]);
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

/** Gate `command`: exit code 0. */
export async function commandGate(gate: TestGate, bench: Bench): Promise<GateResult> {
  const done = await runTests(gate, bench);
  const base = { name: `command: ${gate.name}`, mode: gate.mode };
  if (done.error !== undefined) return { ...base, verdict: "error", detail: done.error };
  if (done.code === 0) return { ...base, verdict: "pass", detail: "exit code 0" };
  return {
    ...base,
    verdict: "fail",
    detail: done.timedOut
      ? `took longer than ${gate.timeoutMs / 1000} s`
      : `exit code ${done.code ?? "none"}`,
    samples: [done.tail],
  };
}

/** Whether a phase may go on: an enforced gate that failed, or could not tell, stops it. */
export function stops(gate: GateResult): boolean {
  return gate.mode === "enforce" && ["fail", "error", "inconclusive"].includes(gate.verdict);
}
