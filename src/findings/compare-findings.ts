import type { Finding, FindingChange } from "../model/index.ts";

const keyOf = (finding: Finding): string =>
  [finding.project, finding.ecosystem, finding.package, finding.advisory].join("|");

/**
 * What changed between two scans of one project by the same snapshot: by project, package and advisory, whatever the
 * version, each copy counting (npm may hold several). `fixed` are findings of `before`, `left` and `introduced` of `after`.
 */
export function compareFindings(before: readonly Finding[], after: readonly Finding[]): FindingChange {
  const past = Map.groupBy(before, keyOf);
  const present = Map.groupBy(after, keyOf);
  const fixed = new Set(before);
  const left = new Set<Finding>();
  const pair = (old: Finding, finding: Finding): void => {
    fixed.delete(old);
    left.add(finding);
  };
  for (const [key, now] of present) {
    const then = past.get(key) ?? [];
    // A copy that did not move is the one that is left; the others pair up in order.
    for (const finding of now) {
      const same = then.find((one) => fixed.has(one) && one.version === finding.version);
      if (same !== undefined) pair(same, finding);
    }
    for (const finding of now) {
      const other = left.has(finding) ? undefined : then.find((one) => fixed.has(one));
      if (other !== undefined) pair(other, finding);
    }
  }
  return {
    fixed: before.filter((finding) => fixed.has(finding)),
    left: after.filter((finding) => left.has(finding)),
    introduced: after.filter((finding) => !left.has(finding)),
  };
}
