import type { Command } from "./gates.ts";
import type { Tier } from "./finding.ts";

/** What must not go in before a person has said yes. */
export interface ApprovalPolicy {
  /** Phases of these tiers. */
  readonly tiers: readonly Tier[];
  /** Phases with a major move of a direct dependency. */
  readonly majors: boolean;
  /** Whoever planned or ran may not approve. */
  readonly separation: boolean;
}

/** A span of the week in which a project may be changed, by the clock on the wall of a time zone. */
export interface MaintenanceWindow {
  /** Days on which it begins, 0 is Sunday. */
  readonly days: readonly number[];
  /** Minutes since midnight. */
  readonly from: number;
  /** Exclusive; not above `from`: it ends on the next day. */
  readonly to: number;
  /** IANA name of a time zone, e.g. `Europe/Berlin`. */
  readonly zone: string;
  /** As it was written. */
  readonly text: string;
}

/** What a stage puts the new versions on. */
export type StageTarget =
  /** The project itself, phase by phase under backup. */
  | { readonly kind: "project" }
  /** Another checkout on this machine, relative to the root or absolute: a run of its own. */
  | { readonly kind: "folder"; readonly folder: string }
  /** Whatever the command deploys to; `undo` takes it back. */
  | { readonly kind: "command"; readonly command: Command; readonly undo?: Command };

/** One target of a staged deployment. */
export interface StageSettings {
  readonly name: string;
  readonly target: StageTarget;
  readonly approve: boolean;
  /** How long its gates are asked before the next stage begins. */
  readonly soakMs: number;
  readonly windows: readonly MaintenanceWindow[];
}

/** How and when what was rehearsed is put in place. */
export interface Deployment {
  readonly approvals: ApprovalPolicy;
  /** In order; exactly one has the project itself as its target. */
  readonly stages: readonly StageSettings[];
  /** Pause between two rounds of gates while watching. */
  readonly watchIntervalMs: number;
}

/** How a migration tool is called: each an argument vector in `cwd`; absent ones do not exist for the tool. */
export interface MigrationSettings {
  readonly tool: "django" | "alembic" | "prisma" | "knex" | "commands";
  /** Relative to the root. */
  readonly cwd: string;
  readonly timeoutMs: number;
  /** Variable by which the tool's configuration finds the database; it is set to the one that is meant. */
  readonly variable: string;
  /** Left out on request: the application's programs find the database, and it is not migrated. */
  readonly leftOut?: true;
  /** Replace the tool's own commands. */
  readonly commands: {
    /** Prints what is applied, one line a migration. */
    readonly status?: readonly string[];
    readonly up?: readonly string[];
    /** Back to what `status` had printed before; `{target}` stands for the tool's name of that state. */
    readonly down?: readonly string[];
  };
}

/** A database that belongs to the application. */
export interface DatabaseSettings {
  readonly name: string;
  readonly place:
    | { readonly kind: "sqlite"; readonly file: string }
    /** Name of the environment variable that holds the connection address; never the address itself. */
    | { readonly kind: "postgresql"; readonly variable: string };
  readonly migrations?: MigrationSettings;
}
