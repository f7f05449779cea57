/** Approvals, windows, stages and the watch on the synthetic project, also cut short at every journal entry. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import http from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { test, type TestContext } from "node:test";
import type { Deployment, HealthGate, Person, Run, StageSettings } from "../../src/model/index.ts";
import {
  applyPlan,
  approve,
  disk,
  readRuns,
  resume,
  rollback,
  undoElsewhere,
  type ApplyRequest,
  type RunPorts,
  type UndoPorts,
} from "../../src/run/index.ts";
import { digestTree, makeSynthetic, type Synthetic } from "./synthetic-project.ts";

const planner: Person = { name: "planner", account: "ci" };
const reviewer: Person = { name: "Reviewer", account: "reviewer" };

const ownStage: StageSettings = {
  name: "project",
  target: { kind: "project" },
  approve: false,
  soakMs: 0,
  windows: [],
};
const plain: Deployment = {
  approvals: { tiers: [], majors: false, separation: false },
  stages: [ownStage],
  watchIntervalMs: 5,
};

async function synthetic(t: TestContext): Promise<Synthetic> {
  const project = await makeSynthetic();
  t.after(() => {
    fs.rmSync(project.folder, { recursive: true });
  });
  return project;
}

function requestWith(
  project: Synthetic,
  deployment: Deployment,
  more: Partial<ApplyRequest> & { health?: readonly HealthGate[] } = {},
): ApplyRequest {
  const { health = [], ...rest } = more;
  const request = project.request({ by: planner, ...rest });
  return {
    ...request,
    configuration: {
      ...request.configuration,
      deployment,
      gates: { versions: "enforce", security: "enforce", processes: [], coverage: [], health },
    },
  };
}

const portsOf = (project: Synthetic): RunPorts & UndoPorts => {
  const ports = project.ports();
  return { ...ports, elsewhere: () => Promise.resolve(ports) };
};

const undoing = (project: Synthetic, { stages }: Deployment): UndoPorts => ({
  ...project.ports(),
  stages: { stages, undoIn: undoElsewhere(project.ports()) },
});

const states = (run: Run): string => `${run.state}: ${run.phases.map((phase) => phase.state).join(", ")}`;

test("a phase waits for an approval; the one before it stands; apply goes on after it", async (t) => {
  const project = await synthetic(t);
  const deployment: Deployment = {
    ...plain,
    approvals: { tiers: ["1-week"], majors: false, separation: true },
  };
  const before = digestTree(project.root);
  const waiting = await applyPlan(requestWith(project, deployment), portsOf(project));
  assert.equal(states(waiting), "needs-person: rehearsed, rehearsed");
  assert.equal(digestTree(project.root), before);
  assert.deepEqual(
    waiting.waits?.map((one) => [one.for, one.phases]),
    [["approval", [1, 2]]],
  );
  assert.match(waiting.hint ?? "", /redress approve run-/);

  const ask = (by: Person) =>
    approve(
      { root: project.root, by, deployment, plan: { madeBy: planner }, reason: "seen" },
      project.ports(),
    );
  await assert.rejects(ask({ name: "Planner ", account: "elsewhere" }), { message: /made the plan/ });
  const again = await applyPlan(requestWith(project, deployment), portsOf(project));
  assert.equal(again.state, "needs-person", "a refused approval is none");

  const approved = await ask(reviewer);
  assert.deepEqual(
    approved.approvals?.map((one) => [one.by.name, one.reason]),
    [["Reviewer", "seen"]],
  );
  assert.equal(approved.waits, undefined);
  await assert.rejects(ask(reviewer), { message: "no run waits for an approval" });
  const done = await applyPlan(requestWith(project, deployment), portsOf(project));
  assert.equal(states(done), "done: done, done");
});

test("separation: who ran may not approve under the same account, unless both gave names", async (t) => {
  const deployment: Deployment = {
    ...plain,
    approvals: { tiers: ["1-week"], majors: false, separation: true },
  };
  for (const [runner, by, allowed] of [
    [{ name: "ci", account: "ci" }, { name: "Somebody", account: "ci" }, false],
    [{ name: "A. Person", account: "ci" }, { name: "B. Person", account: "ci" }, true],
    [{ name: "A. Person", account: "ci" }, { name: "a. person", account: "other" }, false],
  ] as const) {
    const project = await synthetic(t);
    await applyPlan(requestWith(project, deployment, { by: runner }), portsOf(project));
    const asked = approve({ root: project.root, by, deployment }, project.ports());
    if (allowed) assert.equal((await asked).waits, undefined);
    else await assert.rejects(asked, { code: "usage", message: /may not approve/ });
  }
});

test("outside its window a run waits and says when; an override is recorded", async (t) => {
  const project = await synthetic(t);
  // The synthetic clock says Tuesday 10:00 UTC.
  const window = {
    days: [6],
    from: 120,
    to: 360,
    zone: "Europe/Berlin",
    text: "Sat 02:00-06:00 Europe/Berlin",
  };
  const deployment: Deployment = { ...plain, stages: [{ ...ownStage, windows: [window] }] };
  const before = digestTree(project.root);
  const waiting = await applyPlan(requestWith(project, deployment), portsOf(project));
  assert.equal(waiting.state, "needs-person");
  assert.equal(waiting.waits?.[0]?.opens, "2025-09-06T00:00:00.000Z");
  assert.equal(digestTree(project.root), before);
  const done = await applyPlan(
    requestWith(project, deployment, { outsideWindow: "exploited right now" }),
    portsOf(project),
  );
  assert.equal(done.state, "done");
  const journal = fs.readFileSync(path.join(project.root, done.journal), "utf8");
  assert.match(journal, /"event":"window-overridden","stage":"project","reason":"exploited right now"/);
});

/** A server that answers 200 as often as told, then 500. */
async function serveGood(t: TestContext, good: number): Promise<HealthGate> {
  let asked = 0;
  const server = http.createServer((_, response) => {
    response.statusCode = ++asked <= good ? 200 : 500;
    response.end("ok");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return {
    name: "web",
    mode: "enforce",
    target: { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/health` },
    intervalMs: 1,
    count: 1,
    failureLimit: 0,
    timeoutMs: 1000,
    stages: ["watch"],
  };
}

test("a health gate that fails in the watch puts every phase back", async (t) => {
  const deployment: Deployment = { ...plain, stages: [{ ...ownStage, soakMs: 200 }] };
  for (const good of [0, 3]) {
    const project = await synthetic(t);
    const before = digestTree(project.root);
    const health = [await serveGood(t, good)];
    const run = await applyPlan(requestWith(project, deployment, { health }), portsOf(project));
    assert.equal(states(run), "rolled-back: rolled-back, rolled-back", run.reason);
    assert.match(run.reason ?? "", /did not hold while it was watched: health: web fail: .*status 500/);
    assert.equal(digestTree(project.root), before);
    assert.equal(run.phases[1]?.gates.at(-1)?.name, "health: web, watched");
  }
  const project = await synthetic(t);
  const run = await applyPlan(
    requestWith(project, deployment, { health: [await serveGood(t, Infinity)] }),
    portsOf(project),
  );
  assert.equal(states(run), "done: done, done");
});

/** Stages around the project: another checkout before it, a command behind it that writes what it is given. */
function staged(
  project: Synthetic,
  deploys = "ok",
): { deployment: Deployment; log: string; checkout: string } {
  const checkout = path.join(project.folder, "staging");
  fs.rmSync(checkout, { recursive: true, force: true });
  execFileSync("cp", ["-a", project.root, checkout]);
  fs.rmSync(path.join(checkout, ".redress"), { recursive: true, force: true });
  const log = path.join(project.folder, "deployed.log");
  fs.rmSync(log, { force: true });
  const script = path.join(project.folder, "tools", "deploy");
  fs.writeFileSync(
    script,
    `#!/bin/sh\necho "$REDRESS_ACT $REDRESS_STAGE $(head -1 requirements.txt)" >> ${log}\n[ "$1" = ok ]\n`,
    { mode: 0o755 },
  );
  const command = (word: string) => ({ argv: [script, word], cwd: ".", timeoutMs: 5000 });
  const stage = (name: string, target: StageSettings["target"]): StageSettings => ({
    ...ownStage,
    name,
    target,
  });
  return {
    log,
    checkout,
    deployment: {
      ...plain,
      stages: [
        stage("staging", { kind: "folder", folder: checkout }),
        ownStage,
        stage("production", { kind: "command", command: command(deploys), undo: command("ok") }),
      ],
    },
  };
}

test("stages are gone through in order; a rollback takes them back", async (t) => {
  const project = await synthetic(t);
  const { deployment, log, checkout } = staged(project);
  const before = digestTree(project.root);
  const run = await applyPlan(requestWith(project, deployment), portsOf(project));
  assert.equal(states(run), "done: done, done", run.reason);
  assert.deepEqual(run.stages, [
    { name: "staging", state: "done" },
    { name: "production", state: "done" },
  ]);
  assert.notEqual(digestTree(checkout), before);
  assert.equal(fs.readFileSync(log, "utf8"), "deploy production a==2.0\n");
  const back = await rollback({ root: project.root }, undoing(project, deployment));
  assert.deepEqual(
    back.stages?.map((stage) => stage.state),
    ["rolled-back", "rolled-back"],
  );
  assert.equal(digestTree(project.root), before);
  assert.equal(digestTree(checkout), before);
  assert.equal(fs.readFileSync(log, "utf8"), "deploy production a==2.0\nundo production a==1.0\n");
});

test("a stage that refuses puts back the project and the stages before it", async (t) => {
  const project = await synthetic(t);
  const { deployment, log, checkout } = staged(project, "no");
  const before = digestTree(project.root);
  const run = await applyPlan(requestWith(project, deployment), portsOf(project));
  assert.equal(states(run), "rolled-back: rolled-back, rolled-back");
  assert.match(run.reason ?? "", /stage production did not deploy: exit code 1/);
  assert.deepEqual([digestTree(project.root), digestTree(checkout)], [before, before]);
  assert.match(fs.readFileSync(log, "utf8"), /undo production a==1\.0\n$/);
});

test("a stage waits for its approval while those before it stand, then goes on alone", async (t) => {
  const project = await synthetic(t);
  const { deployment, log } = staged(project);
  const [first, own, last] = deployment.stages;
  assert.ok(first && own && last);
  const asking: Deployment = { ...deployment, stages: [first, own, { ...last, approve: true }] };
  const waiting = await applyPlan(requestWith(project, asking), portsOf(project));
  assert.equal(states(waiting), "needs-person: done, done");
  assert.deepEqual(waiting.waits?.[0]?.stages, ["production"]);
  assert.ok(!fs.existsSync(log));
  await approve({ root: project.root, by: reviewer, deployment: asking }, project.ports());
  const done = await applyPlan(requestWith(project, asking), portsOf(project));
  assert.equal(done.state, "done", done.reason);
  assert.equal(fs.readFileSync(log, "utf8"), "deploy production a==2.0\n");
});

test(
  "killed after every journal entry of a staged run: all back, or all in",
  { timeout: 120_000 },
  async (t) => {
    const project = await synthetic(t);
    const fresh = path.join(project.folder, "fresh");
    execFileSync("cp", ["-a", project.root, fresh]);
    const before = digestTree(project.root);
    const counts = new Map<string, number>();
    for (let at = 1, isOver = false; !isOver; at++) {
      fs.rmSync(project.root, { recursive: true });
      execFileSync("cp", ["-a", fresh, project.root]);
      const { deployment, checkout } = staged(project);
      const [first, own, last] = deployment.stages;
      assert.ok(first && own && last);
      const soaking: Deployment = {
        ...deployment,
        stages: [first, { ...own, soakMs: 1 }, { ...last, soakMs: 1 }],
      };
      let written = 0;
      const ports = portsOf(project);
      const killed = {
        ...disk,
        append: async (file: string, text: string, place: number) => {
          if (file.startsWith(project.root) && written >= at) throw new Error("killed");
          await disk.append(file, text, place);
          if (file.startsWith(project.root) && text !== "") written++;
        },
        rename: async (from: string, to: string) => {
          if (written >= at) throw new Error("killed");
          await disk.rename(from, to);
        },
        remove: async (file: string) => {
          if (written >= at) throw new Error("killed");
          await disk.remove(file);
        },
      };
      const run = await applyPlan(requestWith(project, soaking, { phases: [1] }), {
        ...ports,
        files: killed,
      }).then(
        (done) => done,
        () => undefined,
      );
      isOver = run?.state === "done";
      const [left] = await readRuns(project.root);
      if (left !== undefined) await resume({ root: project.root }, undoing(project, soaking));
      const [after] = await readRuns(project.root);
      const stands = after?.phases[0]?.state === "done";
      const label = `entry ${at}: ${JSON.stringify(after, null, 1)}`;
      assert.notEqual(after?.state, "needs-person", label);
      if (stands) {
        assert.notEqual(digestTree(project.root), before, label);
        const isStandingThere = digestTree(checkout) !== before;
        assert.ok(isStandingThere, label);
      } else {
        assert.equal(digestTree(project.root), before, label);
        // What staging had been given and was over before the project's own turn may stand: the record says so.
        const staging = after?.stages?.find((stage) => stage.name === "staging");
        assert.equal(digestTree(checkout) === before, staging?.state !== "done", label);
      }
      const outcome = `${after?.state ?? "none"}, ${stands ? "in" : "out"}`;
      counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
    }
    t.diagnostic(JSON.stringify(Object.fromEntries(counts)));
    assert.ok((counts.get("rolled-back, out") ?? 0) > 20);
    assert.ok((counts.get("done, in") ?? 0) >= 1);
  },
);
