import {
  severities,
  tiers,
  type Evidence,
  type Finding,
  type Scan,
  type Severity,
  type Summary,
  type Tier,
  type Upgrade,
} from "../model/index.ts";

/** `43.0.0 → 44.0.1`, `appears at 1.0`, `removed (was 1.0)`. */
export function move(upgrade: Upgrade): string {
  if (upgrade.from === null) return `new: ${upgrade.to ?? ""}`;
  return upgrade.to === null ? `${upgrade.from} removed` : `${upgrade.from} → ${upgrade.to}`;
}

/** `2 high, 1 medium`. */
export function severityWords(bySeverity: Summary["bySeverity"]): string {
  return severities
    .filter((severity) => bySeverity[severity] > 0)
    .map((severity) => `${bySeverity[severity]} ${severity}`)
    .join(", ");
}

/** Findings counted by severity. */
export function bySeverity(findings: readonly Finding[]): Record<Severity, number> {
  return Object.fromEntries(
    severities.map((severity) => [
      severity,
      findings.filter((finding) => finding.severity === severity).length,
    ]),
  ) as Record<Severity, number>;
}

/** Findings by tier, most urgent first, empty tiers left out. */
export function byTier(findings: readonly Finding[]): { tier: Tier; findings: Finding[] }[] {
  return tiers
    .map((tier) => ({ tier, findings: findings.filter((finding) => finding.tier === tier) }))
    .filter((group) => group.findings.length > 0);
}

/** Findings by package and version, in their own order. */
export function byPackage(findings: readonly Finding[]): Finding[][] {
  return [
    ...Map.groupBy(
      findings,
      (finding) => `${finding.project}|${finding.package}@${finding.version}`,
    ).values(),
  ];
}

/** Not waived. */
export const isOpen = (finding: Finding): boolean => finding.waiver === null;

/** The findings that count: those that nobody has accepted. */
export const openFindings = (scan: Scan): Finding[] => scan.findings.filter(isOpen);

/**
 * What is left in the end: seen after a run, foreseen by a plan, else what there is; waived ones too. Of a run that was
 * not looked at again, what the phases that stand by its journal have cleared is gone.
 */
export function remainingFindings({ kind, before, after, plan, run }: Evidence): Finding[] {
  if (after !== undefined) return [...after.findings];
  if (kind === "state" || plan === undefined) return [...before.findings];
  const standing = new Set(
    (run?.phases ?? []).filter((one) => one.state === "done").map((one) => one.number),
  );
  const cleared = new Set(
    plan.phases
      .filter((phase) => kind === "plan" || standing.has(phase.number))
      .flatMap((phase) => phase.upgrades.flatMap((one) => one.fixes)),
  );
  return before.findings.filter((finding) => !cleared.has(finding.id));
}
