import { count, day, severities, tierNames, type Evidence, type Finding, type Scan } from "../model/index.ts";
import { heading, link, list, paragraph, strong, table, type Block, type Inline } from "./document.ts";
import { finalSummary } from "./front.ts";
import { pageOf } from "./subject.ts";
import { text } from "./text.ts";
import { describeWeakness } from "./weakness-names.ts";
import {
  byPackage,
  bySeverity,
  byTier,
  isOpen,
  openFindings,
  remainingFindings,
  severityWords,
} from "./words.ts";

/** Advisory ids, each leading to its page. */
export function advisoryLinks(findings: readonly Finding[]): Inline {
  return [...new Set(findings.map((finding) => finding.advisory))].flatMap((advisory, index) => [
    ...(index === 0 ? [] : [", "]),
    link(advisory, pageOf(advisory)),
  ]);
}

/** Who is at risk, how soon, by which rule. */
export function riskSection(scan: Scan): Block[] {
  const blocks: Block[] = [heading(2, text.headings.risk)];
  const open = openFindings(scan);
  if (open.length === 0) return [...blocks, paragraph(text.noFindings)];
  for (const { tier, findings } of byTier(open)) {
    const packages = byPackage(findings);
    blocks.push(
      heading(
        3,
        `${tierNames[tier]}: ${count(findings.length, "finding")} in ${count(packages.length, "component")}`,
      ),
      table(
        ["Component", "No.", "Findings", "Severity", "Weaknesses", "Fixed in", "Due", "Rule", "Functions"],
        packages.map(riskRow),
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
    String(findings.length),
    advisoryLinks(findings),
    severityWords(bySeverity(findings)),
    unique(findings.flatMap((finding) => finding.weaknesses).map(describeWeakness)),
    [fixes.join(", "), noFix > 0 ? `${noFix} with no fix declared` : ""].filter(Boolean).join("; "),
    day(findings.map((finding) => finding.due).sort()[0] ?? ""),
    unique(findings.map((finding) => finding.rule)),
    unique(first.functions),
  ];
}

export const unique = (values: readonly string[]): string => [...new Set(values)].sort().join(", ");

/** What each business function rests on, and how it stands. */
export function functionsSection(evidence: Evidence): Block[] {
  const blocks: Block[] = [heading(2, text.headings.functions)];
  if (evidence.functions.length === 0) return [...blocks, paragraph(text.noFunctions)];
  const left = remainingFindings(evidence);
  return [
    ...blocks,
    table(
      [
        "Function",
        "Criticality",
        "Packages",
        "Findings before",
        ...(evidence.kind === "state"
          ? []
          : [evidence.kind === "run" ? "After" : "After (planned)", "Cleared"]),
      ],
      evidence.functions.map((one): Inline[] => {
        const touches = (finding: Finding): boolean =>
          finding.functions.includes(one.name) && isOpen(finding);
        const before = evidence.before.findings.filter(touches);
        const after = left.filter(touches);
        const ids = new Set(after.map((finding) => finding.id));
        return [
          [strong(one.name)],
          one.criticality,
          one.packages.join(", "),
          String(before.length),
          ...(evidence.kind === "state"
            ? []
            : [String(after.length), advisoryLinks(before.filter((finding) => !ids.has(finding.id)))]),
        ];
      }),
    ),
  ];
}

/** What is left, by deadline, with the reason and what to do. */
export function remainingSection(evidence: Evidence): Block[] {
  const blocks: Block[] = [heading(2, text.headings.remaining)];
  const remaining = remainingFindings(evidence);
  const open = remaining.filter(isOpen);
  const accepted = remaining.filter((finding) => !isOpen(finding));
  if (open.length === 0) blocks.push(paragraph(text.none));
  for (const { tier, findings } of byTier(open))
    blocks.push(
      heading(3, `${tierNames[tier]}: ${count(findings.length, "remaining finding")}`),
      remainingTable(
        [...findings].sort((a, b) => compare(a.due, b.due)),
        evidence,
      ),
    );
  if (accepted.length > 0)
    blocks.push(
      heading(3, `${text.headings.accepted}: ${count(accepted.length, "finding")}`),
      table(
        ["Until", "Component", "Finding", "Severity", "By", "Justification", "Reason"],
        accepted.map(({ waiver, ...finding }) => [
          waiver?.expires ?? "",
          [strong(finding.package), ` ${finding.version}`],
          [link(finding.advisory, pageOf(finding.advisory))],
          finding.severity,
          waiver?.by ?? "",
          waiver?.justification ?? "",
          waiver?.reason ?? "",
        ]),
      ),
    );
  const added =
    evidence.kind === "plan"
      ? (evidence.plan?.phases ?? []).flatMap((phase) =>
          phase.upgrades.flatMap((one) =>
            one.introduces.map((id) => `${id}, by ${one.package} ${one.to ?? ""}`),
          ),
        )
      : [];
  if (added.length > 0) blocks.push(heading(3, text.headings.added), list(added));
  const conflicts = [...new Set((evidence.plan?.unfixed ?? []).flatMap((one) => one.conflicts))];
  if (conflicts.length > 0) blocks.push(heading(3, text.headings.obstacles), list(conflicts));
  return blocks;
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

function remainingTable(findings: readonly Finding[], { plan, kind }: Evidence): Block {
  const reasons = new Map((plan?.unfixed ?? []).map((one) => [one.finding, one]));
  return table(
    ["Due", "Component", "Finding", "Severity", "Why it is left", "What to do"],
    findings.map((finding) => {
      const reason = reasons.get(finding.id);
      return [
        day(finding.due),
        [strong(finding.package), ` ${finding.version}`],
        [link(finding.advisory, pageOf(finding.advisory))],
        finding.severity,
        reason?.detail ?? (kind === "state" ? "open" : "not reached by the phases that were carried out"),
        reason?.advice ??
          (finding.fixedIn[0] === undefined ? "no fix declared" : `fixed in ${finding.fixedIn[0]}`),
      ];
    }),
  );
}

/** Success criteria: pass, fail or not evaluated, each with its evidence. */
export function criteriaSection(evidence: Evidence): Block[] {
  const after = finalSummary(evidence);
  const isSeen = evidence.kind !== "plan";
  const rows: Inline[][] = severities.flatMap((severity) => {
    const limit = evidence.criteria[severity];
    if (limit === undefined) return [];
    const number = after.bySeverity[severity];
    const verdict = number <= limit ? "pass" : "fail";
    return [
      [
        `At most ${limit} ${severity}`,
        isSeen ? verdict : `${verdict} (planned)`,
        `${number} ${isSeen ? "observed" : "planned"}`,
      ],
    ];
  });
  if (evidence.kind !== "state") rows.push(...gateCriteria(evidence));
  return [
    heading(2, text.headings.criteria),
    ...(Object.keys(evidence.criteria).length === 0 ? [paragraph(text.noCriteria)] : []),
    ...(rows.length === 0 ? [] : [table(["Criterion", "Verdict", "Evidence"], rows)]),
  ];
}

/** What the two hand-written documents promise beside counts, each with the gate that judges it. */
const promises: readonly { readonly name: string; readonly gate: RegExp }[] = [
  { name: "Planned versions are installed and nothing else moved", gate: /^versions\b/ },
  { name: "Security scan: what was promised is gone, nothing worse came in", gate: /^security\b/ },
  { name: "All tests pass as they did before", gate: /^tests?\b/ },
  { name: "Existing features work (commands and health probes)", gate: /^(command|health)/ },
  { name: "Performance within its budget of the baseline", gate: /^performance/ },
  { name: "Test coverage does not fall", gate: /^coverage/ },
  { name: "Licenses stay compatible", gate: /^licen[sc]e/ },
];

function gateCriteria({ run }: Evidence): Inline[][] {
  const asked = (run?.phases ?? []).flatMap((phase) => phase.gates.map((gate) => ({ phase, gate })));
  const rows = promises.map(({ name, gate: pattern }): Inline[] => {
    const own = asked.filter(({ gate }) => pattern.test(gate.name));
    if (own.length === 0)
      return [name, "not evaluated", run === undefined ? "evaluated by the run" : "no such gate was asked"];
    // A gate that one phase has no need of is answered by the phases that have.
    const answered = own.filter(({ gate }) => !(gate.verdict === "missing" && gate.mode === "observe"));
    const verdicts = (answered.length === 0 ? own : answered).map(({ gate }) => gate.verdict);
    const verdict = verdicts.every((one) => one === "pass" || one === "warn")
      ? "pass"
      : verdicts.some((one) => one === "fail" || one === "error")
        ? "fail"
        : "not evaluated";
    return [
      name,
      verdict,
      own.map(({ phase, gate }) => `phase ${phase.number}: ${gate.name} ${gate.verdict}`).join("; "),
    ];
  });
  const others = asked.filter(({ gate }) => !promises.some(({ gate: pattern }) => pattern.test(gate.name)));
  return [
    ...rows,
    ...others.map(({ phase, gate }): Inline[] => [
      `Gate ${gate.name}, phase ${phase.number}`,
      gate.verdict,
      gate.detail,
    ]),
  ];
}

/** What was not read, so that nobody takes silence for safety. */
export function unreadSection(scan: Scan): Block[] {
  if (scan.unread.length === 0 && scan.notes.length === 0) return [];
  return [
    heading(2, text.headings.rests),
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
