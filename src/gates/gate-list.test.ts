import assert from "node:assert/strict";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { configuration } from "../../test/support/findings.ts";
import type {
  GateMode,
  GateResult,
  GateSettings,
  Inventory,
  TestGate,
  Upgrade,
  Verdict,
} from "../model/index.ts";
import type { Baselines } from "./baselines.ts";
import { lanesOf, requireProjects } from "./concerned.ts";
import { askGates, comparesSides, questionsFor, runsPrograms, stops, type Situation } from "./gate-list.ts";
import type { TestRun } from "./test-run.ts";

const result = (name: string, verdict: Verdict, mode: GateMode = "enforce"): GateResult => ({
  name,
  mode,
  verdict,
  detail: "see https://user:hunter2@example.org/",
  samples: [{ said: "Bearer abcdefghijkl" }, "ghp_0123456789abcdef"],
});

test("only an enforced gate that failed, or could not tell, stops a phase", () => {
  const stopping = (["pass", "warn", "fail", "inconclusive", "error", "missing"] as const).filter((verdict) =>
    stops(result("a", verdict)),
  );
  assert.deepEqual(stopping, ["fail", "inconclusive", "error"]);
  assert.ok(!stops(result("a", "fail", "warn")) && !stops(result("a", "fail", "observe")));
});

test("gates are asked until one stops; what they say is told as it comes, without secrets", async () => {
  const told: GateResult[] = [];
  const answers = [
    [result("a", "pass")],
    [result("b", "fail", "observe")],
    [result("c", "fail"), result("d", "pass")],
    [result("e", "pass")],
  ];
  const asked = await askGates(
    answers.map((own) => () => Promise.resolve(own)),
    (one) => {
      told.push(one);
      return Promise.resolve();
    },
  );
  assert.deepEqual(
    asked.map((one) => one.name),
    ["a", "b", "c", "d"],
  );
  assert.deepEqual(told, asked);
  assert.doesNotMatch(JSON.stringify(asked), /hunter2|abcdefghijkl|0123456789abcdef/);
});

test("rows are asked side by side; after a gate that stops, none of them goes on", async () => {
  const asked: string[] = [];
  const met = Promise.withResolvers<undefined>();
  const answer =
    (name: string, verdict: Verdict, wait?: Promise<unknown>) => async (): Promise<GateResult[]> => {
      asked.push(name);
      if (asked.length === 2) met.resolve(undefined);
      await wait;
      return [result(name, verdict)];
    };
  const told: string[] = [];
  // Both first ones end only when both have begun.
  const results = await askGates(
    [
      {
        lanes: [
          [answer("a1", "fail", met.promise), answer("a2", "pass")],
          [
            answer(
              "b1",
              "pass",
              met.promise.then(() => new Promise(setImmediate)),
            ),
            answer("b2", "pass"),
          ],
        ],
      },
      answer("c", "pass"),
    ],
    async ({ name }) => {
      told.push(`${name} begins`);
      await new Promise(setImmediate);
      told.push(`${name} ends`);
    },
  );
  assert.deepEqual(
    results.map((one) => one.name),
    ["a1", "b1"],
  );
  assert.deepEqual(told, ["a1 begins", "a1 ends", "b1 begins", "b1 ends"]);
});

test("a row that breaks is told of when the others have come to their end", async () => {
  let ended = false;
  const slow = async (): Promise<GateResult[]> => {
    await new Promise(setImmediate);
    ended = true;
    return [];
  };
  await assert.rejects(
    askGates([{ lanes: [[() => Promise.reject(new Error("broken"))], [slow]] }], () => Promise.resolve()),
    /broken/,
  );
  assert.ok(ended);
});

test("gates of different projects are in different rows; whoever is of two joins them", () => {
  const gate = (name: string, projects?: string[]): TestGate => ({
    ...command(name, ""),
    ...(projects === undefined ? {} : { projects }),
  });
  const rows = (...gates: TestGate[]): string[] =>
    lanesOf(gates).map((row) => row.map((one) => one.name).join(" "));
  const [a, b, c] = [gate("a", ["api"]), gate("b", ["web"]), gate("c", ["api"])];
  assert.deepEqual(rows(a, b, c, gate("all")), ["b", "a c"]);
  assert.deepEqual(rows(a, b, c, gate("both", ["web", "api"]), gate("e", ["desk"])), ["b a c both", "e"]);
  assert.deepEqual(rows(gate("all")), []);
});

const command = (name: string, script: string): TestGate => ({
  name,
  argv: [process.execPath, "-e", script],
  cwd: ".",
  timeoutMs: 20_000,
  mode: "enforce",
});

const settings: GateSettings = {
  versions: "enforce",
  security: "warn",
  processes: [],
  health: [
    {
      name: "nobody",
      mode: "warn",
      target: { url: "http://127.0.0.1:1/" },
      intervalMs: 1,
      count: 1,
      failureLimit: 0,
      timeoutMs: 100,
      stages: ["promotion"],
    },
  ],
  coverage: [{ name: "lines", mode: "enforce", file: "lcov.info", allowedDrop: 1 }],
  license: { mode: "warn", deny: [] },
};

function situation(
  tests: readonly TestGate[],
  baseline: Partial<TestRun>,
  parts: Partial<Situation> = {},
): Situation {
  const run: TestRun = { ran: 2, failed: [], code: 0, timedOut: false, tail: "", durationMs: 1, ...baseline };
  const baselines: Baselines = {
    tests: new Map(tests.map((gate) => [gate.name, run])),
    coverage: new Map(),
    licenses: new Map(),
  };
  return {
    stage: "rehearsal",
    configuration: configuration({
      tests,
      commands: [command("lint", "process.exit(0)")],
      gates: settings,
    }),
    upgrades: [],
    versions: { checks: [], appeared: [], gone: [] },
    findings: { fixed: [], left: [], introduced: [] },
    inventory: { projects: [], components: [], dependencies: [], unread: [], notes: [] },
    bench: { root: import.meta.dirname, homes: [], variables: {} },
    baselines,
    filesOnly: false,
    today: "2026-01-01",
    ...parts,
  };
}

const verdicts = async (given: Situation): Promise<string[]> =>
  (await askGates(questionsFor(given), () => Promise.resolve())).map((one) => `${one.name} ${one.verdict}`);

test("each stage has its gates, in their order", async () => {
  const unit = command("unit", "console.log('2 passed in 0.1s')");
  assert.deepEqual(await verdicts(situation([unit], {})), [
    "versions pass",
    "security pass",
    "license pass",
    "tests: unit pass",
    "coverage: lines missing",
    "command: lint pass",
  ]);
  assert.deepEqual(await verdicts(situation([unit], {}, { stage: "promotion" })), [
    "versions pass",
    "security pass",
    "health: nobody fail",
  ]);
  assert.deepEqual(await verdicts(situation([unit], {}, { filesOnly: true })), [
    "versions pass",
    "security pass",
    "license pass",
    "tests missing",
  ]);
  assert.deepEqual(await verdicts(situation([unit], {}, { filesOnly: true, stage: "promotion" })), [
    "versions pass",
  ]);
  assert.deepEqual((await verdicts(situation([], {})))[3], "tests missing");
  const bare = situation([], {});
  const leftOut = { ...bare.configuration, commands: [], leftOut: ["tests: unit", "command: lint"] };
  assert.deepEqual((await verdicts({ ...bare, configuration: leftOut })).slice(3), [
    "tests: unit missing",
    "command: lint missing",
  ]);
});

test("a command of one project is asked of the phases that change it, and said to be missing of others", async () => {
  const gates = [
    { ...command("web", "console.log('2 passed in 0.1s')"), projects: ["web"] },
    { ...command("all", "console.log('2 passed in 0.1s')") },
  ];
  const bare = situation(gates, {});
  const configuration = { ...bare.configuration, commands: [{ ...command("lint", ""), projects: ["web"] }] };
  const asked = async (project: string): Promise<string[]> =>
    (await verdicts({ ...bare, configuration, upgrades: [{ ...upgrade("a"), project }] })).filter((one) =>
      /^(tests|command)/.test(one),
    );
  assert.deepEqual(await asked("web"), ["tests: all pass", "tests: web pass", "command: lint pass"]);
  assert.deepEqual(await asked("api"), ["tests: all pass", "tests: web missing", "command: lint missing"]);
  const projects = [{ path: "api" }] as unknown as Inventory["projects"];
  assert.throws(
    () => {
      requireProjects(configuration, { ...bare.inventory, projects });
    },
    { code: "config", message: /the gate web is asked for the project web, which is not there/ },
  );
});

for (const [name, script, baseline, verdict, detail] of [
  ["passes", "console.log('2 passed in 0.1s')", {}, "pass", /2 ran, none failed/],
  [
    "fails newly",
    "console.log('FAILED t.py::a - x\\n1 failed in 0.1s'); process.exit(1)",
    {},
    "fail",
    /newly failing: t.py::a/,
  ],
  [
    "failed before",
    "console.log('FAILED t.py::a - x\\n1 failed in 0.1s'); process.exit(1)",
    { code: 1, failed: ["t.py::a"] },
    "pass",
    /1 failed before and still fail/,
  ],
  [
    "runs nothing any more",
    "console.log('no tests ran in 0.1s')",
    {},
    "fail",
    /no test ran; on the old versions 2 did/,
  ],
  ["never ran anything", "console.log('no tests ran in 0.1s')", { ran: 0 }, "missing", /runs no test/],
  ["runs fewer", "console.log('1 passed in 0.1s')", {}, "warn", /on the old versions 2 ran/],
  [
    "names nothing on either side",
    "process.exit(1)",
    { code: 1, ran: null },
    "inconclusive",
    /names no tests/,
  ],
  ["reports by a file that it did not write", "console.log('2 passed in 0.1s')", {}, "pass", /2 ran/],
] as const)
  test(`a suite that ${name}`, async () => {
    const gate = { ...command("unit", script), results: "no-such-report.xml" };
    const asked = await askGates(questionsFor(situation([gate], baseline)), () => Promise.resolve());
    const found = asked.find((one) => one.name === "tests: unit");
    assert.equal(found?.verdict, verdict, found?.detail);
    assert.match(found.detail, detail);
  });

test("a failure that is gone when run again is a flake, and named", async (t) => {
  const folder = fs.mkdtempSync(path.join(tmpdir(), "redress-flake-"));
  t.after(() => {
    fs.rmSync(folder, { recursive: true });
  });
  const script = `
    const fs = require("node:fs"), mark = ${JSON.stringify(path.join(folder, "mark"))};
    if (fs.existsSync(mark)) { console.log("2 passed in 0.1s"); process.exit(0); }
    fs.writeFileSync(mark, ""); console.log("FAILED t.py::a - x\\n1 failed, 1 passed in 0.1s"); process.exit(1);`;
  const given = situation([command("unit", script)], {});
  const asked = await askGates(questionsFor(given), () => Promise.resolve());
  const found = asked.find((one) => one.name === "tests: unit");
  assert.deepEqual([found?.verdict, found?.samples], ["warn", ["t.py::a"]], found?.detail);
});

test("what needs the application's programs, and what needs both versions of it", () => {
  const bare = situation([], {}).configuration;
  assert.ok(!runsPrograms({ ...bare, commands: [] }));
  assert.ok(runsPrograms(bare));
  assert.ok(!comparesSides(bare));
  const measure = { name: "a", mode: "warn", class: "a", kind: "memory", process: "web" } as const;
  const performance = {
    measures: [measure],
    budgets: {},
    exceptions: [],
    samples: 5,
    warmUp: 0,
    requests: 1,
  };
  const measuring = { ...bare, commands: [], gates: { ...settings, performance } };
  assert.ok(runsPrograms(measuring) && comparesSides(measuring));
});

test("a command that says that something it needs is not there is an error, not a failure of the new versions", async () => {
  const given = situation([], {});
  const commands = [command("browser", "console.error('no browser'); process.exit(127)")];
  const asked = await askGates(
    questionsFor({ ...given, configuration: { ...given.configuration, commands } }),
    () => Promise.resolve(),
  );
  const found = asked.find((one) => one.name === "command: browser");
  assert.equal(found?.verdict, "error");
  assert.match(found.detail, /not here \(exit code 127\): no browser/);
});

test("a command that fails is told with its last words, and no more of them than a sentence takes", async () => {
  const given = situation([], {});
  const commands = [
    command(
      "probe",
      "console.log('xx\\n'.repeat(3) + ('x'.repeat(99) + '\\n').repeat(8)); console.error('unknown\\n option'); process.exit(1)",
    ),
  ];
  const asked = await askGates(
    questionsFor({ ...given, configuration: { ...given.configuration, commands } }),
    () => Promise.resolve(),
  );
  const found = asked.find((one) => one.name === "command: probe");
  assert.match(found?.detail ?? "", /^exit code 1: … [x ]+ unknown option$/);
  assert.ok((found?.detail.length ?? 0) < 650);
});

test("a measure of packages that the phase leaves alone is not made, and said to be missing", async () => {
  const given = situation([], {});
  const { bench, baselines } = given;
  assert.ok(baselines);
  const measures = [
    {
      name: "model",
      mode: "enforce",
      class: "a",
      kind: "memory",
      process: "web",
      packages: ["Torch"],
    },
  ] as const;
  const performance = { measures, budgets: {}, exceptions: [], samples: 5, warmUp: 0, requests: 1 };
  const asked = { ...given.configuration, commands: [], gates: { ...settings, performance } };
  const found = (name: string) =>
    questionsFor({
      ...given,
      configuration: asked,
      upgrades: [upgrade(name)],
      baselines: { ...baselines, old: bench },
    }).length;
  const parts = { configuration: asked, baselines: { ...baselines, old: bench } };
  assert.ok((await verdicts({ ...given, ...parts })).includes("performance: model missing"));
  // No process is declared to be measured: what is left is the answer that it was not.
  assert.equal(found("torch"), found("django") - 1);
});

const upgrade = (name: string): Upgrade => ({
  project: ".",
  ecosystem: "PyPI",
  package: name,
  from: "1",
  to: "2",
  via: "lockfile",
  level: "major",
  direct: true,
  fixes: [],
  introduces: [],
  because: [],
});
