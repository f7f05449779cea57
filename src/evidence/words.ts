import {
  severities,
  tiers,
  type Finding,
  type Severity,
  type Summary,
  type Tier,
  type Upgrade,
} from "../model/index.ts";

/** `1 finding`, `2 findings`. */
export function count(number: number, one: string, many = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`;
}

/** The day of a time, in UTC. */
export function day(time: string): string {
  return time.slice(0, 10);
}

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
