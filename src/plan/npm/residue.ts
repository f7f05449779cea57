import { tiers } from "../../model/index.ts";
import type { Catalogue } from "./catalogue.ts";
import type { Need } from "./need.ts";
import type { Risk } from "./risk.ts";
import { nameOf, pairOf, versionOf, type Tree } from "./tree.ts";

/** What no choice below a version can clear: `name|advisory` → tier rank. */
export type Residue = ReadonlyMap<string, number>;

const clean: Residue = new Map();
/** Of what needs something that cannot be had: worse than every finding. */
const impossible: Residue = new Map([["", -1]]);

/** Advisories that stay with a version whatever is chosen beneath it; peers on direct dependencies are left out. */
export interface Residues {
  of(name: string, version: string): Residue;
  /** The requirements of a version that count for the model, today's without what is broken from the start. */
  needs(name: string, version: string): readonly Need[] | null | undefined;
}

/** How deep packages that are not in the tree yet are followed; the model sees the rest when it admits them. */
const newcomerDepth = 3;

export interface ResidueRequest {
  readonly tree: Tree;
  readonly catalogue: Catalogue;
  readonly risk: Risk;
  /** Names with findings and everything above them; all other names of the tree are clean below. */
  readonly relevant: ReadonlySet<string>;
  /** Whether a version of the same major above a range may serve it. */
  readonly overrides: boolean;
}

/** How often a version inside a cycle is computed again before its optimistic value is kept. */
const mostRepeats = 4;

/** Cycles count as clean, so does what is not loaded yet. A value that rests on an open cycle is not kept. */
export function makeResidues(request: ResidueRequest): Residues {
  const { tree, risk } = request;
  const memo = new Map<string, Residue>();
  const bestMemo = new Map<string, Residue>();
  const active = new Map<string, number>();
  const repeats = new Map<string, number>();
  /** The outermost open version that what is being computed rests on. */
  let outermost = Infinity;

  const addFindings = (own: Map<string, number>, name: string, version: string): void => {
    const counted = risk.advisories(name, version);
    if (counted.length === 0) return;
    for (const hit of risk.hits(name, version))
      if (counted.includes(hit.advisory)) own.set(`${name}|${hit.advisory}`, tiers.indexOf(hit.tier));
  };

  const of = (name: string, version: string, depth = 0): Residue => {
    const pair = pairOf(name, version);
    const known = memo.get(pair);
    if (known !== undefined) return known;
    const open = active.get(pair);
    if (open !== undefined) {
      outermost = Math.min(outermost, open);
      return clean;
    }
    const before = outermost;
    const index = active.size;
    outermost = Infinity;
    active.set(pair, index);
    const own = new Map<string, number>();
    addFindings(own, name, version);
    for (const carried of tree.carried.get(pair) ?? []) addFindings(own, nameOf(carried), versionOf(carried));
    for (const need of needsFor(request, name, version) ?? []) {
      if (!isBeneath(request, need)) continue;
      for (const [key, rank] of best(need, depth)) own.set(key, rank);
    }
    active.delete(pair);
    const residue = own.size === 0 ? clean : own;
    const tries = (repeats.get(pair) ?? 0) + 1;
    repeats.set(pair, tries);
    const isOpen = outermost < index;
    if (!isOpen || tries >= mostRepeats) memo.set(pair, residue);
    outermost = isOpen ? Math.min(before, outermost) : before;
    return residue;
  };

  const best = (need: Need, depth: number): Residue => {
    const key = `${need.name}|${need.only ?? ""}|${need.range}`;
    const known = bestMemo.get(key);
    if (known !== undefined) return known;
    const before = outermost;
    outermost = Infinity;
    const residue = leastOf(need, depth);
    if (outermost === Infinity) bestMemo.set(key, residue);
    outermost = Math.min(before, outermost);
    return residue;
  };

  const leastOf = (need: Need, depth: number): Residue => {
    let least: Residue | undefined;
    for (const [version, deeper] of choicesFor(request, need)) {
      if (deeper && depth >= newcomerDepth) return clean;
      if (needsFor(request, need.name, version) === null) continue;
      const residue = of(need.name, version, deeper ? depth + 1 : depth);
      if (least === undefined || compareResidues(residue, least) < 0) least = residue;
      if (residue.size === 0) break;
    }
    return least ?? (isUnservable(request, need) ? impossible : clean);
  };
  return { of, needs: (name, version) => needsFor(request, name, version) };
}

/** Whether the registry has answered and nothing that it lists can serve a need. */
function isUnservable({ tree, catalogue }: ResidueRequest, need: Need): boolean {
  if (need.only !== undefined || need.kind === "optional") return false;
  if ((tree.versions.get(need.name) ?? []).some((one) => catalogue.satisfies(one, need.range))) return false;
  return catalogue.usable(need.name) !== undefined;
}

/** Whether a need puts something beneath its package: a peer on a direct dependency, or an absent optional, does not. */
function isBeneath({ tree, relevant }: ResidueRequest, need: Need): boolean {
  if (need.kind === "optional") return relevant.has(need.name);
  return need.kind !== "peer" || (!need.optional && !tree.slots.some((slot) => slot.name === need.name));
}

/** Versions that may serve a need, the likeliest clean first; `true` marks packages new to the tree. */
function* choicesFor(request: ResidueRequest, need: Need): Generator<readonly [string, boolean]> {
  const { tree, catalogue, relevant } = request;
  if (need.only !== undefined) {
    yield [need.only, false];
    return;
  }
  const today = (tree.versions.get(need.name) ?? []).filter((version) =>
    catalogue.satisfies(version, need.range),
  );
  if (!relevant.has(need.name) && today.length > 0) return;
  for (const version of today) yield [version, false];
  const usable = catalogue.usable(need.name);
  if (usable === undefined) return;
  const within = catalogue.within(need.name, need.range);
  if (!tree.versions.has(need.name)) {
    const top = within.at(-1);
    if (top !== undefined) yield [top, true];
    const above = request.overrides ? aboveRange(request, usable, top) : [];
    if (above[0] !== undefined) yield [above[0], true];
    return;
  }
  for (const version of within.toReversed()) yield [version, false];
  const top = within.at(-1) ?? today.at(-1);
  if (!request.overrides || top === undefined) return;
  for (const version of aboveRange(request, usable, top)) yield [version, false];
}

/** What an override inside the major could take a range to. */
function aboveRange(
  { catalogue }: ResidueRequest,
  usable: readonly string[],
  top: string | undefined,
): string[] {
  if (top === undefined) return [];
  return usable.filter(
    (one) => catalogue.order.compare(one, top) > 0 && catalogue.order.level(top, one) !== "major",
  );
}

function needsFor(
  request: ResidueRequest,
  name: string,
  version: string,
): readonly Need[] | null | undefined {
  const { tree, catalogue } = request;
  const today = tree.packages.get(pairOf(name, version));
  // What lies only in bundles today needs all it declares once it stands free.
  if (today?.free !== true) return catalogue.needs(name, version);
  const named = catalogue
    .extra(pairOf(name, version))
    .filter((need) =>
      (tree.versions.get(need.name) ?? []).some((one) => catalogue.satisfies(one, need.range)),
    );
  if (today.known) return named.length === 0 ? today.edges : [...today.edges, ...named];
  // The lockfile does not say all (version 1 has no peers): what the index adds counts where today's tree meets it.
  const listed = catalogue.needs(name, version);
  if (listed === undefined || listed === null) return today.edges;
  const known = new Set(today.edges.map((edge) => edge.name));
  return [
    ...today.edges,
    ...listed.filter(
      (need) =>
        !known.has(need.name) &&
        need.kind === "peer" &&
        (tree.versions.get(need.name) ?? []).some((one) => catalogue.satisfies(one, need.range)),
    ),
  ];
}

/** Negative where `a` is the better one: fewer findings in the most urgent tier where they differ. */
export function compareResidues(a: Residue, b: Residue): number {
  const count = (residue: Residue, rank: number): number => {
    let sum = 0;
    for (const one of residue.values()) if (one === rank) sum++;
    return sum;
  };
  if (a.size === 0 || b.size === 0) return a.size - b.size;
  for (let rank = -1; rank < tiers.length; rank++) {
    const difference = count(a, rank) - count(b, rank);
    if (difference !== 0) return difference;
  }
  return 0;
}
