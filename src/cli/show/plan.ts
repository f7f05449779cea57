import { tierNames, type Finding, type Plan, type Scan, type Upgrade } from "../../model/index.ts";
import type { Terminal } from "../terminal.ts";
import { columns, count, day, plain, severityWords } from "./words.ts";

type Colors = Terminal["colors"];

/** A plan for a person: phases, what each clears, what is left and why. */
export function showPlan(plan: Plan, scan: Scan, colors: Colors): string {
  const findings = new Map(scan.findings.map((finding) => [finding.id, finding]));
  const lines = [
    `${colors.bold(plan.id)}  profile ${plan.profile} · ${plan.optimal ? "proven optimal" : colors.yellow("best found, not proven optimal")}`,
    colors.dim(
      plan.cost
        .flatMap((value, index) => (value > 0 ? [`${plan.costNames[index] ?? "?"}: ${value}`] : []))
        .join(" · "),
    ),
  ];
  for (const one of plan.bestOf ?? [])
    lines.push(
      colors.dim(
        `${plain(one.project)} (${one.ecosystem}): proven the best of ${count(one.releases, "release")}, those near today's versions; not of all`,
      ),
    );
  for (const phase of plan.phases) {
    lines.push(
      "",
      `${colors.bold(`Phase ${phase.number} · ${phase.requested === true ? "as requested" : tierNames[phase.tier]}`)}  ${colors.dim(`due ${day(phase.due)} · ${count(phase.after.findings, "finding")} left after it`)}`,
      ...columns(
        phase.upgrades.map((upgrade) => upgradeRow(upgrade, findings, colors)),
        "  ",
      ),
    );
  }
  if (plan.phases.length === 0) lines.push("", "Nothing to do: no upgrade would clear a finding.");
  lines.push("", ...requestLines(plan, colors), ...unfixedLines(plan, findings, colors));
  for (const one of plan.skipped)
    lines.push(colors.dim(`  not planned: ${plain(one.package)}: ${plain(one.reason)}`));
  for (const one of plan.confirmed)
    lines.push(colors.dim(`accepted by ${plain(one.by)}: ${plain(one.detail)}`));
  lines.push(
    `${colors.bold(`${plan.before.findings} → ${plan.after.findings}`)} findings: ${severityWords(plan.before.bySeverity, colors)} → ${severityWords(plan.after.bySeverity, colors)}`,
  );
  return lines.join("\n");
}

function upgradeRow(upgrade: Upgrade, findings: ReadonlyMap<string, Finding>, colors: Colors): string[] {
  const cleared = upgrade.fixes.flatMap((id) => findings.get(id)?.advisory ?? []);
  const change =
    upgrade.to === null
      ? `${upgrade.from ?? ""} removed`
      : upgrade.from === null
        ? `new at ${upgrade.to}`
        : `${upgrade.from} → ${upgrade.to}`;
  return [
    colors.bold(plain(upgrade.package)),
    plain(change),
    upgrade.level === "major" ? colors.yellow("major") : upgrade.level,
    cleared.length > 0
      ? `clears ${count(cleared.length, "finding")}`
      : colors.dim(plain(shorten(upgrade.because[0] ?? ""))),
  ];
}

const shorten = (text: string): string => (text.length > 90 ? `${text.slice(0, 89)}…` : text);

function requestLines({ requests = [] }: Plan, colors: Colors): string[] {
  if (requests.length === 0) return [];
  return [
    colors.bold("Requested"),
    ...requests.flatMap((one) => [
      `  ${plain(one.package)} ${plain(one.to)}  ${one.state}: ${plain(one.detail)}`,
      ...one.conflicts.map((conflict) => colors.dim(`      ${plain(conflict)}`)),
    ]),
    "",
  ];
}

function unfixedLines(plan: Plan, findings: ReadonlyMap<string, Finding>, colors: Colors): string[] {
  if (plan.unfixed.length === 0) return [];
  return [
    colors.bold("Left"),
    ...plan.unfixed.flatMap((one) => {
      const finding = findings.get(one.finding);
      const name =
        finding === undefined ? one.finding : `${finding.package} ${finding.version}  ${finding.advisory}`;
      return [
        `  ${plain(name)}  ${one.reason}: ${plain(one.detail)}`,
        ...one.conflicts.map((conflict) => colors.dim(`      ${plain(conflict)}`)),
        ...(one.advice === "" ? [] : [colors.dim(`      ${plain(one.advice)}`)]),
      ];
    }),
    "",
  ];
}
