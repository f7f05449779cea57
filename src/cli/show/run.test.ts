import assert from "node:assert/strict";
import { test } from "node:test";
import pc from "picocolors";
import type { Run, Summary } from "../../model/index.ts";
import { showRun } from "./run.ts";

const summary = (findings: number): Summary => ({
  packages: findings,
  findings,
  waived: 0,
  bySeverity: { critical: 0, high: findings, medium: 0, low: 0, unknown: 0 },
  byTier: { immediate: 0, "24-hours": 0, "1-week": findings, "2-weeks": 0, "1-month": 0, "next-window": 0 },
});

const run: Run = {
  schemaVersion: 1,
  run: "run-20250902-100000",
  plan: "plan-0123456789",
  state: "rolled-back",
  by: { name: "J. Doe", account: "ci" },
  startedAt: "2025-09-02T10:00:00Z",
  endedAt: "2025-09-02T10:01:30Z",
  phases: [
    {
      number: 1,
      name: "Phase 1",
      state: "done",
      gates: [],
      versions: [],
      before: summary(3),
      after: summary(1),
    },
    {
      number: 2,
      name: "Phase 2",
      state: "failed",
      gates: [
        { name: "versions", mode: "enforce", verdict: "pass", detail: "2 of 2 as planned" },
        {
          name: "tests: unit",
          mode: "enforce",
          verdict: "fail",
          detail: "newly failing: test_b",
          samples: ["test_b", Array.from({ length: 30 }, (_, index) => `line ${index}`).join("\n")],
        },
      ],
      versions: [],
      before: summary(1),
      after: summary(1),
    },
  ],
  backup: [],
  journal: ".redress/runs/run-20250902-100000/journal.jsonl",
  reason: "phase 2 did not hold in rehearsal: tests: unit fail (newly failing: test_b)",
  hint: "1 of 2 phases stand.",
};

test("a run that failed says what failed, with ten lines of evidence, what stands and what is next", () => {
  const shown = showRun(run, pc.createColors(false)).split("\n");
  assert.equal(shown[0], "run-20250902-100000  rolled-back  by J. Doe, 90.0 s");
  const at = shown.findIndex((line) => line.startsWith("What failed"));
  assert.match(shown[at] ?? "", /What failed\s+phase 2 did not hold in rehearsal/);
  assert.deepEqual(
    shown.slice(at + 1, at + 11),
    Array.from({ length: 10 }, (_, index) => `  | line ${index + 20}`),
  );
  assert.match(shown[at + 11] ?? "", /^In place\s+Phase 1$/);
  assert.match(shown[at + 12] ?? "", /^As before\s+everything else$/);
  assert.match(shown[at + 13] ?? "", /^Next\s+1 of 2 phases stand\.$/);
});

for (const [what, changes, expected, unexpected] of [
  [
    "waits",
    {
      state: "needs-person",
      waits: [{ for: "approval", phases: [2], stages: [], detail: "phase 2" }],
      approvals: [
        {
          at: "2025-09-02T11:00:00Z",
          by: { name: "R", account: "r" },
          phases: [1],
          stages: [],
          reason: "ok",
        },
      ],
    },
    /Waits for +phase 2[\s\S]*/,
    /What failed/,
  ],
  ["is done", { state: "done", hint: "Scan again." }, /\nScan again\.\n/, /As before/],
  [
    "was taken back whole",
    { stages: [{ name: "staging", state: "rolled-back" }], phases: [] },
    /Undone +stage staging\nAs before +the whole project, byte for byte/,
    /In place/,
  ],
] as const)
  test(`a run that ${what}`, () => {
    const shown = showRun({ ...run, ...changes }, pc.createColors(false));
    assert.match(shown, expected);
    assert.doesNotMatch(shown, unexpected);
  });
