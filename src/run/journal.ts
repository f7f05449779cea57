import path from "node:path";
import { Failure, reasonOf } from "../model/index.ts";
import { sha256, type Clock } from "../system/index.ts";
import { disk, type Files } from "./files.ts";
import type { JournalEvent, JournalLine } from "./journal-event.ts";

/** What the first line names as the one before it. */
export const noLine = "0".repeat(64);

/** A run's name as it may stand in a path. */
export const runName = /^run-[0-9]{8}-[0-9]{6}(?:-[0-9]+)?$/;

/** Where a run keeps everything. @throws {Failure} `usage` for a name that is none. */
export function runFolder(root: string, run: string): string {
  if (!runName.test(run))
    throw new Failure("usage", `${run} is not the name of a run`, "See redress status.");
  return path.join(root, ".redress", "runs", run);
}

export function journalFile(root: string, run: string): string {
  return path.join(runFolder(root, run), "journal.jsonl");
}

/** A journal as it lies on the disk. */
export interface StoredJournal {
  readonly entries: JournalLine[];
  /** Bytes of its whole lines; what lies behind them was being written when the run was cut short. */
  readonly sizeBytes: number;
  /** SHA-256 of the last whole line. */
  readonly head: string;
}

/**
 * Reads a journal and checks its chain. A torn last line is what a crash leaves: it is left out, and stays on the disk
 * until something is appended.
 * @throws {Failure} `corrupt` for any other damage, naming the line; `unreadable` when there is no journal.
 */
export async function readStored(file: string, files: Files = disk): Promise<StoredJournal> {
  const bytes = await files.read(file).catch((error: unknown) => {
    throw new Failure(
      "unreadable",
      `cannot read the journal ${file}: ${reasonOf(error)}`,
      "See redress status.",
      {
        cause: error,
      },
    );
  });
  const sizeBytes = bytes.lastIndexOf(0x0a) + 1;
  const lines = bytes.toString("utf8", 0, sizeBytes).split("\n").slice(0, -1);
  const entries: JournalLine[] = [];
  let head = noLine;
  for (const [index, line] of lines.entries()) {
    const entry = parseLine(line);
    if (entry === undefined) throw damaged(file, index + 1, "is not a journal entry");
    if (entry.prev !== head) throw damaged(file, index + 1, "does not follow from the line before");
    if (entry.seq !== index + 1) throw damaged(file, index + 1, `has number ${entry.seq}`);
    entries.push(entry);
    head = sha256(line);
  }
  const [first] = entries;
  if (first !== undefined && !startsRun(first)) throw damaged(file, 1, "does not start a run");
  return { entries, sizeBytes, head };
}

/** The entries of a journal; throws as `readStored` does. */
export async function readJournal(file: string, files: Files = disk): Promise<JournalLine[]> {
  return (await readStored(file, files)).entries;
}

function parseLine(line: string): JournalLine | undefined {
  try {
    const entry = JSON.parse(line) as Partial<JournalLine> | null;
    return typeof entry?.event === "string" && typeof entry.at === "string"
      ? (entry as JournalLine)
      : undefined;
  } catch {
    return undefined;
  }
}

function startsRun(entry: JournalLine): boolean {
  return entry.event === "run-started" && typeof entry.run === "string" && Array.isArray(entry.phases);
}

function damaged(file: string, line: number, what: string): Failure {
  return new Failure(
    "corrupt",
    `${file}:${line} ${what}`,
    "The record was changed after it was written: compare it with a copy. Nothing is undone by a record that cannot be trusted.",
  );
}

/** An open journal: an entry is on the disk before `append` returns. */
export class Journal {
  readonly entries: JournalLine[];
  private readonly file: string;
  private readonly files: Files;
  private readonly clock: Clock;
  private head: string;
  private sizeBytes: number;

  private constructor(stored: StoredJournal, at: { file: string; files: Files; clock: Clock }) {
    this.entries = stored.entries;
    this.head = stored.head;
    this.sizeBytes = stored.sizeBytes;
    this.file = at.file;
    this.files = at.files;
    this.clock = at.clock;
  }

  /** Begins the journal of a new run, whose folder exists. @throws {Failure} `storage` */
  static async begin(at: { root: string; run: string; files: Files; clock: Clock }): Promise<Journal> {
    const file = journalFile(at.root, at.run);
    const journal = new Journal({ entries: [], sizeBytes: 0, head: noLine }, { ...at, file });
    try {
      await at.files.append(file, "", 0);
      await at.files.sync(path.dirname(file));
      await at.files.sync(path.dirname(path.dirname(file)));
    } catch (error) {
      throw unwritable(file, error);
    }
    return journal;
  }

  /** Opens the journal of an earlier run for appending; a torn last line goes with the first append. */
  static async open(at: { root: string; run: string; files: Files; clock: Clock }): Promise<Journal> {
    const file = journalFile(at.root, at.run);
    return new Journal(await readStored(file, at.files), { ...at, file });
  }

  /**
   * Appends an event durably. After a failure the journal on the disk may hold the entry or not; the next append
   * overwrites it.
   * @throws {Failure} `storage`
   */
  async append(event: JournalEvent): Promise<void> {
    const entry = { seq: this.entries.length + 1, at: this.clock().toISOString(), prev: this.head, ...event };
    const line = JSON.stringify(entry);
    try {
      await this.files.append(this.file, `${line}\n`, this.sizeBytes);
    } catch (error) {
      throw unwritable(this.file, error);
    }
    this.head = sha256(line);
    this.sizeBytes += Buffer.byteLength(line) + 1;
    this.entries.push(entry);
  }

  /** Takes back what a failed append may have left; `false` when that cannot be done either. */
  async retract(): Promise<boolean> {
    return this.files.append(this.file, "", this.sizeBytes).then(
      () => true,
      () => false,
    );
  }
}

function unwritable(file: string, cause: unknown): Failure {
  return new Failure(
    "storage",
    `cannot write ${file}: ${reasonOf(cause)}`,
    "Free space or fix permissions, then try again.",
    {
      cause,
    },
  );
}
