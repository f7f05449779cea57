import type { AffectedRange, Ecosystem, RangeEvent } from "../model/index.ts";
import { orderOf, readLooseVersion } from "../versions/index.ts";

/** Versions from `from` on, up to where the interval ends. */
export interface Interval {
  /** Inclusive; `null`: from the first version on. */
  readonly from: string | null;
  readonly end:
    | { readonly kind: "fixed"; readonly version: string }
    | { readonly kind: "last-affected"; readonly version: string }
    | { readonly kind: "open" };
}

/** A range as intervals in ascending order. */
export interface Intervals {
  readonly intervals: readonly Interval[];
  /** OSV `limit` events: only versions below one of them are in the range at all; empty: all are. */
  readonly limits: readonly string[];
}

type Event = { readonly kind: "introduced" | "fixed" | "last-affected"; readonly version: string | null };

/**
 * Reads an OSV range: events in any order, `introduced: "0"` below everything. `undefined` where an endpoint has no plain
 * meaning in the ecosystem, so that the range cannot be judged.
 */
export function readIntervals(ecosystem: Ecosystem, range: AffectedRange): Intervals | undefined {
  const events: Event[] = [];
  const limits: string[] = [];
  for (const raw of range.events) {
    const event = readEvent(ecosystem, raw);
    if (event === undefined) return undefined;
    if (event.kind !== "limit") events.push(event);
    else if (event.version !== null) limits.push(event.version);
  }
  return { intervals: walk(ecosystem, events), limits: isUnlimited(range) ? [] : limits };
}

const isUnlimited = (range: AffectedRange): boolean => range.events.some((event) => event.limit === "*");

function readEvent(
  ecosystem: Ecosystem,
  raw: RangeEvent,
): Event | { readonly kind: "limit"; readonly version: string | null } | undefined {
  const read = (text: string): string | undefined => readLooseVersion(ecosystem, text);
  if (raw.limit === "*") return { kind: "limit", version: null };
  if (raw.introduced === "0") return { kind: "introduced", version: null };
  for (const [kind, text] of [
    ["introduced", raw.introduced],
    ["fixed", raw.fixed],
    ["last-affected", raw.last_affected],
    ["limit", raw.limit],
  ] as const) {
    if (text === undefined) continue;
    const version = read(text);
    return version === undefined ? undefined : { kind, version };
  }
  return undefined;
}

/** Goes through the events by version, as OSV's evaluation does. */
function walk(ecosystem: Ecosystem, events: readonly Event[]): Interval[] {
  const order = orderOf(ecosystem);
  const compare = (a: Event, b: Event): number =>
    a.version === null || b.version === null
      ? Number(b.version === null) - Number(a.version === null)
      : order.compare(a.version, b.version);
  const sorted = [...events].sort(compare);
  const intervals: Interval[] = [];
  let from: string | null | undefined;
  for (let start = 0; start < sorted.length;) {
    let end = start + 1;
    while (end < sorted.length && compare(sorted[start] as Event, sorted[end] as Event) === 0) end++;
    const here = sorted.slice(start, end);
    start = end;
    const introduced = here.find((event) => event.kind === "introduced");
    const closing =
      here.find((event) => event.kind === "fixed") ?? here.find((event) => event.kind === "last-affected");
    // Events at one version have no order of their own: what is open closes before anything opens anew, and what
    // opens and closes at once is one version or none.
    if (from !== undefined && closing !== undefined) {
      intervals.push({ from, end: endOf(closing) });
      from = introduced?.version;
    } else if (introduced !== undefined && from === undefined) {
      if (closing === undefined) from = introduced.version;
      else if (closing.kind === "last-affected")
        intervals.push({ from: introduced.version, end: endOf(closing) });
    }
  }
  if (from !== undefined) intervals.push({ from, end: { kind: "open" } });
  return intervals;
}

const endOf = (event: Event): Interval["end"] =>
  event.kind === "fixed"
    ? { kind: "fixed", version: event.version ?? "" }
    : { kind: "last-affected", version: event.version ?? "" };

/** The interval that holds a version, which the ecosystem's grammar must be able to read (OSV, "Evaluation"). */
export function intervalOf(ecosystem: Ecosystem, version: string, range: Intervals): Interval | undefined {
  const order = orderOf(ecosystem);
  if (range.limits.length > 0 && !range.limits.some((limit) => order.compare(version, limit) < 0))
    return undefined;
  return range.intervals.find(({ from, end }) => {
    if (from !== null && order.compare(version, from) < 0) return false;
    if (end.kind === "open") return true;
    const against = order.compare(version, end.version);
    return end.kind === "fixed" ? against < 0 : against <= 0;
  });
}
