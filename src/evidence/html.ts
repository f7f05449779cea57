import type { Evidence } from "../model/index.ts";
import { deadlineChart, phaseChart, sampleCharts, severityChart } from "./charts.ts";
import { escapeMarkup } from "./markup.ts";
import { describe } from "./describe.ts";
import type { Block, Document, Inline, Span } from "./document.ts";
import { finalSummary } from "./front.ts";

/** The evidence as one HTML file: no scripts, no network, light and dark, ready to print. */
export function renderHtml(evidence: Evidence): string {
  return documentAsHtml(describe(evidence), charts(evidence));
}

/** Any document as one HTML file; drawings are SVG figures, shown behind its first page. */
export function documentAsHtml({ title, blocks }: Document, drawings: string): string {
  const parts: string[] = [];
  const headings = blocks.flatMap((block) =>
    block.kind === "heading" && block.level === 2 ? [block.text] : [],
  );
  for (const block of blocks)
    parts.push(
      block.kind === "contents"
        ? `${drawings}<nav>${headings.map((one) => `<a href="#${idOf(one)}">${escapeMarkup(one)}</a>`).join("")}</nav>`
        : renderBlock(block),
    );
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escapeMarkup(title)}</title>
<style>${style}</style>
</head>
<body>
<main>
<h1>${escapeMarkup(title)}</h1>
${parts.join("\n")}
</main>
</body>
</html>
`;
}

/** Headings of level 2 are our own words: letters and blanks. */
const idOf = (title: string): string => title.toLowerCase().replace(/[^a-z]+/g, "-");

/** Everything that is drawn; what has no numbers is left out. */
function charts(evidence: Evidence): string {
  const after = evidence.kind === "state" ? null : finalSummary(evidence);
  const { summary } = evidence.before;
  return `<div class="charts">${[
    severityChart(summary, after),
    deadlineChart(summary, after),
    phaseChart(evidence),
    ...sampleCharts(evidence),
  ].join("")}</div>`;
}

function renderBlock(block: Block): string {
  switch (block.kind) {
    case "heading":
      return block.level === 2
        ? `<h2 id="${idOf(block.text)}">${escapeMarkup(block.text)}</h2>`
        : `<h3>${escapeMarkup(block.text)}</h3>`;
    case "paragraph":
      return `<p>${inline(block.text)}</p>`;
    case "list":
      return `<ul>${block.items.map((item) => `<li>${inline(item)}</li>`).join("")}</ul>`;
    case "checklist":
      return `<ul class="checks">${block.items
        .map((item) => `<li class="${item.done ? "done" : "open"}">${inline(item.text)}</li>`)
        .join("")}</ul>`;
    case "code":
      return `<pre>${block.lines.map(escapeMarkup).join("\n")}</pre>`;
    case "contents":
      return "";
    case "page-end":
      return `<div class="page-end"></div>`;
    case "table":
      return `<div class="wide"><table><thead><tr>${block.head.map((cell) => `<th scope="col">${escapeMarkup(cell)}</th>`).join("")}</tr></thead><tbody>${block.rows
        .map((row) => `<tr>${row.map((cell) => `<td${tone(cell)}>${inline(cell)}</td>`).join("")}</tr>`)
        .join("")}</tbody></table></div>`;
  }
}

/** Words that carry a colour where they stand alone in a cell. */
const tones = new Set([
  "pass",
  "fail",
  "warn",
  "missing",
  "error",
  "inconclusive",
  "critical",
  "high",
  "medium",
  "low",
]);

function tone(cell: Inline): string {
  if (typeof cell === "string" && /^\d{4}-\d{2}-\d{2}$/.test(cell)) return ` class="date"`;
  const [only] = typeof cell === "string" ? [cell] : cell;
  const word = typeof only === "object" ? ("strong" in only ? only.strong : "") : only;
  return typeof cell !== "string" && cell.length > 1
    ? ""
    : tones.has(word ?? "")
      ? ` class="${word ?? ""}"`
      : "";
}

function inline(text: Inline): string {
  return typeof text === "string" ? escapeMarkup(text) : text.map(span).join("");
}

function span(part: Span): string {
  if (typeof part === "string") return escapeMarkup(part);
  if ("href" in part) return `<a href="${escapeMarkup(part.href)}">${escapeMarkup(part.text)}</a>`;
  return "strong" in part
    ? `<strong>${escapeMarkup(part.strong)}</strong>`
    : `<code>${escapeMarkup(part.code)}</code>`;
}

const style = `
:root { color-scheme: light dark; --ink: #1c2430; --soft: #5b6675; --line: #dde3ea; --paper: #ffffff; --band: #f5f7fa;
  --critical: #9f1239; --high: #c2410c; --medium: #b7791f; --low: #2f6f4f; --unknown: #64748b; --plain: #2b6cb0; --before: #b6c0cc; --good: #2f6f4f; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6eaf0; --soft: #9aa6b5; --line: #2d3846; --paper: #12171e; --band: #1a212b;
  --critical: #fb7185; --high: #fb923c; --medium: #facc15; --low: #6ee7a8; --unknown: #94a3b8; --plain: #7cb7f2; --before: #4b5766; --good: #6ee7a8; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.55 system-ui, "Segoe UI", Roboto, "Helvetica Neue", sans-serif; }
main { max-width: 1080px; margin: 0 auto; padding: 40px 28px 80px; }
h1 { font-size: 30px; letter-spacing: -0.01em; margin: 0 0 20px; }
h2 { font-size: 21px; margin: 44px 0 12px; padding-bottom: 6px; border-bottom: 2px solid var(--line); }
h3 { font-size: 16px; margin: 26px 0 8px; }
p { margin: 8px 0; max-width: 78ch; }
.wide { overflow-x: auto; margin: 12px 0 18px; }
table { border-collapse: collapse; width: 100%; font-size: 13.5px; font-variant-numeric: tabular-nums; }
th { text-align: left; font-weight: 600; color: var(--soft); border-bottom: 1px solid var(--line); padding: 6px 10px; white-space: nowrap; }
td { border-bottom: 1px solid var(--line); padding: 6px 10px; vertical-align: top; overflow-wrap: break-word; }
td.date { white-space: nowrap; }
tbody tr:nth-child(even) { background: var(--band); }
td.pass { color: var(--good); font-weight: 600; } td.fail, td.error, td.critical { color: var(--critical); font-weight: 600; }
td.high { color: var(--high); font-weight: 600; } td.warn, td.missing, td.inconclusive, td.medium { color: var(--medium); font-weight: 600; } td.low { color: var(--low); }
code, pre { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; font-size: 12.5px; }
pre { background: var(--band); border: 1px solid var(--line); border-radius: 6px; padding: 12px 14px; overflow-x: auto; }
ul { padding-left: 22px; } li { margin: 3px 0; }
ul.checks { list-style: none; padding-left: 2px; } ul.checks li::before { display: inline-block; width: 22px; content: "☐"; color: var(--soft); } ul.checks li.done::before { content: "☑"; color: var(--good); }
.charts { display: flex; flex-wrap: wrap; gap: 24px; margin: 20px 0; } figure { margin: 0; flex: 1 1 420px; } figcaption { color: var(--soft); font-size: 13px; margin-bottom: 6px; }
a { color: var(--plain); text-decoration: none; } a:hover { text-decoration: underline; }
nav { display: flex; flex-wrap: wrap; gap: 4px 18px; padding: 14px 0; margin: 28px 0 0; border-top: 1px solid var(--line); font-size: 13.5px; }
svg { width: 100%; height: auto; } svg text { fill: var(--ink); font-size: 13px; } svg .value { fill: var(--soft); font-size: 12px; }
circle { fill: var(--plain); opacity: 0.65; } line { stroke: var(--ink); stroke-width: 1.5; } polygon { opacity: 0.85; } .tier-immediate { fill: var(--critical); color: var(--critical); } .tier-24-hours { fill: var(--high); color: var(--high); } .tier-1-week { fill: var(--medium); color: var(--medium); } .tier-2-weeks { fill: var(--plain); color: var(--plain); } .tier-1-month { fill: var(--low); color: var(--low); } .tier-next-window { fill: var(--unknown); color: var(--unknown); }
rect.before { fill: var(--before); } rect.plain { fill: var(--plain); } rect.critical { fill: var(--critical); } rect.high { fill: var(--high); } rect.medium { fill: var(--medium); } rect.low { fill: var(--low); } rect.unknown { fill: var(--unknown); }
@media print { :root { color-scheme: light; --ink: #000; --paper: #fff; --band: #f4f4f4; --line: #ccc; --soft: #444; } main { max-width: none; padding: 0; } body { font-size: 10.5pt; } table { font-size: 8.5pt; } h2 { break-after: avoid; } tr, figure { break-inside: avoid; } .wide { overflow: visible; } nav { display: none; } .page-end { break-after: page; } a { color: inherit; } }
`;
