import type {
  Configuration,
  Ecosystem,
  Finding,
  FindingChange,
  Inventory,
  Person,
  Plan,
  Project,
  Settled,
  Summary,
} from "../model/index.ts";
import type { Clock, Programs, Progress } from "../system/index.ts";
import type { Files } from "./files.ts";

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
  /** Variables that make an installer use the user's own package index, where it does not find it by itself. */
  installerEnvironment?(ecosystem: Ecosystem): Promise<Readonly<Record<string, string>>>;
  /** Told the name of the run as soon as its journal has begun, before anything is done; must not throw. */
  begun?(run: string): Promise<void>;
  readonly clock: Clock;
  readonly progress: Progress;
  readonly programs: Programs;
  readonly signal?: AbortSignal;
  /** The same for another checkout of the application. */
  elsewhere?(root: string): Promise<RunPorts>;
  /** Absent: the disk. */
  readonly files?: Files;
}

export interface ApplyRequest {
  /** Absolute path. */
  readonly root: string;
  readonly plan: Plan;
  readonly configuration: Configuration;
  /** Numbers of phases; the highest is the last that is carried out. Absent: all. */
  readonly phases?: readonly number[];
  /** Stops after the rehearsal. */
  readonly dryRun?: boolean;
  /** Leaves environments alone. */
  readonly filesOnly?: boolean;
  /** Who asks for it. */
  readonly by?: Person;
  /** Goes on outside the maintenance windows, for this reason. */
  readonly outsideWindow?: string;
  /** Where the scratch copy is made. Absent: Redress' cache folder, beside the caches that installers link from. */
  readonly scratchFolder?: string;
}
