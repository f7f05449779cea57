/** What once went wrong, each as small as it can be shown. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import * as fs from "node:fs";
import path from "node:path";
import { test, type TestContext } from "node:test";
import { applyPlan, readRuns, resume } from "../../src/run/index.ts";
import { digestTree, makeSynthetic, type Synthetic } from "./synthetic-project.ts";

async function synthetic(t: TestContext): Promise<Synthetic> {
  const project = await makeSynthetic();
  t.after(() => {
    fs.rmSync(project.folder, { recursive: true });
  });
  return project;
}

test("an absolute link inside the environment leads to the environment, not to its backup", async (t) => {
  const project = await synthetic(t);
  const link = path.join(project.root, ".venv/bin/python3");
  fs.symlinkSync(path.join(project.root, ".venv/bin/python"), link);
  const run = await applyPlan(project.request(), project.ports());
  assert.equal(run.state, "done", run.reason);
  assert.equal(fs.readlinkSync(link), path.join(project.root, ".venv/bin/python"));
  assert.ok(fs.existsSync(link));
});

test("a journal that chains well and makes no sense is a run that needs a person", async (t) => {
  const project = await synthetic(t);
  const folder = path.join(project.root, ".redress/runs/run-20260101-000000");
  fs.mkdirSync(folder, { recursive: true });
  const line = { seq: 1, at: "2026-01-01T00:00:00Z", prev: "0".repeat(64), event: "run-started" };
  fs.writeFileSync(path.join(folder, "journal.jsonl"), `${JSON.stringify(line)}\n`);
  assert.deepEqual(
    (await readRuns(project.root)).map((run) => run.state),
    ["needs-person"],
  );
  await assert.rejects(applyPlan(project.request(), project.ports()), { code: "corrupt" });
});

test(
  "an installer that a killed run left behind is ended before anything is put back",
  { skip: fs.existsSync("/proc/self/environ") ? false : "needs /proc", timeout: 60_000 },
  async (t) => {
    const project = await synthetic(t);
    const before = digestTree(project.root);
    const uv = path.join(project.folder, "tools", "uv");
    const script = fs.readFileSync(uv, "utf8");
    // In the real environment it stops half-way, and would go on writing a second later.
    fs.writeFileSync(
      uv,
      script.replace(
        "while IFS=",
        `case "$environment" in ${project.root}/*) touch "$(dirname "$0")/busy"; sleep 2;; esac\nwhile IFS=`,
      ),
    );
    const planFile = path.join(project.folder, "plan.json");
    fs.writeFileSync(planFile, JSON.stringify(project.request().plan));
    const child = spawn(
      process.execPath,
      [path.join(import.meta.dirname, "apply-child.ts"), project.folder, planFile, "0"],
      { stdio: "ignore" },
    );
    const ended = new Promise((resolve) => child.on("exit", resolve));
    while (!fs.existsSync(path.join(project.folder, "tools", "busy")) && child.exitCode === null)
      await new Promise((resolve) => setTimeout(resolve, 20));
    child.kill("SIGKILL");
    await ended;
    const { did } = await resume({ root: project.root }, project.ports());
    assert.equal(did, "undid");
    assert.equal(digestTree(project.root), before);
    await new Promise((resolve) => setTimeout(resolve, 2500));
    assert.equal(digestTree(project.root), before, "nobody goes on writing");
  },
);
