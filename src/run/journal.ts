import * as fs from "node:fs/promises";
import path from "node:path";
import { Failure, type GateResult, type RunState, type Summary, type VersionCheck } from "../model/index.ts";
import { sha256, syncFolder, type Clock } from "../system/index.ts";

/** What happens in a run, in the order it may happen. Written before the act it names, unless it says `done`. */
export type JournalEvent =
  | {
      readonly event: "run-started";
      readonly run: string;
      readonly plan: string;
      readonly phases: readonly { readonly number: number; readonly name: string }[];
      readonly before: Summary;
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
      readonly mtimeMs: number;
    }
  | {
      readonly event: "file-replacing";
      readonly phase: number;
      readonly path: string;
      readonly sha256: string;
    }
  | {
      /** The folder at `path` is about to be renamed to `old`; `fresh`, where given, takes its place. */
      readonly event: "environment-swapping";
      readonly phase: number;
      readonly path: string;
      readonly old: string;
      readonly fresh: string | null;
    }
  | {
      readonly event: "installing";
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
      /** What each environment held then, digested. */
      readonly environments: readonly { readonly project: string; readonly sha256: string }[];
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

/**
 * Reads a journal and checks its chain (`prev` is the SHA-256 of the line before). A torn last line is what a crash
 * leaves and is left out.
 * @throws {Failure} `corrupt` for any other damage, naming the line; `unreadable` when there is none.
 */
export async function readJournal(file: string): Promise<JournalLine[]> {
  const text = await fs.readFile(file, "utf8").catch((error: unknown) => {
    throw new Failure("unreadable", `there is no journal ${file}`, "Name a run of redress status.", {
      cause: error,
    });
  });
  const lines = text.split("\n");
  // A whole line ends with a newline: what follows the last one was being written.
  lines.pop();
  const entries: JournalLine[] = [];
  let prev = noLine;
  for (const [index, line] of lines.entries()) {
    let entry: JournalLine;
    try {
      entry = JSON.parse(line) as JournalLine;
    } catch {
      throw damaged(file, index + 1, "is not JSON");
    }
    if (entry.prev !== prev) throw damaged(file, index + 1, "does not follow from the line before");
    if (entry.seq !== index + 1) throw damaged(file, index + 1, `has number ${entry.seq}`);
    entries.push(entry);
    prev = sha256(line);
  }
  return entries;
}

function damaged(file: string, line: number, what: string): Failure {
  return new Failure(
    "corrupt",
    `${file}:${line} ${what}`,
    "The record was changed after it was written; compare it with a copy.",
  );
}

/** An open journal: each append is on the disk before it returns. */
export class Journal {
  readonly entries: JournalLine[];
  private readonly handle: fs.FileHandle;
  private readonly clock: Clock;
  private prev: string;

  private constructor(handle: fs.FileHandle, clock: Clock, entries: JournalLine[], prev: string) {
    this.handle = handle;
    this.clock = clock;
    this.entries = entries;
    this.prev = prev;
  }

  /** Opens a run's journal for appending, new or as a crash left it; a torn last line is cut off. */
  static async open(root: string, run: string, clock: Clock): Promise<Journal> {
    const file = journalFile(root, run);
    await fs.mkdir(path.dirname(file), { recursive: true });
    const handle = await fs.open(file, "a+");
    const entries = await readJournal(file);
    const text = await fs.readFile(file, "utf8");
    const whole = text.lastIndexOf("\n") + 1;
    if (whole < text.length) await handle.truncate(Buffer.byteLength(text.slice(0, whole)));
    await handle.sync();
    await syncFolder(path.dirname(file));
    await syncFolder(path.dirname(path.dirname(file)));
    const last = text.slice(0, whole).trimEnd().split("\n").at(-1) ?? "";
    return new Journal(handle, clock, entries, last === "" ? noLine : sha256(last));
  }

  /** Appends an event durably. */
  async append(event: JournalEvent): Promise<void> {
    const entry = { seq: this.entries.length + 1, at: this.clock().toISOString(), prev: this.prev, ...event };
    const line = JSON.stringify(entry);
    await this.handle.appendFile(`${line}\n`);
    await this.handle.datasync();
    this.prev = sha256(line);
    this.entries.push(entry);
  }

  async close(): Promise<void> {
    await this.handle.close();
  }
}
