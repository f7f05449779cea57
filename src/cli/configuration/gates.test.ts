import assert from "node:assert/strict";
import { test } from "node:test";
import { readFunctionTests, readGates } from "./gates.ts";
import { parse } from "./load-configuration.ts";

const gates = async (text: string) => readGates((await parse(`gates: ${text}`, "redress.yaml")).gates);

test("no gates, and gates with the defaults", async () => {
  assert.equal(readGates((await parse("", "redress.yaml")).gates), undefined);
  assert.deepEqual(await gates("{}"), {
    versions: "enforce",
    security: "enforce",
    processes: [],
    health: [],
    coverage: [],
  });
});

test("processes, and what is measured on them", async () => {
  const read = await gates(`{
    security: warn,
    processes: { web: { command: "serve --bind 127.0.0.1:{port}", class: http, ready: { path: /up } } },
    health: [{ process: web, path: /up, status: 204, interval: 500ms }, { url: "https://app.example/up" }],
    performance: {
      budgets: { http: { budget: 30 } },
      measures: [{ name: list, http: web, path: /list }, { name: query, numbers: [q, --json], better: higher, class: db }],
      exceptions: [{ measure: list, rollback: 60, reason: more rows, by: lead }],
    },
    coverage: [{ file: out/lcov.info }],
    license: { deny: [AGPL-3.0-or-later] },
  }`);
  assert.deepEqual(read?.processes[0]?.argv, ["serve", "--bind", "127.0.0.1:{port}"]);
  assert.deepEqual(
    read.health.map(({ name, status, intervalMs, stages }) => ({ name, status, intervalMs, stages })),
    [
      { name: "web /up", status: [204], intervalMs: 500, stages: ["rehearsal", "promotion", "watch"] },
      { name: "/up", status: undefined, intervalMs: 1000, stages: ["watch"] },
    ],
  );
  assert.deepEqual(read.performance?.budgets, { http: { budget: 30, rollback: 30 } });
  assert.deepEqual(read.performance.measures, [
    { name: "list", mode: "enforce", class: "http", kind: "http", process: "web", path: "/list" },
    {
      name: "query",
      mode: "enforce",
      class: "db",
      kind: "numbers",
      command: { argv: ["q", "--json"], cwd: ".", timeoutMs: 600_000 },
      better: "higher",
    },
  ]);
  assert.deepEqual(read.performance.exceptions, [
    { measure: "list", budget: 5, rollback: 60, reason: "more rows", by: "lead" },
  ]);
  assert.deepEqual([read.performance.samples, read.performance.warmUp], [15, 3]);
  assert.deepEqual(read.coverage, [
    { name: "out/lcov.info", mode: "enforce", file: "out/lcov.info", allowedDrop: 1 },
  ]);
  assert.deepEqual(read.license, { mode: "enforce", deny: ["AGPL-3.0-or-later"] });
});

test("a business function brings its own tests", async () => {
  const { functions } = await parse(
    "functions: { pay: { packages: [a], tests: [pytest t/pay, { command: [node, x], mode: warn, results: r.xml }] } }",
    "redress.yaml",
  );
  assert.deepEqual(
    readFunctionTests(functions).map(({ name, function: of, argv, mode, results }) => [
      name,
      of,
      argv,
      mode,
      results,
    ]),
    [
      ["function pay 1", "pay", ["pytest", "t/pay"], "enforce", undefined],
      ["function pay 2", "pay", ["node", "x"], "warn", "r.xml"],
    ],
  );
});

for (const [name, text, problem] of [
  ["an undeclared process", "{ health: [{ process: web }] }", /no process web is declared/],
  [
    "an undeclared measure",
    "{ performance: { measures: [{ name: a, duration: x }], exceptions: [{ measure: b, reason: r, by: p }] } }",
    /no measure is called b/,
  ],
  [
    "two things in one measure",
    "{ performance: { measures: [{ name: a, duration: x, numbers: y }] } }",
    /needs exactly one of/,
  ],
  ["too few samples", "{ performance: { samples: 4, measures: [{ name: a, duration: x }] } }", /samples/],
  [
    "a budget above the rollback line",
    "{ performance: { budgets: { a: { budget: 9, rollback: 8 } }, measures: [{ name: a, duration: x }] } }",
    /above the rollback line/,
  ],
  ["what is no license", "{ license: { deny: [Apache 2] } }", /one SPDX license id/],
  ["alternatives as a license", "{ license: { allow: [MIT OR ISC] } }", /one SPDX license id/],
  [
    "an address in the rehearsal",
    '{ health: [{ url: "https://a.example/", at: [rehearsal] }] }',
    /not of the rehearsal/,
  ],
  ["an address with credentials", '{ health: [{ url: "https://u:p@a.example/" }] }', /without credentials/],
  ["a report outside", "{ coverage: [{ file: ../lcov.info }] }", /inside the project/],
] as const)
  test(`refuses ${name}`, async () => {
    await assert.rejects(gates(text), (error: Error) => problem.test(error.message));
  });
