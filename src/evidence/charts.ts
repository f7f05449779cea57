import { tierNames, severities, tiers, type Summary } from "../model/index.ts";

/** One bar of a chart: a name and its count before and, where there is one, after. */
interface Bar {
  readonly name: string;
  readonly before: number;
  readonly after: number | null;
  readonly tone: string;
}

const rowHeight = 34;
const labelWidth = 110;
const plotWidth = 420;

/** Findings by severity, before and after, as an SVG that needs no script. */
export function severityChart(before: Summary, after: Summary | null): string {
  return chart(
    "Findings by severity",
    severities.map((severity) => ({
      name: severity,
      before: before.bySeverity[severity],
      after: after?.bySeverity[severity] ?? null,
      tone: severity,
    })),
  );
}

/** Findings by how soon they are due, before and after. */
export function deadlineChart(before: Summary, after: Summary | null): string {
  return chart(
    "Findings by deadline",
    tiers.map((tier) => ({
      name: tierNames[tier],
      before: before.byTier[tier],
      after: after?.byTier[tier] ?? null,
      tone: "plain",
    })),
  );
}

function chart(title: string, bars: readonly Bar[]): string {
  const most = Math.max(1, ...bars.map((bar) => Math.max(bar.before, bar.after ?? 0)));
  const width = labelWidth + plotWidth + 60;
  const height = bars.length * rowHeight + 10;
  const length = (value: number): number => Math.round((value / most) * plotWidth);
  const rows = bars.map((bar, index) => {
    const y = index * rowHeight + 6;
    const parts = [`<text x="${labelWidth - 10}" y="${y + 16}" text-anchor="end">${bar.name}</text>`];
    const thickness = bar.after === null ? 18 : 11;
    parts.push(
      `<rect class="${bar.after === null ? bar.tone : "before"}" x="${labelWidth}" y="${y}" width="${length(bar.before)}" height="${thickness}" rx="2"/>`,
      `<text class="value" x="${labelWidth + length(bar.before) + 6}" y="${y + thickness - 1}">${bar.before}</text>`,
    );
    if (bar.after !== null)
      parts.push(
        `<rect class="${bar.tone}" x="${labelWidth}" y="${y + 13}" width="${length(bar.after)}" height="${thickness}" rx="2"/>`,
        `<text class="value" x="${labelWidth + length(bar.after) + 6}" y="${y + 23}">${bar.after}</text>`,
      );
    return parts.join("");
  });
  const words = bars
    .map((bar) => `${bar.name} ${bar.before}${bar.after === null ? "" : ` to ${bar.after}`}`)
    .join(", ");
  return `<figure><figcaption>${title}${bars.some((bar) => bar.after !== null) ? ": grey before, coloured after" : ""}</figcaption><svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${title}: ${words}">${rows.join("")}</svg></figure>`;
}
