import type { Advisory, Ecosystem } from "../model/index.ts";
import { compareTexts, orderOf, readLooseVersion } from "../versions/index.ts";
import { intervalOf, readIntervals, type Intervals } from "./affected-intervals.ts";

/** What one record says of one package, ready to be asked about versions. */
export interface PreparedRecord {
  readonly record: Advisory;
  readonly ranges: readonly Intervals[];
  /** Ranges that cannot be judged, as words. */
  readonly unreadable: readonly string[];
  /** OSV `affected[].versions`: the texts, and, made when first asked for, the readable ones in ascending order. */
  readonly listed: { readonly texts: ReadonlySet<string>; readonly ascending: () => readonly string[] };
}

/** What a record says of a version. */
export interface RecordVerdict {
  /** `silent`: neither ranges nor versions are given, or none that can be read. */
  readonly says: "affected" | "unaffected" | "silent";
  /** Ends, by a fix, of the intervals that hold the version. */
  readonly fixedIn: readonly string[];
}

/** Prepares a record for the questions about one package; entries on other packages do not count. */
export function prepareRecord(record: Advisory, ecosystem: Ecosystem, name: string): PreparedRecord {
  const own = record.affected.filter((one) => one.ecosystem === ecosystem && one.name === name);
  const ranges: Intervals[] = [];
  const unreadable: string[] = [];
  for (const range of own.flatMap((one) => one.ranges)) {
    const read = readIntervals(ecosystem, range);
    if (read === undefined) unreadable.push(wordsOf(range.events));
    else ranges.push(read);
  }
  const texts = new Set(own.flatMap((one) => one.versions));
  let sorted: readonly string[] | undefined;
  const ascending = (): readonly string[] => (sorted ??= readableInOrder(texts, ecosystem));
  return { record, ranges, unreadable, listed: { texts, ascending } };
}

function readableInOrder(texts: ReadonlySet<string>, ecosystem: Ecosystem): string[] {
  const order = orderOf(ecosystem);
  return [...texts]
    .filter((version) => order.isValid(version))
    .sort((a, b) => order.compare(a, b) || compareTexts(a, b));
}

const wordsOf = (events: readonly object[]): string =>
  events
    .flatMap((event) => Object.entries(event))
    .map(([kind, version]) => `${kind} ${String(version)}`)
    .join(", ");

/**
 * Judges one version by OSV's evaluation algorithm: in any range, or among the listed versions. A version that the
 * grammar cannot read is only affected where it is listed, or where every version is.
 */
export function judgeVersion(prepared: PreparedRecord, ecosystem: Ecosystem, version: string): RecordVerdict {
  const { ranges, listed, unreadable } = prepared;
  const readable = readLooseVersion(ecosystem, version);
  const holding =
    readable === undefined
      ? ranges.flatMap((range) =>
          range.intervals.filter(({ from, end }) => from === null && end.kind === "open"),
        )
      : ranges.flatMap((range) => intervalOf(ecosystem, readable, range) ?? []);
  const fixedIn = holding.flatMap(({ end }) => (end.kind === "fixed" ? [end.version] : []));
  if (holding.length > 0 || isListed(listed, ecosystem, version)) return { says: "affected", fixedIn };
  const isSilent = (ranges.length === 0 && listed.texts.size === 0) || unreadable.length > 0;
  return { says: isSilent ? "silent" : "unaffected", fixedIn: [] };
}

/** By text, else by version: `1.0` is listed where `1.0.0` is. */
function isListed(listed: PreparedRecord["listed"], ecosystem: Ecosystem, version: string): boolean {
  if (listed.texts.size === 0) return false;
  if (listed.texts.has(version)) return true;
  const order = orderOf(ecosystem);
  if (!order.isValid(version)) return false;
  const ascending = listed.ascending();
  let low = 0;
  let high = ascending.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const against = order.compare(ascending[middle] ?? "", version);
    if (against === 0) return true;
    if (against < 0) low = middle + 1;
    else high = middle - 1;
  }
  return false;
}
