import type { Need } from "./need.ts";
import type { Residues } from "./residue.ts";
import { pairOf, type Slot } from "./tree.ts";
import { mayStand, type UniverseRequest } from "./universe.ts";

/** How many releases of a package new to the tree are looked at in one range, newest first. */
export const mostOfNewcomers = 12;

/**
 * Whether a requirement can be met without a finding and without asking anything of a direct dependency: by a version
 * that has no finding, and each of whose requirements can be met so too; versions that require each other in a circle
 * hold each other up. An override of such a requirement clears nothing. What is not loaded yet counts as not.
 */
export function makeEase(
  request: Pick<UniverseRequest, "tree" | "catalogue" | "risk" | "profile" | "policy"> & {
    readonly residues: Residues;
    /** Names that today's findings hang on; another optional dependency need not be there. */
    readonly relevant: ReadonlySet<string>;
  },
): (need: Need) => boolean {
  const { tree, catalogue, risk, residues, relevant } = request;
  const slots = new Map<string, Slot[]>();
  for (const slot of tree.slots) slots.set(slot.name, [...(slots.get(slot.name) ?? []), slot]);
  const known = new Map<string, boolean>();
  /** What was found true, in that order: it may rest on something open. */
  const found: string[] = [];

  /** Counts as true while it is open. If it comes out false, all that was found true meanwhile may have rested on it. */
  const decide = (key: string, compute: () => boolean): boolean => {
    const before = known.get(key);
    if (before !== undefined) return before;
    const mark = found.length;
    known.set(key, true);
    const answer = compute();
    if (answer) found.push(key);
    else {
      for (const one of found.splice(mark)) known.delete(one);
      known.set(key, false);
    }
    return answer;
  };

  const isAtEase = (name: string, version: string): boolean =>
    decide(pairOf(name, version), () => {
      if (risk.advisories(name, version).length > 0) return false;
      if ((tree.carried.get(pairOf(name, version))?.size ?? 0) > 0) return false;
      return residues.needs(name, version)?.every(isMet) === true;
    });

  const isMet = (need: Need): boolean => {
    const { name, range, only, kind, optional } = need;
    if (only !== undefined) return false;
    if (kind === "optional" && !relevant.has(name)) return true;
    if (kind === "peer") {
      const direct = slots.get(name) ?? [];
      if (direct.length > 0) return direct.every((slot) => isTakenEverywhere(slot, range));
      if (optional) return true;
    }
    return decide(`${name} ${range}`, () => {
      const today = (tree.versions.get(name) ?? []).filter((one) => catalogue.satisfies(one, range));
      const within = catalogue.within(name, range);
      const candidates = tree.versions.has(name) ? within : within.toReversed().slice(0, mostOfNewcomers);
      return [...today, ...candidates].some((version) => isAtEase(name, version));
    });
  };

  /** Wherever the direct dependency may go, the range takes it. */
  const isTakenEverywhere = (slot: Slot, range: string): boolean => {
    const versions = slot.may === "fixed" ? [] : catalogue.usable(slot.name);
    if (versions === undefined || !catalogue.satisfies(slot.today, range)) return false;
    return versions.every((one) => !mayStand(request, slot, one) || catalogue.satisfies(one, range));
  };
  return isMet;
}
