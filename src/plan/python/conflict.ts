import { solve, type Programme, type Row } from "../solver/index.ts";
import type { Book } from "./book.ts";
import type { Start } from "./demands.ts";
import { buildModel, type Model } from "./model.ts";
import { compareCosts, costNames, costOf } from "./objective.ts";

export interface ConflictRequest {
  readonly book: Book;
  readonly start: Start;
  readonly admitted: ReadonlySet<string>;
  /** Cost of the plan. */
  readonly cost: readonly number[];
  /** `performance.now()` at which to stop looking. */
  readonly until: number;
}

/** Why a package does not reach one of the versions that would clear a finding. */
export type Conflict =
  /** No version set exists: a smallest set of requirements that contradict each other. */
  | { readonly state: "impossible"; readonly requirements: readonly string[] }
  /** It could, but that is worse elsewhere: the first part of the cost that grows. */
  | { readonly state: "dearer"; readonly part: string; readonly planned: number; readonly then: number }
  | { readonly state: "unknown" };

/**
 * Forces one of the wanted versions in the relaxation (versions not read require nothing): infeasible there is proof.
 * The requirements are then thinned out by a deletion filter until each one left is needed.
 */
export async function findConflict(
  name: string,
  wanted: ReadonlySet<string>,
  request: ConflictRequest,
): Promise<Conflict> {
  const { book, start, admitted } = request;
  const needsOf: Parameters<typeof buildModel>[0]["needsOf"] = (one, version) =>
    book.needs(one, version) ?? [];
  const model = buildModel({ book, start, admitted, needsOf, penaliseUnread: true });
  const columns = model
    .columnsOf(name)
    .filter((choice) => choice.members.some((version) => wanted.has(version)))
    .map((choice) => choice.column);
  const demand: Row = { terms: columns.map((column) => [column, 1] as const), min: 1 };
  const isImpossible = asker(model, demand, request);
  const labelled = model.programme.rows.filter((_, index) => model.words[index] !== undefined);
  const verdict = await isImpossible(labelled);
  if (verdict === undefined) return { state: "unknown" };
  if (!verdict) return dearer(model, demand, request);
  const needed = await thinOut(labelled, isImpossible);
  const wordsOf = new Map(model.programme.rows.map((row, index) => [row, model.words[index] ?? ""]));
  return { state: "impossible", requirements: [...new Set(needed.map((row) => wordsOf.get(row) ?? ""))] };
}

type Impossible = (rows: readonly Row[]) => Promise<boolean | undefined>;

function asker(model: Model, demand: Row, request: ConflictRequest): Impossible {
  const { signal } = request.book.premises.request;
  const fixed = model.programme.rows.filter((_, index) => model.words[index] === undefined);
  return async (rows) => {
    const timeLimitMs = request.until - performance.now();
    if (timeLimitMs <= 0) return undefined;
    const programme: Programme = { ...model.programme, rows: [...fixed, ...rows, demand], stages: [] };
    const { state } = await solve(programme, { timeLimitMs, ...(signal === undefined ? {} : { signal }) });
    return state === "unknown" ? undefined : state === "infeasible";
  };
}

/** Leaves out ever smaller runs of rows as long as what remains is impossible. */
async function thinOut(rows: readonly Row[], isImpossible: Impossible): Promise<readonly Row[]> {
  let kept = [...rows];
  for (let size = Math.ceil(kept.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2))
    for (let at = 0; at < kept.length;) {
      const without = [...kept.slice(0, at), ...kept.slice(at + size)];
      if ((await isImpossible(without)) === true) kept = without;
      else at += size;
    }
  return kept;
}

async function dearer(model: Model, demand: Row, request: ConflictRequest): Promise<Conflict> {
  const { signal } = request.book.premises.request;
  const timeLimitMs = request.until - performance.now();
  if (timeLimitMs <= 0) return { state: "unknown" };
  const solution = await solve(
    { ...model.programme, rows: [...model.programme.rows, demand] },
    { timeLimitMs, ...(signal === undefined ? {} : { signal }) },
  );
  if (solution.state === "infeasible" || solution.state === "unknown") return { state: "unknown" };
  const cost = costOf(request.book, model.decode(solution.values));
  if (compareCosts(cost, request.cost) <= 0) return { state: "unknown" };
  const index = cost.findIndex((value, part) => value !== request.cost[part]);
  return {
    state: "dearer",
    part: costNames[index] ?? "",
    planned: request.cost[index] ?? 0,
    then: cost[index] ?? 0,
  };
}
