import type { Programme, Row, Solution, SolveOptions, Stage } from "./programme.ts";
import { branchAndBound } from "./branch-and-bound.ts";
import { checkPoint, valueOf } from "./check-point.ts";
import { askHighs, cancelled, type Question } from "./highs-thread.ts";
import type { Answer } from "./worker.ts";

/** Programmes up to this size are tried by exhaustive search first: quicker than a thread, and no solver to distrust. */
const smallColumns = 40;
const smallNodes = 4_000;

type Ask = (question: Question) => Promise<Answer>;

/**
 * Minimises the stages in order. Answers are rounded, checked against the rows, and their values recomputed; an answer
 * that breaks a row, calls a feasible programme infeasible, or is worse than a known point is asked for again without
 * presolve, and where that does not help the best known point stands, unproven.
 * @throws {Failure} `cancelled`
 */
export async function solve(programme: Programme, options: SolveOptions): Promise<Solution> {
  if (options.signal?.aborted === true) throw cancelled();
  if (programme.columns <= smallColumns) {
    const exact = branchAndBound(programme, smallNodes);
    if (exact !== undefined) return exact;
  }
  return solveBy(askHighs, programme, options);
}

/** `solve` by any one-objective solver; apart so that a solver that errs can be put in its place. */
export async function solveBy(ask: Ask, programme: Programme, options: SolveOptions): Promise<Solution> {
  const { columns, stages, start } = programme;
  const until = performance.now() + options.timeLimitMs;
  const rows: Row[] = [...programme.rows];
  let best = start !== undefined && checkPoint(columns, rows, start) ? start : undefined;
  const proven: boolean[] = [];
  const bounds: number[] = [];
  let floorsHold = true;
  for (const [index, stage] of (stages.length === 0 ? [anyPoint] : stages).entries()) {
    const floor: number | undefined = floorsHold ? programme.floors?.[index] : undefined;
    const least = Math.max(leastOf(stage), floor ?? -Infinity);
    if (best !== undefined && valueOf(stage.terms, best) === least) {
      proven.push(true);
      bounds.push(least);
    } else {
      const timeLimitMs = until - performance.now();
      const result =
        timeLimitMs <= 0
          ? unanswered(best)
          : await solveStage(ask, { columns, rows, stage, best, timeLimitMs, signal: options.signal });
      if (result.state === "infeasible")
        return { state: "infeasible", values: new Uint8Array(), stageValues: [], proven, bounds };
      if (result.point === undefined)
        return { state: "unknown", values: new Uint8Array(), stageValues: [], proven, bounds };
      best = result.point;
      proven.push(result.proven);
      bounds.push(Math.max(least, result.bound));
    }
    const value = valueOf(stage.terms, best);
    floorsHold = floorsHold && floor === value;
    rows.push({ terms: stage.terms, max: value });
  }
  const point = best ?? new Uint8Array(columns);
  return {
    state: proven.every(Boolean) ? "optimal" : "feasible",
    values: point,
    stageValues: stages.map((stage) => valueOf(stage.terms, point)),
    proven: proven.slice(0, stages.length),
    bounds: bounds.slice(0, stages.length),
  };
}

const anyPoint: Stage = { name: "any", terms: [] };

/** What no 0/1 point goes below, whatever the rows. */
function leastOf(stage: Stage): number {
  return stage.terms.reduce((sum, [, factor]) => sum + Math.min(0, factor), 0);
}

interface StageTask {
  readonly columns: number;
  readonly rows: readonly Row[];
  readonly stage: Stage;
  readonly best: Uint8Array | undefined;
  readonly timeLimitMs: number;
  readonly signal: AbortSignal | undefined;
}

interface StageResult {
  readonly state: "point" | "infeasible";
  readonly point?: Uint8Array | undefined;
  readonly proven: boolean;
  readonly bound: number;
}

const unanswered = (point: Uint8Array | undefined): StageResult => ({
  state: "point",
  point,
  proven: false,
  bound: -Infinity,
});

async function solveStage(ask: Ask, task: StageTask): Promise<StageResult> {
  const until = performance.now() + task.timeLimitMs;
  let result = unanswered(task.best);
  for (const presolve of [true, false]) {
    const timeLimitMs = until - performance.now();
    if (timeLimitMs <= 0) break;
    const answer = await ask({
      columns: task.columns,
      rows: task.rows,
      objective: task.stage.terms,
      timeLimitMs,
      presolve,
      ...(task.signal === undefined ? {} : { signal: task.signal }),
    });
    if (answer.status === "infeasible" && task.best === undefined && !presolve)
      return { state: "infeasible", proven: true, bound: Infinity };
    const judged = judge(answer, task, result.point);
    if (judged === undefined) continue;
    result = judged;
    if (answer.status === "optimal" || answer.status === "stopped") break;
  }
  return result;
}

/** The answer as far as it can be believed; `undefined` when it must be asked for again. */
function judge(answer: Answer, task: StageTask, known: Uint8Array | undefined): StageResult | undefined {
  if (answer.status === "infeasible" || answer.status === "failed") return undefined;
  const bound = answer.bound === undefined ? -Infinity : Math.ceil(answer.bound - 1e-6);
  const point = answer.values === undefined ? undefined : rounded(answer.values);
  const holds = point !== undefined && checkPoint(task.columns, task.rows, point);
  const knownValue = known === undefined ? Infinity : valueOf(task.stage.terms, known);
  if (answer.status === "stopped") {
    const better = holds && valueOf(task.stage.terms, point) < knownValue ? point : known;
    return { state: "point", point: better, proven: false, bound: Math.min(bound, knownValue) };
  }
  if (!holds || valueOf(task.stage.terms, point) > knownValue) return undefined;
  const value = valueOf(task.stage.terms, point);
  return { state: "point", point, proven: true, bound: value };
}

function rounded(values: Float64Array): Uint8Array {
  return Uint8Array.from(values, (value) => (value > 0.5 ? 1 : 0));
}
