import assert from "node:assert/strict";
import { test } from "node:test";
import type { Run, Summary } from "../model/index.ts";
import {
  foldJournal,
  isOnTrial,
  isUnfinished,
  openPhases,
  standing,
  standingStages,
  waitsOf,
} from "./fold.ts";
import type { JournalEvent, JournalLine } from "./journal-event.ts";

const summary = (findings: number): Summary => ({
  packages: findings,
  findings,
  waived: 0,
  bySeverity: { critical: 0, high: findings, medium: 0, low: 0, unknown: 0 },
  byTier: { immediate: 0, "24-hours": 0, "1-week": findings, "2-weeks": 0, "1-month": 0, "next-window": 0 },
});

const started: JournalEvent = {
  event: "run-started",
  run: "run-20260101-000000",
  plan: "plan-0123456789",
  phases: [
    { number: 1, name: "Phase 1" },
    { number: 2, name: "Phase 2" },
  ],
  before: summary(35),
  dryRun: false,
  filesOnly: false,
};
const lines = (...events: readonly JournalEvent[]): JournalLine[] =>
  [started, ...events].map((event, index) => ({
    seq: index + 1,
    at: "2026-01-01T00:00:00Z",
    prev: "",
    ...event,
  }));

const rehearsed = (phase: number, held: boolean, findings: number): JournalEvent => ({
  event: "phase-rehearsed",
  phase,
  held,
  versions: [],
  after: summary(findings),
});
const begun = (phase: number): JournalEvent => ({ event: "phase-started", phase });
const done = (phase: number, findings: number): JournalEvent => ({
  event: "phase-done",
  phase,
  versions: [],
  after: summary(findings),
  files: [],
  environments: [],
});
const undoing = (phase: number): JournalEvent => ({ event: "undoing", phase, reason: "" });
const undone = (phase: number): JournalEvent => ({ event: "undone", phase });
const ended = (state: Run["state"]): JournalEvent => ({ event: "run-ended", state });
const watching: JournalEvent = { event: "watching", target: "project", phases: [1], durationMs: 1 };
const watched = (held: boolean): JournalEvent => ({ event: "watched", target: "project", phases: [1], held });
const stage = (event: "stage-undoing"): JournalEvent => ({ event, name: "staging" });
const stageStarted: JournalEvent = {
  event: "stage-started",
  name: "staging",
  target: "command",
  phases: [1],
};
const stageDone: JournalEvent = { event: "stage-done", name: "staging", detail: "" };
const stageUndone: JournalEvent = { event: "stage-undone", name: "staging", detail: "" };
const puttingBack: JournalEvent = { event: "putting-back", phases: [1], stages: ["staging"], reason: "" };

for (const [what, events, expected] of [
  ["just begun", [], "running: pending 35→35, pending 35→35"],
  ["rehearsed", [rehearsed(1, true, 5), ended("rehearsed")], "rehearsed: rehearsed 35→5, pending 5→5"],
  [
    "a phase that did not hold changes nothing",
    [rehearsed(1, false, 1), ended("rolled-back")],
    "rolled-back: failed 35→35, pending 35→35",
  ],
  ["one stands", [done(1, 5), ended("done")], "done: done 35→5, pending 5→5"],
  ["half undone", [done(1, 5), undoing(1)], "running: needs-person 35→5, pending 5→5"],
  [
    "undone",
    [done(1, 5), undoing(1), undone(1), ended("rolled-back")],
    "rolled-back: rolled-back 35→35, pending 35→35",
  ],
  [
    "a rollback that began after the end",
    [done(1, 5), ended("done"), { event: "rollback-started", phases: [1], kept: [] }],
    "running: done 35→5, pending 5→5",
  ],
] as const)
  test(`fold: ${what}`, () => {
    const run = foldJournal(lines(...events));
    const phases = run.phases.map((one) => `${one.state} ${one.before.findings}→${one.after.findings}`);
    assert.equal(`${run.state}: ${phases.join(", ")}`, expected);
  });

test("fold: what does not start a run is refused", () => {
  assert.throws(() => foldJournal([]), { code: "corrupt" });
  assert.throws(() => foldJournal(lines().slice(1)), { code: "corrupt" });
});

for (const [what, events, expected] of [
  ["nothing begun", [], [true, [], [], [], false]],
  ["begun", [begun(1)], [true, [1], [], [], false]],
  ["done, no end", [begun(1), done(1, 0)], [true, [], [1], [], false]],
  ["ended", [begun(1), done(1, 0), ended("done")], [false, [], [1], [], false]],
  ["being watched", [begun(1), done(1, 0), watching], [true, [], [1], [], true]],
  [
    "watched well",
    [begun(1), done(1, 0), watching, watched(true), ended("done")],
    [false, [], [1], [], false],
  ],
  ["watched badly", [begun(1), done(1, 0), watching, watched(false)], [true, [], [1], [], true]],
  ["a stage begun", [begun(1), done(1, 0), stageStarted], [true, [], [1], ["staging"], true]],
  [
    "a stage done",
    [begun(1), done(1, 0), stageStarted, stageDone, ended("done")],
    [false, [], [1], ["staging"], false],
  ],
  [
    "putting back, the phase undone",
    [begun(1), done(1, 0), stageStarted, puttingBack, undoing(1), undone(1)],
    [true, [], [], ["staging"], true],
  ],
  [
    "put back",
    [
      begun(1),
      done(1, 0),
      stageStarted,
      puttingBack,
      undone(1),
      stage("stage-undoing"),
      stageUndone,
      ended("rolled-back"),
    ],
    [false, [], [], [], false],
  ],
  [
    "a stage that could not be taken back",
    [stageStarted, stageDone, puttingBack, stage("stage-undoing"), ended("needs-person")],
    [true, [1], [], ["staging"], true],
  ],
  [
    "a rollback cut short",
    [begun(1), done(1, 0), ended("done"), { event: "rollback-started", phases: [1], kept: [] }],
    [true, [1], [1], [], false],
  ],
] as const)
  test(`open ends: ${what}`, () => {
    const entries = lines(...events);
    assert.deepEqual(
      [
        isUnfinished(entries),
        openPhases(entries),
        standing(entries),
        standingStages(entries),
        isOnTrial(entries),
      ],
      expected,
    );
  });

test("waits go with an approval, and with a rollback; a shut window stays", () => {
  const wait = (kind: "approval" | "window"): JournalEvent => ({
    event: "waiting",
    for: kind,
    phases: [1],
    stages: [],
    detail: "",
  });
  const approved: JournalEvent = {
    event: "approved",
    phases: [1],
    stages: [],
    by: { name: "R", account: "r" },
  };
  const kinds = (...events: readonly JournalEvent[]): string[] =>
    waitsOf(lines(...events)).map((one) => one.for);
  assert.deepEqual(kinds(wait("approval"), wait("window")), ["approval", "window"]);
  assert.deepEqual(kinds(wait("approval"), wait("window"), approved), ["window"]);
  assert.deepEqual(kinds(wait("window"), { event: "rollback-started", phases: [], kept: [] }), []);
});
