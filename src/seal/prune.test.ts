import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { runEvidence } from "../../test/support/evidence.ts";
import { makeSigner, memoryFiles, redactions, runMaterial, type Memory } from "../../test/support/sealed.ts";
import type { Run } from "../model/index.ts";
import { followChain, prunableRuns, prunedFile, pruneRuns, sealEvidence } from "./index.ts";

const runOf = (day: string, changes: Partial<Run> = {}): Run => {
  const { run } = runEvidence();
  assert.ok(run !== undefined);
  return {
    ...run,
    run: `run-${day.replaceAll("-", "")}-120000`,
    startedAt: `${day}T12:00:00Z`,
    endedAt: `${day}T12:05:00Z`,
    ...changes,
  };
};

describe("prunableRuns", () => {
  const runs = [
    runOf("2024-01-01"),
    runOf("2024-02-01", { state: "needs-person" }),
    runOf("2024-03-01", { state: "rolled-back", phases: [] }),
    runOf("2025-08-01"),
    runOf("2025-09-01"),
  ];
  const now = "2025-09-02T00:00:00.000Z";
  const cases: readonly (readonly [
    what: string,
    rule: Parameters<typeof prunableRuns>[1],
    days: readonly string[],
  ])[] = [
    ["without a rule everything stays", undefined, []],
    [
      "what is older than a year may go, what needs a person stays",
      { days: 365, keep: 1 },
      ["20240101", "20240301"],
    ],
    ["the newest stay whatever their age", { days: 1, keep: 4 }, ["20240101"]],
    ["more are kept than there are", { days: 1, keep: 9 }, []],
  ];
  for (const [what, rule, days] of cases)
    it(what, () => {
      assert.deepEqual(
        prunableRuns(runs, rule, now).map((one) => one.run.slice(4, 12)),
        days,
      );
    });

  it("says whose changes still stand", () => {
    assert.deepEqual(
      prunableRuns(runs, { days: 365, keep: 1 }, now).map((one) => one.stands),
      [true, false],
    );
  });
});

describe("pruneRuns", () => {
  const root = "/shop";
  const folder = (run: Run): string => `${root}/.redress/runs/${run.run}`;
  const runs = [runOf("2024-01-01"), runOf("2024-03-01"), runOf("2025-09-01")];
  const rule = { days: 365, keep: 1 };
  const clock = (): Date => new Date("2025-09-02T00:00:00Z");

  async function kept(): Promise<Memory> {
    const files = memoryFiles();
    for (const run of runs) {
      await files.write(`${folder(run)}/journal.jsonl`, runMaterial().journal);
      await sealEvidence({
        runFolder: folder(run),
        material: runMaterial(),
        redactions,
        signer: makeSigner(),
        files,
      });
    }
    return files;
  }
  const prune = (files: Memory) =>
    pruneRuns({
      root,
      runs: prunableRuns(runs, rule, "2025-09-02T00:00:00.000Z"),
      rule,
      by: "J. Doe",
      clock,
      files,
    });

  it("writes down what it removes, chained, and leaves the rest", async () => {
    const files = await kept();
    const pruned = await prune(files);
    assert.deepEqual(
      pruned.map((one) => one.run),
      runs.slice(0, 2).map((one) => one.run),
    );
    assert.ok(pruned.every((one) => one.statement !== null && one.by === "J. Doe"));
    const chain = followChain(files.contents.get(prunedFile(root))?.toString() ?? "");
    assert.equal(chain.problem, undefined);
    assert.equal(chain.lines.length, 2);
    const left = new Set([...files.contents.keys()].map((file) => file.split("/").slice(0, 5).join("/")));
    assert.deepEqual([...left].sort(), [prunedFile(root), folder(runs[2] ?? runOf(""))].sort());
  });

  it("removes nothing when the list was changed by hand", async () => {
    const files = await kept();
    await files.write(prunedFile(root), '{"seq":1,"prev":"x"}\n');
    const before = files.contents.size;
    await assert.rejects(prune(files), /pruned\.jsonl:1/);
    assert.equal(files.contents.size, before);
  });
});
