import type {
  Configuration,
  Finding,
  FindingChange,
  Inventory,
  Plan,
  Project,
  Settled,
  Summary,
} from "../model/index.ts";
import type { Clock, Programs, Progress } from "../system/index.ts";

/** A tree judged by the plan's snapshot. */
export interface Sight {
  readonly inventory: Inventory;
  readonly findings: readonly Finding[];
  readonly summary: Summary;
}

/** What a run needs from the other rooms, handed in by the pipeline. */
export interface RunPorts {
  /** Has the package manager write a project's phases; cumulative texts per phase. */
  settle(project: Project): Promise<Settled>;
  /** Looks at a tree. */
  look(root: string): Promise<Sight>;
  compare(before: readonly Finding[], after: readonly Finding[]): FindingChange;
  readonly clock: Clock;
  readonly progress: Progress;
  readonly programs: Programs;
  readonly signal?: AbortSignal;
}

export interface ApplyRequest {
  readonly root: string;
  readonly plan: Plan;
  readonly configuration: Configuration;
  /** Numbers of phases; the highest is the last that is carried out. Absent: all. */
  readonly phases?: readonly number[];
  readonly dryRun?: boolean;
  readonly filesOnly?: boolean;
}
