import { count, day, type Evidence } from "../model/index.ts";
import { heading, list, paragraph, strong, table, type Block } from "./document.ts";
import { renderBlocks } from "./markdown.ts";
import { conclusion, finalSummary, summaryTables } from "./front.ts";
import { subjectOf } from "./subject.ts";

/** Most rows shown: a job summary may hold 1 MiB, and nobody reads more. */
const mostRows = 50;

/** A GitHub job summary (`$GITHUB_STEP_SUMMARY`): the numbers, what is most urgent, what the gates said. */
export function renderGithubSummary(evidence: Evidence): string {
  const { findings, scan } = subjectOf(evidence);
  const open = findings
    .filter((finding) => finding.waiver === null)
    .sort((a, b) => (a.due === b.due ? (a.id < b.id ? -1 : 1) : a.due < b.due ? -1 : 1));
  const gates = (evidence.run?.phases ?? []).flatMap((phase) => phase.gates.map((gate) => ({ phase, gate })));
  const blocks: Block[] = [
    heading(2, `Dependencies: ${count(finalSummary(evidence).findings, "open finding")}`),
    paragraph(strong(conclusion(evidence))),
    ...summaryTables(evidence),
    ...(open.length === 0
      ? []
      : [
          heading(3, "Most urgent first"),
          table(
            ["Due", "Package", "Finding", "Severity", "Fixed in"],
            open
              .slice(0, mostRows)
              .map((finding) => [
                day(finding.due),
                [strong(finding.package), ` ${finding.version}`],
                finding.advisory,
                finding.severity,
                finding.fixedIn[0] ?? "no fix declared",
              ]),
          ),
          ...(open.length > mostRows ? [paragraph(`… and ${open.length - mostRows} more.`)] : []),
        ]),
    ...(gates.length === 0
      ? []
      : [
          heading(3, "Gates"),
          table(
            ["Phase", "Gate", "Verdict", "Detail"],
            gates.map(({ phase, gate }) => [
              String(phase.number),
              gate.name,
              [strong(gate.verdict)],
              gate.detail.slice(0, 300),
            ]),
          ),
        ]),
    ...(scan.unread.length === 0
      ? []
      : [
          heading(3, `Not read: ${scan.unread.length}`),
          list(scan.unread.slice(0, mostRows).map((one) => `${one.path}: ${one.reason}`)),
        ]),
  ];
  return `${renderBlocks(blocks)}\n`;
}
