import { severities, tiers, type Severity, type Summary, type Tier } from "../../model/index.ts";
import type { Terminal } from "../terminal.ts";

export { count, day } from "../../model/index.ts";

type Colors = Terminal["colors"];

/** A tier after a number: `3 within 1 week`. */
const tierPhrases: Readonly<Record<Tier, string>> = {
  immediate: "immediately",
  "24-hours": "within 24 hours",
  "1-week": "within 1 week",
  "2-weeks": "within 2 weeks",
  "1-month": "within 1 month",
  "next-window": "in the next window",
};

/** `2 high, 1 medium`; `none` when there is nothing. */
export function severityWords(bySeverity: Summary["bySeverity"], colors: Colors): string {
  const parts = severities
    .filter((severity) => bySeverity[severity] > 0)
    .map((severity) => paintSeverity(severity, `${bySeverity[severity]} ${severity}`, colors));
  return parts.length === 0 ? "none" : parts.join(", ");
}

/** `3 immediately · 2 within 1 week`; `none` when there is nothing. */
export function tierWords(byTier: Summary["byTier"]): string {
  const parts = tiers
    .filter((tier) => byTier[tier] > 0)
    .map((tier) => `${byTier[tier]} ${tierPhrases[tier]}`);
  return parts.length === 0 ? "none" : parts.join(" · ");
}

/** Colours text by severity. */
export function paintSeverity(severity: Severity, text: string, colors: Colors): string {
  switch (severity) {
    case "critical":
      return colors.bold(colors.red(text));
    case "high":
      return colors.red(text);
    case "medium":
      return colors.yellow(text);
    default:
      return colors.dim(text);
  }
}

/** Rows as columns, padded to the widest cell; colour codes do not count. */
export function columns(rows: readonly (readonly string[])[], indent = ""): string[] {
  const widths: number[] = [];
  for (const row of rows)
    for (const [index, cell] of row.entries())
      widths[index] = Math.max(widths[index] ?? 0, visibleLength(cell));
  return rows.map((row) =>
    (
      indent +
      row.map((cell, index) => cell + " ".repeat((widths[index] ?? 0) - visibleLength(cell))).join("  ")
    ).trimEnd(),
  );
}

const visibleLength = (text: string): number => text.replace(/\u001b\[[0-9;]*m/g, "").length;

/** Text from outside, fit for a terminal: control characters are shown as `?`. */
export function plain(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, "?");
}
