import {
  count,
  day,
  tierNames,
  type Evidence,
  type Finding,
  type Phase,
  type RunPhase,
  type Upgrade,
} from "../model/index.ts";
import {
  checklist,
  code,
  heading,
  list,
  paragraph,
  strong,
  table,
  type Block,
  type Inline,
} from "./document.ts";
import { advisoryLinks, unique } from "./sections.ts";
import { showDate, text } from "./text.ts";
import { describeWeakness } from "./weakness-names.ts";
import { bySeverity, byTier, isOpen, move, remainingFindings, severityWords } from "./words.ts";

/** Phase by phase: current → target, what it clears, how deep it cuts, what to test, what it touches, why. */
export function strategySection(evidence: Evidence): Block[] {
  const { plan } = evidence;
  if (plan === undefined) return [];
  const findings = new Map(evidence.before.findings.map((finding) => [finding.id, finding]));
  const blocks: Block[] = [heading(2, text.headings.strategy)];
  if (plan.phases.length === 0) blocks.push(paragraph(text.noPlan));
  for (const phase of plan.phases) {
    const reasons = phase.upgrades.flatMap((upgrade) =>
      upgrade.because.map((because): Inline => [strong(upgrade.package), `: ${because}`]),
    );
    blocks.push(
      heading(
        3,
        phase.requested === true
          ? `Phase ${phase.number} · as requested`
          : `Phase ${phase.number} · ${tierNames[phase.tier]} · due ${day(phase.due)}`,
      ),
      paragraph(phaseLine(phase, findings)),
      table(
        ["Package", "Current → target", "Clears", "No.", "Weaknesses", "Impact", "What to test", "Functions"],
        phase.upgrades.map((upgrade) => upgradeRow(upgrade, { findings, evidence })),
      ),
      ...(reasons.length === 0 ? [] : [list(reasons)]),
    );
  }
  if (plan.requests !== undefined)
    blocks.push(
      heading(3, "Requested versions"),
      table(
        ["Package", "Version", "Outcome", "Detail", "Refused by"],
        plan.requests.map((one) => [one.package, one.to, one.state, one.detail, one.conflicts.join("; ")]),
      ),
    );
  if (plan.broken.length > 0)
    blocks.push(
      heading(3, text.headings.broken),
      paragraph(text.notWorse),
      list(
        plan.broken.map(
          (one) =>
            `${one.from ?? "the project"} requires ${one.requirement}: found ${one.found ?? "nothing"}`,
        ),
      ),
    );
  return blocks;
}

/** Findings that a phase clears, each once. */
export function clearedBy(phase: Phase, findings: ReadonlyMap<string, Finding>): Finding[] {
  return [...new Set(phase.upgrades.flatMap((upgrade) => upgrade.fixes))].flatMap(
    (id) => findings.get(id) ?? [],
  );
}

function phaseLine(phase: Phase, findings: ReadonlyMap<string, Finding>): string {
  const cleared = clearedBy(phase, findings);
  const open = cleared.filter(isOpen);
  const words = severityWords(bySeverity(open));
  const accepted = cleared.length - open.length;
  return `${count(phase.upgrades.length, "package changes", "packages change")}; clears ${count(open.length, "open finding")}${words === "" ? "" : ` (${words})`}${accepted === 0 ? "" : ` and ${accepted} accepted`}; ${phase.after.findings} left after it.`;
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
    advisoryLinks(fixed),
    String(fixed.length),
    unique(fixed.flatMap((finding) => finding.weaknesses).map(describeWeakness)),
    impactOf(upgrade),
    whatToTest(upgrade, fixed),
    touched.map((one) => one.name).join(", "),
  ];
}

/** How much an upgrade may change, by what semantic versions promise and by who uses the package. */
function impactOf({ level, direct, via, from, to }: Upgrade): string {
  const kind = from === null ? "appears" : to === null ? "vanishes" : level;
  const weight =
    from === null || to === null
      ? "low"
      : level === "major"
        ? direct
          ? "high"
          : "medium"
        : level === "patch"
          ? "low"
          : direct
            ? "medium"
            : "low";
  return `${weight}: ${kind}, ${direct ? "direct" : "indirect"}${via === "lockfile" ? "" : `, by ${via}`}`;
}

/** Where the application would notice: what uses the package, or the direct dependencies that bring it in. */
function whatToTest(upgrade: Upgrade, fixed: readonly Finding[]): string {
  if (upgrade.direct) return `what uses ${upgrade.package}`;
  const parents = unique(
    fixed.flatMap((finding) => finding.paths.flatMap((path) => path[0]?.replace(/(?<=.)@[^@]*$/, "") ?? [])),
  );
  return parents === "" ? `what needs ${upgrade.package}` : `what uses ${parents}`;
}

/** Steps as a checklist that ticks itself from the run. */
export function checklistSection(evidence: Evidence): Block[] {
  const { plan, run } = evidence;
  if (plan === undefined || plan.phases.length === 0) return [];
  const touched =
    run?.phases.some((phase) => phase.state === "done" || phase.state === "rolled-back") === true;
  const rehearsed = (run?.phases ?? []).filter((phase) => ["rehearsed", "done"].includes(phase.state)).length;
  const saved = run?.backup.length ?? 0;
  const blocks: Block[] = [
    heading(2, text.headings.implementation),
    heading(3, text.headings.preparation),
    checklist([
      {
        done: plan.inputs.files.length + plan.inputs.environments.length > 0,
        text: `Present versions recorded (${count(plan.inputs.files.length, "file")}, ${count(plan.inputs.environments.length, "environment")}, by digest)`,
      },
      {
        done: rehearsed === plan.phases.length,
        text: `Rehearsed in a copy (${rehearsed} of ${count(plan.phases.length, "phase")})`,
      },
      {
        done: touched && saved > 0,
        text: `Backup made before anything was touched (${count(saved, "file")})`,
      },
      {
        done: run !== undefined,
        text: ["Rollback ready: ", code(`redress rollback ${run?.run ?? ""}`.trim())],
      },
    ]),
  ];
  for (const phase of plan.phases) {
    const ran = run?.phases.find((one) => one.number === phase.number);
    blocks.push(
      heading(3, `Phase ${phase.number}${ran === undefined ? "" : `: ${ran.state}`}`),
      checklist([
        ...phase.upgrades.map((upgrade) => ({
          done: isIn(upgrade, ran),
          text: [strong(upgrade.package), ` ${move(upgrade)}`] as Inline,
        })),
        ...["versions", "security", "tests"].map((gate) => gateItem(gate, ran)),
      ]),
    );
  }
  return [...blocks, heading(3, text.headings.validation), checklist(validationItems(evidence))];
}

function gateItem(gate: string, ran: RunPhase | undefined): { done: boolean; text: string } {
  const results = (ran?.gates ?? []).filter(
    ({ name }) => name === gate || name.startsWith(`${gate}:`) || name.startsWith(`${gate},`),
  );
  return {
    done: results.length > 0 && results.every((one) => one.verdict === "pass"),
    text:
      results.length === 0
        ? `${gate}: not run yet`
        : `${gate}: ${results.map((one) => one.verdict).join(", ")}`,
  };
}

function validationItems({ after, run }: Evidence): { done: boolean; text: string }[] {
  const gates = (run?.phases ?? []).flatMap((phase) => phase.gates);
  const passed = (pattern: RegExp): boolean => {
    const own = gates.filter((gate) => pattern.test(gate.name));
    return own.length > 0 && own.every((gate) => gate.verdict === "pass");
  };
  return [
    { done: after !== undefined && run?.state === "done", text: "Scanned again by the same snapshot" },
    { done: passed(/^tests?\b/), text: "Tests pass" },
    { done: passed(/^performance/), text: "Performance within budget" },
    { done: run?.state === "done", text: "Run ended as done" },
  ];
}

/** Whether an upgrade was read back in a phase that stands. */
function isIn(upgrade: Upgrade, ran: RunPhase | undefined): boolean {
  if (ran?.state !== "done") return false;
  const check = ran.versions.find(
    (one) => one.package === upgrade.package && one.project === upgrade.project && one.planned === upgrade.to,
  );
  return check !== undefined && check.observed === upgrade.to;
}

/** Day by day: phases and deadlines. */
export function timelineSection(evidence: Evidence): Block[] {
  const { plan, run } = evidence;
  const rows: { day: string; what: string; detail: string }[] = [];
  for (const phase of plan?.phases ?? []) {
    const state = run?.phases.find((one) => one.number === phase.number)?.state;
    rows.push({
      day: day(phase.due),
      what: `Phase ${phase.number} is due${state === undefined ? "" : ` (${state})`}`,
      detail: unique(phase.upgrades.map((upgrade) => upgrade.package)),
    });
  }
  const remaining = remainingFindings(evidence);
  for (const [due, findings] of Map.groupBy(remaining.filter(isOpen), (one) => day(one.due)))
    rows.push({
      day: due,
      what: `${count(findings.length, "remaining finding is", "remaining findings are")} due`,
      detail: unique(findings.map((finding) => finding.package)),
    });
  for (const [expires, findings] of Map.groupBy(
    remaining.filter((finding) => !isOpen(finding)),
    (one) => one.waiver?.expires ?? "",
  ))
    rows.push({
      day: expires,
      what: count(findings.length, "acceptance ends", "acceptances end"),
      detail: unique(findings.map((finding) => finding.package)),
    });
  if (rows.length === 0) return [];
  rows.sort((a, b) => (a.day === b.day ? (a.what < b.what ? -1 : 1) : a.day < b.day ? -1 : 1));
  return [
    heading(2, text.headings.timeline),
    table(
      ["Day", "What", "Packages"],
      rows.map((row) => [row.day, row.what, row.detail]),
    ),
  ];
}

/** What is to be done next, and by when. */
export function nextSection(evidence: Evidence): Block[] {
  const { kind, plan, run } = evidence;
  const done = new Set(
    (run?.phases ?? []).filter((phase) => phase.state === "done").map((phase) => phase.number),
  );
  const open = remainingFindings(evidence).filter(isOpen);
  const items: { done: boolean; text: Inline }[] = (plan?.phases ?? []).map((phase) => ({
    done: done.has(phase.number),
    text: `By ${showDate(phase.due)}: carry out phase ${phase.number} (${count(phase.upgrades.length, "package")}).`,
  }));
  const planned = kind === "state" ? open.filter((finding) => finding.fixedIn.length > 0) : [];
  if (planned.length > 0)
    items.push({ done: false, text: ["Work out the upgrades: ", code("redress plan")] });
  for (const { findings } of byTier(open)) {
    const fixable = findings.filter((finding) => finding.fixedIn.length > 0);
    const rest = findings.filter((finding) => finding.fixedIn.length === 0);
    if (fixable.length > 0) items.push(deadlineItem("upgrade or accept", fixable));
    if (rest.length > 0) items.push(deadlineItem("no fix is published: mitigate, replace or accept", rest));
  }
  return items.length === 0 ? [] : [heading(2, text.headings.next), checklist(items)];
}

function deadlineItem(what: string, findings: readonly Finding[]): { done: boolean; text: Inline } {
  const due = findings.map((finding) => finding.due).sort()[0] ?? "";
  return {
    done: false,
    text: `By ${showDate(due)}: ${what}: ${unique(findings.map((finding) => finding.package))} (${count(findings.length, "finding")}).`,
  };
}
