import { tiers } from "../../model/index.ts";
import type { Need } from "./need.ts";
import { nameOf, pairOf, versionOf } from "./tree.ts";
import { mayStand, type Universe, type UniverseRequest } from "./universe.ts";

const none: ReadonlySet<string> = new Set();

/**
 * By tier, findings that every choice in the universe leaves, whatever is overridden: a version leaves its own, and of
 * each of its requirements those that every version of the required package leaves. A bound, often the least there is:
 * circles count as leaving nothing.
 */
export function forcedFindings(request: UniverseRequest, universe: Universe): number[] {
  const { tree, risk } = request;
  const ofVersions = new Map<string, ReadonlySet<string>>();
  const ofNames = new Map<string, ReadonlySet<string>>();

  const ofVersion = (name: string, version: string): ReadonlySet<string> => {
    const pair = pairOf(name, version);
    const known = ofVersions.get(pair);
    if (known !== undefined) return known;
    ofVersions.set(pair, none);
    const left = new Set<string>();
    const counted = risk.advisories(name, version);
    for (const hit of risk.hits(name, version))
      if (counted.includes(hit.advisory)) left.add(`${tiers.indexOf(hit.tier)} ${name} ${hit.advisory}`);
    for (const need of universe.residues.needs(name, version) ?? [])
      if (isBeneath(need)) for (const one of ofName(need.name)) left.add(one);
    ofVersions.set(pair, left);
    return left;
  };

  const isBeneath = ({ name, kind }: Need): boolean =>
    kind === "production" && universe.model.has(name) && universe.versions.has(name);

  const ofName = (name: string): ReadonlySet<string> => {
    const known = ofNames.get(name);
    if (known !== undefined) return known;
    ofNames.set(name, none);
    const left = common([...(universe.versions.get(name) ?? [])].map((version) => ofVersion(name, version)));
    ofNames.set(name, left);
    return left;
  };

  const all = new Set<string>();
  for (const slot of tree.slots) {
    const versions = [...(universe.versions.get(slot.name) ?? [])];
    const standing = versions.filter((version) => mayStand(request, slot, version));
    for (const one of common(standing.map((version) => ofVersion(slot.name, version)))) all.add(one);
  }
  for (const root of tree.roots)
    if (universe.versions.get(nameOf(root))?.has(versionOf(root)) === true)
      for (const one of ofVersion(nameOf(root), versionOf(root))) all.add(one);
  const counts = tiers.map(() => 0);
  for (const one of all) {
    const tier = Number(one.slice(0, one.indexOf(" ")));
    counts[tier] = (counts[tier] ?? 0) + 1;
  }
  return counts;
}

/** What is in each of the sets; nothing where there are none. */
function common(sets: readonly ReadonlySet<string>[]): ReadonlySet<string> {
  const [first = none, ...rest] = sets;
  return new Set([...first].filter((one) => rest.every((other) => other.has(one))));
}
