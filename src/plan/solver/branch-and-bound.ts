import type { Programme, Row, Solution } from "./programme.ts";
import { checkPoint, valueOf } from "./check-point.ts";

const free = 2;

/**
 * Solves a small programme exactly by depth-first search with propagation; `undefined` when more than `maxNodes` nodes
 * would be needed.
 */
export function branchAndBound(programme: Programme, maxNodes: number): Solution | undefined {
  const { columns, rows, stages } = programme;
  const state = new Uint8Array(columns).fill(free);
  const touching = rowsByColumn(programme);
  const preferred = preferredValues(programme);
  let best: Uint8Array | undefined;
  let bestValues: readonly number[] = [];
  let nodes = 0;
  const accept = (point: Uint8Array): void => {
    best = point;
    bestValues = stages.map((stage) => valueOf(stage.terms, point));
  };
  if (programme.start !== undefined && checkPoint(columns, rows, programme.start))
    accept(programme.start.slice());

  const visit = (from: number): boolean => {
    if (++nodes > maxNodes) return false;
    if (best !== undefined && !canBeat(programme, state, bestValues)) return true;
    let column = from;
    while (column < columns && state[column] !== free) column++;
    if (column === columns) {
      if (checkPoint(columns, rows, state)) accept(state.slice());
      return true;
    }
    const first = preferred[column] ?? 0;
    for (const value of [first, 1 - first]) {
      const trail: number[] = [];
      const holds = fix({ column, value, state, trail, rows, touching });
      const finished = !holds || visit(column + 1);
      for (const undone of trail) state[undone] = free;
      if (!finished) return false;
    }
    return true;
  };
  const rootHolds = rows.every((row) => !isHopeless(row, state));
  if (rootHolds && !visit(0)) return undefined;
  const proven = stages.map(() => true);
  if (best === undefined)
    return { state: "infeasible", values: new Uint8Array(), stageValues: [], proven, bounds: [] };
  return { state: "optimal", values: best, stageValues: bestValues, proven, bounds: bestValues };
}

/** The value of each column that the first stage naming it wants. */
function preferredValues({ columns, stages }: Programme): Uint8Array {
  const preferred = new Uint8Array(columns);
  const seen = new Uint8Array(columns);
  for (const stage of stages)
    for (const [column, factor] of stage.terms)
      if (seen[column] === 0 && factor !== 0) {
        seen[column] = 1;
        preferred[column] = factor < 0 ? 1 : 0;
      }
  return preferred;
}

function rowsByColumn({ columns, rows }: Programme): readonly (readonly number[])[] {
  const touching: number[][] = Array.from({ length: columns }, () => []);
  rows.forEach((row, index) => {
    for (const [column] of row.terms) touching[column]?.push(index);
  });
  return touching;
}

/** Whether some completion could still be lexicographically smaller than the best: each stage at its least. */
function canBeat(programme: Programme, state: Uint8Array, best: readonly number[]): boolean {
  for (const [index, stage] of programme.stages.entries()) {
    let least = 0;
    for (const [column, factor] of stage.terms)
      least += state[column] === free ? Math.min(0, factor) : factor * (state[column] ?? 0);
    const known = best[index] ?? 0;
    if (least !== known) return least < known;
  }
  return false;
}

function reach(row: Row, state: Uint8Array): { least: number; most: number } {
  let least = 0;
  let most = 0;
  for (const [column, factor] of row.terms) {
    const value = state[column];
    least += value === free ? Math.min(0, factor) : factor * (value ?? 0);
    most += value === free ? Math.max(0, factor) : factor * (value ?? 0);
  }
  return { least, most };
}

function isHopeless(row: Row, state: Uint8Array): boolean {
  const { least, most } = reach(row, state);
  return (row.max !== undefined && least > row.max) || (row.min !== undefined && most < row.min);
}

/** Fixes a column and everything that then follows; `false` when some row cannot hold any more. */
function fix(step: {
  column: number;
  value: number;
  state: Uint8Array;
  trail: number[];
  rows: readonly Row[];
  touching: readonly (readonly number[])[];
}): boolean {
  const { state, trail, rows, touching } = step;
  const queue: [number, number][] = [[step.column, step.value]];
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    const [column, value] = next;
    if (state[column] !== free) {
      if (state[column] !== value) return false;
      continue;
    }
    state[column] = value;
    trail.push(column);
    for (const index of touching[column] ?? []) {
      const row = rows[index];
      if (row === undefined) continue;
      const { least, most } = reach(row, state);
      const { max = Infinity, min = -Infinity } = row;
      if (least > max || most < min) return false;
      for (const [other, factor] of row.terms) {
        if (state[other] !== free) continue;
        const size = Math.abs(factor);
        if (least + size > max) queue.push([other, factor > 0 ? 0 : 1]);
        else if (most - size < min) queue.push([other, factor > 0 ? 1 : 0]);
      }
    }
  }
  return true;
}
