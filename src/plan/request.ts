import type {
  Broken,
  Configuration,
  Finding,
  Inventory,
  Judge,
  Plan,
  Profile,
  Project,
  Refusal,
  ReleaseSource,
  Tier,
  Unfixed,
  Upgrade,
} from "../model/index.ts";

/** Where a planner says how far it is; the shape of the room of effects' own, which this room may not import. */
export interface PlanProgress {
  step(name: string): { update(detail: string): void; done(detail?: string): void };
  line(text: string): void;
}

/** What a plan is made from. */
export interface PlanRequest {
  readonly inventory: Inventory;
  readonly findings: readonly Finding[];
  readonly judge: Judge;
  readonly configuration: Configuration;
  readonly profile: Profile;
  /** Only these packages, in the form of `Component.name`, and what they force; absent: all. */
  readonly packages?: readonly string[];
  /** Versions that the plan must reach, by name; absent: none. */
  readonly wishes?: ReadonlyMap<string, string>;
  /** What the package manager would not take of earlier plans. */
  readonly refusals?: readonly Refusal[];
  /**
   * Python projects that are only files: what their installer chooses today for what no line pins, by name. Absent: not
   * known.
   */
  readonly chosen?: ReadonlyMap<string, string>;
  sourceFor(project: Project): ReleaseSource;
  /** RFC 3339; cooldowns are judged by it. */
  readonly now: string;
  readonly progress?: PlanProgress;
  readonly signal?: AbortSignal;
  /** For the search of one project, metadata included; absent: `defaultTimeLimitMs`. */
  readonly timeLimitMs?: number;
}

/** How long one project's search may take where the caller does not say. */
export const defaultTimeLimitMs = 60_000;

/** Upgrades that go in together; a phase before it has its number and its counts. */
export interface PhaseDraft {
  readonly tier: Tier;
  /** RFC 3339: the earliest date among the findings that it clears. */
  readonly due: string;
  readonly upgrades: readonly Upgrade[];
  /** Asked for by the team; goes in after everything else. */
  readonly requested?: true;
  /** What the package manager is asked for, where it made more or less of it by itself. */
  readonly asked?: readonly Upgrade[];
}

/** A version asked for that the plan does not reach. */
export interface MissedWish {
  readonly package: string;
  readonly to: string;
  readonly detail: string;
  /** The requirements that refuse it. */
  readonly conflicts: readonly string[];
}

/** The best version set that the planner knows for one project. */
export interface ProjectPlan {
  readonly project: string;
  /** In order; each is installable on top of those before it. */
  readonly phases: readonly PhaseDraft[];
  readonly unfixed: readonly Unfixed[];
  readonly broken: readonly Broken[];
  readonly skipped: Plan["skipped"];
  /** Wishes that cannot be met; nothing is then planned. */
  readonly missed?: readonly MissedWish[];
  /** Whether no better version set exists among the releases that were considered. */
  readonly optimal: boolean;
  /** Where it is not `optimal`: of how many releases, those near today's versions, it is proven to be the best set. */
  readonly bestOf?: number;
  /** By part of the cost, the best value that could still exist; absent when `optimal`. */
  readonly bound?: readonly number[];
  /** In the order of `costNames`, the most important first. */
  readonly cost: readonly number[];
  readonly costNames: readonly string[];
  /** Python: the versions that the plan reckons with of packages that no line pins, by name. */
  readonly unpinned?: ReadonlyMap<string, string>;
}
