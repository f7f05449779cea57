import type { GateResult, RunState, Summary, VersionCheck } from "../model/index.ts";

export type Stage = "rehearsal" | "promotion";

/** How a file was before a phase touched it. */
export interface SavedFile {
  /** Relative to the root. */
  readonly path: string;
  /** SHA-256 of its content, which lies in the backup under that name; `null`: there was no file. */
  readonly sha256: string | null;
  readonly mode: number;
  readonly mtimeMs: number;
  readonly owner: number;
  readonly group: number;
}

/** A folder that is renamed out of the way; all paths relative to the root. */
export interface Swap {
  readonly path: string;
  /** Where it is kept. */
  readonly old: string;
  /** What takes its place; `null` where the installer makes it anew. */
  readonly fresh: string | null;
  /** `fingerprintOf` the folder before; `null` where there was none. */
  readonly fingerprint: string | null;
}

/**
 * What happens in a run. An entry in the `-ing` form is on the disk before the act; its counterpart in the past follows
 * the act (`docs/run.md`).
 */
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
  /** Something that a reader of the record should know. */
  | { readonly event: "note"; readonly text: string }
  | { readonly event: "scratch-making"; readonly folder: string }
  | { readonly event: "scratch-removed"; readonly folder: string }
  | { readonly event: "rehearsing"; readonly phase: number }
  | {
      readonly event: "baseline";
      readonly name: string;
      readonly code: number | null;
      readonly ran: number | null;
      readonly failed: readonly string[];
    }
  | { readonly event: "gate"; readonly stage: Stage; readonly phase: number; readonly result: GateResult }
  | {
      readonly event: "phase-rehearsed";
      readonly phase: number;
      readonly held: boolean;
      readonly versions: readonly VersionCheck[];
      readonly after: Summary;
    }
  | { readonly event: "phase-started"; readonly phase: number }
  | ({ readonly event: "file-saved"; readonly phase: number } & SavedFile)
  | {
      readonly event: "file-replacing";
      readonly phase: number;
      readonly path: string;
      readonly sha256: string;
    }
  | { readonly event: "file-replaced"; readonly phase: number; readonly path: string }
  | ({ readonly event: "environment-swapping"; readonly phase: number } & Swap)
  | { readonly event: "environment-swapped"; readonly phase: number; readonly path: string }
  | {
      readonly event: "installing";
      readonly stage: Stage;
      readonly phase: number;
      readonly project: string;
      readonly argv: readonly string[];
    }
  | {
      readonly event: "installed";
      readonly stage: Stage;
      readonly phase: number;
      readonly project: string;
      readonly durationMs: number;
    }
  | {
      /** The commit: from here on the phase stands. */
      readonly event: "phase-done";
      readonly phase: number;
      readonly versions: readonly VersionCheck[];
      readonly after: Summary;
      readonly files: readonly { readonly path: string; readonly sha256: string }[];
      /** What each environment held then, digested. */
      readonly environments: readonly { readonly project: string; readonly sha256: string }[];
    }
  | {
      readonly event: "rollback-started";
      readonly phases: readonly number[];
      /** Copies of files that had been edited by hand, relative to the root. */
      readonly kept: readonly string[];
    }
  | { readonly event: "resumed" }
  | { readonly event: "undoing"; readonly phase: number; readonly reason: string }
  | { readonly event: "restoring"; readonly phase: number; readonly path: string }
  | { readonly event: "restored"; readonly phase: number; readonly path: string }
  | { readonly event: "undone"; readonly phase: number }
  | {
      readonly event: "run-ended";
      readonly state: RunState;
      readonly reason?: string;
      readonly hint?: string;
    };

/** One line: an event with its place in the chain. */
export type JournalLine = JournalEvent & { readonly seq: number; readonly at: string; readonly prev: string };

/** The entries of one kind. */
export type Entry<Kind extends JournalEvent["event"]> = Extract<JournalLine, { event: Kind }>;
