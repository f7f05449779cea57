/**
 * Expected numbers are SciPy 1.17.1's (`scipy.stats`: the exact distribution behind `mannwhitneyu`, `fisher_exact`,
 * `norm.ppf`; NumPy's `quantile`); the critical values are those of the usual tables of the Mann–Whitney U.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { fisherGreater } from "./fisher.ts";
import { normalQuantile, probabilityOfU, shiftOf } from "./mann-whitney.ts";
import { median, quantile } from "./quantile.ts";

const close = (actual: number, expected: number, error = 1e-12): void => {
  assert.ok(
    Math.abs(actual - expected) <= error * Math.max(1, Math.abs(expected)),
    `${actual}, not ${expected}`,
  );
};

for (const [m, n, u, expected] of [
  [5, 5, 1, 0.007936507936507936],
  [5, 5, 2, 0.015873015873015872],
  [10, 10, 19, 0.009271688064257724],
  [15, 15, 56, 0.009276863116429402],
  [15, 15, 64, 0.022666949548961327],
  [20, 20, 114, 0.009768380919901933],
  [20, 20, 127, 0.02454516259468622],
  [25, 25, 211, 0.024712536612561113],
  [7, 12, 20, 0.034174803524648724],
  [15, 5, 16, 0.032765737874097006],
] as const)
  test(`P(U ≤ ${u}) of ${m} and ${n}`, () => {
    close(probabilityOfU(u, m, n), expected);
  });

// Two-sided critical values at 2 %: the largest U whose one-sided chance is no more than 1 %.
for (const [m, n, critical] of [
  [5, 5, 1],
  [6, 6, 3],
  [8, 8, 9],
  [10, 10, 19],
  [12, 12, 31],
  [15, 15, 56],
  [20, 20, 114],
  [8, 15, 24],
] as const)
  test(`the table's critical value of ${m} and ${n}`, () => {
    assert.ok(probabilityOfU(critical, m, n) <= 0.01);
    assert.ok(probabilityOfU(critical + 1, m, n) > 0.01);
  });

test("the interval holds what the exact test does not reject at 2 %", () => {
  const old = [
    20.0, 20.3, 19.73, 19.11, 19.55, 19.01, 20.06, 21.34, 19.51, 19.38, 20.49, 20.36, 20.11, 19.07, 19.97,
  ];
  const now = [
    23.04, 19.98, 21.31, 19.15, 20.07, 19.24, 21.65, 20.1, 22.41, 22.24, 21.72, 18.22, 21.19, 21.93, 22.17,
  ];
  const large = shiftOf(old, now);
  close(large.estimate, 1.29);
  close(large.lower, -0.02);
  close(large.upper, 2.24);
  const small = shiftOf([18.47, 19.52, 19.02, 19.19, 21.06], [19.79, 20.95, 22.33, 20.12, 20.83, 21.17]);
  close(small.estimate, 1.535);
  close(small.lower, -0.23);
  close(small.upper, 3.14);
});

test("what is the same is no shift, what is moved is the shift", () => {
  assert.deepEqual(shiftOf([1, 1, 1, 1, 1], [1, 1, 1, 1, 1]), { estimate: 0, lower: 0, upper: 0 });
  assert.deepEqual(shiftOf([1, 1, 1, 1, 1], [3, 3, 3, 3, 3]), { estimate: 2, lower: 2, upper: 2 });
});

test("the interval holds its estimate, moves with the samples, and turns over with them", () => {
  const sample = fc.array(fc.integer({ min: 0, max: 1000 }), { minLength: 5, maxLength: 40 });
  fc.assert(
    fc.property(sample, sample, fc.integer({ min: -50, max: 50 }), (old, now, by) => {
      const shift = shiftOf(old, now);
      assert.ok(shift.lower <= shift.estimate && shift.estimate <= shift.upper);
      const moved = shiftOf(
        old,
        now.map((value) => value + by),
      );
      assert.deepEqual([moved.lower, moved.upper], [shift.lower + by, shift.upper + by]);
      const turned = shiftOf(now, old);
      assert.deepEqual([-turned.upper + 0, -turned.lower + 0], [shift.lower + 0, shift.upper + 0]);
    }),
    { numRuns: 100 },
  );
});

test("the normal approximation takes over close to the exact interval", () => {
  const values = (count: number, by: number): number[] =>
    Array.from({ length: count }, (_, index) => ((index * 7919) % 101) / 10 + by);
  const [exact, approximate] = [shiftOf(values(25, 0), values(25, 1)), shiftOf(values(26, 0), values(26, 1))];
  close(approximate.lower, exact.lower, 0.15);
  close(approximate.upper, exact.upper, 0.15);
});

for (const [first, second, expected] of [
  [[0, 150], [5, 150], 0.03021012803621499],
  [[3, 100], [12, 100], 0.014335657486588547],
  [[1, 10], [8, 10], 0.002738747320790664],
  [[50, 1000], [90, 1000], 0.0002938303326159473],
  [[0, 15], [15, 15], 6.44672502789385e-9],
  [[2, 20], [2, 20], 0.6975051975051975],
] as const)
  test(`Fisher's test of ${first.join(" in ")} and ${second.join(" in ")}`, () => {
    const of = ([events, all]: readonly [number, number]) => ({ events, of: all });
    close(fisherGreater(of(first), of(second)), expected, 1e-10);
  });

test("Fisher's test of nothing", () => {
  assert.equal(fisherGreater({ events: 0, of: 150 }, { events: 0, of: 150 }), 1);
});

test("quantiles", () => {
  close(normalQuantile(0.99), 2.3263478740408408);
  close(normalQuantile(0.995), 2.5758293035489004);
  close(quantile([10, 1, 3, 2, 4], 0.95), 8.8);
  assert.equal(median([4, 1, 3, 2]), 2.5);
  assert.ok(Number.isNaN(median([])));
});
