import { solve, type Solution } from "../solver/index.ts";
import { tiers } from "../../model/index.ts";
import { reach, walk, type Outcome, type OutcomeRequest } from "./outcome.ts";
import { costNames, distanceOf, type Choice } from "./choice.ts";
import { formulate } from "./programme.ts";
import { nameOf, versionOf } from "./tree.ts";
import { withoutDominated } from "./dominance.ts";
import { forcedFindings } from "./forced.ts";
import { growUniverse } from "./growth.ts";
import type { Universe, UniverseRequest } from "./universe.ts";

export interface Answer {
  readonly outcome: Outcome;
  readonly universe: Universe;
  /** Whether the widest universe was searched to the end and held nothing better. */
  readonly optimal: boolean;
  /** Not the best of all but of so many releases: those near today's versions. */
  readonly bestOf?: number;
  /** By part of the cost, what nothing in the widest universe goes below; absent where that was not searched. */
  readonly bound?: readonly number[];
  /** The cost's last part. */
  readonly distance: number;
}

export interface SearchOptions {
  /** By `performance.now()`. */
  readonly deadline: number;
  readonly signal?: AbortSignal;
  update(detail: string): void;
}

type Base = Omit<UniverseRequest, "reach" | "seed">;

/** More columns than this are not searched for the proof: it would not end in time. */
const mostColumns = 20_000;

/** Answers from the near universe first, then looks in the wide one whether anything better exists. */
export async function search(base: Base, options: SearchOptions): Promise<Answer> {
  const near = await round(base, "near", options);
  if (near.universe.versions.size === 0) return { ...ended(base, near), optimal: true };
  // Without wishes today's tree is an answer; with them it may need versions that lie further out.
  if (near.choice === undefined && base.wishes === undefined) return { ...ended(base, near), optimal: false };
  const proof =
    near.choice !== undefined && near.solution?.state === "optimal" ? { bestOf: sizeOf(near.universe) } : {};
  const wide = await round(base, "wide", options, near);
  if (wide.choice === undefined) return { ...ended(base, near), optimal: false, ...proof };
  const best = near.choice === undefined || compareCosts(wide.cost, near.cost) < 0 ? wide : near;
  const proven = wide.solution?.state === "optimal" && wide.universe.complete;
  return {
    ...ended(base, best),
    optimal: proven,
    ...(proven || best === wide ? {} : proof),
    ...(wide.solution === undefined
      ? {}
      : { bound: wide.solution.bounds.map((one, index) => one + (wide.constants[index] ?? 0)) }),
  };
}

const sizeOf = ({ versions }: Universe): number =>
  [...versions.values()].reduce((sum, one) => sum + one.size, 0);

interface Try {
  readonly universe: Universe;
  readonly choice: Choice | undefined;
  readonly cost: readonly number[];
  readonly solution: Solution | undefined;
  readonly constants: readonly number[];
}

async function round(base: Base, extent: "near" | "wide", options: SearchOptions, from?: Try): Promise<Try> {
  const request: UniverseRequest = {
    ...base,
    reach: extent,
    ...(from === undefined ? {} : { seed: from.universe.versions }),
  };
  const now = performance.now();
  // The wide universe is worth nothing without time to search it.
  const growUntil = extent === "wide" ? now + (options.deadline - now) * 0.5 : Infinity;
  const universe = await grow(request, options, growUntil);
  const none = { universe, choice: undefined, cost: [], solution: undefined, constants: [] };
  if (universe.versions.size === 0 || universe.unfinished === true) return none;
  const formulated = formulate(request, from === undefined ? universe : reduced(request, universe, from));
  const { programme, constants } = formulated;
  if (extent === "wide" && programme.columns > mostColumns) return none;
  const left = options.deadline - performance.now();
  const start = (from?.choice === undefined ? undefined : formulated.encode(from.choice)) ?? programme.start;
  options.update(`${programme.columns} choices, ${programme.rows.length} conditions`);
  const solution = await solve(start === undefined ? programme : { ...programme, start }, {
    timeLimitMs: Math.max(1000, extent === "near" ? left * 0.6 : left),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  if (solution.values.length === 0) return { ...none, solution };
  return {
    universe,
    choice: formulated.decode(solution.values),
    cost: solution.stageValues.map((one, index) => one + (constants[index] ?? 0)),
    solution,
    constants,
  };
}

/**
 * The universe without what cannot be part of a better choice than a known one: versions that others stand in for, and
 * overrides where the known choice has none and leaves only findings that every choice leaves.
 */
function reduced(request: UniverseRequest, universe: Universe, known: Try): Universe {
  const overridden = known.cost[tiers.length];
  const isLeast =
    overridden === 0 && forcedFindings(request, universe).every((count, tier) => count === known.cost[tier]);
  return withoutDominated(
    request,
    isLeast ? { ...universe, overrides: [] } : universe,
    known.choice?.present ?? new Set(),
  );
}

/** Grows until nothing is missing, or the time for the proof is up. */
async function grow(request: UniverseRequest, options: SearchOptions, until: number): Promise<Universe> {
  for (;;) {
    options.signal?.throwIfAborted();
    const universe = growUniverse(request);
    const { packages, versions } = request.catalogue.size();
    options.update(`${packages} packages and ${versions} releases read`);
    if (!(await request.catalogue.load(options.signal))) return universe;
    if (performance.now() > until) return { ...universe, complete: false, unfinished: true };
  }
}

function ended(base: Base, tried: Try): Pick<Answer, "outcome" | "universe" | "distance"> {
  const { tree, catalogue, risk } = base;
  const request: OutcomeRequest = {
    tree,
    catalogue,
    risk,
    residues: tried.universe.residues,
    ...(base.wishes === undefined ? {} : { wishes: base.wishes }),
  };
  const outcome =
    tried.choice === undefined
      ? walk(request, {
          present: new Set([...tree.packages].filter(([, one]) => one.free).map(([pair]) => pair)),
          slots: new Map(tree.slots.map((slot) => [slot, slot.today])),
          overrides: [],
        })
      : reach(request, tried.choice);
  let distance = 0;
  for (const pair of outcome.present)
    if (tree.packages.get(pair)?.free !== true)
      distance += distanceOf(tree, catalogue, nameOf(pair), versionOf(pair));
  for (const [slot, version] of outcome.slots) if (version !== slot.today) distance++;
  return { outcome, universe: tried.universe, distance };
}

/** Negative where `a` is better: parts in order of importance. */
function compareCosts(a: readonly number[], b: readonly number[]): number {
  for (let index = 0; index < costNames.length; index++) {
    const difference = (a[index] ?? 0) - (b[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
