import { count, day, severities, tierNames, tiers, type Finding } from "../model/index.ts";
import {
  heading,
  link,
  paragraph,
  strong,
  table,
  type Block,
  type Document,
  type Inline,
} from "./document.ts";
import { nearDays, type History } from "./history.ts";
import { pageOf } from "./subject.ts";
import { showNumber, text } from "./text.ts";

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
