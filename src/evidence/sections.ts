import {
  tierNames,
  severities,
  tiers,
  type Evidence,
  type Finding,
  type Scan,
  type Summary,
} from "../model/index.ts";
import { code, heading, list, paragraph, strong, table, type Block, type Inline } from "./document.ts";
import { describeWeakness } from "./weakness-names.ts";
import { byPackage, bySeverity, byTier, count, day, severityWords } from "./words.ts";

/** Summary of the tree as the evidence leaves it: observed after a run, foreseen by a plan, else as it is. */
export function finalSummary(evidence: Evidence): Summary {
  return evidence.after?.summary ?? evidence.plan?.after ?? evidence.before.summary;
}

/** What the document is about and by what it was judged. */
export function factsSection({ kind, madeAt, before, plan, run }: Evidence): Block[] {
  const rows: Inline[][] = [
    ["Date", `${madeAt.replace("T", " ").slice(0, 16)} UTC`],
    ...(run === undefined
      ? []
      : [
          ["Run", [code(run.run)]],
          ["State", [strong(run.state)]],
        ]),
    ...(plan === undefined
      ? []
      : [
          [
            "Plan",
            [
              code(plan.id),
              ` (${plan.profile}${plan.optimal ? ", proven optimal among the releases considered" : ", best found"})`,
            ],
          ],
        ]),
    ["Components", String(before.projects.reduce((sum, project) => sum + project.components, 0))],
    [
      "Advisories",
      before.snapshot.sources.map((source) => `${source.id}: ${count(source.records, "record")}`).join("; "),
    ],
    ["Snapshot", [code(before.snapshot.digest)]],
    ...(before.asOf === undefined
      ? []
      : [["As of", `${day(before.asOf)}: only what was published by then counts`]]),
    ["Tool", `${before.tool.name} ${before.tool.version}`],
  ];
  return [table([kind === "state" ? "Looked at" : "Record", ""], rows)];
}

/** Before and after, on one snapshot. */
export function summarySection(evidence: Evidence): Block[] {
  const { before } = evidence;
  const after = finalSummary(evidence);
  const afterName = evidence.kind === "run" ? "After (observed)" : "After (planned)";
  const pair = (name: string, left: number, right: number): Inline[] =>
    evidence.kind === "state"
      ? [name, String(left)]
      : [name, String(left), String(right), signed(right - left)];
  const head = evidence.kind === "state" ? ["", "Open"] : ["", "Before", afterName, "Change"];
  return [
    heading(2, "Executive summary"),
    paragraph(conclusion(evidence)),
    table(head, [
      pair("Findings", before.summary.findings, after.findings),
      pair("Packages with findings", before.summary.packages, after.packages),
      ...severities.map((severity) =>
        pair(`– ${severity}`, before.summary.bySeverity[severity], after.bySeverity[severity]),
      ),
    ]),
    table(
      ["Due", ...head.slice(1)],
      tiers.map((tier) => pair(tierNames[tier], before.summary.byTier[tier], after.byTier[tier])),
    ),
  ];
}

const signed = (number: number): string => (number > 0 ? `+${number}` : number === 0 ? "0" : `−${-number}`);

/** What the facts add up to, in a sentence; never more than they say. */
export function conclusion(evidence: Evidence): string {
  const { before, run } = evidence;
  const after = finalSummary(evidence);
  const left = `${count(after.findings, "finding")} in ${count(after.packages, "package")}`;
  const severity = after.findings === 0 ? "" : ` (${severityWords(after.bySeverity)})`;
  if (evidence.kind === "state")
    return before.summary.findings === 0 ? "No findings." : `${left}${severity} are open.`;
  const fixed = before.summary.findings - after.findings;
  if (evidence.kind === "plan")
    return `The plan takes ${count(before.summary.findings, "finding")} in ${count(before.summary.packages, "package")} to ${left}${severity}.`;
  switch (run?.state) {
    case "done":
      return `${count(fixed, "finding was", "findings were")} fixed: ${before.summary.findings} before, ${after.findings} after. ${after.findings === 0 ? "None remains." : `${left}${severity} remain.`}`;
    case "rehearsed":
      return `Rehearsed only: the project was not changed and still has ${left}${severity}.`;
    case "rolled-back":
      return `Not everything held: ${run.reason ?? "a gate failed"}. What failed was undone; ${left}${severity} remain.`;
    default:
      return `The run ended as ${run?.state ?? "unknown"}: ${run?.reason ?? "no reason recorded"}. ${left}${severity} remain.`;
  }
}

/** Who is at risk, how soon, by which rule. */
export function riskSection(scan: Scan): Block[] {
  const blocks: Block[] = [heading(2, "Risk assessment")];
  const open = scan.findings.filter((finding) => finding.waiver === null);
  if (open.length === 0) return [...blocks, paragraph("There is no open finding.")];
  for (const { tier, findings } of byTier(open)) {
    blocks.push(
      heading(3, `${tierNames[tier]}: ${count(findings.length, "finding")}`),
      table(
        ["Package", "Findings", "Severity", "Weaknesses", "Fixed in", "Due", "Rule", "Functions"],
        byPackage(findings).map(riskRow),
      ),
    );
  }
  return blocks;
}

function riskRow(findings: readonly Finding[]): Inline[] {
  const [first] = findings;
  if (first === undefined) return [];
  const fixes = [...new Set(findings.flatMap((finding) => finding.fixedIn[0] ?? []))];
  const noFix = findings.filter((finding) => finding.fixedIn.length === 0).length;
  return [
    [strong(first.package), ` ${first.version}`],
    findings.map((finding) => finding.advisory).join(", "),
    severityWords(bySeverity(findings)),
    unique(findings.flatMap((finding) => finding.weaknesses).map(describeWeakness)),
    [fixes.join(", "), noFix > 0 ? `${noFix} with no fix declared` : ""].filter(Boolean).join("; "),
    day(findings.map((finding) => finding.due).sort()[0] ?? ""),
    unique(findings.map((finding) => finding.rule)),
    unique(first.functions),
  ];
}

const unique = (values: readonly string[]): string => [...new Set(values)].sort().join(", ");

/** What is left, by deadline, with the reason and what to do. */
export function remainingSection(evidence: Evidence): Block[] {
  const { plan } = evidence;
  const left = (evidence.after ?? (evidence.kind === "state" ? evidence.before : undefined))?.findings;
  const blocks: Block[] = [heading(2, "Remaining findings")];
  const reasons = new Map((plan?.unfixed ?? []).map((one) => [one.finding, one]));
  const remaining = left ?? evidence.before.findings.filter((finding) => reasons.has(finding.id));
  if (remaining.length === 0) return [...blocks, paragraph("None.")];
  blocks.push(
    table(
      ["Due", "Package", "Finding", "Severity", "Why it is left", "What to do"],
      remaining.map((finding) => {
        const reason = reasons.get(finding.id);
        return [
          day(finding.due),
          [strong(finding.package), ` ${finding.version}`],
          finding.advisory,
          finding.severity,
          finding.waiver === null
            ? (reason?.detail ??
              (evidence.kind === "state" ? "open" : "not reached by the phases that were carried out"))
            : `waived until ${finding.waiver.expires} by ${finding.waiver.by}: ${finding.waiver.reason}`,
          reason?.advice ??
            (finding.fixedIn[0] === undefined ? "no fix declared" : `fixed in ${finding.fixedIn[0]}`),
        ];
      }),
    ),
  );
  const conflicts = [...new Set((plan?.unfixed ?? []).flatMap((one) => one.conflicts))];
  if (conflicts.length > 0) blocks.push(heading(3, "Requirements that stand in the way"), list(conflicts));
  return blocks;
}

/** Success criteria: pass, fail or not evaluated, each with its evidence. */
export function criteriaSection(evidence: Evidence): Block[] {
  const after = finalSummary(evidence);
  const observed = evidence.kind !== "plan";
  const rows: Inline[][] = severities.flatMap((severity) => {
    const limit = evidence.criteria[severity];
    if (limit === undefined) return [];
    const number = after.bySeverity[severity];
    const verdict = number <= limit ? "pass" : "fail";
    return [
      [
        `At most ${limit} ${severity}`,
        observed ? verdict : `${verdict} (planned)`,
        `${number} ${observed ? "observed" : "planned"}`,
      ],
    ];
  });
  const gates = new Map<string, string>();
  for (const phase of evidence.run?.phases ?? [])
    for (const gate of phase.gates)
      gates.set(`${gate.name}, phase ${phase.number}`, `${gate.verdict}: ${gate.detail}`);
  for (const [name, verdict] of gates) rows.push([`Gate ${name}`, verdict.split(":")[0] ?? "", verdict]);
  if (evidence.kind !== "run")
    rows.push(["All tests pass", "not evaluated", "tests run in rehearsal and after promotion"]);
  return [heading(2, "Success criteria"), table(["Criterion", "Verdict", "Evidence"], rows)];
}

/** What was not read, so that nobody takes silence for safety. */
export function unreadSection(scan: Scan): Block[] {
  if (scan.unread.length === 0 && scan.notes.length === 0) return [];
  return [
    heading(2, "What this rests on"),
    ...(scan.unread.length === 0
      ? []
      : [
          paragraph(strong("Not read:")),
          list(
            scan.unread.map(
              (one) => `${one.path}${one.line === undefined ? "" : `:${one.line}`}: ${one.reason}`,
            ),
          ),
        ]),
    ...(scan.notes.length === 0
      ? []
      : [paragraph(strong("Notes:")), list(scan.notes.map((note) => note.text))]),
  ];
}
