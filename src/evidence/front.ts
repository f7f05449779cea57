import {
  count,
  day,
  severities,
  tierNames,
  tiers,
  type Evidence,
  type Finding,
  type Summary,
} from "../model/index.ts";
import {
  code,
  heading,
  list,
  paragraph,
  strong,
  table,
  type Block,
  type Inline,
  type Span,
} from "./document.ts";
import { showDate, showNumber, showShare, text } from "./text.ts";
import { isOpen, openFindings, remainingFindings, severityWords } from "./words.ts";

/**
 * Summary of the tree as the evidence leaves it: observed after a run, foreseen by a plan, else as it is. A run that
 * never came to be looked at again left what its journal says of the phases that stand.
 */
export function finalSummary({ kind, before, after, plan, run }: Evidence): Summary {
  if (after !== undefined) return after.summary;
  if (kind === "plan") return plan?.after ?? before.summary;
  return run?.phases.findLast((phase) => phase.state === "done")?.after ?? before.summary;
}

/** One page for who decides: what it comes to, before and after, what holds, what is left, what comes next. */
export function frontPage(evidence: Evidence): Block[] {
  return [
    heading(2, text.headings.summary),
    paragraph(strong(conclusion(evidence))),
    ...summaryTables(evidence),
    list(glance(evidence)),
    { kind: "page-end" },
    { kind: "contents" },
  ];
}

/** Before and after, on one snapshot. */
export function summaryTables(evidence: Evidence): Block[] {
  const { before, kind } = evidence;
  const after = finalSummary(evidence);
  const afterName =
    kind === "plan"
      ? "After (planned)"
      : evidence.after === undefined
        ? "After (by the journal)"
        : "After (observed)";
  const pair = (name: string, left: number, right: number): Inline[] =>
    kind === "state"
      ? [name, showNumber(left)]
      : [name, showNumber(left), showNumber(right), signed(right - left)];
  const head = kind === "state" ? ["", "Open"] : ["", "Before", afterName, "Change"];
  return [
    table(head, [
      pair("Findings", before.summary.findings, after.findings),
      ...severities.map((severity) =>
        pair(`– ${severity}`, before.summary.bySeverity[severity], after.bySeverity[severity]),
      ),
      pair("Packages with findings", before.summary.packages, after.packages),
      ...(before.summary.waived + after.waived > 0
        ? [pair("Accepted until a date, not counted above", before.summary.waived, after.waived)]
        : []),
    ]),
    table(
      ["Due", ...head.slice(1)],
      tiers.map((tier) => pair(tierNames[tier], before.summary.byTier[tier], after.byTier[tier])),
    ),
    ...(kind === "state" ? [] : [paragraph(text.judged)]),
  ];
}

const signed = (number: number): string =>
  number > 0 ? `+${showNumber(number)}` : number === 0 ? "0" : `−${showNumber(-number)}`;

/** What else a person must know before leafing on. */
function glance(evidence: Evidence): Inline[] {
  const { before, run, plan } = evidence;
  const left = remainingFindings(evidence).filter(isOpen);
  const items: Inline[] = [];
  const first = earliest(left);
  if (first !== undefined)
    items.push([
      "Earliest deadline of what remains: ",
      strong(showDate(first.due)),
      ` (${first.package} ${first.version}, ${first.advisory}, rule ${first.rule}).`,
    ]);
  const unfixable = left.filter((finding) => finding.fixedIn.length === 0).length;
  if (unfixable > 0)
    items.push(`${count(unfixable, "remaining finding has", "remaining findings have")} no fix published.`);
  if (plan !== undefined) {
    const changes = plan.phases.flatMap((phase) => phase.upgrades);
    const majors = changes.filter((one) => one.level === "major").length;
    items.push(
      `${count(changes.length, "package changes", "packages change")} in ${count(plan.phases.length, "phase")}, ${majors} of them by a major release.`,
    );
  }
  const gates = (run?.phases ?? []).flatMap((phase) => phase.gates);
  if (run !== undefined)
    items.push(
      gates.length === 0
        ? "No gate was asked."
        : `Gates: ${[...Map.groupBy(gates, (gate) => gate.verdict)].map(([verdict, ones]) => `${ones.length} ${verdict}`).join(", ")}.`,
    );
  if (evidence.tests.length === 0) items.push([strong(text.noTests), text.noTestsMeaning]);
  if (before.unread.length > 0)
    items.push(`${count(before.unread.length, "file")} could not be read: see “${text.headings.rests}”.`);
  if (run?.hint !== undefined) items.push([strong(run.hint)]);
  return items;
}

/** The finding that is due first. */
export function earliest(findings: readonly Finding[]): Finding | undefined {
  let first: Finding | undefined;
  for (const finding of findings) if (first === undefined || finding.due < first.due) first = finding;
  return first;
}

/** What the document is about and by what it was judged. */
export function recordSection({ madeAt, before, plan, run }: Evidence): Block[] {
  const rows: Inline[][] = [["Date", `${showDate(madeAt)}, ${madeAt.slice(11, 16)} UTC`]];
  if (run !== undefined)
    rows.push(
      ["Run", [code(run.run)]],
      ["State", [strong(run.state)]],
      [
        "Started, ended",
        `${run.startedAt.slice(0, 19)}Z, ${run.endedAt === undefined ? "not ended" : `${run.endedAt.slice(0, 19)}Z`}`,
      ],
    );
  if (plan !== undefined) {
    const quality = plan.optimal
      ? "proven optimal among the releases considered"
      : "best found, not proven optimal";
    rows.push(["Plan", [code(plan.id), ` (${plan.profile}, ${quality})`] as Span[]]);
    for (const { project, ecosystem, releases } of plan.bestOf ?? [])
      rows.push([
        `Proof for ${project} (${ecosystem})`,
        `the best of ${showNumber(releases)} releases, those near today's versions; not of all`,
      ]);
  }
  rows.push(
    ["Projects", before.projects.map((one) => `${one.path} (${one.manager})`).join(", ")],
    ["Components", showNumber(before.projects.reduce((sum, project) => sum + project.components, 0))],
    [
      "Advisories",
      before.snapshot.sources
        .map((source) => `${source.id}: ${showNumber(source.records)} records`)
        .join("; "),
    ],
    ["Snapshot", [code(before.snapshot.digest)]],
  );
  if (before.asOf !== undefined)
    rows.push(["As of", `${day(before.asOf)}: only what was published by then counts`]);
  rows.push(["Tool", `${before.tool.name} ${before.tool.version}`]);
  return [heading(2, text.headings.record), table(["", ""], rows)];
}

/** How far each number came: the metrics that plans promise and summaries claim. */
export function metricsSection(evidence: Evidence): Block[] {
  if (evidence.kind === "state") return [];
  const { summary: before } = evidence.before;
  const after = finalSummary(evidence);
  const row = (name: string, from: number, to: number): Inline[] => [
    name,
    `${showNumber(from)} → ${showNumber(to)}`,
    showShare(from - to, from),
  ];
  const checks = (evidence.run?.phases ?? [])
    .filter((phase) => phase.state === "done")
    .flatMap((phase) => phase.versions);
  const seen = checks.filter((one) => one.planned === one.observed).length;
  return [
    heading(2, text.headings.metrics),
    table(
      ["Metric", evidence.kind === "run" ? "Before → after" : "Before → planned", "Fewer by"],
      [
        row("All findings", before.findings, after.findings),
        ...severities.map((one) => row(`– ${one}`, before.bySeverity[one], after.bySeverity[one])),
        row("Packages with findings", before.packages, after.packages),
      ],
    ),
    ...(evidence.run === undefined
      ? []
      : [paragraph(`Versions read back as planned: ${seen} of ${checks.length}.`)]),
  ];
}

/** What the facts add up to, in a sentence; never more than they say. */
export function conclusion(evidence: Evidence): string {
  const { before, run } = evidence;
  const after = finalSummary(evidence);
  const left = `${count(after.findings, "finding")} in ${count(after.packages, "package")}`;
  const severity = after.findings === 0 ? "" : ` (${severityWords(after.bySeverity)})`;
  const unread =
    before.unread.length === 0 ? "" : ` ${count(before.unread.length, "file")} could not be read.`;
  if (evidence.kind === "state")
    return `${after.findings === 0 ? "No open findings." : `${left}${severity} ${is(after.findings)} open.`}${unread}`;
  if (evidence.kind === "plan")
    return `The plan takes ${count(before.summary.findings, "finding")} in ${count(before.summary.packages, "package")} to ${left}${severity}. Nothing has been changed yet.${unread}`;
  return `${runConclusion(evidence, `${left}${severity} ${after.findings === 1 ? "remains" : "remain"}`, run?.reason)}${unread}`;
}

const is = (number: number): string => (number === 1 ? "is" : "are");

function runConclusion(evidence: Evidence, remains: string, reason = "no reason recorded"): string {
  const { run } = evidence;
  const after = finalSummary(evidence);
  const ids = new Set(remainingFindings(evidence).map((finding) => finding.id));
  const known = new Set(evidence.before.findings.map((finding) => finding.id));
  const fixed =
    evidence.after === undefined ? 0 : openFindings(evidence.before).filter((one) => !ids.has(one.id)).length;
  const added = (evidence.after?.findings ?? []).filter((one) => isOpen(one) && !known.has(one.id)).length;
  const numbers = `${count(fixed, "finding was", "findings were")} fixed${added === 0 ? "" : `, ${added} brought in`}: ${evidence.before.summary.findings} before, ${after.findings} after`;
  switch (run?.state) {
    case "done":
      return `${numbers}. ${after.findings === 0 ? "None remains." : `${remains}.`}`;
    case "rehearsed":
      return `Rehearsed only: the project was not changed. ${remains}.`;
    case "rolled-back": {
      const wasIn = run.phases.some((phase) => phase.state === "rolled-back");
      return `Not everything held: ${reason}. ${wasIn ? "What failed was undone" : "What failed was never put in place"}. ${remains}.`;
    }
    case "running":
      return `The run has not ended: it goes on or was cut short; redress resume tells. ${remains}, as last recorded.`;
    default:
      return `The run ended as ${run?.state ?? "unknown"}: ${reason}. ${remains}.`;
  }
}
