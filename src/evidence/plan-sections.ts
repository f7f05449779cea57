import {
  tierNames,
  type Evidence,
  type Finding,
  type Phase,
  type RunPhase,
  type Upgrade,
} from "../model/index.ts";
import { code, heading, list, paragraph, strong, table, type Block, type Inline } from "./document.ts";
import { bySeverity, count, day, move, severityWords } from "./words.ts";

/** Phase by phase: current → target, what it clears, what it touches, why. */
export function strategySection(evidence: Evidence): Block[] {
  const { plan } = evidence;
  if (plan === undefined) return [];
  const findings = new Map(evidence.before.findings.map((finding) => [finding.id, finding]));
  const blocks: Block[] = [heading(2, "Strategy")];
  if (plan.phases.length === 0)
    blocks.push(paragraph("There is nothing to do: no upgrade would clear a finding."));
  for (const phase of plan.phases) {
    blocks.push(
      heading(3, `Phase ${phase.number} · ${tierNames[phase.tier]} · due ${day(phase.due)}`),
      paragraph(phaseLine(phase, findings)),
      table(
        ["Package", "Current → target", "Kind", "Clears", "Weaknesses", "Functions touched"],
        phase.upgrades.map((upgrade) => upgradeRow(upgrade, { findings, evidence })),
      ),
      list(
        phase.upgrades.flatMap((upgrade) =>
          upgrade.because.map((because): Inline => [strong(upgrade.package), `: ${because}`]),
        ),
      ),
    );
  }
  if (plan.broken.length > 0)
    blocks.push(
      heading(3, "Requirements broken before this plan"),
      paragraph("They were found so and are not made worse."),
      list(
        plan.broken.map(
          (one) =>
            `${one.from ?? "the project"} requires ${one.requirement}: found ${one.found ?? "nothing"}`,
        ),
      ),
    );
  return blocks;
}

function phaseLine(phase: Phase, findings: ReadonlyMap<string, Finding>): string {
  const fixed = phase.upgrades.flatMap((upgrade) => upgrade.fixes).flatMap((id) => findings.get(id) ?? []);
  const words = severityWords(bySeverity(fixed));
  return `${count(phase.upgrades.length, "package changes", "packages change")}; clears ${count(fixed.length, "finding")}${words === "" ? "" : ` (${words})`}; ${phase.after.findings} left after it.`;
}

function upgradeRow(
  upgrade: Upgrade,
  context: { findings: ReadonlyMap<string, Finding>; evidence: Evidence },
): Inline[] {
  const fixed = upgrade.fixes.flatMap((id) => context.findings.get(id) ?? []);
  const touched = context.evidence.functions.filter((one) => one.packages.includes(upgrade.package));
  return [
    [strong(upgrade.package)],
    move(upgrade),
    `${upgrade.level}${upgrade.direct ? ", direct" : ""}${upgrade.via === "lockfile" ? "" : `, ${upgrade.via}`}`,
    fixed.map((finding) => finding.advisory).join(", "),
    [...new Set(fixed.flatMap((finding) => finding.weaknesses))].sort().join(", "),
    touched.map((one) => one.name).join(", "),
  ];
}

/** Steps as a checklist that ticks itself from the run. */
export function checklistSection(evidence: Evidence): Block[] {
  const { plan, run } = evidence;
  if (plan === undefined || plan.phases.length === 0) return [];
  const blocks: Block[] = [heading(2, "Implementation")];
  for (const phase of plan.phases) {
    const ran = run?.phases.find((one) => one.number === phase.number);
    blocks.push(heading(3, `Phase ${phase.number}${ran === undefined ? "" : `: ${ran.state}`}`), {
      kind: "checklist",
      items: [
        ...phase.upgrades.map((upgrade) => ({
          done: isIn(upgrade, ran),
          text: [strong(upgrade.package), ` ${move(upgrade)}`] as Inline,
        })),
        ...["versions", "security", "tests"].map((gate) => {
          const results = (ran?.gates ?? []).filter(
            (one) => one.name === gate || one.name.startsWith(`${gate}:`),
          );
          return {
            done: results.length > 0 && results.every((one) => one.verdict === "pass"),
            text:
              results.length === 0
                ? `${gate}: not run yet`
                : `${gate}: ${results.map((one) => one.verdict).join(", ")}`,
          };
        }),
      ],
    });
  }
  return blocks;
}

/** Whether an upgrade was read back in a phase that stands. */
function isIn(upgrade: Upgrade, ran: RunPhase | undefined): boolean {
  if (ran?.state !== "done") return false;
  const check = ran.versions.find((one) => one.package === upgrade.package && one.planned === upgrade.to);
  return check !== undefined && check.observed === upgrade.to;
}

/** Which tests there are and what they said. */
export function testingSection(evidence: Evidence): Block[] {
  const { run, tests } = evidence;
  const blocks: Block[] = [heading(2, "Testing")];
  blocks.push(
    tests.length === 0
      ? paragraph(
          strong("No tests are configured: "),
          "what the upgrades do to the application's behaviour is not checked.",
        )
      : list(tests.map((test): Inline => [test.name, ": ", code(test.command)])),
  );
  const results = (run?.phases ?? []).flatMap((phase) => phase.gates.map((gate) => ({ phase, gate })));
  if (results.length > 0)
    blocks.push(
      table(
        ["Phase", "Gate", "Mode", "Verdict", "Detail"],
        results.map(({ phase, gate }) => [
          String(phase.number),
          gate.name,
          gate.mode,
          [strong(gate.verdict)],
          gate.detail,
        ]),
      ),
    );
  return blocks;
}

/** What was saved, and how to go back. */
export function rollbackSection(evidence: Evidence): Block[] {
  const { run } = evidence;
  if (evidence.kind === "state") return [];
  const commands =
    run === undefined
      ? ["redress rollback RUN"]
      : [`redress rollback ${run.run}`, `redress rollback ${run.run} --phase N`];
  return [
    heading(2, "Rollback"),
    paragraph(
      "An enforced gate that fails in rehearsal stops its phase before the project is touched; in promotion it puts the phase back.",
    ),
    { kind: "code", lines: commands },
    ...(run === undefined || run.backup.length === 0
      ? []
      : [
          heading(3, "Saved before it was touched"),
          table(
            ["Path", "SHA-256"],
            run.backup.map((one) => [[code(one.path)], [code(one.sha256)]]),
          ),
        ]),
  ];
}

/** When what is due. */
export function timelineSection(evidence: Evidence): Block[] {
  const { plan } = evidence;
  if (plan === undefined || plan.phases.length === 0) return [];
  return [
    heading(2, "Timeline"),
    table(
      ["Due", "Phase", "Packages"],
      plan.phases.map((phase) => [
        day(phase.due),
        String(phase.number),
        phase.upgrades.map((upgrade) => upgrade.package).join(", "),
      ]),
    ),
  ];
}

/** How to keep watching, whom to ask, and how to check this record. */
export function closingSection(evidence: Evidence): Block[] {
  const { contacts, plan, run } = evidence;
  return [
    heading(2, "Monitoring and contacts"),
    { kind: "code", lines: ["redress scan", "redress status"] },
    Object.keys(contacts).length === 0
      ? paragraph("No contacts are configured.")
      : table(
          ["Team", "Contact"],
          Object.entries(contacts).map(([team, contact]) => [team, contact]),
        ),
    ...(plan === undefined
      ? []
      : [
          heading(2, "Inputs"),
          table(
            ["Input", "SHA-256"],
            [
              ...plan.inputs.files.map((file): Inline[] => [[code(file.path)], [code(file.sha256)]]),
              ...plan.inputs.environments.map((one): Inline[] => [
                `environment of ${one.project}`,
                [code(one.sha256)],
              ]),
              ["policy", [code(plan.inputs.policy)]],
              ["advisories", [code(plan.inputs.snapshot)]],
            ],
          ),
          ...plan.confirmed.map((one) => paragraph(`Accepted by ${one.by}: ${one.detail}`)),
        ]),
    ...(run === undefined ? [] : [paragraph("Journal: ", code(run.journal))]),
  ];
}
