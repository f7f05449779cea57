import {
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
  link,
  paragraph,
  strong,
  table,
  type Block,
  type Document,
  type Inline,
} from "./document.ts";
import { finalSummary } from "./front.ts";
import { pageOf } from "./subject.ts";
import { showNumber, text } from "./text.ts";
import { isOpen, remainingFindings } from "./words.ts";

/** Two runs side by side: what came of each, and where they differ. */
export function describeComparison(left: Evidence, right: Evidence): Document {
  const words = text.comparison;
  const names = [left, right].map((one) => one.run?.run ?? one.madeAt);
  const total = (name: string, of: (summary: Summary) => number): Inline[] => [
    name,
    ...[left, right].flatMap((one) => [
      showNumber(of(one.before.summary)),
      showNumber(of(finalSummary(one))),
    ]),
  ];
  const open = (one: Evidence): Map<string, Finding> =>
    new Map(
      remainingFindings(one)
        .filter(isOpen)
        .map((finding) => [finding.id, finding]),
    );
  const [a, b] = [open(left), open(right)];
  const differing = [...a, ...b]
    .filter(([id]) => a.has(id) !== b.has(id))
    .map(([, finding]) => finding)
    .sort((one, other) =>
      one.due === other.due ? (one.id < other.id ? -1 : 1) : one.due < other.due ? -1 : 1,
    );
  return {
    title: words.title,
    blocks: [
      table(
        ["", "First", "Second"],
        [
          ["Run", ...names.map((name): Inline => [code(name)])],
          ["State", ...[left, right].map((one): Inline => [strong(one.run?.state ?? "")])],
          ["Plan", ...[left, right].map((one): Inline => [code(one.plan?.id ?? "")])],
          ["Snapshot", ...[left, right].map((one): Inline => [code(one.before.snapshot.digest)])],
        ],
      ),
      heading(2, text.headings.summary),
      table(
        ["", "First: before", "After", "Second: before", "After"],
        [
          total("Findings", (summary) => summary.findings),
          ...severities.map((one) => total(`– ${one}`, (summary) => summary.bySeverity[one])),
          ...tiers.map((one) => total(`Due: ${tierNames[one]}`, (summary) => summary.byTier[one])),
        ],
      ),
      heading(2, words.phases),
      ...gateTable(left, right),
      heading(2, words.versions),
      ...versionTable(left, right),
      heading(2, words.findings),
      differing.length === 0
        ? paragraph(words.same)
        : table(
            ["Component", "Finding", "Severity", "Due", "Open after"],
            differing.map((finding) => [
              [strong(finding.package), ` ${finding.version}`],
              [link(finding.advisory, pageOf(finding.advisory))],
              finding.severity,
              day(finding.due),
              a.has(finding.id) ? "the first only" : "the second only",
            ]),
          ),
    ],
  };
}

/** Rows of both runs by a name, empty where one has none. */
function paired(
  left: Evidence,
  right: Evidence,
  of: (evidence: Evidence) => [string, string][],
): [string, string, string][] {
  const [a, b] = [new Map(of(left)), new Map(of(right))];
  return [...new Set([...a.keys(), ...b.keys()])].map((key) => [key, a.get(key) ?? "–", b.get(key) ?? "–"]);
}

function gateTable(left: Evidence, right: Evidence): Block[] {
  const rows = paired(left, right, ({ run }) =>
    (run?.phases ?? []).flatMap((phase): [string, string][] => [
      [`phase ${phase.number}`, phase.state],
      ...phase.gates.map((gate): [string, string] => [`phase ${phase.number}: ${gate.name}`, gate.verdict]),
    ]),
  );
  return [rows.length === 0 ? paragraph(text.none) : table(["", "First", "Second"], rows)];
}

function versionTable(left: Evidence, right: Evidence): Block[] {
  const rows = paired(left, right, ({ run }) =>
    (run?.phases ?? [])
      .filter((phase) => phase.state === "done")
      .flatMap((phase) =>
        phase.versions.map((one): [string, string] => [
          `${one.project === "." ? "" : `${one.project}: `}${one.package}`,
          one.observed ?? "absent",
        ]),
      ),
  ).filter(([, first, second]) => first !== second);
  return [rows.length === 0 ? paragraph(text.comparison.same) : table(["Package", "First", "Second"], rows)];
}
