import type { Broken, Inventory, Policy, Project, Upgrade } from "../model/index.ts";
import type { Programs, Progress } from "../system/index.ts";

/** What a package manager is to write and accept: one project's phases, each on top of those before it. */
export interface SettleRequest {
  /** Absolute path of the root that the inventory was taken of. */
  readonly root: string;
  readonly project: Project;
  readonly inventory: Inventory;
  /** May hold empty phases, where only other projects move. */
  readonly phases: readonly (readonly Upgrade[])[];
  /** Requirements unmet before; they may stay so while what they require stays as it was. */
  readonly broken: readonly Broken[];
  readonly policy: Policy;
  readonly programs: Programs;
  /** Redress' cache folder; the user's own where not given. */
  readonly cacheFolder?: string;
  readonly signal?: AbortSignal;
  readonly progress?: Progress;
}
