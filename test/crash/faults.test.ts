/**
 * Every changing call to the disk is broken once in each way, in promotion, in rollback and in resume itself; after
 * `resume` the tree must be one of the states that the journal names, byte for byte.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";
import { Failure, type Run } from "../../src/model/index.ts";
import { applyPlan, disk, readRuns, resume, rollback, type Files } from "../../src/run/index.ts";
import { breakDisk, losePower, type Break } from "./broken-disk.ts";
import { digestTree, makeSynthetic, type Synthetic } from "./synthetic-project.ts";

/** Errors take turns, so that each call meets one and each error meets every kind of call. */
const codes = ["ENOSPC", "EACCES", "EIO"] as const;
const kinds: Record<Break["kind"], (at: number) => Break> = {
  killed: () => ({ kind: "killed" }),
  fails: (at) => ({ kind: "fails", code: codes[at % codes.length] ?? "EIO" }),
  part: () => ({ kind: "part", code: "ENOSPC" }),
};

let project: Synthetic;
/** The tree with no, one and both phases. */
const trees: string[] = [];
const template = (name: string): string => path.join(project.folder, `template-${name}`);

function reset(name: string): void {
  fs.rmSync(project.root, { recursive: true, force: true });
  fs.rmSync(project.scratchFolder, { recursive: true, force: true });
  // cp keeps times to the nanosecond, and hard links.
  execFileSync("cp", ["-a", template(name), project.root]);
}

function keep(name: string): void {
  execFileSync("cp", ["-a", project.root, template(name)]);
}

before(async () => {
  project = await makeSynthetic();
  keep("fresh");
  trees.push(digestTree(project.root));
  await applyPlan(project.request({ phases: [1] }), project.ports());
  trees.push(digestTree(project.root));
  reset("fresh");
  await applyPlan(project.request(), project.ports());
  trees.push(digestTree(project.root));
  keep("applied");
});

after(() => {
  fs.rmSync(project.folder, { recursive: true, force: true });
});

const standingIn = (run: Run | undefined): number =>
  run?.phases.filter((phase) => phase.state === "done").length ?? 0;

/** Runs an act on a broken disk; what it throws must be a `Failure`, never a stray error. */
async function attempt(
  act: (files: Files) => Promise<unknown>,
  at: number,
  how: Break,
): Promise<readonly string[]> {
  const broken = breakDisk(disk, at, how);
  await act(broken.files).catch((error: unknown) => {
    const killed = how.kind === "killed";
    assert.ok(
      error instanceof Failure || killed,
      `call ${at}, ${JSON.stringify(how)}: ${String((error as Error).stack)}`,
    );
  });
  return broken.calls();
}

/** Resumes until nothing is unfinished, then compares the tree with what the record says. */
async function settle(where: string): Promise<void> {
  if ((await readRuns(project.root)).length > 0) await resume({ root: project.root }, project.ports());
  const [run] = (await readRuns(project.root)).slice(-1);
  assert.notEqual(run?.state, "running", where);
  assert.notEqual(run?.state, "needs-person", `${where}: ${run?.reason ?? ""}`);
  assert.equal(digestTree(project.root), trees[standingIn(run)], `${where}: ${JSON.stringify(run, null, 1)}`);
  const left = fs.existsSync(project.scratchFolder) ? fs.readdirSync(project.scratchFolder) : [];
  assert.deepEqual(left, [], where);
}

/** Breaks call after call until an act gets by without reaching the broken one; gives the number of cases. */
async function breakEach(
  from: string,
  kind: Break["kind"],
  act: (files: Files) => Promise<unknown>,
): Promise<number> {
  for (let at = 1; ; at++) {
    reset(from);
    const how = kinds[kind](at);
    const calls = await attempt(act, at, how);
    if (calls.length < at) return at - 1;
    await settle(`call ${at} (${calls[at - 1] ?? ""}), ${JSON.stringify(how)}`);
  }
}

for (const [name, from, kind, least, act] of [
  ["apply", "fresh", "killed", 100, (files) => applyPlan(project.request(), project.ports({ files }))],
  [
    "apply",
    "fresh",
    "fails",
    50,
    (files) => applyPlan(project.request({ phases: [1] }), project.ports({ files })),
  ],
  [
    "apply",
    "fresh",
    "part",
    25,
    (files) => applyPlan(project.request({ phases: [1] }), project.ports({ files })),
  ],
  [
    "rollback",
    "applied",
    "killed",
    40,
    (files) => rollback({ root: project.root }, project.ports({ files })),
  ],
  ["rollback", "applied", "fails", 40, (files) => rollback({ root: project.root }, project.ports({ files }))],
  ["rollback", "applied", "part", 15, (files) => rollback({ root: project.root }, project.ports({ files }))],
] as [string, string, Break["kind"], number, (files: Files) => Promise<unknown>][])
  test(`${name}, at every call: ${kind}`, async (t) => {
    const cases = await breakEach(from, kind, act);
    t.diagnostic(`${cases} cases`);
    assert.ok(cases >= least, `${cases} cases`);
  });

test("resume itself, killed at every call", async (t) => {
  // Cut short where most is to be put back: just before the second phase is committed.
  reset("fresh");
  const whole = breakDisk(disk, Infinity, { kind: "killed" });
  await applyPlan(project.request(), project.ports({ files: whole.files }));
  const at = whole.calls().findLastIndex((call) => call.startsWith("flush")) + 2;
  reset("fresh");
  await attempt((files) => applyPlan(project.request(), project.ports({ files })), at, { kind: "killed" });
  assert.notEqual(digestTree(project.root), trees[1]);
  fs.rmSync(template("cut"), { recursive: true, force: true });
  keep("cut");
  const cases = await breakEach("cut", "killed", (files) =>
    resume({ root: project.root }, project.ports({ files })),
  );
  t.diagnostic(`${cases} cases`);
  assert.ok(cases >= 15, `${cases} cases`);
});

for (const [name, from, least, act] of [
  ["apply", "fresh", 50, (files) => applyPlan(project.request({ phases: [1] }), project.ports({ files }))],
  ["rollback", "applied", 30, (files) => rollback({ root: project.root }, project.ports({ files }))],
] as [string, string, number, (files: Files) => Promise<unknown>][])
  test(`${name}, power lost before every call: what was not synced is gone`, async (t) => {
    const aside = path.join(project.folder, "aside");
    let cases = 0;
    for (let at = 1; ; at++) {
      reset(from);
      fs.rmSync(aside, { recursive: true, force: true });
      const power = losePower(disk, at, aside);
      await act(power.files).catch(() => undefined);
      if (power.calls() < at) break;
      power.lose();
      await settle(`power lost before call ${at}`);
      cases++;
    }
    fs.rmSync(aside, { recursive: true, force: true });
    t.diagnostic(`${cases} cases`);
    assert.ok(cases >= least, `${cases} cases`);
  });
