import { tiers, type Hit, type Tier } from "../../model/index.ts";
import type { Book } from "./book.ts";
import { isMajor } from "./objective.ts";
import { demandsOf, pairOf, type Assignment, type Demand, type NeedsOf, type Start } from "./demands.ts";

/** One package of the plan and what it means for the findings of the version that was there. */
export interface Move {
  readonly name: string;
  readonly from: string | null;
  readonly to: string | null;
  /** Counted hits of the old version that the new one does not have. */
  readonly clears: readonly Hit[];
  /** Hits of the new version that the old one does not have. */
  readonly brings: readonly Hit[];
}

/** Why one package cannot move without another. */
export interface Tie {
  /** The package that cannot go alone. */
  readonly first: string;
  /** The one that must go with it or before. */
  readonly second: string;
  /** The requirement that would break between them. */
  readonly demand: Demand;
}

/** Packages that go in together. */
export interface Group {
  readonly tier: Tier;
  readonly due: string;
  readonly moves: readonly Move[];
}

/** Every package whose version differs, by name. */
export function movesOf(book: Book, start: Start, final: Assignment): readonly Move[] {
  const names = new Set([...start.assignment.keys(), ...final.keys()]);
  const moves: Move[] = [];
  for (const name of [...names].sort()) {
    const from = start.assignment.get(name) ?? null;
    const to = final.get(name) ?? null;
    if (from === to) continue;
    const before = from === null ? [] : book.risk.hits(name, from);
    const after = to === null ? [] : book.risk.hits(name, to);
    // What no line pins is no finding of the project's.
    const clears = book.premises.open.has(name) ? [] : missingIn(after, before);
    moves.push({ name, from, to, clears, brings: missingIn(before, after) });
  }
  return moves;
}

function missingIn(others: readonly Hit[], hits: readonly Hit[]): readonly Hit[] {
  const known = new Set(others.map((hit) => hit.advisory));
  return hits.filter((hit) => !known.has(hit.advisory));
}

interface TieRequest {
  readonly book: Book;
  readonly start: Start;
  readonly final: Assignment;
  readonly moves: readonly Move[];
  readonly needsOf: NeedsOf;
}

/**
 * What must move together. Each package moves once, so a requirement can only break between its two ends: a new
 * dependent may need the new dependency, an old dependent may refuse it. Extras of both states count all the time;
 * everything about an extra that is turned on or off moves at once.
 */
export function tiesOf(request: TieRequest): readonly Tie[] {
  const { book, start, final, moves, needsOf } = request;
  const { premises } = book;
  const moved = new Set(moves.map((move) => move.name));
  const after = demandsOf(final, needsOf, premises);
  const extras = (name: string): ReadonlySet<string> =>
    new Set([...(start.demands.extras.get(name) ?? []), ...(after.extras.get(name) ?? [])]);
  const ties: Tie[] = [];
  const tie = (assignment: Assignment, dependent: string, isNew: boolean): void => {
    const version = assignment.get(dependent) ?? null;
    if (version === null) return;
    const other = isNew ? start.assignment : final;
    for (const need of needsOf(dependent, version)) {
      if (need.under !== null && !extras(dependent).has(need.under)) continue;
      if (!moved.has(need.name) || need.name === dependent || premises.floats.has(need.name)) continue;
      const served = other.get(need.name) ?? null;
      const isBroken = served === null || !premises.fits(served, need.range);
      if (!isBroken || (isNew && start.brokenPairs.has(pairOf(dependent, need.name)))) continue;
      const demand: Demand = { from: dependent, version, need };
      if (isNew) ties.push({ first: dependent, second: need.name, demand });
      else if (moved.has(dependent)) ties.push({ first: need.name, second: dependent, demand });
    }
  };
  for (const { name } of moves) {
    tie(final, name, true);
    tie(start.assignment, name, false);
  }
  return [...ties, ...extraTies(request, after.extras)];
}

/** Ties both ways between all packages that have to do with an extra of one state only. */
function extraTies(
  { start, final, moves, needsOf }: TieRequest,
  after: ReadonlyMap<string, ReadonlySet<string>>,
): readonly Tie[] {
  const moved = new Set(moves.map((move) => move.name));
  const demands = [start.assignment, final].flatMap((assignment) =>
    [...assignment].flatMap(([from, version]): Demand[] =>
      version === null ? [] : needsOf(from, version).map((need) => ({ from, version, need })),
    ),
  );
  const ties: Tie[] = [];
  for (const name of new Set([...start.demands.extras.keys(), ...after.keys()])) {
    const [before, then] = [start.demands.extras.get(name), after.get(name)];
    for (const extra of new Set([...(before ?? []), ...(then ?? [])])) {
      if (before?.has(extra) === true && then?.has(extra) === true) continue;
      const concerned = demandsAround(name, extra, demands);
      const members = concerned.flatMap((demand) => [demand.from ?? name, demand.need.name]);
      const ring = [...new Set([name, ...members])].filter((one) => moved.has(one)).sort();
      const demand = concerned[0];
      if (demand === undefined) continue;
      ring.forEach((first, index) => {
        const second = ring[(index + 1) % ring.length] ?? first;
        if (second !== first) ties.push({ first, second, demand });
      });
    }
  }
  return ties;
}

/** What asks for an extra, through other extras too, and what it brings in. */
function demandsAround(name: string, extra: string, demands: readonly Demand[]): readonly Demand[] {
  const found = new Set<Demand>();
  const queue: [string, string][] = [[name, extra]];
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    const [asked, by] = next;
    for (const demand of demands) {
      if (demand.need.name !== asked || !demand.need.extras.includes(by) || found.has(demand)) continue;
      found.add(demand);
      if (demand.from !== null && demand.need.under !== null) queue.push([demand.from, demand.need.under]);
    }
  }
  for (const demand of demands) if (demand.from === name && demand.need.under === extra) found.add(demand);
  return [...found];
}

/**
 * Groups by tier, the most urgent first; each takes along what its packages are tied to. Within a tier what breaks
 * nothing lands first, then each major move of a direct runtime dependency in a group of its own; of a flat list of
 * pins nobody can tell which those are.
 */
export function groupMoves(book: Book, moves: readonly Move[], ties: readonly Tie[]): readonly Group[] {
  const byName = new Map(moves.map((move) => [move.name, move]));
  const next = new Map<string, string[]>();
  for (const { first, second } of ties) next.set(first, [...(next.get(first) ?? []), second]);
  const done = new Set<string>();
  const groups: Group[] = [];
  const isCounted = (move: Move, hit: Hit): boolean =>
    move.from !== null &&
    book.risk.counted(move.name, move.from).some((one) => one.advisory === hit.advisory);
  for (const tier of tiers) {
    const seeds = moves.filter((move) =>
      move.clears.some((hit) => hit.tier === tier && isCounted(move, hit)),
    );
    takeCalmFirst(tier, seeds.map((move) => move.name)); // prettier-ignore
  }
  takeCalmFirst("next-window", moves.map((move) => move.name)); // prettier-ignore
  return groups;

  function takeCalmFirst(tier: Tier, seeds: readonly string[]): void {
    const breaking = new Map(
      seeds.map((name) => [name, [...reach([name])].filter((one) => isBreaking(byName.get(one))).length]),
    );
    take(tier, seeds.filter((name) => breaking.get(name) === 0)); // prettier-ignore
    const others = seeds.filter((name) => breaking.get(name) !== 0);
    others.sort((a, b) => (breaking.get(a) ?? 0) - (breaking.get(b) ?? 0));
    for (const name of others) take(tier, [name]);
  }

  function isBreaking(move: Move | undefined): boolean {
    if (
      move === undefined ||
      move.to === null ||
      book.isFlat() ||
      !book.heads().has(move.name) ||
      !isMajor(book, move.name, move.to)
    )
      return false;
    return book.premises.present.get(move.name)?.scope === "production";
  }

  /** What has to go in with some packages and is not in yet. */
  function reach(names: readonly string[]): ReadonlySet<string> {
    const reached = new Set<string>();
    const queue = [...names];
    for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
      if (done.has(name) || reached.has(name)) continue;
      reached.add(name);
      queue.push(...(next.get(name) ?? []));
    }
    return reached;
  }

  function take(tier: Tier, seeds: readonly string[]): void {
    const taken = reach(seeds);
    if (taken.size === 0) return;
    for (const name of taken) done.add(name);
    const members = [...taken].sort().flatMap((name) => byName.get(name) ?? []);
    const dates = members.flatMap((move) =>
      move.clears.filter((hit) => isCounted(move, hit)).map((hit) => hit.due),
    );
    groups.push({ tier, due: dates.sort()[0] ?? book.premises.request.now, moves: members });
  }
}
