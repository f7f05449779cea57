import assert from "node:assert/strict";
import { test } from "node:test";
import { finding } from "../../test/support/findings.ts";
import type { Criteria } from "../model/index.ts";
import { compareFindings, meetsCriteria, summarise } from "./index.ts";

const waived = {
  waiver: {
    finding: "x",
    reason: "r",
    justification: "j",
    by: "ann",
    expires: "2026-01-01",
    madeAt: "2025-01-01",
  },
};

test("counts open findings, packages by project, and waived ones apart", () => {
  const found = summarise([
    finding({ advisory: "1" }),
    finding({ advisory: "2", severity: "low", tier: "next-window" }),
    finding({ advisory: "1", project: "web" }),
    finding({ advisory: "3", package: "b", ...waived }),
  ]);
  assert.deepEqual(found, {
    packages: 2,
    findings: 3,
    waived: 1,
    bySeverity: { critical: 0, high: 2, medium: 0, low: 1, unknown: 0 },
    byTier: { immediate: 0, "24-hours": 0, "1-week": 0, "2-weeks": 2, "1-month": 0, "next-window": 1 },
  });
  assert.equal(summarise([]).packages, 0);
});

for (const [criteria, broken] of [
  [{}, []],
  [{ high: 2, critical: 0 }, []],
  [{ high: 1, low: 0 }, ["high: 2 left, at most 1 allowed", "low: 1 left, at most 0 allowed"]],
] as const satisfies readonly (readonly [Criteria, readonly string[]])[])
  test(`criteria ${JSON.stringify(criteria)}`, () => {
    const left = [finding(), finding(), finding({ severity: "low" }), finding(waived)];
    const expected = { met: broken.length === 0, broken };
    assert.deepEqual(meetsCriteria(left, criteria), expected);
    assert.deepEqual(meetsCriteria(summarise(left), criteria), expected);
  });

test("compares by project, package and advisory, whatever the version, counting copies", () => {
  const one = finding({ advisory: "1", version: "1.0" });
  const two = finding({ advisory: "2", version: "1.0" });
  const copyA = finding({ advisory: "3", package: "c", version: "1.0" });
  const copyB = finding({ advisory: "3", package: "c", version: "2.0" });
  const moved = finding({ advisory: "1", version: "1.1" });
  const fresh = finding({ advisory: "4" });
  const change = compareFindings([one, two, copyA, copyB], [moved, copyB, fresh]);
  assert.deepEqual(change, { fixed: [two, copyA], left: [moved, copyB], introduced: [fresh] });
  const more = compareFindings([copyA], [copyB, { ...copyA }]);
  assert.deepEqual([more.fixed, more.left, more.introduced], [[], [copyA], [copyB]]);
  assert.equal(compareFindings([one], [finding({ advisory: "1", project: "web" })]).introduced.length, 1);
});
