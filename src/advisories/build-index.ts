import { createHash } from "node:crypto";
import type { Unread } from "../model/index.ts";
import { sha256File } from "../system/index.ts";
import { readKev, readEpss, type Scores } from "./enrichment-files.ts";
import { IndexBuilder } from "./index-builder.ts";
import type { StoreOptions } from "./index-store.ts";
import { asList, asObject } from "./json-shape.ts";
import type { LocalSource } from "./local-source.ts";
import { NewestDate } from "./newest-date.ts";
import { packageKey } from "./package-key.ts";
import { readRecords, stopIfAsked, type RecordPlace } from "./record-files.ts";
import { reduceRecord } from "./reduce-record.ts";

export interface BuildOptions extends StoreOptions {
  /** Where the index belongs. */
  readonly file: string;
  /** The source's digest. */
  readonly digest: string;
}

/** More problems of one source than this are counted, not listed. */
const mostUnread = 200;
const recordsPerReport = 5000;

/** SHA-256 over the bytes of a file, or over names and digests of a folder's files. */
export async function digestSource(source: LocalSource, signal?: AbortSignal): Promise<string> {
  const [only] = source.files;
  if (source.files.length === 1 && only?.path === source.path) return sha256File(only.path);
  const hash = createHash("sha256");
  for (const file of source.files) {
    stopIfAsked(signal);
    hash.update(`${file.name}\0${await sha256File(file.path)}\n`);
  }
  return hash.digest("hex");
}

/**
 * Reads a source once, record by record, into a new index.
 * @throws {Failure} `unreadable` when nothing of it can be read, `storage`, `cancelled`
 */
export async function buildIndex(source: LocalSource, options: BuildOptions): Promise<void> {
  if (options.kind === "osv") {
    await buildAdvisories(source, options);
    return;
  }
  const [file] = source.files;
  if (file === undefined) return;
  await buildScores(await (options.kind === "kev" ? readKev(file.path) : readEpss(file.path)), options);
}

async function buildScores(scores: Scores, options: BuildOptions): Promise<void> {
  const builder = new IndexBuilder(options.file);
  try {
    for (const [id, value] of scores.values) builder.set(id, value);
  } catch (error) {
    builder.abandon();
    throw error;
  }
  const newest = new NewestDate(options.clock);
  newest.add(scores.date ?? undefined);
  await builder.finish({
    digest: options.digest,
    records: scores.values.size,
    ...newest.result(),
    unread: scores.unread,
    leftOut: { gitRanges: 0, noPackage: 0 },
  });
}

async function buildAdvisories(source: LocalSource, options: BuildOptions): Promise<void> {
  const builder = new IndexBuilder(options.file);
  const intake = new Intake(builder, options);
  try {
    await readRecords(source, {
      text: (text, place) => {
        intake.text(text, place);
      },
      problem: (place, reason) => {
        intake.unread(place, reason);
      },
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
  } catch (error) {
    builder.abandon();
    throw error;
  }
  await builder.finish({ digest: options.digest, ...intake.result() });
}

/** Takes records in and keeps count. */
class Intake {
  private readonly builder: IndexBuilder;
  private readonly options: BuildOptions;
  private records = 0;
  private gitRanges = 0;
  private noPackage = 0;
  private readonly newest: NewestDate;
  private readonly problems: Unread[] = [];
  private unlisted = 0;

  constructor(builder: IndexBuilder, options: BuildOptions) {
    this.builder = builder;
    this.options = options;
    this.newest = new NewestDate(options.clock);
  }

  /** One record, or a list of them as some tools export. */
  text(text: string, place: RecordPlace): void {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch (error) {
      this.unread(place, `not JSON: ${(error as Error).message.slice(0, 200)}`);
      return;
    }
    if (Array.isArray(value)) for (const one of value as unknown[]) this.record(one, place);
    else if (asObject(value)?.["id"] === undefined && Array.isArray(asObject(value)?.["vulns"]))
      for (const one of asList(asObject(value)?.["vulns"])) this.record(one, place);
    else this.record(value, place);
  }

  unread(place: RecordPlace, reason: string): void {
    if (this.problems.length >= mostUnread) this.unlisted++;
    else
      this.problems.push({
        path: place.path,
        reason,
        ...(place.line === undefined ? {} : { line: place.line }),
      });
  }

  result(): {
    records: number;
    newest: string | null;
    ahead: number;
    unread: Unread[];
    leftOut: { gitRanges: number; noPackage: number };
  } {
    const [first] = this.problems;
    const rest =
      this.unlisted === 0 || first === undefined
        ? []
        : [{ path: first.path, reason: `and ${this.unlisted} problems more, which are not listed` }];
    return {
      records: this.records,
      ...this.newest.result(),
      unread: [...this.problems, ...rest],
      leftOut: { gitRanges: this.gitRanges, noPackage: this.noPackage },
    };
  }

  private record(value: unknown, place: RecordPlace): void {
    const { advisory, problems, gitRanges } = reduceRecord(value);
    for (const problem of problems) this.unread(place, problem);
    this.gitRanges += gitRanges;
    if (advisory === undefined) {
      if (problems.length === 0) this.noPackage++;
      return;
    }
    this.builder.add(
      new Set(advisory.affected.map(({ ecosystem, name }) => packageKey(ecosystem, name))),
      JSON.stringify(advisory),
    );
    this.newest.add(advisory.modified);
    if (++this.records % recordsPerReport === 0) this.options.onRecords?.(this.records);
  }
}
