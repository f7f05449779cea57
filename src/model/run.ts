import type { Summary } from "./finding.ts";

export type Verdict = "pass" | "warn" | "fail" | "inconclusive" | "error" | "missing";
export type GateMode = "enforce" | "warn" | "observe";

/** What one gate said, once. */
export interface GateResult {
  readonly name: string;
  readonly mode: GateMode;
  readonly verdict: Verdict;
  /** One line for a person. */
  readonly detail: string;
  /** Numbers or names behind the verdict. */
  readonly samples?: readonly unknown[];
}

/** A planned version against what was read back. */
export interface VersionCheck {
  readonly project: string;
  readonly package: string;
  readonly planned: string | null;
  readonly observed: string | null;
}

export type RunState = "running" | "rehearsed" | "done" | "rolled-back" | "needs-person" | "failed";
export type PhaseState = "pending" | "rehearsed" | "done" | "rolled-back" | "failed" | "needs-person";

export interface RunPhase {
  readonly number: number;
  readonly name: string;
  readonly state: PhaseState;
  readonly gates: readonly GateResult[];
  readonly versions: readonly VersionCheck[];
  readonly before: Summary;
  readonly after: Summary;
}

/** Who did something: the name given, and the account of the machine. */
export interface Person {
  readonly name: string;
  readonly account: string;
}

/** What a run stopped for that only time or a person can give. */
export interface Wait {
  readonly for: "approval" | "window";
  /** Numbers of the phases that wait. */
  readonly phases: readonly number[];
  /** Names of the stages that wait. */
  readonly stages: readonly string[];
  /** Why, in words. */
  readonly detail: string;
  /** RFC 3339: when the next window opens. */
  readonly opens?: string;
}

/** A person's yes. */
export interface Approved {
  readonly at: string;
  readonly by: Person;
  readonly phases: readonly number[];
  readonly stages: readonly string[];
  readonly reason?: string;
}

/** What became of one target of a staged deployment. */
export interface RunStage {
  readonly name: string;
  readonly state: "running" | "done" | "rolled-back" | "needs-person";
}

/** What the journal adds up to: the state of a run, made by folding its entries and nothing else. */
export interface Run {
  readonly schemaVersion: 1;
  readonly run: string;
  readonly plan: string;
  readonly state: RunState;
  readonly startedAt: string;
  readonly endedAt?: string;
  readonly phases: readonly RunPhase[];
  /** Files saved before they were touched: path and digest of the content saved. */
  readonly backup: readonly { readonly path: string; readonly sha256: string }[];
  /** Who started it. */
  readonly by?: Person;
  /** What it waits for, while it does. */
  readonly waits?: readonly Wait[];
  readonly approvals?: readonly Approved[];
  /** Targets beside the project itself. */
  readonly stages?: readonly RunStage[];
  /** Path of the journal, relative to the project's root. */
  readonly journal: string;
  /** Why it ended as it did, in words, when it did not end well. */
  readonly reason?: string;
  /** What a person can do next. */
  readonly hint?: string;
}
