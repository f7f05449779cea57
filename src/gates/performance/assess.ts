import type { Budget, Verdict } from "../../model/index.ts";
import { fisherGreater, type Occurrence } from "../statistics/fisher.ts";
import { shiftOf, type Shift } from "../statistics/mann-whitney.ts";
import { median, quantile } from "../statistics/quantile.ts";
import { forSides, sides, type Batch, type Sides } from "./batch.ts";

/** What samples say of one measure; shares of the old median, 0.05 for 5 % worse. */
export interface Assessment {
  readonly verdict: Extract<Verdict, "pass" | "warn" | "fail" | "inconclusive">;
  readonly shift: Shift;
  /** The old versions against themselves. */
  readonly control: Shift;
  /** What else than the shift is wrong, in words. */
  readonly alarms: readonly string[];
}

/** Chance at which more errors, or more slow requests, count as real. */
const alarmChance = 0.01;

/**
 * The verdict of samples by the rules of `docs/run.md`, "Performance": pass when the upper bound of the shift lies within
 * the budget; fail when the lower one lies past the rollback line, or when errors or slow requests are significantly more;
 * inconclusive when the old versions may differ from themselves by more than the budget and what the new ones show does
 * not stand out: when it may be less than what was seen between old and old; else warn.
 */
export function assess(batch: Batch, { budget, rollback }: Budget): Assessment {
  const { old, control, new: now } = batch.samples;
  const base = median(old);
  const shift = relative(shiftOf(old, now), base);
  const noise = relative(shiftOf(old, control), base);
  const alarms = alarmsOf(batch, rollback / 100);
  const isNoisy = Math.max(Math.abs(noise.lower), Math.abs(noise.upper)) > budget / 100;
  const verdict = (): Assessment["verdict"] => {
    if (alarms.length > 0 || shift.lower > rollback / 100) return "fail";
    if (shift.upper <= budget / 100) return "pass";
    return isNoisy && shift.lower <= Math.abs(noise.estimate) ? "inconclusive" : "warn";
  };
  return { verdict: verdict(), shift, control: noise, alarms };
}

/** Of nothing, nothing is a share: any growth from zero is past every line. */
const shareOf = (value: number, base: number): number =>
  base === 0 ? (value === 0 ? 0 : Math.sign(value) * Infinity) : value / base;

const relative = ({ estimate, lower, upper }: Shift, base: number): Shift => ({
  estimate: shareOf(estimate, base),
  lower: shareOf(lower, base),
  upper: shareOf(upper, base),
});

/** Errors, and requests beyond the line above the old p95, which a comparison of medians does not see. */
function alarmsOf({ requests }: Batch, rollback: number): string[] {
  if (requests === undefined) return [];
  const { durations, failed } = requests;
  const alarms: string[] = [];
  const failedBefore = add(failed.old, failed.control);
  if (fisherGreater(failedBefore, failed.new) < alarmChance)
    alarms.push(`${shown(failed.new)} requests fail, ${shown(failedBefore)} on the old versions`);
  const before = [...durations.old, ...durations.control];
  const line = quantile(before, 0.95) * (1 + rollback);
  const beyond = (values: readonly number[]): Occurrence => ({
    events: values.filter((value) => value > line).length,
    of: values.length,
  });
  const [tailBefore, tail] = [beyond(before), beyond(durations.new)];
  if (fisherGreater(tailBefore, tail) < alarmChance)
    alarms.push(
      `${shown(tail)} requests take longer than ${Math.round(line * 10) / 10} ms, ${shown(tailBefore)} on the old versions`,
    );
  return alarms;
}

const add = (a: Occurrence, b: Occurrence): Occurrence => ({ events: a.events + b.events, of: a.of + b.of });
const shown = ({ events, of }: Occurrence): string => `${events} of ${of}`;

/** Two batches as one. */
export function pool(first: Batch, second: Batch): Batch {
  const joined = (a: Sides<readonly number[]>, b: Sides<readonly number[]>): Sides<number[]> => {
    const both = forSides<number[]>(() => []);
    for (const side of sides) both[side].push(...a[side], ...b[side]);
    return both;
  };
  const [a, b] = [first.requests, second.requests];
  return {
    samples: joined(first.samples, second.samples),
    ...(a === undefined || b === undefined
      ? {}
      : {
          requests: {
            durations: joined(a.durations, b.durations),
            failed: {
              old: add(a.failed.old, b.failed.old),
              control: add(a.failed.control, b.failed.control),
              new: add(a.failed.new, b.failed.new),
            },
          },
        }),
  };
}

/**
 * The verdict over two independent batches. They fail together where both at once are past the line, or alarming, and
 * each by itself points there; a fail that only one of them shows is a warning.
 */
export function assessTwice(first: Batch, second: Batch, budget: Budget): Assessment {
  const both = assess(pool(first, second), budget);
  const each = [assess(first, budget), assess(second, budget)];
  const agree =
    each.every((one) => one.alarms.length > 0) ||
    (both.shift.lower > budget.rollback / 100 &&
      each.every((one) => one.shift.estimate > budget.rollback / 100));
  if (agree) return { ...both, verdict: "fail" };
  return both.verdict === "fail" ? { ...both, verdict: "warn" } : both;
}
