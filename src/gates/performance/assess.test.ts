import assert from "node:assert/strict";
import { test } from "node:test";
import { assess, assessTwice } from "./assess.ts";
import type { Batch } from "./batch.ts";

const budget = { budget: 5, rollback: 20 };

/** Fifteen samples around a value, spread evenly by a share of it; `turn` makes another order of the same spread. */
const around = (value: number, spread = 0.01, turn = 0): number[] =>
  Array.from({ length: 15 }, (_, index) => value * (1 + spread * ((((index + turn) * 4) % 15) / 7 - 1)));

const batch = (now: number[], control = around(100, 0.01, 3), old = around(100)): Batch => ({
  samples: { old, control, new: now },
});

for (const [name, given, verdict] of [
  ["the same", batch(around(100)), "pass"],
  ["better", batch(around(80)), "pass"],
  ["3 % worse, quiet", batch(around(103)), "pass"],
  ["10 % worse, quiet", batch(around(110)), "warn"],
  ["30 % worse, quiet", batch(around(130)), "fail"],
  [
    "the same, so noisy that nothing can be told",
    batch(around(100, 0.4), around(100, 0.4, 3), around(100, 0.4)),
    "inconclusive",
  ],
  [
    "30 % worse, noisy but standing out",
    batch(around(130, 0.1), around(100, 0.1, 3), around(100, 0.1)),
    "fail",
  ],
  [
    "10 % worse, noisier than the budget, standing out",
    batch(around(112, 0.06), around(100, 0.08, 3), around(100, 0.06)),
    "warn",
  ],
  ["zero before, something now", batch(around(5), around(0), around(0)), "fail"],
  ["zero before and now", batch(around(0), around(0), around(0)), "pass"],
] as const)
  test(name, () => {
    assert.equal(assess(given, budget).verdict, verdict);
  });

test("a budget of its own", () => {
  assert.equal(assess(batch(around(130)), { budget: 40, rollback: 60 }).verdict, "pass");
});

/** Requests of each side, so many of them slow or failed. */
function withRequests(now: { slow?: number; failed?: number }, old: { slow?: number } = {}): Batch {
  const durations = (slow: number): number[] =>
    Array.from({ length: 150 }, (_, index) => (index < slow ? 400 : 95 + (index % 10)));
  return {
    ...batch(around(100)),
    requests: {
      durations: {
        old: durations(old.slow ?? 2),
        control: durations(old.slow ?? 2),
        new: durations(now.slow ?? 2),
      },
      failed: {
        old: { events: 0, of: 150 },
        control: { events: 0, of: 150 },
        new: { events: now.failed ?? 0, of: 150 },
      },
    },
  };
}

for (const [name, given, alarm] of [
  ["nothing unusual", withRequests({}), undefined],
  ["one slow request more", withRequests({ slow: 3 }), undefined],
  [
    "slow requests that the median does not see",
    withRequests({ slow: 14 }),
    /14 of 150 requests take longer/,
  ],
  ["a tail that was there before", withRequests({ slow: 14 }, { slow: 12 }), undefined],
  ["one failed request", withRequests({ failed: 1 }), undefined],
  ["failed requests", withRequests({ failed: 8 }), /8 of 150 requests fail, 0 of 300 on the old/],
] as const)
  test(name, () => {
    const { alarms, verdict } = assess(given, budget);
    assert.equal(verdict, alarm === undefined ? "pass" : "fail");
    if (alarm !== undefined) assert.match(alarms.join("; "), alarm);
  });

for (const [name, first, second, verdict] of [
  ["both batches past the line", batch(around(130)), batch(around(131)), "fail"],
  ["the second does not agree", batch(around(130)), batch(around(101)), "warn"],
  ["neither is worse together", batch(around(106)), batch(around(101)), "pass"],
  ["failed requests in both", withRequests({ failed: 8 }), withRequests({ failed: 9 }), "fail"],
  ["failed requests in one", withRequests({ failed: 8 }), withRequests({}), "warn"],
] as const)
  test(`two batches: ${name}`, () => {
    const found = assessTwice(first, second, budget).verdict;
    // What two batches show together may be less than a fail and more than nothing.
    if (verdict === "pass") assert.ok(found === "pass" || found === "warn");
    else assert.equal(found, verdict);
  });
