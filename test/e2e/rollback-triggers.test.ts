/**
 * The rollback triggers, each on a real process: a critical function that fails, a response time up by more than 20 %,
 * a security scan that fails, and an application that is not well once it is promoted.
 */
import assert from "node:assert/strict";
import * as fs from "node:fs";
import path from "node:path";
import { test, type TestContext } from "node:test";
import type { Configuration, Finding, GateResult, GateSettings, Run } from "../../src/model/index.ts";
import { applyPlan } from "../../src/run/index.ts";
import { digestTree, makeSynthetic, type Synthetic } from "../crash/synthetic-project.ts";
import { web } from "../support/served.ts";

/** An application that waits as long as the middleware in its environment does: package `a`, slow from 2.0 on. */
const server = `
const fs = require("node:fs");
const installed = fs.readFileSync(process.env.VIRTUAL_ENV + "/lib/python3.11/site-packages/a/__init__.py", "utf8");
const delay = installed.includes("2.0") ? 28 : 20;
const isReal = fs.existsSync(".redress");
require("node:http").createServer((request, response) => {
  if (request.url === "/health" && isReal) response.statusCode = 503;
  setTimeout(() => response.end("ok"), request.url === "/tickets" ? delay : 0);
}).listen(Number(process.env.PORT), "127.0.0.1");
`;

/** The tests of a business function: they fail on the new version of \`a\`. */
const payments = `
const installed = require("node:fs").readFileSync(process.env.VIRTUAL_ENV + "/lib/python3.11/site-packages/a/__init__.py", "utf8");
const broken = installed.includes("2.0");
console.log(broken ? "FAILED tests/test_pay.py::test_card - 402\\n1 failed in 0.01s" : "1 passed in 0.01s");
process.exit(broken ? 1 : 0);
`;

const plain: GateSettings = {
  versions: "enforce",
  security: "enforce",
  processes: [web],
  health: [],
  coverage: [],
};

async function project(t: TestContext): Promise<Synthetic & { configuration: Configuration }> {
  const synthetic = await makeSynthetic();
  t.after(() => {
    fs.rmSync(synthetic.folder, { recursive: true });
  });
  fs.writeFileSync(path.join(synthetic.root, "server.cjs"), server);
  fs.writeFileSync(path.join(synthetic.root, "payments.cjs"), payments);
  return { ...synthetic, configuration: synthetic.request().configuration };
}

const gate = (run: Run, name: string): GateResult | undefined =>
  run.phases.flatMap((phase) => phase.gates).find((one) => one.name === name);

test("a critical function that fails stops the phase before anything real is touched", async (t) => {
  const { configuration, ...synthetic } = await project(t);
  const before = digestTree(synthetic.root);
  const tests = [
    {
      name: "function payments",
      function: "payments",
      argv: [process.execPath, "payments.cjs"],
      cwd: ".",
      timeoutMs: 20_000,
      mode: "enforce" as const,
    },
  ];
  const run = await applyPlan(
    synthetic.request({ configuration: { ...configuration, tests } }),
    synthetic.ports(),
  );
  assert.equal(run.state, "rolled-back");
  assert.match(
    gate(run, "tests: function payments")?.detail ?? "",
    /newly failing: tests\/test_pay.py::test_card/,
  );
  assert.equal(digestTree(synthetic.root), before);
});

test("a response time up by 40 % stops the phase, with the samples in the record", async (t) => {
  const { configuration, ...synthetic } = await project(t);
  const before = digestTree(synthetic.root);
  const gates: GateSettings = {
    ...plain,
    performance: {
      measures: [
        { name: "tickets", mode: "enforce", class: "web", kind: "http", process: "web", path: "/tickets" },
      ],
      budgets: {},
      exceptions: [],
      samples: 15,
      warmUp: 2,
      requests: 5,
    },
  };
  const run = await applyPlan(
    synthetic.request({ configuration: { ...configuration, gates } }),
    synthetic.ports(),
  );
  assert.equal(run.state, "rolled-back", run.reason);
  const result = gate(run, "performance: tickets");
  assert.equal(result?.verdict, "fail", result?.detail);
  const [, first, second] = result.samples as { old: number[]; control: number[]; new: number[] }[];
  assert.deepEqual([first?.old.length, first?.control.length, second?.new.length], [15, 15, 15]);
  assert.equal(digestTree(synthetic.root), before);
  assert.deepEqual(fs.readdirSync(synthetic.scratchFolder), []);
});

test("a security scan that fails stops the phase", async (t) => {
  const { configuration, ...synthetic } = await project(t);
  const before = digestTree(synthetic.root);
  const ports = synthetic.ports();
  const run = await applyPlan(synthetic.request({ configuration: { ...configuration, gates: plain } }), {
    ...ports,
    look: async (root) => {
      const sight = await ports.look(root);
      const brought = sight.inventory.components
        .filter((one) => one.name === "a" && one.version === "2.0")
        .map((one): Finding => ({ ...(findingLike as Finding), package: one.name, version: one.version }));
      return { ...sight, findings: [...sight.findings, ...brought] };
    },
  });
  assert.equal(run.state, "rolled-back");
  assert.match(gate(run, "security")?.detail ?? "", /introduced: a 2.0 GHSA-new/);
  assert.equal(digestTree(synthetic.root), before);
});

const findingLike: Partial<Finding> = {
  id: "F-new",
  project: ".",
  ecosystem: "PyPI",
  advisory: "GHSA-new",
  severity: "critical",
};

test("an application that is not well after promotion is put back, to the byte", async (t) => {
  const { configuration, ...synthetic } = await project(t);
  const before = digestTree(synthetic.root);
  const gates: GateSettings = {
    ...plain,
    health: [
      {
        name: "web",
        mode: "enforce",
        target: { process: "web", path: "/health" },
        intervalMs: 5,
        count: 3,
        failureLimit: 0,
        timeoutMs: 5000,
        stages: ["rehearsal", "promotion"],
      },
    ],
  };
  const run = await applyPlan(
    synthetic.request({ configuration: { ...configuration, gates } }),
    synthetic.ports(),
  );
  assert.equal(run.state, "rolled-back");
  assert.equal(gate(run, "health: web")?.verdict, "pass");
  assert.match(run.reason ?? "", /phase 1 did not hold in promotion: health: web fail: 0 of 1 .*status 503/);
  assert.equal(digestTree(synthetic.root), before);
});
