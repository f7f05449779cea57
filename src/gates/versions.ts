import type { GateMode, GateResult, Upgrade, VersionCheck } from "../model/index.ts";
import { listed } from "./listed.ts";

/** What was read back after a phase. */
export interface ReadVersions {
  readonly checks: readonly VersionCheck[];
  /** What moved besides the plan, as `name@version`. */
  readonly appeared: readonly string[];
  readonly gone: readonly string[];
}

/** Gate `versions`: every target was read back, nothing else moved. */
export function versionsGate(
  upgrades: readonly Upgrade[],
  { checks, appeared, gone }: ReadVersions,
  mode: GateMode,
): GateResult {
  const missed = checks.filter((check) => check.planned !== check.observed);
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
    mode,
    verdict: problems.length > 0 ? "fail" : pruned === "" ? "pass" : "warn",
    detail:
      problems.length > 0
        ? listed(problems)
        : `${checks.length} of ${checks.length} as planned, nothing else moved${pruned}`,
    samples: [...checks],
  };
}
