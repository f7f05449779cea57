import { look } from "../../pipeline.ts";
import { normaliseName, Failure, type Finding, type Inventory, type Plan } from "../../model/index.ts";
import { readPlan } from "../plans.ts";
import type { Exit } from "../program.ts";
import { openWorkplace, type LookOptions } from "../setting.ts";
import { day, plain, tierNames } from "../show/words.ts";

/** `redress explain`: a finding, an advisory or a package, in words. */
export async function run(
  [subject = "", place]: readonly string[],
  options: LookOptions,
  signal: AbortSignal,
): Promise<Exit> {
  const { setting, terminal } = await openWorkplace([place ?? "."], options, signal);
  const seen = await look(setting);
  seen.base.close();
  const isMeant = (finding: Finding): boolean =>
    finding.id === subject ||
    finding.advisory === subject ||
    finding.aliases.includes(subject) ||
    finding.package === normaliseName(finding.ecosystem, subject);
  const findings = seen.findings.filter(isMeant);
  const present = seen.inventory.components.filter(
    (one) => one.name === normaliseName(one.ecosystem, subject),
  );
  if (findings.length === 0 && present.length === 0)
    throw new Failure(
      "usage",
      `nothing here is called ${subject}`,
      "Name a finding, an advisory or a package of redress scan.",
    );
  const plan = await readPlan(setting.root).then(
    (stored) => stored.plan,
    () => undefined,
  );
  if (options.json === true) {
    const upgrades = plan?.phases.flatMap((phase) =>
      phase.upgrades.filter(
        (one) =>
          one.fixes.some((id) => findings.some((finding) => finding.id === id)) ||
          present.some((component) => component.name === one.package),
      ),
    );
    terminal.print(
      JSON.stringify({ schemaVersion: 1, findings, components: present, upgrades: upgrades ?? [] }, null, 2),
    );
    return 0;
  }
  const { colors } = terminal;
  const blocks: string[][] = [];
  for (const component of present.filter((one) => !findings.some((finding) => finding.package === one.name)))
    blocks.push([
      colors.bold(`${plain(component.name)} ${plain(component.version)} has no finding.`),
      ...component.places.map(
        (one) => `  Found in ${plain(one.path)}${one.line === undefined ? "" : `:${one.line}`}.`,
      ),
    ]);
  for (const finding of findings)
    blocks.push(
      explainFinding(finding, { inventory: seen.inventory, plan }).map((line, index) =>
        index === 0 ? colors.bold(line) : line,
      ),
    );
  terminal.print(blocks.map((lines) => lines.join("\n")).join("\n\n"));
  return 0;
}

function explainFinding(
  finding: Finding,
  context: { inventory: Inventory; plan: Plan | undefined },
): string[] {
  const lines = [
    `${plain(finding.package)} ${plain(finding.version)} has ${finding.advisory}${finding.aliases.length === 0 ? "" : ` (${finding.aliases.join(", ")})`}, ${finding.severity}${finding.score === undefined ? "" : ` ${finding.score}`}.`,
  ];
  if (finding.summary !== undefined) lines.push(`  ${plain(finding.summary)}`);
  lines.push(`  Id ${finding.id}.`);
  for (const place of finding.places)
    lines.push(`  Found in ${plain(place.path)}${place.line === undefined ? "" : `:${place.line}`}.`);
  if (finding.direct) lines.push("  The project names it itself.");
  for (const chain of finding.paths.filter((one) => one.length > 1))
    lines.push(`  Comes in through ${chain.map(plain).join(" → ")}.`);
  lines.push(
    `  Due ${day(finding.due)} (${tierNames[finding.tier]}) by rule ${finding.rule}: ${Object.entries(
      finding.inputs,
    )
      .map(([name, value]) => `${name} ${String(value)}`)
      .join(", ")}.`,
  );
  if (finding.functions.length > 0)
    lines.push(`  The business functions ${finding.functions.map(plain).join(", ")} use it.`);
  lines.push(
    finding.fixedIn.length === 0
      ? "  No record names a fixed version."
      : `  Fixed in ${finding.fixedIn.join(", ")}.`,
    ...(finding.disagreements ?? []).map((text) => `  The sources disagree: ${plain(text)}`),
  );
  if (finding.waiver !== null)
    lines.push(
      `  Waived by ${plain(finding.waiver.by)} until ${finding.waiver.expires}: ${plain(finding.waiver.reason)}.`,
    );
  return [...lines, ...planLines(finding, context.plan)];
}

function planLines(finding: Finding, plan: Plan | undefined): string[] {
  if (plan === undefined) return ["  No plan has been made yet: redress plan."];
  for (const phase of plan.phases)
    for (const upgrade of phase.upgrades)
      if (upgrade.fixes.includes(finding.id))
        return [
          `  ${plan.id} moves it to ${upgrade.to ?? "nothing"} in phase ${phase.number}:`,
          ...upgrade.because.map((because) => `    ${plain(because)}`),
        ];
  const left = plan.unfixed.find((one) => one.finding === finding.id);
  if (left === undefined) return [`  ${plan.id} does not know of it: make a new plan.`];
  return [
    `  ${plan.id} leaves it (${left.reason}): ${plain(left.detail)}`,
    ...left.conflicts.map((conflict) => `    ${plain(conflict)}`),
    ...(left.advice === "" ? [] : [`    ${plain(left.advice)}`]),
  ];
}
