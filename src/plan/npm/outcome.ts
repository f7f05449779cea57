import type { Catalogue } from "./catalogue.ts";
import type { Need } from "./need.ts";
import type { Choice } from "./choice.ts";
import type { Residues } from "./residue.ts";
import type { Risk } from "./risk.ts";
import { nameOf, pairOf, versionOf, versionsByName, type Slot, type Tree } from "./tree.ts";
import type { Override } from "./universe.ts";

/** Which version serves a requirement in a set of versions. */
export interface Served {
  readonly from: string | Slot;
  readonly need: Need | undefined;
  readonly to: string;
}

/** The tree that a choice comes to: what is reached from the manifest, and by what. */
export interface Outcome extends Choice {
  readonly served: readonly Served[];
}

export interface OutcomeRequest {
  readonly tree: Tree;
  readonly catalogue: Catalogue;
  readonly risk: Risk;
  readonly residues: Residues;
  /** Versions that were asked for, by name: what is not direct has no other version beside it. */
  readonly wishes?: ReadonlyMap<string, string>;
}

/**
 * Drops what nobody needs. Versions of today that the solver left out though they cost nothing are put back first:
 * npm keeps what still serves.
 */
export function reach(request: OutcomeRequest, choice: Choice): Outcome {
  return walk(request, { ...choice, present: keepHarmless(request, choice) });
}

/** What is reached of exactly the versions given, and the overrides that touch any of it. */
export function walk(request: OutcomeRequest, choice: Choice): Outcome {
  const { present } = choice;
  const touching = new Set<Override>();
  const byName = versionsByName(present);
  const served: Served[] = [];
  const seen = new Set<string>();
  const stack: string[] = [...request.tree.roots];
  const serve = (from: string | Slot, need: Need | undefined, to: string): void => {
    served.push({ from, need, to });
    stack.push(to);
  };
  for (const [slot, version] of choice.slots) serve(slot, undefined, pairOf(slot.name, version));
  for (let pair = stack.pop(); pair !== undefined; pair = stack.pop()) {
    if (seen.has(pair) || !present.has(pair)) continue;
    seen.add(pair);
    for (const need of request.residues.needs(nameOf(pair), versionOf(pair)) ?? []) {
      for (const one of choice.overrides) if (touches(request, one, need)) touching.add(one);
      if (need.kind === "peer" && need.optional && !isTodayEdge(request.tree, pair, need)) continue;
      const to = serverOf(request, { pair, need, choice, versions: byName.get(need.name) ?? [] });
      if (to !== undefined) serve(pair, need, pairOf(need.name, to));
    }
  }
  const overrides = choice.overrides.filter((one) => touching.has(one));
  return { ...choice, overrides, present: seen, served };
}

function isTodayEdge(tree: Tree, pair: string, need: Need): boolean {
  return tree.packages.get(pair)?.edges.includes(need as never) === true;
}

/** An override's target, else today's version, else the newest that is there. */
function serverOf(
  request: OutcomeRequest,
  of: { pair: string; need: Need; choice: Choice; versions: readonly string[] },
): string | undefined {
  const { catalogue, tree } = request;
  const { need, versions } = of;
  if (need.only !== undefined) return versions.includes(need.only) ? need.only : undefined;
  const override = of.choice.overrides.find((one) => touches(request, one, need));
  if (override !== undefined) return override.version;
  const fitting = versions.filter((one) => catalogue.satisfies(one, need.range));
  if (need.kind === "peer") {
    for (const [slot, version] of of.choice.slots)
      if (slot.name === need.name && fitting.includes(version)) return version;
  }
  const today = tree.packages
    .get(of.pair)
    ?.edges.find((edge) => edge.name === need.name && edge.range === need.range);
  if (today !== undefined && fitting.includes(today.to)) return today.to;
  return fitting.sort((a, b) => catalogue.order.compare(a, b)).at(-1);
}

/** Whether npm would apply an override to a requirement: their ranges have a version in common. */
export function touches(request: Pick<OutcomeRequest, "catalogue">, override: Override, need: Need): boolean {
  return override.name === need.name && request.catalogue.haveCommon(need.name, override.range, need.range);
}

function keepHarmless(request: OutcomeRequest, choice: Choice): ReadonlySet<string> {
  const { tree, catalogue, risk, residues, wishes } = request;
  const present = new Set(choice.present);
  const isUnwished = ({ name, version }: { name: string; version: string }): boolean =>
    wishes?.has(name) === true &&
    wishes.get(name) !== version &&
    tree.slots.every((slot) => slot.name !== name);
  const there = versionsByName(present);
  const overridden = new Set(choice.overrides.map((one) => one.name));
  let left = [...tree.packages.values()].filter(
    (one) =>
      one.free &&
      !isUnwished(one) &&
      !present.has(pairOf(one.name, one.version)) &&
      risk.advisories(one.name, one.version).length === 0,
  );
  const isServed = (need: Need): boolean => {
    if (need.kind === "optional") return true;
    if (overridden.has(need.name)) return false;
    const accepts = (one: string): boolean =>
      need.only === undefined ? catalogue.satisfies(one, need.range) : one === need.only;
    const slots = need.kind === "peer" ? [...choice.slots].filter(([slot]) => slot.name === need.name) : [];
    if (slots.length > 0) return slots.some(([, version]) => accepts(version));
    return (there.get(need.name) ?? []).some(accepts);
  };
  for (let again = true; again;) {
    again = false;
    const rest: typeof left = [];
    for (const one of left)
      if ((residues.needs(one.name, one.version) ?? []).every(isServed)) {
        present.add(pairOf(one.name, one.version));
        there.set(one.name, [...(there.get(one.name) ?? []), one.version]);
        again = true;
      } else rest.push(one);
    left = rest;
  }
  return present;
}
