import type { GateMode } from "./run.ts";

/** A command of the owner's, as an argument vector; never given to a shell. */
export interface Command {
  readonly argv: readonly string[];
  /** Relative to the root. */
  readonly cwd: string;
  readonly timeoutMs: number;
}

/** A command that gates ask: tests, or anything that must end with 0. */
export interface TestGate extends Command {
  readonly name: string;
  readonly mode: GateMode;
  /** The business function whose tests these are. */
  readonly function?: string;
  /** Asked only of phases that change a package of one of these projects; absent: of all phases. */
  readonly projects?: readonly string[];
  /** A file that the tests write their results to (JUnit XML, TAP, JSON), relative to `cwd`; absent: the output tells. */
  readonly results?: string;
}

/** Where a gate is asked: in the scratch copy, right after promotion, and while the promoted project is watched. */
export type GateStage = "rehearsal" | "promotion" | "watch";

/** A process of the application that gates may start; `timeoutMs` is the longest until it is ready. */
export interface ProcessSettings extends Command {
  readonly name: string;
  /** Budgets go by it. */
  readonly class: string;
  /** Variable that carries the port to listen on; `{port}` in the arguments stands for it too. */
  readonly portVariable: string;
  readonly variables: Readonly<Record<string, string>>;
  /** Ready when the path answers below 500, or when it prints a line with this text. */
  readonly ready: { readonly path: string } | { readonly line: string };
}

/** An HTTP probe, asked several times. */
export interface HealthGate {
  readonly name: string;
  readonly mode: GateMode;
  /** An address of the running application, or a process that is started for it. */
  readonly target: { readonly url: string } | { readonly process: string; readonly path: string };
  readonly intervalMs: number;
  /** Most probes. */
  readonly count: number;
  /** More failed probes than this fail the gate. */
  readonly failureLimit: number;
  /** So many good ones in a row pass it early; absent: all are made. */
  readonly consecutiveSuccess?: number;
  /** For one probe. */
  readonly timeoutMs: number;
  /** Absent: 200 to 299. */
  readonly status?: readonly number[];
  /** Text that the answer must hold. */
  readonly body?: string;
  readonly stages: readonly GateStage[];
}

/** Where the tests report line coverage. */
export interface CoverageGate {
  readonly name: string;
  readonly mode: GateMode;
  /** Relative to the root. */
  readonly file: string;
  /** Percentage points that it may fall. */
  readonly allowedDrop: number;
}

/** SPDX policy for the licenses of what changes. */
export interface LicenseGate {
  readonly mode: GateMode;
  /** SPDX ids; absent: everything that is not denied. */
  readonly allow?: readonly string[];
  readonly deny: readonly string[];
}

/** How much worse a measure may get, in percent. */
export interface Budget {
  /** Up to here it passes. */
  readonly budget: number;
  /** Beyond this it fails. */
  readonly rollback: number;
}

/** What is measured on the old and on the new versions. */
export type Measure = {
  readonly name: string;
  readonly mode: GateMode;
  /** Budgets go by it. */
  readonly class: string;
  /** Measured only in phases that change one of these; absent: in all. */
  readonly packages?: readonly string[];
} & (
  | { readonly kind: "startup" | "memory"; readonly process: string }
  | { readonly kind: "http"; readonly process: string; readonly path: string }
  /** The numbers that a command prints, or the time that it takes. */
  | {
      readonly kind: "numbers" | "duration";
      readonly command: Command;
      readonly better: "lower" | "higher";
    }
);

/** A person's decision that a measure may get worse than its budget. */
export interface BudgetException extends Budget {
  readonly measure: string;
  readonly reason: string;
  readonly by: string;
  /** Last day, `YYYY-MM-DD`; absent: until it is removed. */
  readonly until?: string;
}

export interface PerformanceSettings {
  readonly measures: readonly Measure[];
  /** By class; classes without one have the default of 5 and 20 percent. */
  readonly budgets: Readonly<Record<string, Budget>>;
  readonly exceptions: readonly BudgetException[];
  /** Of each side, in one batch. */
  readonly samples: number;
  readonly warmUp: number;
  /** Requests that make one sample. */
  readonly requests: number;
}

/** `gates:` of the configuration, beside tests and commands. */
export interface GateSettings {
  readonly versions: GateMode;
  readonly security: GateMode;
  readonly processes: readonly ProcessSettings[];
  readonly health: readonly HealthGate[];
  readonly performance?: PerformanceSettings;
  readonly coverage: readonly CoverageGate[];
  readonly license?: LicenseGate;
}
