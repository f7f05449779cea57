import type { Tier } from "../model/index.ts";

const hourMs = 3_600_000;
/** A day in milliseconds. */
export const dayMs = 24 * hourMs;

/**
 * Time from first detection to the deadline, in milliseconds. Immediate is the moment itself; a month is 30 days and
 * the next window at most 90 (policy, R7), so that a deadline does not depend on the calendar.
 */
export const durationsMs: Readonly<Record<Tier, number>> = {
  immediate: 0,
  "24-hours": 24 * hourMs,
  "1-week": 7 * dayMs,
  "2-weeks": 14 * dayMs,
  "1-month": 30 * dayMs,
  "next-window": 90 * dayMs,
};
