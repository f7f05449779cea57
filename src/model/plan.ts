import type { Ecosystem, Target } from "./inventory.ts";
import type { Summary, Tier } from "./finding.ts";
import type { Person } from "./run.ts";

export type Level = "major" | "minor" | "patch" | "other";

/** `safe`: no major moves of direct runtime dependencies; `full`: majors and overrides as policy allows. */
export type Profile = "safe" | "full";

/** One component that changes version, appears (`from: null`) or vanishes (`to: null`). */
export interface Upgrade {
  readonly project: string;
  readonly ecosystem: Ecosystem;
  readonly package: string;
  readonly from: string | null;
  readonly to: string | null;
  /** How: in the lockfile within what is declared, by changing the manifest's requirement, or by an override. */
  readonly via: "lockfile" | "manifest" | "override";
  readonly level: Level;
  readonly direct: boolean;
  /** Ids of findings this clears. */
  readonly fixes: readonly string[];
  /** Ids of findings this brings. */
  readonly introduces: readonly string[];
  /** Sentences: why this package, why not lower, what forced it. */
  readonly because: readonly string[];
  /** npm: the declared ranges that an override of this package serves by `to`: one `overrides` key `package@range` each. */
  readonly overrides?: readonly string[];
  /** Not chosen but made by the package manager by itself when it wrote the others; never asked for. */
  readonly consequence?: true;
  /** Lower-case hex SHA-256 or SRI of the archives that may be installed, where the index gives them. */
  readonly hashes?: readonly string[];
}

/** Upgrades that go in together and are undone together; installable on top of the phases before it. */
export interface Phase {
  /** From 1. */
  readonly number: number;
  readonly name: string;
  readonly tier: Tier;
  /** RFC 3339. */
  readonly due: string;
  readonly upgrades: readonly Upgrade[];
  /** Asked for in `redress.yaml`, beyond what findings need; it can be left out. */
  readonly requested?: true;
  /** What the package manager is asked for, where it makes more or less of it: `upgrades` is then what it wrote. */
  readonly asked?: readonly Upgrade[];
  /** Findings left once this phase is in. */
  readonly after: Summary;
}

/** A finding that the plan leaves, and why. */
export interface Unfixed {
  /** Finding id. */
  readonly finding: string;
  readonly reason: "no-fix" | "conflict" | "policy" | "waived";
  readonly detail: string;
  /** The requirements that forbid the fix, e.g. `authorizenet 1.1.4 requires lxml<5`. */
  readonly conflicts: readonly string[];
  readonly advice: string;
}

/** What became of a version that the team asked for in `redress.yaml`. */
export interface RequestOutcome {
  readonly project: string;
  readonly package: string;
  readonly to: string;
  readonly state: "planned" | "impossible" | "already";
  readonly detail: string;
  /** The requirements that refuse it. */
  readonly conflicts: readonly string[];
}

/** A requirement that no version served before the plan was made; it may stay so, never get worse. */
export interface Broken {
  readonly project: string;
  /** `name@version` of the dependent; `null` for the project itself. */
  readonly from: string | null;
  readonly requirement: string;
  /** The version found, `null` for absent. */
  readonly found: string | null;
}

/** One file of the tree the plan was made for. */
export interface PlanInput {
  readonly path: string;
  readonly sha256: string;
}

/** The plan file (`docs/interface.md`). */
export interface Plan {
  readonly schemaVersion: 1;
  readonly id: string;
  /** RFC 3339. */
  readonly madeAt: string;
  /** Who had it made; absent where nobody is known. */
  readonly madeBy?: Person;
  readonly profile: Profile;
  readonly inputs: {
    readonly files: readonly PlanInput[];
    /** `name==version` lines of each project's installed environment, digested; absent without one. */
    readonly environments: readonly { readonly project: string; readonly sha256: string }[];
    readonly snapshot: string;
    /** What online advisory sources were asked about beyond the components there are; their answers are in the snapshot. */
    readonly asked?: readonly {
      readonly ecosystem: Ecosystem;
      readonly name: string;
      readonly version: string;
    }[];
    readonly asOf?: string;
    readonly policy: string;
    readonly tool: string;
    readonly targets: readonly (Target & { readonly project: string })[];
  };
  readonly before: Summary;
  readonly after: Summary;
  /** Whether the search finished: no better version set exists among the releases that were considered. */
  readonly optimal: boolean;
  /** Projects of which it did not: of how many releases, those near today's versions, their part is proven the best set. */
  readonly bestOf?: readonly {
    readonly project: string;
    readonly ecosystem: Ecosystem;
    readonly releases: number;
  }[];
  /** The best cost that could still exist, where the search did not finish. */
  readonly bound?: readonly number[];
  /** The lexicographic objective's value (`docs/architecture.md`), in the order of `costNames`. */
  readonly cost: readonly number[];
  readonly costNames: readonly string[];
  readonly phases: readonly Phase[];
  readonly unfixed: readonly Unfixed[];
  /** Absent: nothing was asked for. */
  readonly requests?: readonly RequestOutcome[];
  readonly broken: readonly Broken[];
  /** Packages that could not take part, and why. */
  readonly skipped: readonly {
    readonly project: string;
    readonly package: string;
    readonly reason: string;
  }[];
  /** How each project's result was accepted by its package manager. */
  readonly confirmed: readonly { readonly project: string; readonly by: string; readonly detail: string }[];
}

/** Something that a package manager would not take: becomes a constraint for the next attempt of the planner. */
export interface Refusal {
  readonly project: string;
  /** The version not to be chosen again, where the refusal names one. */
  readonly package?: string;
  readonly version?: string;
  /** A requirement that the planner did not know of. */
  readonly requirement?: { readonly from: string; readonly name: string; readonly range: string };
  /** The tool's own words, shortened. */
  readonly reason: string;
}

/** One phase as the package manager wrote it. */
export interface SettledPhase {
  /** Path relative to the root → whole new text, cumulative up to this phase. */
  readonly files: ReadonlyMap<string, string>;
  /** Every version of every package that the project then holds, as far as the package manager says. */
  readonly observed: readonly { readonly package: string; readonly version: string }[];
}

/** What the package manager made of a project's phases. */
export type Settled =
  | {
      readonly state: "accepted";
      /** The tool and its version. */
      readonly by: string;
      readonly detail: string;
      readonly phases: readonly SettledPhase[];
    }
  | {
      readonly state: "refused";
      readonly by: string;
      readonly detail: string;
      /** Number of the phase refused, from 1. */
      readonly phase: number;
      readonly refusals: readonly Refusal[];
    };
