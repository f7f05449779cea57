import * as fs from "node:fs/promises";
import path from "node:path";
import {
  Failure,
  reasonOf,
  type GateResult,
  type RunState,
  type Summary,
  type VersionCheck,
} from "../model/index.ts";
import { isInside, sha256, syncFolder, type Clock } from "../system/index.ts";

/** What happens in a run, in the order it may happen. Written before the act it names, unless it says `done`. */
export type JournalEvent =
  | {
      readonly event: "run-started";
      readonly run: string;
      readonly plan: string;
      readonly phases: readonly { readonly number: number; readonly name: string }[];
      readonly before: Summary;
      /** What each environment held before the run, digested. */
      readonly environments: readonly EnvironmentDigest[];
      readonly dryRun: boolean;
      readonly filesOnly: boolean;
    }
  | { readonly event: "scratch"; readonly folder: string }
  | { readonly event: "gate"; readonly stage: Stage; readonly phase: number; readonly result: GateResult }
  | {
      readonly event: "phase-rehearsed";
      readonly phase: number;
      readonly held: boolean;
      readonly versions: readonly VersionCheck[];
      readonly after: Summary;
    }
  | { readonly event: "phase-started"; readonly phase: number }
  | {
      /** A file's content is in the backup; `sha256: null` says that there was no file. */
      readonly event: "file-saved";
      readonly phase: number;
      readonly path: string;
      readonly sha256: string | null;
      readonly mode: number;
      readonly uid: number;
      readonly gid: number;
      readonly mtimeMs: number;
    }
  | {
      readonly event: "file-replacing";
      readonly phase: number;
      readonly path: string;
      readonly sha256: string;
    }
  | {
      /**
       * The folder at `path` is about to be renamed to `old`, and `fresh`, where given, takes its place. `old: null`:
       * nothing is there yet.
       */
      readonly event: "environment-swapping";
      readonly phase: number;
      readonly path: string;
      readonly old: string | null;
      readonly fresh: string | null;
    }
  | {
      readonly event: "installing";
      readonly stage: Stage;
      readonly phase: number;
      readonly project: string;
      readonly argv: readonly string[];
    }
  | {
      readonly event: "phase-done";
      readonly phase: number;
      readonly versions: readonly VersionCheck[];
      readonly after: Summary;
      readonly files: readonly { readonly path: string; readonly sha256: string }[];
      /** What each environment that the phase changed held then, digested. */
      readonly environments: readonly EnvironmentDigest[];
    }
  | { readonly event: "undoing"; readonly phase: number; readonly reason: string }
  | { readonly event: "undone"; readonly phase: number }
  | {
      readonly event: "run-ended";
      readonly state: RunState;
      readonly reason?: string;
      readonly hint?: string;
    };

export type Stage = "rehearsal" | "promotion";

/** What a project's environment holds: SHA-256 over its sorted `name==version` lines. */
export interface EnvironmentDigest {
  readonly project: string;
  readonly sha256: string;
}

/** Every event there is; a journal with another was written by another version of Redress. */
export const eventNames: Readonly<Record<JournalEvent["event"], true>> = {
  "run-started": true,
  scratch: true,
  gate: true,
  "phase-rehearsed": true,
  "phase-started": true,
  "file-saved": true,
  "file-replacing": true,
  "environment-swapping": true,
  installing: true,
  "phase-done": true,
  undoing: true,
  undone: true,
  "run-ended": true,
};

/** One line: an event with its place in the chain. */
export type JournalLine = JournalEvent & { readonly seq: number; readonly at: string; readonly prev: string };

/** What the first line names as the one before it. */
export const noLine = "0".repeat(64);

/** Where a run keeps everything. */
export function runFolder(root: string, run: string): string {
  return path.join(root, ".redress", "runs", run);
}

export function journalFile(root: string, run: string): string {
  return path.join(runFolder(root, run), "journal.jsonl");
}

/** A journal's whole lines, with what the next one follows. */
interface Reading {
  readonly entries: JournalLine[];
  /** SHA-256 of the last whole line. */
  readonly prev: string;
  /** Bytes up to the end of the last whole line. */
  readonly sizeBytes: number;
}

/**
 * Reads a journal and checks its chain (`prev` is the SHA-256 of the line before). A torn last line is what a crash
 * leaves and is left out.
 * @throws {Failure} `corrupt` for any other damage, naming the line; `unreadable` when there is none.
 */
export async function readJournal(file: string): Promise<JournalLine[]> {
  return (await readLines(file)).entries;
}

async function readLines(file: string): Promise<Reading> {
  const text = await fs.readFile(file, "utf8").catch((error: unknown) => {
    throw new Failure("unreadable", `there is no journal ${file}`, "Name a run of redress status.", {
      cause: error,
    });
  });
  // A whole line ends with a newline: what follows the last one was being written.
  const whole = text.slice(0, text.lastIndexOf("\n") + 1);
  const entries: JournalLine[] = [];
  let prev = noLine;
  for (const [index, line] of whole.split("\n").slice(0, -1).entries()) {
    const where = `${file}:${index + 1}`;
    const entry = parseLine(line, where);
    if (entry.prev !== prev) throw damaged(where, "does not follow from the line before");
    if (entry.seq !== index + 1) throw damaged(where, `has number ${entry.seq}`);
    if ((index === 0) !== (entry.event === "run-started"))
      throw damaged(where, `is ${entry.event}, which does not belong there`);
    entries.push(entry);
    prev = sha256(line);
  }
  return { entries, prev, sizeBytes: Buffer.byteLength(whole) };
}

function parseLine(line: string, where: string): JournalLine {
  let entry: unknown;
  try {
    entry = JSON.parse(line);
  } catch {
    throw damaged(where, "is not JSON");
  }
  if (entry === null || typeof entry !== "object" || !("event" in entry))
    throw damaged(where, "is no journal entry");
  if (typeof entry.event !== "string" || !Object.hasOwn(eventNames, entry.event))
    throw new Failure(
      "corrupt",
      `${where} has an event that this version of Redress does not know`,
      "Use the version that carried out the run.",
    );
  return entry as JournalLine;
}

function damaged(where: string, what: string): Failure {
  return new Failure(
    "corrupt",
    `${where} ${what}`,
    "The record was changed after it was written; compare it with a copy.",
  );
}

/** An open journal: each append is on the disk before it returns. */
export class Journal {
  readonly entries: JournalLine[];
  private readonly handle: fs.FileHandle;
  private readonly clock: Clock;
  private prev: string;
  private sizeBytes: number;
  private broken: Failure | undefined;

  private constructor(handle: fs.FileHandle, clock: Clock, reading: Reading) {
    this.handle = handle;
    this.clock = clock;
    this.entries = reading.entries;
    this.prev = reading.prev;
    this.sizeBytes = reading.sizeBytes;
  }

  /** Opens a run's journal for appending, new or as a crash left it; a torn last line is cut off. */
  static async open(root: string, run: string, clock: Clock): Promise<Journal> {
    const file = journalFile(root, run);
    await fs.mkdir(path.dirname(file), { recursive: true });
    const handle = await fs.open(file, "a+");
    try {
      const reading = await readLines(file);
      await handle.truncate(reading.sizeBytes);
      await handle.sync();
      // The journal's folder, `runs`, `.redress` and the root: each may just have been made.
      for (let folder = path.dirname(file); isInside(root, folder); folder = path.dirname(folder))
        await syncFolder(folder);
      return new Journal(handle, clock, reading);
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  /** Whether an entry failed in a way that leaves unknown what the file holds: nothing more can be written. */
  get isBroken(): boolean {
    return this.broken !== undefined;
  }

  /**
   * Appends an event durably.
   * @throws {Failure} `storage`; the journal then ends with the entry before.
   */
  async append(event: JournalEvent): Promise<void> {
    if (this.broken !== undefined) throw this.broken;
    const entry = { seq: this.entries.length + 1, at: this.clock().toISOString(), prev: this.prev, ...event };
    const line = JSON.stringify(entry);
    try {
      await this.handle.appendFile(`${line}\n`);
      await this.handle.datasync();
    } catch (error) {
      const failure = new Failure(
        "storage",
        `cannot write the journal: ${reasonOf(error)}`,
        "Free space or mend the disk, then run redress resume.",
        { cause: error },
      );
      await this.cutBack(failure);
      throw failure;
    }
    this.prev = sha256(line);
    this.sizeBytes += Buffer.byteLength(line) + 1;
    this.entries.push(entry);
  }

  /** Takes back what a failed append may have written, so that the next entry begins a line. */
  private async cutBack(failure: Failure): Promise<void> {
    try {
      await this.handle.truncate(this.sizeBytes);
      await this.handle.datasync();
    } catch {
      this.broken = failure;
    }
  }

  async close(): Promise<void> {
    await this.handle.close();
  }
}
