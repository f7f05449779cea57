import assert from "node:assert/strict";
import { test } from "node:test";
import { record } from "../../test/support/findings.ts";
import { inferFromVector, severityOf } from "./severity.ts";

const v4 = "CVSS:4.0/AV:N/AC:L/AT:P/PR:N/UI:N/VC:N/VI:L/VA:N/SC:N/SI:N/SA:N";
const v31 = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H";
const v30 = "CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H";
const v2 = "AV:N/AC:L/Au:N/C:C/I:C/A:C";

/** Vectors, label, and what they come to; scores are those of FIRST's calculators. */
for (const [vectors, label, expected] of [
  [[v31, v4, v2], "CRITICAL", { severity: "medium", score: 6.3, vector: v4, by: "CVSS 4.0" }],
  [[v2, v31], "LOW", { severity: "critical", score: 9.8, vector: v31, by: "CVSS 3.1" }],
  [[v30], undefined, { severity: "high", score: 7.5, vector: v30, by: "CVSS 3.0" }],
  [[v2], undefined, { severity: "high", score: 10, vector: v2, by: "CVSS 2.0" }],
  [[], "MODERATE", { severity: "medium", by: "label" }],
  [
    ["CVSS:3.1/AV:N/AC:L", "CVSS:3.1/nonsense", "7.5", "CVSS:9/AV:N"],
    "high",
    { severity: "high", by: "label" },
  ],
  [
    ["CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N"],
    undefined,
    { severity: "low", score: 0, vector: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N", by: "CVSS 3.1" },
  ],
  [[], "constructor", { severity: "unknown", by: "unavailable" }],
  [[], undefined, { severity: "unknown", by: "unavailable" }],
] as const)
  test(`${vectors.join(" ")} ${label ?? ""} is ${expected.severity} by ${expected.by}`, () => {
    const given = record({
      severity: vectors.map((score) => ({ type: "CVSS", score })),
      ...(label === undefined ? {} : { label }),
    });
    assert.deepEqual(severityOf([given]), expected);
  });

test("the highest of a standard counts, and labels by weight, over all records of a group", () => {
  const low = record({ severity: [{ type: "CVSS_V3", score: v30 }], label: "LOW" });
  const high = record({ severity: [{ type: "CVSS_V3", score: v30.replace("C:N", "C:H") }], label: "HIGH" });
  assert.equal(severityOf([low, high]).score, severityOf([high, low]).score);
  assert.equal(severityOf([low, high]).score, 9.1);
  assert.equal(severityOf([record({ label: "LOW" }), record({ label: "HIGH" })]).severity, "high");
});

test("infers what a vector tells, and says where there is none", () => {
  for (const [vector, automatable, totalImpact, proofOfConcept] of [
    [undefined, "unavailable", "unavailable", false],
    [v31, "yes", "yes", false],
    [`${v31}/E:P`, "yes", "yes", true],
    [v31.replace("UI:N", "UI:R"), "no", "yes", false],
    [v4, "no", "no", false],
    [`${v4}/AU:Y/E:A`, "yes", "no", true],
    [v2, "yes", "yes", false],
    ["AV:L/AC:L/Au:N/C:C/I:C/A:P/E:POC", "no", "no", true],
  ] as const)
    assert.deepEqual(inferFromVector(vector), { automatable, totalImpact, proofOfConcept }, vector);
});
