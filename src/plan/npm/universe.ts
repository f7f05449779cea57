import type { Policy, Profile } from "../../model/index.ts";
import type { Catalogue } from "./catalogue.ts";
import type { Need } from "./need.ts";
import type { Residues } from "./residue.ts";
import type { Risk } from "./risk.ts";
import type { Slot, Tree } from "./tree.ts";

/** An override that may be written: requirements `name@range` are served by `version`. */
export interface Override {
  readonly name: string;
  readonly range: string;
  readonly version: string;
}

/** The versions that the programme chooses from. */
export interface Universe {
  /** Names whose versions of today may leave; of every other name today's versions are constants. */
  readonly model: ReadonlySet<string>;
  /** Admitted versions by name, today's of the model included. */
  readonly versions: ReadonlyMap<string, ReadonlySet<string>>;
  readonly overrides: readonly Override[];
  /** `false` where a bound on growth was met. */
  readonly complete: boolean;
  /** Growth was stopped for lack of time: what is admitted rests on metadata not read. */
  readonly unfinished?: boolean;
  /** Names that today's findings, or refusals of a version asked for, hang on. */
  readonly relevant: ReadonlySet<string>;
  readonly residues: Residues;
}

export interface UniverseRequest {
  readonly tree: Tree;
  readonly catalogue: Catalogue;
  readonly risk: Risk;
  readonly profile: Profile;
  readonly policy: Policy;
  /** Versions that must be reached, by name. */
  readonly wishes?: ReadonlyMap<string, string>;
  /**
   * `near`: of each range the lowest version and each better one up to the first clean; `wide`: one version of every
   * group that findings and requirements tell apart.
   */
  readonly reach: "near" | "wide";
  /** Versions to begin with, by name. */
  readonly seed?: Universe["versions"];
}

/** Names with findings that count, names whose requirements refuse a version asked for, and all their ancestors. */
export function relevantNames({ tree, catalogue, risk, wishes }: UniverseRequest): Set<string> {
  const names = new Set<string>();
  const refuses = ({ name, range, kind, only }: Need): boolean => {
    const version = wishes?.get(name);
    if (version === undefined || kind === "peer" || only !== undefined) return false;
    return !catalogue.satisfies(version, range);
  };
  for (const one of tree.packages.values())
    if (risk.advisories(one.name, one.version).length > 0 || one.edges.some(refuses)) names.add(one.name);
  for (const name of names) for (const dependent of tree.dependents.get(name) ?? []) names.add(dependent);
  return names;
}

/** Whether the profile lets a direct dependency stand at a version. */
export function mayStand(
  request: Pick<UniverseRequest, "catalogue" | "profile" | "policy">,
  slot: Slot,
  version: string,
): boolean {
  if (version === slot.today) return true;
  const { order } = request.catalogue;
  if (slot.may === "fixed" || order.compare(version, slot.today) < 0) return false;
  const inRange = request.catalogue.satisfies(version, slot.range);
  if (slot.may === "range" && !inRange) return false;
  if (order.level(slot.today, version) !== "major") return true;
  return request.profile === "full" && request.policy.allowMajor;
}
