/** What a run does, on the synthetic project: each way that it can end. */
import assert from "node:assert/strict";
import * as fs from "node:fs";
import path from "node:path";
import { test, type TestContext } from "node:test";
import type { GateSettings, Run } from "../../src/model/index.ts";
import {
  applyPlan,
  digestInputs,
  foldJournal,
  readJournal,
  readRuns,
  resume,
  rollback,
} from "../../src/run/index.ts";
import {
  digestTree,
  makePlan,
  makeSynthetic,
  syntheticAt,
  upgrade,
  type Synthetic,
} from "./synthetic-project.ts";

async function synthetic(t: TestContext): Promise<Synthetic> {
  const project = await makeSynthetic();
  t.after(() => {
    fs.rmSync(project.folder, { recursive: true });
  });
  return project;
}

const states = (run: Run): string => `${run.state}: ${run.phases.map((phase) => phase.state).join(", ")}`;
const gate = (run: Run, phase: number, name: string) =>
  run.phases[phase - 1]?.gates.find((one) => one.name === name);

test("phases go in run by run and come out in order, to the byte", async (t) => {
  const project = await synthetic(t);
  const digests = [digestTree(project.root)];
  for (const phases of [[1], [1, 2]]) {
    const run = await applyPlan(project.request({ phases }), project.ports());
    assert.match(states(run), /^done: done$/);
    digests.push(digestTree(project.root));
  }
  assert.equal(new Set(digests).size, 3);
  assert.equal(fs.statSync(path.join(project.root, "requirements.txt")).mode & 0o777, 0o640);
  const [first] = await readRuns(project.root);
  await rollback({ root: project.root, run: first?.run ?? "" }, project.ports());
  assert.equal(digestTree(project.root), digests[0]);
  assert.equal(fs.statSync(path.join(project.root, "requirements.txt")).mtimeMs, 1_600_000_000_000);
  assert.deepEqual(
    (await readRuns(project.root)).map((run) => run.state),
    ["rolled-back", "rolled-back"],
  );
});

test("both phases in one run; rollback to before the second leaves the first", async (t) => {
  const project = await synthetic(t);
  await applyPlan(project.request({ phases: [1] }), project.ports());
  const middle = digestTree(project.root);
  await rollback({ root: project.root }, project.ports());
  const run = await applyPlan(project.request(), project.ports());
  assert.equal(states(run), "done: done, done");
  assert.deepEqual(gate(run, 2, "versions")?.verdict, "pass");
  assert.deepEqual(gate(run, 1, "tests: unit")?.detail, "2 ran, none failed");
  assert.deepEqual(
    run.phases.map((phase) => [phase.before.findings, phase.after.findings]),
    [
      [2, 1],
      [1, 0],
    ],
  );
  const back = await rollback({ root: project.root, run: run.run, phase: 2 }, project.ports());
  assert.equal(digestTree(project.root), middle);
  assert.match(back.reason ?? "", /phase 1 stands/);
  assert.deepEqual(fs.readdirSync(project.scratchFolder), []);
});

test("a dry run touches nothing and says what it saw", async (t) => {
  const project = await synthetic(t);
  const before = digestTree(project.root);
  const run = await applyPlan(project.request({ dryRun: true }), project.ports());
  assert.equal(states(run), "rehearsed: rehearsed, rehearsed");
  assert.equal(digestTree(project.root), before);
});

test("files only: the environment stays, the tests are missing", async (t) => {
  const project = await synthetic(t);
  const environment = digestTree(path.join(project.root, ".venv"));
  const run = await applyPlan(project.request({ filesOnly: true }), project.ports());
  assert.equal(states(run), "done: done, done", run.reason);
  assert.equal(gate(run, 1, "tests")?.verdict, "missing");
  assert.equal(digestTree(path.join(project.root, ".venv")), environment);
  assert.equal(
    fs.readFileSync(path.join(project.root, "requirements.txt"), "utf8"),
    "a==2.0\nb==1.5\nd==1.0\n",
  );
});

test("tests that newly fail stop their phase in rehearsal; the one before stands", async (t) => {
  const project = await synthetic(t);
  fs.writeFileSync(path.join(project.root, "breaks-with-1.5"), "");
  const run = await applyPlan(project.request(), project.ports());
  assert.equal(states(run), "rolled-back: done, failed");
  assert.match(
    run.reason ?? "",
    /phase 2 did not hold in rehearsal: tests: unit fail \(newly failing: tests\/test_a.py::test_b\)/,
  );
  assert.equal(fs.readFileSync(path.join(project.root, "requirements.txt"), "utf8"), "a==2.0\nb==1.0\n");
});

test("tests that failed before may still fail", async (t) => {
  const project = await synthetic(t);
  fs.writeFileSync(path.join(project.root, "breaks-with-1.0"), "");
  const run = await applyPlan(project.request({ phases: [1] }), project.ports());
  assert.equal(states(run), "done: done");
  assert.match(gate(run, 1, "tests: unit")?.detail ?? "", /1 failed before and still fail/);
});

test("a version that cannot be installed stops its phase before anything real is touched", async (t) => {
  const project = await synthetic(t);
  const before = digestTree(project.root);
  const plan = await makePlan(project.root, [[upgrade("a", "1.0", "9.9")]]);
  const other = syntheticAt(project.folder, plan);
  const run = await applyPlan(other.request(), other.ports());
  assert.equal(states(run), "rolled-back: failed");
  assert.match(run.reason ?? "", /uv failed with exit code 1: no such version/);
  assert.equal(digestTree(project.root), before);
});

test("an installer that fails in promotion: the phase is put back, secrets are masked", async (t) => {
  const project = await synthetic(t);
  const before = digestTree(project.root);
  fs.writeFileSync(path.join(project.folder, "tools", "refuse-in"), path.join(project.root, ".venv"));
  const run = await applyPlan(project.request(), project.ports());
  assert.equal(states(run), "rolled-back: rolled-back, rehearsed");
  assert.match(run.reason ?? "", /https:\/\/\*\*\*@index\.example/);
  assert.equal(digestTree(project.root), before);
  assert.doesNotMatch(fs.readFileSync(path.join(project.root, run.journal), "utf8"), /hunter2/);
});

test("an installer that writes into shared files is caught", async (t) => {
  const project = await synthetic(t);
  const uv = path.join(project.folder, "tools", "uv");
  // Hard links share content: appending to a file that the upgrade has no business with changes the backup as well.
  fs.appendFileSync(uv, 'echo "# scribble" >> "$environment/lib/python3.11/site-packages/b/__init__.py"\n');
  const run = await applyPlan(project.request({ phases: [1] }), project.ports());
  assert.equal(run.state, "needs-person");
  assert.match(run.reason ?? "", /\.venv is not as it was/);
});

test("a stop request in promotion puts the phase back", async (t) => {
  const project = await synthetic(t);
  const before = digestTree(project.root);
  const stop = new AbortController();
  const ports = project.ports({ signal: stop.signal });
  const progress = {
    ...ports.progress,
    step: (name: string) => {
      if (name.endsWith("(promotion)")) stop.abort();
      return ports.progress.step(name);
    },
  };
  const run = await applyPlan(project.request(), { ...ports, progress });
  assert.equal(states(run), "rolled-back: rolled-back, rehearsed");
  assert.match(run.reason ?? "", /stopped on request/);
  assert.equal(digestTree(project.root), before);
});

test("a stop request in rehearsal leaves everything untouched", async (t) => {
  const project = await synthetic(t);
  const before = digestTree(project.root);
  const stop = new AbortController();
  const ports = project.ports({ signal: stop.signal });
  const progress = {
    ...ports.progress,
    line: () => {
      stop.abort();
    },
  };
  const run = await applyPlan(project.request(), { ...ports, progress });
  assert.equal(run.state, "rolled-back");
  assert.equal(run.hint, "The project was not touched.");
  assert.equal(digestTree(project.root), before);
  assert.deepEqual(fs.readdirSync(project.scratchFolder), []);
});

test("another tree than the planned one is refused, naming what differs", async (t) => {
  const project = await synthetic(t);
  fs.appendFileSync(path.join(project.root, "requirements.txt"), "# note\n");
  fs.renameSync(
    path.join(project.root, ".venv/lib/python3.11/site-packages/c-1.0.dist-info"),
    path.join(project.root, ".venv/lib/python3.11/site-packages/c-1.1.dist-info"),
  );
  await assert.rejects(applyPlan(project.request(), project.ports()), {
    code: "changed",
    message: /requirements.txt was edited; the environment of the project holds other versions/,
  });
  assert.deepEqual(await readRuns(project.root), []);
});

test("rollback refuses over edits by hand; force keeps a copy", async (t) => {
  const project = await synthetic(t);
  const before = digestTree(project.root);
  const run = await applyPlan(project.request(), project.ports());
  fs.appendFileSync(path.join(project.root, "requirements.txt"), "e==1.0\n");
  await assert.rejects(rollback({ root: project.root }, project.ports()), {
    code: "changed",
    message: "changed since the run: requirements.txt",
  });
  await rollback({ root: project.root, force: true }, project.ports());
  assert.equal(digestTree(project.root), before);
  const entries = await readJournal(path.join(project.root, run.journal));
  const kept = entries.flatMap((entry) => (entry.event === "rollback-started" ? entry.kept : []));
  assert.match(fs.readFileSync(path.join(project.root, kept[0] ?? ""), "utf8"), /e==1\.0/);
});

test("of two at once one is told who holds the project", async (t) => {
  const project = await synthetic(t);
  const inside = Promise.withResolvers<undefined>();
  const release = Promise.withResolvers<undefined>();
  const ports = project.ports();
  const first = applyPlan(project.request(), {
    ...ports,
    settle: async (one) => {
      inside.resolve(undefined);
      await release.promise;
      return ports.settle(one);
    },
  });
  await inside.promise;
  for (const act of [
    () => applyPlan(project.request(), ports),
    () => rollback({ root: project.root }, ports),
    () => resume({ root: project.root }, ports),
  ])
    await assert.rejects(act, {
      code: "locked",
      message: `process ${process.pid} is at work on this project (apply)`,
    });
  release.resolve(undefined);
  assert.equal((await first).state, "done");
});

test("an edit by hand between rehearsal and promotion is not written over", async (t) => {
  const project = await synthetic(t);
  const ports = project.ports();
  const edited = "a==1.0\nb==1.0\nz==1.0\n";
  const progress = {
    ...ports.progress,
    line: (text: string) => {
      if (text.startsWith("Promoting Phase 1"))
        fs.writeFileSync(path.join(project.root, "requirements.txt"), edited);
    },
  };
  const run = await applyPlan(project.request(), { ...ports, progress });
  assert.equal(states(run), "rolled-back: rolled-back, rehearsed");
  assert.match(run.reason ?? "", /requirements.txt was edited while the plan was rehearsed/);
  assert.equal(fs.readFileSync(path.join(project.root, "requirements.txt"), "utf8"), edited);
});

test("an unsafe path of a settled file stops the run", async (t) => {
  const project = await synthetic(t);
  const before = digestTree(project.root);
  const ports = project.ports();
  const run = await applyPlan(project.request(), {
    ...ports,
    settle: () =>
      Promise.resolve({
        state: "accepted",
        by: "x",
        detail: "",
        phases: [1, 2].map(() => ({ files: new Map([["../outside.txt", "x"]]), observed: [] })),
      }),
  });
  assert.equal(run.state, "failed");
  assert.match(run.reason ?? "", /does not lie inside the project/);
  assert.equal(digestTree(project.root), before);
  assert.ok(!fs.existsSync(path.join(project.folder, "outside.txt")));
});

test("a linked file and a linked environment are refused and left alone", async (t) => {
  for (const name of ["requirements.txt", ".venv"]) {
    const project = await synthetic(t);
    fs.renameSync(path.join(project.root, name), path.join(project.folder, "elsewhere"));
    fs.symlinkSync(path.join(project.folder, "elsewhere"), path.join(project.root, name));
    const before = digestTree(project.root);
    const run = await applyPlan(project.request(), project.ports());
    assert.notEqual(run.state, "done", name);
    assert.equal(digestTree(project.root), before, name);
  }
});

test("a damaged journal is a run that needs a person, and undoes nothing", async (t) => {
  const project = await synthetic(t);
  const run = await applyPlan(project.request(), project.ports());
  const after = digestTree(project.root);
  const file = path.join(project.root, run.journal);
  fs.writeFileSync(file, fs.readFileSync(file, "utf8").replace('"phase":1', '"phase":2'));
  const [damaged] = await readRuns(project.root);
  assert.equal(damaged?.state, "needs-person");
  for (const act of [
    () => rollback({ root: project.root }, project.ports()),
    () => resume({ root: project.root }, project.ports()),
    () => applyPlan(project.request(), project.ports()),
  ])
    await assert.rejects(act, { code: "corrupt" });
  assert.equal(digestTree(project.root), after);
});

test("a run is the fold of its journal; a torn last line does not count", async (t) => {
  const project = await synthetic(t);
  const run = await applyPlan(project.request(), project.ports());
  const file = path.join(project.root, run.journal);
  assert.deepEqual(foldJournal(await readJournal(file)), run);
  fs.appendFileSync(file, '{"seq":99,"at":"2025');
  assert.deepEqual(foldJournal(await readJournal(file)), run);
});

test("what gates start after promotion finds the environments that the plan left alone as well", async (t) => {
  const project = await synthetic(t);
  const bin = path.join(project.root, "other/.venv/bin");
  fs.mkdirSync(bin, { recursive: true });
  fs.copyFileSync(
    path.join(project.root, ".venv/pyvenv.cfg"),
    path.join(project.root, "other/.venv/pyvenv.cfg"),
  );
  fs.writeFileSync(path.join(project.root, "other/requirements.txt"), "");
  const server = `#!${process.execPath}\nrequire("node:http").createServer((_, answer) => answer.end("ok")).listen(process.env.PORT, "127.0.0.1");\n`;
  fs.writeFileSync(path.join(bin, "served-by-other"), server, { mode: 0o755 });
  const ports = project.ports();
  const look: typeof ports.look = async (root) => {
    const sight = await ports.look(root);
    const [first] = sight.inventory.projects;
    assert.ok(first);
    const other = {
      ...first,
      path: "other",
      files: ["other/requirements.txt"],
      environment: "other/.venv",
    };
    return { ...sight, inventory: { ...sight.inventory, projects: [first, other] } };
  };
  const request = project.request({ phases: [1] });
  const gates: GateSettings = {
    versions: "enforce",
    security: "enforce",
    processes: [
      {
        name: "web",
        class: "web",
        argv: ["served-by-other"],
        cwd: "other",
        timeoutMs: 10_000,
        portVariable: "PORT",
        variables: {},
        ready: { path: "/" },
      },
    ],
    health: [
      {
        name: "web",
        mode: "enforce",
        target: { process: "web", path: "/" },
        intervalMs: 1,
        count: 1,
        failureLimit: 0,
        timeoutMs: 2000,
        stages: ["promotion"],
      },
    ],
    coverage: [],
  };
  const { inputs } = request.plan;
  const plan = {
    ...request.plan,
    inputs: { ...inputs, ...(await digestInputs(project.root, (await look(project.root)).inventory)) },
  };
  const run = await applyPlan(
    { ...request, plan, configuration: { ...request.configuration, gates } },
    { ...ports, look },
  );
  assert.equal(states(run), "done: done", run.reason);
  assert.equal(gate(run, 1, "health: web")?.verdict, "pass");
});
