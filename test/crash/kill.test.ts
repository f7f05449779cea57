/** A process that is killed after each journal entry of a run; what `resume` makes of it, byte for byte. */
import assert from "node:assert/strict";
import { execFile, execFileSync } from "node:child_process";
import * as fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { readJournal, readRuns, resume } from "../../src/run/index.ts";
import { mapBounded } from "../../src/system/index.ts";
import { digestTree, makeSynthetic, type Synthetic } from "./synthetic-project.ts";

/** How the process ended: by SIGKILL, or with the state of the run on its standard output. */
async function applyKilledAt(project: Synthetic, entries: number): Promise<string> {
  const planFile = path.join(project.folder, "plan.json");
  fs.writeFileSync(planFile, JSON.stringify(project.request().plan));
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [path.join(import.meta.dirname, "apply-child.ts"), project.folder, planFile, String(entries)],
      (error, stdout, stderr) => {
        resolve(error === null ? stdout : (error.signal ?? stderr));
      },
    );
  });
}

test(
  "killed after every journal entry: the tree is before or after, and the record says which",
  { timeout: 120_000 },
  async (t) => {
    const trial = await makeSynthetic();
    assert.equal(await applyKilledAt(trial, 0), "done");
    const [whole] = await readRuns(trial.root);
    const { length } = await readJournal(path.join(trial.root, whole?.journal ?? ""));
    fs.rmSync(trial.folder, { recursive: true });
    t.diagnostic(`${length} entries`);
    const outcomes = new Map<string, number>();
    await mapBounded(
      Array.from({ length }, (_, index) => index + 1),
      2,
      async (entries) => {
        const project = await makeSynthetic();
        try {
          const before = digestTree(project.root);
          assert.equal(await applyKilledAt(project, entries), "SIGKILL", `entry ${entries}`);
          const { run, detail } = await resume({ root: project.root }, project.ports());
          const standing = run.phases.filter((phase) => phase.state === "done").length;
          assert.equal(
            fs.readFileSync(path.join(project.root, "requirements.txt"), "utf8"),
            ["a==1.0\nb==1.0\n", "a==2.0\nb==1.0\n", "a==2.0\nb==1.5\nd==1.0\n"][standing],
            `entry ${entries}: ${detail}`,
          );
          if (standing === 0) assert.equal(digestTree(project.root), before, `entry ${entries}: ${detail}`);
          const site = path.join(project.root, ".venv/lib/python3.11/site-packages");
          assert.deepEqual(
            fs.readdirSync(site).filter((name) => name.endsWith(".dist-info")),
            [
              ["a-1.0", "b-1.0", "c-1.0"],
              ["a-2.0", "b-1.0", "c-1.0"],
              ["a-2.0", "b-1.5", "d-1.0"],
            ][standing]?.map((name) => `${name}.dist-info`),
            `entry ${entries}: ${detail}`,
          );
          const scratch = project.scratchFolder;
          assert.deepEqual(fs.existsSync(scratch) ? fs.readdirSync(scratch) : [], [], `entry ${entries}`);
          assert.equal((await resume({ root: project.root }, project.ports())).did, "nothing");
          outcomes.set(
            `${run.state}, ${standing} standing`,
            (outcomes.get(`${run.state}, ${standing} standing`) ?? 0) + 1,
          );
        } finally {
          fs.rmSync(project.folder, { recursive: true });
        }
      },
    );
    t.diagnostic(JSON.stringify(Object.fromEntries(outcomes)));
    assert.ok((outcomes.get("rolled-back, 0 standing") ?? 0) > 5);
    assert.ok((outcomes.get("rolled-back, 1 standing") ?? 0) > 5);
    assert.ok((outcomes.get("done, 2 standing") ?? 0) > 0);
  },
);

test("a running apply is seen as such by another process", async () => {
  const project = await makeSynthetic();
  try {
    // The lock of a process that is gone is swept away; that of a live one holds.
    assert.equal(await applyKilledAt(project, 3), "SIGKILL");
    const [claim = ""] = fs.readdirSync(path.join(project.root, ".redress/locks"));
    const file = path.join(project.root, ".redress/locks", claim);
    const dead = JSON.parse(fs.readFileSync(file, "utf8")) as Record<string, unknown>;
    const child = execFile("sleep", ["30"]);
    const began = execFileSync("cat", [`/proc/${child.pid ?? 0}/stat`], { encoding: "utf8" });
    const ticks = began.slice(began.lastIndexOf(")") + 2).split(" ")[19];
    fs.writeFileSync(file, JSON.stringify({ ...dead, pid: child.pid, began: ticks }));
    await assert.rejects(resume({ root: project.root }, project.ports()), {
      code: "locked",
      message: `process ${child.pid ?? 0} is at work on this project (apply)`,
    });
    // The same number, but another process than the one that took the lock.
    fs.writeFileSync(file, JSON.stringify({ ...dead, pid: child.pid, began: "1" }));
    assert.equal((await resume({ root: project.root }, project.ports())).did, "undid");
    child.kill();
  } finally {
    fs.rmSync(project.folder, { recursive: true });
  }
});
