import type { GateResult, GateStage, Person, RunState, Summary, VersionCheck, Wait } from "../model/index.ts";

import type { TableSurvey } from "../databases/index.ts";

export type Stage = Exclude<GateStage, "watch">;
export type { Person };

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
      readonly by?: Person;
    }
  /** Goes on only when a person says yes, or a window opens; the run ends here. */
  | ({ readonly event: "waiting" } & Wait)
  | {
      readonly event: "approved";
      readonly phases: readonly number[];
      readonly stages: readonly string[];
      readonly by: Person;
      readonly reason?: string;
    }
  /** An approval that another run of the plan was given is used by this one. */
  | { readonly event: "approval-used"; readonly run: string; readonly line: number }
  | {
      readonly event: "window-overridden";
      readonly stage: string;
      readonly reason: string;
      readonly by?: Person;
    }
  /** Gates are asked for some time; the phases stand only when it has held. */
  | {
      readonly event: "watching";
      readonly target: string;
      readonly phases: readonly number[];
      readonly durationMs: number;
    }
  | {
      readonly event: "watched";
      readonly target: string;
      readonly phases: readonly number[];
      readonly held: boolean;
    }
  | {
      readonly event: "stage-started";
      readonly name: string;
      readonly target: "folder" | "command";
      /** Phases of this run that it is given, which stand only when it succeeds. */
      readonly phases: readonly number[];
    }
  | { readonly event: "stage-done"; readonly name: string; readonly detail: string }
  /** All of this is about to be put back, after a stage or a watch failed or was cut short. */
  | {
      readonly event: "putting-back";
      readonly phases: readonly number[];
      readonly stages: readonly string[];
      readonly reason: string;
    }
  | { readonly event: "stage-undoing"; readonly name: string }
  | { readonly event: "stage-undone"; readonly name: string; readonly detail: string }
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
  | { readonly event: "gate"; readonly stage: GateStage; readonly phase: number; readonly result: GateResult }
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
  /** A scratch database is about to be made under this name. */
  | { readonly event: "scratch-database"; readonly database: string; readonly name: string }
  /** A backup lies at `path`; it was restored once and is equal, table by table. */
  | {
      readonly event: "database-saved";
      readonly phase: number;
      readonly database: string;
      readonly path: string;
      readonly sha256: string;
      readonly sizeBytes: number;
      readonly tables: readonly TableSurvey[];
      readonly busy: readonly string[];
    }
  | {
      readonly event: "migrating";
      readonly phase: number;
      readonly database: string;
      /** What is applied, by the tool's names. */
      readonly before: readonly string[];
      /** Why there is no way back: automatic rollback is off then. */
      readonly irreversible?: string;
    }
  | {
      readonly event: "migrated";
      readonly phase: number;
      readonly database: string;
      readonly applied: readonly string[];
    }
  | {
      readonly event: "migrated-back";
      readonly phase: number;
      readonly database: string;
      readonly how: string;
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
