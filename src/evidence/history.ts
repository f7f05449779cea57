import {
  count,
  day,
  severities,
  tierNames,
  tiers,
  type Evidence,
  type Finding,
  type Scan,
  type Severity,
  type Summary,
  type Waiver,
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
import { isOpen, openFindings, remainingFindings } from "./words.ts";

/** Everything that a root keeps of its past. */
export interface Past {
  /** RFC 3339: what is judged as passed or near. */
  readonly now: string;
  /** Scans that plans were made from. */
  readonly scans: readonly Scan[];
  /** Of runs, in any order. */
  readonly evidence: readonly Evidence[];
  /** First sight of a finding, RFC 3339, where it is remembered. */
  firstSeen(finding: Finding): string | undefined;
  readonly waivers: readonly Waiver[];
}

/** One look at the tree. */
export interface Point {
  readonly at: string;
  readonly what: string;
  readonly summary: Summary;
}

/** A finding that is no more. */
export interface Remediated {
  readonly finding: Finding;
  readonly firstSeen?: string;
  readonly fixedAt: string;
  readonly run: string;
}

/** What the past adds up to. */
export interface History {
  readonly schemaVersion: 1;
  readonly now: string;
  readonly points: readonly Point[];
  readonly remediated: readonly Remediated[];
  /** Open by the newest look. */
  readonly open: readonly Finding[];
  /** Mean days from first sight to fix, by severity; `null` where nothing of it was fixed or dates are not known. */
  readonly meanDays: Readonly<Record<Severity, number | null>>;
  readonly deadlines: { readonly met: number; readonly missed: number; readonly overdue: number };
  /** That end within `nearDays`, or have ended within them. */
  readonly nearWaivers: readonly Waiver[];
}

const dayMs = 86_400_000;
/** How near an expiry counts as near, in days. */
export const nearDays = 30;

/** Folds what is kept into a history; runs that changed nothing, or were taken back, remediate nothing. */
export function foldHistory(past: Past): History {
  const looks = [
    ...past.scans.map((scan) => ({ at: scan.scannedAt, what: "scan", scan })),
    ...past.evidence.flatMap((one) => [
      {
        at: one.run?.startedAt ?? one.before.scannedAt,
        what: `before ${one.run?.run ?? "a run"}`,
        scan: one.before,
      },
      ...(one.after === undefined
        ? []
        : [
            { at: one.run?.endedAt ?? one.madeAt, what: `after ${one.run?.run ?? "a run"}`, scan: one.after },
          ]),
    ]),
  ]
    .filter((look) => !Number.isNaN(Date.parse(look.at)))
    .sort((a, b) => Date.parse(a.at) - Date.parse(b.at) || (a.what < b.what ? -1 : 1));
  const remediated = past.evidence.flatMap((one) => remediatedBy(one, past));
  const open = looks.at(-1) === undefined ? [] : openFindings((looks.at(-1) as { scan: Scan }).scan);
  const late = (one: Remediated): boolean => one.fixedAt > one.finding.due;
  return {
    schemaVersion: 1,
    now: past.now,
    points: looks.map(({ at, what, scan }) => ({ at, what, summary: scan.summary })),
    remediated,
    open,
    meanDays: Object.fromEntries(
      severities.map((severity) => [severity, meanDaysOf(remediated, severity)]),
    ) as Record<Severity, number | null>,
    deadlines: {
      met: remediated.filter((one) => !late(one)).length,
      missed: remediated.filter(late).length,
      overdue: open.filter((finding) => finding.due < past.now).length,
    },
    nearWaivers: past.waivers
      .filter((waiver) => Math.abs(Date.parse(waiver.expires) - Date.parse(past.now)) <= nearDays * dayMs)
      .sort((a, b) => (a.expires < b.expires ? -1 : 1)),
  };
}

function remediatedBy({ before, after, run }: Evidence, past: Past): Remediated[] {
  if (after === undefined || run === undefined || !run.phases.some((phase) => phase.state === "done"))
    return [];
  const left = new Set(after.findings.map((finding) => finding.id));
  return openFindings(before)
    .filter((finding) => !left.has(finding.id))
    .map((finding) => {
      const firstSeen = past.firstSeen(finding);
      return {
        finding,
        ...(firstSeen === undefined ? {} : { firstSeen }),
        fixedAt: run.endedAt ?? after.scannedAt,
        run: run.run,
      };
    });
}

function meanDaysOf(remediated: readonly Remediated[], severity: Severity): number | null {
  const spans = remediated.flatMap(({ finding, firstSeen, fixedAt }) =>
    finding.severity === severity && firstSeen !== undefined
      ? [Math.max(0, Date.parse(fixedAt) - Date.parse(firstSeen)) / dayMs]
      : [],
  );
  return spans.length === 0 ? null : spans.reduce((sum, one) => sum + one, 0) / spans.length;
}

/** A history as a document. */
export function describeHistory(history: History): Document {
  const words = text.history;
  if (history.points.length === 0) return { title: words.title, blocks: [paragraph(words.nothing)] };
  const shownTiers = tiers.filter((tier) => history.points.some((point) => point.summary.byTier[tier] > 0));
  return {
    title: words.title,
    blocks: [
      heading(2, text.headings.summary),
      paragraph(strong(summaryOf(history))),
      { kind: "contents" },
      heading(2, words.openOverTime),
      table(
        ["When", "What", "Open", ...shownTiers.map((tier) => tierNames[tier]), "Accepted"],
        history.points.map((point) => [
          `${point.at.slice(0, 16).replace("T", " ")} UTC`,
          point.what,
          showNumber(point.summary.findings),
          ...shownTiers.map((tier) => showNumber(point.summary.byTier[tier])),
          showNumber(point.summary.waived),
        ]),
      ),
      heading(2, words.remediation),
      ...remediationTable(history),
      heading(2, words.deadlines),
      ...deadlineTables(history),
      heading(2, words.waivers),
      ...waiverTable(history),
    ],
  };
}

function summaryOf({ points, remediated, open, deadlines }: History): string {
  const [first, last] = [points[0], points.at(-1)];
  return `${first?.summary.findings ?? 0} open on ${day(first?.at ?? "")}, ${last?.summary.findings ?? 0} on ${day(last?.at ?? "")}. ${count(remediated.length, "finding was", "findings were")} fixed by runs: ${deadlines.met} in time, ${deadlines.missed} late. Of ${open.length} still open ${deadlines.overdue} ${deadlines.overdue === 1 ? "is" : "are"} past the deadline.`;
}

function remediationTable({ remediated, meanDays }: History): Block[] {
  return [
    table(
      ["Severity", "Fixed", "Mean days from first sight", "Of these with a known date"],
      severities.map((severity) => {
        const own = remediated.filter((one) => one.finding.severity === severity);
        const mean = meanDays[severity];
        return [
          severity,
          String(own.length),
          mean === null ? "–" : mean.toFixed(1),
          String(own.filter((one) => one.firstSeen !== undefined).length),
        ];
      }),
    ),
  ];
}

function deadlineTables({ remediated, open, now, deadlines }: History): Block[] {
  const late = open.filter((finding) => finding.due < now).sort((a, b) => (a.due < b.due ? -1 : 1));
  const row = (finding: Finding, what: string): Inline[] => [
    day(finding.due),
    [strong(finding.package), ` ${finding.version}`],
    [link(finding.advisory, pageOf(finding.advisory))],
    finding.severity,
    what,
  ];
  const missed = remediated.filter((one) => one.fixedAt > one.finding.due);
  return [
    table(
      ["Deadlines", "Findings"],
      [
        ["Met", String(deadlines.met)],
        ["Missed, fixed later", String(deadlines.missed)],
        ["Passed and still open", String(deadlines.overdue)],
      ],
    ),
    ...(late.length + missed.length === 0
      ? []
      : [
          table(
            ["Due", "Component", "Finding", "Severity", "State"],
            [
              ...late.map((finding) => row(finding, "open")),
              ...missed.map((one) => row(one.finding, `fixed ${day(one.fixedAt)}`)),
            ],
          ),
        ]),
  ];
}

function waiverTable({ nearWaivers, now }: History): Block[] {
  if (nearWaivers.length === 0) return [paragraph(`None ends within ${nearDays} days.`)];
  return [
    table(
      ["Expires", "Finding", "By", "Reason", "State"],
      nearWaivers.map((waiver) => [
        waiver.expires,
        waiver.finding,
        waiver.by,
        waiver.reason,
        // It holds through its last day.
        waiver.expires < day(now) ? "expired" : "ends soon",
      ]),
    ),
  ];
}

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
