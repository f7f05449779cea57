import { Failure, type Advisory, type Unread } from "../model/index.ts";
import type { PackageVersion, SourceAnswer, SourceContext } from "./advisory-source.ts";
import { reduceRecord } from "./reduce-record.ts";

/** Gathers what a source answers, package by package. */
export class Answers {
  readonly unread: Unread[] = [];
  private readonly source: string;
  private readonly records = new Map<string, Advisory>();
  private readonly missing: string[] = [];
  private gitRanges = 0;
  private answered = 0;
  private oldest: string | undefined;

  constructor(source: string) {
    this.source = source;
  }

  /** A part of the answer was given then. */
  answeredAt(fetchedAt: string): void {
    this.answered++;
    if (this.oldest === undefined || Date.parse(fetchedAt) < Date.parse(this.oldest)) this.oldest = fetchedAt;
  }

  /** Nothing is known of a package, as nobody could be asked. */
  lacks(one: PackageVersion): void {
    this.missing.push(`${one.name} ${one.version}`);
  }

  /** Takes in a record in OSV's form. */
  add(value: unknown): void {
    const { advisory, problems, gitRanges } = reduceRecord(value);
    this.gitRanges += gitRanges;
    for (const reason of problems) this.unread.push({ path: this.source, reason });
    if (advisory === undefined) return;
    // The same advisory told for another version of a package says more about it.
    const before = this.records.get(advisory.id);
    const known = new Set(before?.affected.map((one) => JSON.stringify(one)));
    const affected = advisory.affected.filter((one) => !known.has(JSON.stringify(one)));
    this.records.set(advisory.id, {
      ...advisory,
      affected: [...(before?.affected ?? []), ...affected],
      source: this.source,
    });
  }

  /** @throws {Failure} `unavailable` when no package could be judged for want of a network. */
  result(context: Pick<SourceContext, "clock">): SourceAnswer {
    const [first] = this.missing;
    if (first !== undefined && this.answered === 0)
      throw new Failure(
        "unavailable",
        `nothing of ${this.source} is cached, and no network may be asked`,
        "Run redress advisories update, or scan once without --offline, or give advisories as files with --advisories.",
      );
    if (first !== undefined)
      this.unread.push({
        path: this.source,
        reason: `no cached answer for ${this.missing.length} packages (${this.missing.slice(0, 5).join(", ")}${this.missing.length > 5 ? ", …" : ""})`,
      });
    return {
      records: [...this.records.values()].sort((a, b) => (a.id < b.id ? -1 : 1)),
      unread: this.unread,
      gitRanges: this.gitRanges,
      fetchedAt: this.oldest ?? context.clock().toISOString(),
    };
  }
}

/** Two answers of one source as one, in an order that does not depend on which came first. */
export function joinAnswers(first: SourceAnswer, second: SourceAnswer): SourceAnswer {
  const records = new Map<string, Advisory>();
  for (const record of [...first.records, ...second.records]) {
    const before = records.get(record.id)?.affected ?? [];
    const affected = new Map([...before, ...record.affected].map((one) => [JSON.stringify(one), one]));
    records.set(record.id, {
      ...record,
      affected: [...affected].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, one]) => one),
    });
  }
  return {
    records: [...records.values()].sort((a, b) => (a.id < b.id ? -1 : 1)),
    unread: [...first.unread, ...second.unread],
    gitRanges: first.gitRanges + second.gitRanges,
    fetchedAt:
      Date.parse(second.fetchedAt) < Date.parse(first.fetchedAt) ? second.fetchedAt : first.fetchedAt,
  };
}

/** Packages one by one: each name and version once. */
export function distinct(packages: readonly PackageVersion[]): PackageVersion[] {
  return [...new Map(packages.map((one) => [`${one.ecosystem}\t${one.name}\t${one.version}`, one])).values()];
}

/** A list in pieces. */
export function inBatches<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );
}
