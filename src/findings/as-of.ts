import type { Advisory } from "../model/index.ts";

/** The moment that a date or time names; a date alone is its end in UTC, since "by that day" includes it. */
export function momentOf(text: string): number {
  return Date.parse(/^\d{4}-\d{2}-\d{2}$/.test(text) ? `${text}T23:59:59.999Z` : text);
}

/**
 * Whether a record counts: published by `asOf` (records that do not say when count as published) and not withdrawn by
 * `asOf`, or by `now` where no date was asked for (OSV `published`, `withdrawn`).
 */
export function counts(record: Advisory, { asOf, now }: { asOf?: string; now: string }): boolean {
  if (asOf !== undefined && record.published !== undefined && isAfter(record.published, momentOf(asOf)))
    return false;
  return record.withdrawn === undefined || isAfter(record.withdrawn, momentOf(asOf ?? now));
}

/** A time that cannot be read is not after anything: its record counts as published, or as withdrawn. */
const isAfter = (time: string, moment: number): boolean => Date.parse(time) > moment;
