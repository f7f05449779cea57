import type { Need } from "./need.ts";
import type { Premises } from "./premises.ts";

/** A version for every package that is there or may appear; `null` and absent names are packages that are not there. */
export type Assignment = ReadonlyMap<string, string | null>;

/** One requirement in force under an assignment. */
export interface Demand {
  /** The requiring package; `null`: the project itself. */
  readonly from: string | null;
  readonly version: string;
  readonly need: Need;
}

export type NeedsOf = (name: string, version: string) => readonly Need[];

/** What an assignment demands. */
export interface Demands {
  readonly all: readonly Demand[];
  /** Active extras by package. */
  readonly extras: ReadonlyMap<string, ReadonlySet<string>>;
}

/** Everything in force: extras count where the project or a chosen release asks for them (a least fixed point). */
export function demandsOf(assignment: Assignment, needsOf: NeedsOf, premises: Premises): Demands {
  const extras = new Map<string, Set<string>>();
  const all: Demand[] = [];
  const queue: (readonly [string, string])[] = [];
  const demand = (from: string | null, version: string, need: Need): void => {
    if (premises.floats.has(need.name)) return;
    all.push({ from, version, need });
    for (const extra of need.extras) {
      const known = extras.get(need.name);
      if (known?.has(extra) === true) continue;
      if (known === undefined) extras.set(need.name, new Set([extra]));
      else known.add(extra);
      queue.push([need.name, extra]);
    }
  };
  for (const need of premises.lines) demand(null, "", need);
  for (const [name, version] of assignment)
    if (version !== null)
      for (const need of needsOf(name, version)) if (need.under === null) demand(name, version, need);
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    const [name, extra] = next;
    const version = assignment.get(name) ?? null;
    if (version === null) continue;
    for (const need of needsOf(name, version)) if (need.under === extra) demand(name, version, need);
  }
  return { all, extras };
}

/** Whether the chosen version of what is required serves. */
export function isMet({ need }: Demand, assignment: Assignment, premises: Premises): boolean {
  const version = assignment.get(need.name) ?? null;
  return version !== null && premises.fits(version, need.range);
}

/** The pair of dependent and dependency, by which requirements broken from the start are known. */
export function pairOf(from: string | null, name: string): string {
  return `${from ?? ""}|${name}`;
}

/** The project as it is, and what of it is broken. */
export interface Start {
  readonly assignment: Assignment;
  readonly demands: Demands;
  readonly broken: readonly Demand[];
  /** `pairOf` of those. */
  readonly brokenPairs: ReadonlySet<string>;
}

export function readStart(premises: Premises, needsOf: NeedsOf): Start {
  const assignment = new Map([
    ...[...premises.present].map(([name, { version }]) => [name, version] as const),
    ...premises.open,
  ]);
  const demands = demandsOf(assignment, needsOf, premises);
  const broken = demands.all.filter((one) => !isMet(one, assignment, premises));
  return {
    assignment,
    demands,
    broken,
    brokenPairs: new Set(broken.map((one) => pairOf(one.from, one.need.name))),
  };
}

/**
 * The demands that an assignment breaks. A pair broken from the start is excused while the required package is as it
 * was.
 */
export function violationsOf(
  assignment: Assignment,
  context: { needsOf: NeedsOf; premises: Premises; start: Start },
): readonly Demand[] {
  const { needsOf, premises, start } = context;
  return demandsOf(assignment, needsOf, premises).all.filter(
    (one) => !isMet(one, assignment, premises) && !isExcused(one, assignment, start),
  );
}

export function isExcused({ from, need }: Demand, assignment: Assignment, start: Start): boolean {
  const now = assignment.get(need.name) ?? null;
  const before = start.assignment.get(need.name) ?? null;
  return now === before && start.brokenPairs.has(pairOf(from, need.name));
}
