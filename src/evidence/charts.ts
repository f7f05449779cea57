import {
  tierNames,
  severities,
  tiers,
  type Evidence,
  type GateResult,
  type Summary,
} from "../model/index.ts";
import { escapeMarkup } from "./markup.ts";
import { seriesOf } from "./series.ts";

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

/** Findings left after each phase; a plan's are foreseen. */
export function phaseChart({ before, plan, run }: Evidence): string {
  const phases = run?.phases ?? plan?.phases ?? [];
  if (phases.length === 0) return "";
  return chart("Findings left after each phase", [
    { name: "before", before: before.summary.findings, after: null, tone: "before" },
    ...phases.map((phase) => ({
      name: `phase ${phase.number}`,
      before: phase.after.findings,
      after: null,
      tone: "plain",
    })),
  ]);
}

/** Open findings over time, one line a tier that ever had any, stacked; `points` are in order. */
export function burnDownChart(points: readonly { readonly at: string; readonly summary: Summary }[]): string {
  const [first, last] = [points[0], points.at(-1)];
  if (first === undefined || last === undefined || points.length < 2) return "";
  const [begin, end] = [Date.parse(first.at), Date.parse(last.at)];
  const most = Math.max(1, ...points.map((point) => point.summary.findings));
  const [width, height, left, top] = [560, 220, 40, 10];
  const x = (at: string): number =>
    left + Math.round(end === begin ? 0 : ((Date.parse(at) - begin) / (end - begin)) * (width - left - 10));
  const y = (value: number): number => top + Math.round((1 - value / most) * (height - top - 30));
  const shown = tiers.filter((tier) => points.some((point) => point.summary.byTier[tier] > 0));
  // From the latest deadline up, so that the most urgent lie on top of the stack.
  const areas = shown.toReversed().map((tier, index, order) => {
    const below = (point: { readonly summary: Summary }, upTo: number): number =>
      order.slice(0, upTo).reduce((sum, one) => sum + point.summary.byTier[one], 0);
    const line = (upTo: number): string[] => points.map((point) => `${x(point.at)},${y(below(point, upTo))}`);
    const path = [...line(index + 1), ...line(index).toReversed()].join(" ");
    return `<polygon class="tier-${tier}" points="${path}"><title>${tierNames[tier]}</title></polygon>`;
  });
  const axis = `<text class="value" x="${left - 6}" y="${y(most) + 8}" text-anchor="end">${most}</text><text class="value" x="${left - 6}" y="${y(0)}" text-anchor="end">0</text><text class="value" x="${left}" y="${height - 8}">${first.at.slice(0, 10)}</text><text class="value" x="${width - 10}" y="${height - 8}" text-anchor="end">${last.at.slice(0, 10)}</text>`;
  const legend = shown.map((tier) => `<span class="tier-${tier}">■</span> ${tierNames[tier]}`).join(" · ");
  return `<div class="charts"><figure><figcaption>Open findings by deadline: ${legend}</figcaption><svg viewBox="0 0 ${width} ${height}" role="img" aria-label="Open findings from ${first.summary.findings} to ${last.summary.findings}">${areas.join("")}${axis}</svg></figure></div>`;
}

/** Most plots of one document. */
const mostPlots = 24;

/** Every measurement as a small plot: a row of dots a series, the line its median. */
export function sampleCharts({ run }: Evidence): string[] {
  return (run?.phases ?? [])
    .flatMap((phase) => phase.gates.map((gate) => plot(`${gate.name}, phase ${phase.number}`, gate)))
    .filter((one) => one !== "")
    .slice(0, mostPlots);
}

function plot(title: string, gate: GateResult): string {
  const series = seriesOf(gate);
  const all = series.flatMap((one) => one.values);
  if (all.length === 0) return "";
  const [low, high] = [Math.min(...all), Math.max(...all)];
  const unit = series[0]?.unit ?? "";
  const axisText = (value: number): string =>
    `${Number(value.toPrecision(4))}${unit === "" ? "" : ` ${unit}`}`;
  const at = (value: number): number =>
    labelWidth + Math.round(high === low ? plotWidth / 2 : ((value - low) / (high - low)) * plotWidth);
  const rows = series.map(({ name, values }, index) => {
    const y = index * rowHeight + 18;
    const sorted = values.toSorted((a, b) => a - b);
    const middle = sorted[sorted.length >> 1] ?? low;
    return `<text x="${labelWidth - 10}" y="${y + 5}" text-anchor="end">${escapeMarkup(name)}</text>${values
      .map((value) => `<circle cx="${at(value)}" cy="${y}" r="3"/>`)
      .join("")}<line x1="${at(middle)}" x2="${at(middle)}" y1="${y - 9}" y2="${y + 9}"/>`;
  });
  const height = series.length * rowHeight + 28;
  const axis = `<text class="value" x="${labelWidth}" y="${height - 6}">${escapeMarkup(axisText(low))}</text><text class="value" x="${labelWidth + plotWidth}" y="${height - 6}" text-anchor="end">${escapeMarkup(axisText(high))}</text>`;
  return `<figure><figcaption>${escapeMarkup(title)}</figcaption><svg viewBox="0 0 ${labelWidth + plotWidth + 60} ${height}" role="img" aria-label="${escapeMarkup(title)}">${rows.join("")}${axis}</svg></figure>`;
}

function chart(title: string, bars: readonly Bar[]): string {
  const most = Math.max(1, ...bars.map((bar) => Math.max(bar.before, bar.after ?? 0)));
  const width = labelWidth + plotWidth + 60;
  const height = bars.length * rowHeight + 10;
  const length = (value: number): number => Math.round((value / most) * plotWidth);
  const rows = bars.map((bar, index) => {
    const y = index * rowHeight + 6;
    const parts = [
      `<text x="${labelWidth - 10}" y="${y + 16}" text-anchor="end">${escapeMarkup(bar.name)}</text>`,
    ];
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
