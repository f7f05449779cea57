import type { Finding, FindingChange, GateMode, GateResult, Upgrade } from "../model/index.ts";
import { listed } from "./listed.ts";

/**
 * Gate `security`: what was promised is gone, nothing critical or high came in; one snapshot on both sides. Copies
 * count, as they do in the comparison: a promise is kept when as many findings of the package are gone as it named,
 * whatever ids they have by now (an id holds the version only while the project has several).
 */
export function securityGate(
  upgrades: readonly Upgrade[],
  change: FindingChange,
  mode: GateMode,
): GateResult {
  const planned = new Set(upgrades.flatMap((upgrade) => upgrade.introduces));
  const severe = change.introduced.filter(
    (one) =>
      (one.severity === "critical" || one.severity === "high") &&
      !planned.has(`${one.advisory} in ${one.package}@${one.version}`),
  );
  const [before, after] = [
    change.fixed.length + change.left.length,
    change.left.length + change.introduced.length,
  ];
  const left = notCleared(upgrades, change);
  const problems = [
    ...(left.length === 0 ? [] : [`not cleared: ${listed(left)}`]),
    ...(severe.length === 0 ? [] : [`introduced: ${listed(severe.map(named))}`]),
    ...(upgrades.some((upgrade) => upgrade.fixes.length > 0) && after >= before
      ? ["not fewer findings than before"]
      : []),
  ];
  const counts = `${before} → ${after} findings, ${change.fixed.length} fixed, ${change.introduced.length} introduced`;
  return {
    name: "security",
    mode,
    verdict: problems.length > 0 ? "fail" : change.introduced.length > 0 ? "warn" : "pass",
    detail: [counts, ...problems].join("; "),
    samples: change.introduced.map(named),
  };
}

const named = (finding: Finding): string => `${finding.package} ${finding.version} ${finding.advisory}`;

const packageOf = (one: Pick<Finding, "project" | "ecosystem" | "package">): string =>
  [one.project, one.ecosystem, one.package].join("|");

/** Promised findings that are still there, package by package. */
function notCleared(upgrades: readonly Upgrade[], change: FindingChange): string[] {
  const remaining = new Set([...change.left, ...change.introduced].map((finding) => finding.id));
  const gone = Map.groupBy(change.fixed, packageOf);
  const left: string[] = [];
  for (const [key, own] of Map.groupBy(upgrades, packageOf)) {
    const promised = own.flatMap((upgrade) => upgrade.fixes);
    const known = promised.filter((id) => remaining.has(id));
    const short = promised.length - (gone.get(key)?.length ?? 0);
    if (known.length > 0) left.push(...known);
    else if (short > 0) left.push(`${short} of ${promised.length} findings of ${own[0]?.package ?? ""}`);
  }
  return left;
}
