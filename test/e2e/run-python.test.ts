/** A run with a real environment, a real installer and the user's real package index: forth and back, to the byte. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import path from "node:path";
import { test, type TestContext } from "node:test";
import { takeInventory } from "../../src/inventory/index.ts";
import type { Finding, Plan, Summary, Upgrade } from "../../src/model/index.ts";
import {
  applyPlan,
  digestInputs,
  rollback,
  type RunPorts,
  type Sight,
  type UndoPorts,
} from "../../src/run/index.ts";
import { findPrograms, silent, type Programs } from "../../src/system/index.ts";
import { configuration } from "../support/findings.ts";
import { must, scratch } from "../support/redress.ts";

const pins = {
  requests: "2.31.0",
  urllib3: "1.26.20",
  idna: "3.6",
  certifi: "2024.7.4",
  "charset-normalizer": "3.3.2",
};
const moved = { requests: "2.32.4", idna: "3.7" };
const text = (versions: Record<string, string>): string =>
  Object.entries(versions)
    .map(([name, version]) => `${name}==${version}\n`)
    .join("");

const summary: Summary = {
  packages: 0,
  findings: 0,
  waived: 0,
  bySeverity: { critical: 0, high: 0, medium: 0, low: 0, unknown: 0 },
  byTier: { immediate: 0, "24-hours": 0, "1-week": 0, "2-weeks": 0, "1-month": 0, "next-window": 0 },
};

const configured = configuration({
  tests: [
    {
      name: "unittest",
      argv: ["python", "-m", "unittest", "-v", "test_app"],
      cwd: ".",
      timeoutMs: 60_000,
      mode: "enforce",
    },
  ],
  gates: {
    versions: "enforce",
    security: "enforce",
    license: { mode: "enforce", allow: ["Apache-2.0", "BSD-3-Clause"], deny: [] },
    coverage: [],
    processes: [
      {
        name: "files",
        class: "files",
        argv: ["python", "-m", "http.server", "{port}", "--bind", "127.0.0.1"],
        cwd: ".",
        timeoutMs: 30_000,
        portVariable: "PORT",
        variables: {},
        ready: { path: "/" },
      },
    ],
    health: [
      {
        name: "files",
        mode: "enforce",
        target: { process: "files", path: "/requirements.txt" },
        intervalMs: 10,
        count: 2,
        failureLimit: 0,
        timeoutMs: 5000,
        body: "requests==2.32.4",
        stages: ["rehearsal", "promotion"],
      },
    ],
    performance: {
      measures: [
        {
          name: "minor version",
          mode: "enforce",
          class: "numbers",
          kind: "numbers",
          // Tells which environment each side runs in.
          command: {
            argv: ["python", "-c", "import requests; print(requests.__version__.split('.')[1])"],
            cwd: ".",
            timeoutMs: 30_000,
          },
          better: "lower",
        },
      ],
      budgets: {},
      exceptions: [],
      samples: 5,
      warmUp: 0,
      requests: 1,
    },
  },
});

/**
 * The installed versions must be what runs: both files that say idna's version are of one size, and get one time here, by
 * which bytecode of the old one passes for the new one's.
 */
const testApp = `import os, shutil, sys, unittest
from importlib.util import find_spec
from pathlib import Path

class Test(unittest.TestCase):
    def test_import(self):
        import requests
        self.assertTrue(requests.Session())

    def test_bytecode(self):
        self.assertFalse(sys.dont_write_bytecode)
        file = Path(find_spec("idna").origin).with_name("package_data.py")
        shutil.copy(file, "own.py")
        os.utime("own.py", (1000000000, 1000000000))
        os.replace("own.py", file)
        for name in [name for name in sys.modules if name.startswith("idna")]:
            del sys.modules[name]
        from idna.package_data import __version__
        self.assertIn(f"'{__version__}'", file.read_text())
`;

/** Every byte, mode, link and name; compiled Python comes and goes with each import. */
function digestTree(root: string): string {
  const hash = createHash("sha256");
  const walk = (at: string): void => {
    for (const name of fs.readdirSync(path.join(root, at)).sort()) {
      if (name === ".redress" || name === "__pycache__") continue;
      const file = path.join(root, at, name);
      const stat = fs.lstatSync(file);
      hash.update(`${at}/${name}\0${stat.mode}\0`);
      if (stat.isDirectory()) walk(path.join(at, name));
      else hash.update(stat.isSymbolicLink() ? fs.readlinkSync(file) : fs.readFileSync(file));
    }
  };
  walk("");
  return hash.digest("hex");
}

async function look(root: string): Promise<Sight> {
  return { inventory: await takeInventory({ root }), findings: [] as Finding[], summary };
}

async function makePlan(root: string): Promise<Plan> {
  const upgrades = Object.entries(moved).map(([name, to]): Upgrade => ({
    project: ".",
    ecosystem: "PyPI",
    package: name,
    from: pins[name as keyof typeof moved],
    to,
    via: "lockfile",
    level: "minor",
    direct: true,
    fixes: [],
    introduces: [],
    because: [],
  }));
  return {
    schemaVersion: 1,
    id: "plan-00000000e2",
    madeAt: "2025-09-02T09:00:00Z",
    profile: "safe",
    inputs: {
      ...(await digestInputs(root, await takeInventory({ root }))),
      snapshot: "",
      policy: "",
      tool: "",
      targets: [],
    },
    before: summary,
    after: summary,
    optimal: true,
    cost: [],
    costNames: [],
    phases: [
      { number: 1, name: "Phase 1", tier: "1-week", due: "2025-09-09T00:00:00Z", upgrades, after: summary },
    ],
    unfixed: [],
    broken: [],
    skipped: [],
    confirmed: [],
  };
}

async function applyAndReturn(t: TestContext, programs: Programs): Promise<void> {
  const root = path.join(scratch(t), "application");
  fs.mkdirSync(root);
  fs.writeFileSync(path.join(root, "requirements.txt"), text(pins));
  fs.writeFileSync(path.join(root, "test_app.py"), testApp);
  const interpreter = path.join(root, ".venv", "bin", "python");
  must([programs.python ?? "", "-m", "venv", ".venv"], root);
  must([interpreter, "-m", "pip", "install", "-q", "--no-deps", "-r", "requirements.txt"], root);
  const before = digestTree(root);
  const versions = (): string => must([interpreter, "-m", "pip", "freeze", "--all"], root);
  const frozen = versions();
  const ports: RunPorts & UndoPorts = {
    settle: () =>
      Promise.resolve({
        state: "accepted",
        by: "test",
        detail: "",
        phases: [{ files: new Map([["requirements.txt", text({ ...pins, ...moved })]]), observed: [] }],
      }),
    look,
    inventory: (tree) => takeInventory({ root: tree }),
    compare: () => ({ fixed: [], left: [], introduced: [] }),
    clock: () => new Date(),
    progress: silent,
    programs,
  };
  const started = performance.now();
  const run = await applyPlan(
    {
      root,
      plan: await makePlan(root),
      configuration: configured,
      scratchFolder: path.join(path.dirname(root), "scratch"),
    },
    ports,
  );
  assert.equal(run.state, "done", `${run.reason ?? ""} ${run.hint ?? ""}`);
  t.diagnostic(`apply: ${((performance.now() - started) / 1000).toFixed(1)} s`);
  assert.deepEqual(
    run.phases[0]?.gates.map((gate) => `${gate.name} ${gate.verdict}`),
    [
      "versions pass",
      "security pass",
      "license warn", // idna says “BSD License” and not which
      "tests: unittest pass",
      "health: files pass",
      "performance: minor version pass",
      "versions, promoted pass",
      "security, promoted pass",
      "health: files, promoted pass",
    ],
  );
  const measured = run.phases[0].gates.find((gate) => gate.name === "performance: minor version");
  const [, batch] = measured?.samples ?? [];
  const five = (minor: number): number[] => Array.from({ length: 5 }, () => minor);
  assert.deepEqual(batch, { batch: 1, old: five(31), control: five(31), new: five(32) });
  assert.match(versions(), /^requests==2\.32\.4$/m);
  assert.match(must([path.join(root, ".venv", "bin", "normalizer"), "--version"], root), /3\.3\.2/);
  assert.notEqual(digestTree(root), before);
  const back = await rollback({ root }, ports);
  assert.equal(back.state, "rolled-back");
  assert.equal(digestTree(root), before);
  assert.equal(versions(), frozen);
  assert.deepEqual(fs.readdirSync(path.join(path.dirname(root), "scratch")), []);
}

const programs = await findPrograms();
const noPython = programs.python === undefined && "there is no python3";

test("with uv", { skip: noPython || (programs.uv === undefined && "uv is missing"), timeout: 120_000 }, (t) =>
  applyAndReturn(t, programs),
);

test("with pip alone", { skip: noPython, timeout: 180_000 }, (t) => {
  const { uv: _, ...others } = programs;
  return applyAndReturn(t, others);
});
