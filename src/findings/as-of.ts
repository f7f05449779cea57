import type { Advisory, Note } from "../model/index.ts";

/** The moment that a date or time names; a date alone is its end in UTC, since "by that day" includes it. */
export function momentOf(text: string): number {
  return Date.parse(/^\d{4}-\d{2}-\d{2}$/.test(text) ? `${text}T23:59:59.999Z` : text);
}

/**
 * Whether a record counts: published by `asOf` and not withdrawn by then, or not withdrawn by `now` where no date was
 * asked for (OSV `published`, `withdrawn`). A record that does not say when it was published cannot be shown to have
 * been there on a day.
 */
export function counts(record: Advisory, { asOf, now }: { asOf?: string; now: string }): boolean {
  if (asOf !== undefined && (isUndated(record) || momentIn(record.published) > momentOf(asOf))) return false;
  return record.withdrawn === undefined || isAfter(record.withdrawn, momentOf(asOf ?? now));
}

/** Whether a record does not say, in a date that can be read, when it was published. */
export function isUndated({ published }: Advisory): boolean {
  return Number.isNaN(momentIn(published));
}

/** The moment of a record's own time; not a number where there is none that can be read. */
const momentIn = (time: string | undefined): number => (time === undefined ? NaN : Date.parse(time));

/** A time that cannot be read is not after anything: its record counts as withdrawn. */
const isAfter = (time: string, moment: number): boolean => Date.parse(time) > moment;

/** A note that says which records could not be judged by a day, since they do not tell when they were published. */
export function undatedRecords(
  undated: readonly { readonly advisory: string; readonly package: string }[],
): readonly Note[] {
  if (undated.length === 0) return [];
  const listed = undated.map((one) => `${one.advisory} (${one.package})`).sort();
  const more = listed.length > 5 ? ` and ${listed.length - 5} more` : "";
  return [
    {
      project: ".",
      kind: "other",
      text: `Left out because they do not say when they were published: ${listed.slice(0, 5).join(", ")}${more}.`,
    },
  ];
}
