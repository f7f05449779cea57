import { severities, tiers, type Criteria, type Finding, type Summary } from "../model/index.ts";

/** Counts findings; waived ones are counted apart and in nothing else. */
export function summarise(findings: readonly Finding[]): Summary {
  const open = findings.filter((finding) => finding.waiver === null);
  const count = <T extends string>(keys: readonly T[], keyOf: (finding: Finding) => T): Record<T, number> => {
    const counts = Object.fromEntries(keys.map((key) => [key, 0])) as Record<T, number>;
    for (const finding of open) counts[keyOf(finding)]++;
    return counts;
  };
  return {
    packages: new Set(open.map((one) => `${one.project}|${one.ecosystem}|${one.package}`)).size,
    findings: open.length,
    waived: findings.length - open.length,
    bySeverity: count(severities, (finding) => finding.severity),
    byTier: count(tiers, (finding) => finding.tier),
  };
}

/** Whether what is left keeps within the criteria, and in words where it does not; waived findings do not count. */
export function meetsCriteria(
  left: Summary | readonly Finding[],
  criteria: Criteria,
): { readonly met: boolean; readonly broken: readonly string[] } {
  const { bySeverity } = isList(left) ? summarise(left) : left;
  const broken = severities.flatMap((severity) => {
    const most = criteria[severity];
    if (most === undefined || bySeverity[severity] <= most) return [];
    return [`${severity}: ${bySeverity[severity]} left, at most ${most} allowed`];
  });
  return { met: broken.length === 0, broken };
}

const isList = (left: Summary | readonly Finding[]): left is readonly Finding[] => Array.isArray(left);
