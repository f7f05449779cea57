import { distanceOf } from "./choice.ts";
import type { Need } from "./need.ts";
import { addTo, nameOf, pairOf, versionOf, type Slot } from "./tree.ts";
import { mayStand, type Universe, type UniverseRequest } from "./universe.ts";

/** How often versions are compared again after some have left: what they asked for then counts no more. */
const mostRounds = 4;

/**
 * The universe without versions that nothing takes, and without those that another one stands in for: of the same
 * package, no worse in any part of the cost, taken by every requirement that takes the first, and asking for no more.
 * Whatever holds with the first holds with the other in its place at no higher cost, so the best cost stays what it is.
 * @param kept `name@version` that stay whatever is found
 */
export function withoutDominated(
  request: UniverseRequest,
  universe: Universe,
  kept: ReadonlySet<string>,
): Universe {
  let before = universe;
  for (let round = 0; round < mostRounds; round++) {
    const { versions, count } = new Reduction(request, before, kept).run();
    if (count === 0) break;
    before = { ...before, versions };
  }
  return before;
}

/** One version as the others of its package are compared with it. */
interface Profile {
  /** By tier, with what it carries in its own archive. */
  readonly counts: readonly number[];
  readonly distance: number;
  /** For each direct dependency on the package. */
  readonly slots: readonly { readonly may: boolean; readonly moves: 0 | 1 | 2 }[];
  /** Keys of the requirements, of anything in the universe, that it serves. */
  readonly takers: ReadonlySet<string>;
  readonly needs: readonly Need[];
}

class Reduction {
  private readonly request: UniverseRequest;
  private readonly universe: Universe;
  private readonly kept: ReadonlySet<string>;
  private readonly slots = new Map<string, Slot[]>();
  /** By package and key, what anything in the universe asks of it. */
  private readonly asked = new Map<string, Map<string, Need>>();
  /** By package, the versions that overrides lead to. */
  private readonly targets = new Map<string, Set<string>>();
  private readonly serving = new Map<string, ReadonlySet<string>>();

  constructor(request: UniverseRequest, universe: Universe, kept: ReadonlySet<string>) {
    this.request = request;
    this.universe = universe;
    this.kept = kept;
    for (const slot of request.tree.slots)
      this.slots.set(slot.name, [...(this.slots.get(slot.name) ?? []), slot]);
    for (const { name, version } of universe.overrides) addTo(this.targets, name, version);
    for (const [name, versions] of universe.versions)
      for (const version of versions)
        for (const need of this.needsOf(name, version)) {
          let keys = this.asked.get(need.name);
          if (keys === undefined) this.asked.set(need.name, (keys = new Map<string, Need>()));
          keys.set(keyOf(need), need);
        }
  }

  run(): { readonly versions: Universe["versions"]; readonly count: number } {
    const left = new Map<string, ReadonlySet<string>>();
    let count = 0;
    for (const [name, versions] of this.universe.versions) {
      const reduced = this.mayReduce(name) ? this.reduce(name, versions) : versions;
      count += versions.size - reduced.size;
      if (reduced.size > 0) left.set(name, reduced);
    }
    return { versions: left, count };
  }

  /** What was asked for is looked at as it is; so are direct dependencies that overrides may get in the way of. */
  private mayReduce(name: string): boolean {
    return this.request.wishes?.has(name) !== true && !(this.targets.has(name) && this.slots.has(name));
  }

  private reduce(name: string, versions: ReadonlySet<string>): ReadonlySet<string> {
    const left = new Map([...versions].map((version) => [version, this.profileOf(name, version)]));
    for (const [version, profile] of [...left]) {
      if (this.stays(name, version)) continue;
      const isTaken = profile.takers.size > 0 || profile.slots.some((slot) => slot.may);
      const hasStandIn = (): boolean =>
        [...left].some(([other, rival]) => other !== version && this.standsIn(rival, profile));
      if (!isTaken || hasStandIn()) left.delete(version);
    }
    return left.size === versions.size ? versions : new Set(left.keys());
  }

  /** What is there today costs nothing to keep. */
  private stays(name: string, version: string): boolean {
    const pair = pairOf(name, version);
    return (
      this.request.tree.packages.has(pair) ||
      this.kept.has(pair) ||
      this.targets.get(name)?.has(version) === true
    );
  }

  private isToday(name: string, version: string): boolean {
    return this.request.tree.packages.get(pairOf(name, version))?.free === true;
  }

  private profileOf(name: string, version: string): Profile {
    const { tree, catalogue, risk } = this.request;
    const takers = new Set<string>();
    for (const [key, need] of this.asked.get(name) ?? []) if (this.takes(need, version)) takers.add(key);
    return {
      counts: [pairOf(name, version), ...(tree.carried.get(pairOf(name, version)) ?? [])]
        .map((pair) => risk.counts(nameOf(pair), versionOf(pair)))
        .reduce((sum, counts) => sum.map((one, tier) => one + (counts[tier] ?? 0))),
      distance: this.isToday(name, version) ? 0 : distanceOf(tree, catalogue, name, version),
      slots: (this.slots.get(name) ?? []).map((slot) => ({
        may: mayStand(this.request, slot, version),
        moves: this.movesOf(slot, version),
      })),
      takers,
      needs: this.needsOf(name, version),
    };
  }

  private movesOf(slot: Slot, version: string): 0 | 1 | 2 {
    if (version === slot.today) return 0;
    return this.request.catalogue.order.level(slot.today, version) === "major" ? 2 : 1;
  }

  /** What a version asks for, without what asks for nothing: what need not be there, and what stays served anyway. */
  private needsOf(name: string, version: string): readonly Need[] {
    return (this.universe.residues.needs(name, version) ?? []).filter((need) => {
      if (need.kind === "optional")
        return this.universe.relevant.has(need.name) && this.serversOf(need).size > 0;
      const isDirect = need.kind === "peer" && this.slots.has(need.name);
      if (need.kind === "peer" && need.optional && !isDirect && !this.isToday(name, version)) return false;
      if (this.universe.model.has(need.name)) return true;
      const standing = isDirect
        ? (this.slots.get(need.name) ?? []).map((slot) => slot.today)
        : (this.request.tree.versions.get(need.name) ?? []);
      return !standing.some((one) => this.takes(need, one));
    });
  }

  private takes(need: Need, version: string): boolean {
    return need.only === undefined
      ? this.request.catalogue.satisfies(version, need.range)
      : need.only === version;
  }

  private standsIn(rival: Profile, profile: Profile): boolean {
    if (rival.distance > profile.distance || rival.takers.size < profile.takers.size) return false;
    if (rival.counts.some((count, tier) => count > (profile.counts[tier] ?? 0))) return false;
    for (const [index, slot] of rival.slots.entries()) {
      const other = profile.slots[index];
      if (other?.may === true && (!slot.may || slot.moves > other.moves)) return false;
    }
    for (const key of profile.takers) if (!rival.takers.has(key)) return false;
    return rival.needs.every((need) => profile.needs.some((other) => this.follows(need, other)));
  }

  /** Whether `need` is met wherever `other` is. */
  private follows(need: Need, other: Need): boolean {
    if (need.name !== other.name) return false;
    if (need.range === other.range && need.only === other.only && need.kind === other.kind) return true;
    // An override takes a requirement out of its range by what the range says.
    if (this.targets.has(need.name)) return false;
    if (this.isOnDirect(need) && !this.isOnDirect(other)) return false;
    const wider = this.serversOf(need);
    for (const version of this.serversOf(other)) if (!wider.has(version)) return false;
    return true;
  }

  private isOnDirect(need: Need): boolean {
    return need.kind === "peer" && this.slots.has(need.name);
  }

  /** What may serve a need: versions of the universe, and today's, which stay where nothing moves them. */
  private serversOf(need: Need): ReadonlySet<string> {
    const key = `${need.name} ${keyOf(need)}`;
    let known = this.serving.get(key);
    if (known === undefined) {
      known = new Set(
        [
          ...(this.universe.versions.get(need.name) ?? []),
          ...(this.request.tree.versions.get(need.name) ?? []),
        ].filter((version) => this.takes(need, version)),
      );
      this.serving.set(key, known);
    }
    return known;
  }
}

const keyOf = (need: Need): string => (need.only === undefined ? need.range : `=${need.only}`);
