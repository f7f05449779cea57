import type { GateResult } from "../model/index.ts";

/** Numbers that a gate measured, under the name they carry in its samples. */
export interface Series {
  readonly name: string;
  /** What the numbers count, as people write it; `""` where the samples do not say. */
  readonly unit: string;
  readonly values: readonly number[];
}

/** Most numbers kept of one series. */
const mostValues = 2000;

/**
 * The series among a gate's samples: arrays of numbers under a name (`old`, `control`, `new` of a measurement, joined
 * over its batches), and `durationMs` of single probes. Bytes are given as megabytes.
 */
export function seriesOf({ samples = [] }: GateResult): Series[] {
  const found = new Map<string, number[]>();
  let said = "";
  for (const sample of samples) {
    if (sample === null || typeof sample !== "object" || Array.isArray(sample)) continue;
    for (const [name, value] of Object.entries(sample as Record<string, unknown>)) {
      if (name === "unit" && typeof value === "string") said = value;
      const values = Array.isArray(value) ? (value as unknown[]) : name === "durationMs" ? [value] : [];
      const numbers = values.filter((one): one is number => typeof one === "number" && Number.isFinite(one));
      if (numbers.length === 0 || numbers.length !== values.length) continue;
      const series = found.get(name) ?? [];
      series.push(...numbers.slice(0, mostValues - series.length));
      found.set(name, series);
    }
  }
  return [...found].map(([name, values]) => {
    const unit = name === "durationMs" ? "ms" : said;
    return unit === "bytes"
      ? { name, unit: "MB", values: values.map((value) => value / 1e6) }
      : { name, unit, values };
  });
}
