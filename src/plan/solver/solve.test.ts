import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { branchAndBound } from "./branch-and-bound.ts";
import { checkPoint, valueOf } from "./check-point.ts";
import { askHighs } from "./highs-thread.ts";
import type { Programme, Row, Stage, Term } from "./programme.ts";
import { solve, solveBy } from "./solve.ts";
import type { Answer } from "./worker.ts";

const termsOf = (columns: number): fc.Arbitrary<Term[]> =>
  fc
    .uniqueArray(fc.integer({ min: 0, max: columns - 1 }), { minLength: 1, maxLength: 4 })
    .chain((chosen) =>
      fc
        .array(fc.integer({ min: -3, max: 3 }), { minLength: chosen.length, maxLength: chosen.length })
        .map((factors) => chosen.map((column, index): Term => [column, factors[index] ?? 0])),
    );

const programmes: fc.Arbitrary<Programme> = fc.integer({ min: 1, max: 9 }).chain((columns) =>
  fc.record({
    columns: fc.constant(columns),
    rows: fc.array(
      fc
        .tuple(termsOf(columns), fc.integer({ min: -2, max: 3 }), fc.integer({ min: 0, max: 2 }))
        .map(([terms, limit, kind]): Row => {
          if (kind === 0) return { terms, max: limit };
          return kind === 1 ? { terms, min: limit } : { terms, min: limit, max: limit };
        }),
      { maxLength: 6 },
    ),
    stages: fc.array(
      termsOf(columns).map((terms): Stage => ({ name: "part", terms })),
      { minLength: 1, maxLength: 3 },
    ),
  }),
);

/** Every point, tried. */
function bruteForce({ columns, rows, stages }: Programme): readonly number[] | undefined {
  let best: number[] | undefined;
  for (let bits = 0; bits < 1 << columns; bits++) {
    const point = Uint8Array.from({ length: columns }, (_, column) => (bits >> column) & 1);
    if (!checkPoint(columns, rows, point)) continue;
    const cost = stages.map((stage) => valueOf(stage.terms, point));
    if (best === undefined || lessThan(cost, best)) best = cost;
  }
  return best;
}

function lessThan(a: readonly number[], b: readonly number[]): boolean {
  for (const [index, value] of a.entries()) if (value !== b[index]) return value < (b[index] ?? 0);
  return false;
}

test("exhaustive search by branches equals trying every point", () => {
  fc.assert(
    fc.property(programmes, (programme) => {
      const solution = branchAndBound(programme, 1_000_000);
      const expected = bruteForce(programme);
      assert.ok(solution);
      assert.equal(solution.state, expected === undefined ? "infeasible" : "optimal");
      assert.deepEqual(solution.stageValues, expected ?? []);
      if (expected !== undefined) assert.ok(checkPoint(programme.columns, programme.rows, solution.values));
    }),
    { numRuns: 500 },
  );
});

test("HiGHS in its thread, stage by stage, equals trying every point", async () => {
  await fc.assert(
    fc.asyncProperty(programmes, async (programme) => {
      const solution = await solveBy(askHighs, programme, { timeLimitMs: 20_000 });
      const expected = bruteForce(programme);
      assert.equal(solution.state, expected === undefined ? "infeasible" : "optimal");
      assert.deepEqual(solution.stageValues, expected ?? []);
      if (expected !== undefined) assert.deepEqual(solution.bounds, expected);
    }),
    { numRuns: 80 },
  );
});

const choice: Programme = {
  columns: 3,
  rows: [{ terms: [[0, 1], [1, 1], [2, 1]], min: 1, max: 1 }], // prettier-ignore
  stages: [{ name: "cost", terms: [[0, 3], [1, 2], [2, 1]] }], // prettier-ignore
  start: Uint8Array.of(0, 1, 0),
};
const point = (...values: number[]): Float64Array => Float64Array.from(values);

const lies: readonly { name: string; answers: Answer[]; state: string; values: number[]; asked: number }[] = [
  {
    name: "infeasible, though a point is known",
    answers: [{ status: "infeasible" }, { status: "optimal", values: point(0, 0, 1), bound: 1 }],
    state: "optimal",
    values: [0, 0, 1],
    asked: 2,
  },
  {
    name: "an optimum above the known point, twice",
    answers: [
      { status: "optimal", values: point(1, 0, 0), bound: 3 },
      { status: "optimal", values: point(1, 0, 0), bound: 3 },
    ],
    state: "feasible",
    values: [0, 1, 0],
    asked: 2,
  },
  {
    name: "a point that breaks a row",
    answers: [
      { status: "optimal", values: point(0, 0, 0), bound: 0 },
      { status: "optimal", values: point(0, 0, 1), bound: 1 },
    ],
    state: "optimal",
    values: [0, 0, 1],
    asked: 2,
  },
  {
    name: "a thread that dies",
    answers: [{ status: "failed" }, { status: "failed" }],
    state: "feasible",
    values: [0, 1, 0],
    asked: 2,
  },
  {
    name: "time is up with a better point",
    answers: [{ status: "stopped", values: point(0, 0, 1), bound: 0.4 }],
    state: "feasible",
    values: [0, 0, 1],
    asked: 1,
  },
];
for (const lie of lies)
  test(`a solver is not believed: ${lie.name}`, async () => {
    let asked = 0;
    const ask = async (): Promise<Answer> => Promise.resolve(lie.answers[asked++] ?? { status: "failed" });
    const solution = await solveBy(ask, choice, { timeLimitMs: 1_000 });
    assert.equal(solution.state, lie.state);
    assert.deepEqual([...solution.values], lie.values);
    assert.equal(asked, lie.asked);
  });

test("a bound is kept where a stage is not proven", async () => {
  const ask = async (): Promise<Answer> => Promise.resolve({ status: "stopped", bound: 0.4 });
  const solution = await solveBy(ask, choice, { timeLimitMs: 1_000 });
  assert.deepEqual([solution.stageValues, solution.bounds, solution.proven], [[2], [1], [false]]);
});

test("an aborted signal ends the search as cancelled", async () => {
  const controller = new AbortController();
  const asked = askHighs({ ...hard(60), timeLimitMs: 60_000, presolve: false, signal: controller.signal });
  setTimeout(() => {
    controller.abort();
  }, 50);
  await assert.rejects(asked, { code: "cancelled" });
  await assert.rejects(solve(choice, { timeLimitMs: 1_000, signal: controller.signal }), {
    code: "cancelled",
  });
});

/** A market split problem: feasible or not, no solver knows quickly. */
function hard(columns: number): { columns: number; rows: Row[]; objective: Term[] } {
  let seed = 1;
  const next = (): number => (seed = (seed * 48_271) % 2_147_483_647) % 100;
  const rows = Array.from({ length: 6 }, (): Row => {
    const terms = Array.from({ length: columns }, (_, column): Term => [column, next()]);
    const half = Math.floor(terms.reduce((sum, [, factor]) => sum + factor, 0) / 2);
    return { terms, min: half, max: half };
  });
  return { columns, rows, objective: [] };
}
