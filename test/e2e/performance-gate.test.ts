/** The performance gate on real processes that listen on loopback. */
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { performanceGates, trialsOf, type Bench } from "../../src/gates/index.ts";
import type { Measure, PerformanceSettings } from "../../src/model/index.ts";
import { benchWith, web } from "../support/served.ts";

/** Serves `/list` after `delay` ms, or fails; holds `megabytes`. */
const server = `
const fs = require("node:fs");
const { delay = 0, megabytes = 0, dies = false, failing = 0 } = JSON.parse(fs.readFileSync("settings.json", "utf8"));
if (dies) process.exit(3);
const kept = Buffer.alloc(megabytes * 1e6, 1);
require("node:http").createServer((request, response) => {
  if (request.url === "/list" && Math.random() < failing) response.statusCode = 502;
  setTimeout(() => response.end(String(kept.length)), request.url === "/list" ? delay : 0);
}).listen(Number(process.argv[2]), "127.0.0.1");
`;

interface Behaviour {
  readonly delay?: number;
  readonly megabytes?: number;
  readonly dies?: boolean;
  readonly failing?: number;
}

const benchThat = (context: TestContext, behaviour: Behaviour, files: Record<string, string> = {}): Bench =>
  benchWith(context, { "server.cjs": server, "settings.json": JSON.stringify(behaviour), ...files });

const settings = (
  measures: PerformanceSettings["measures"],
  parts: Partial<PerformanceSettings> = {},
): PerformanceSettings => ({
  measures,
  budgets: {},
  exceptions: [],
  samples: 5,
  warmUp: 1,
  requests: 3,
  ...parts,
});

const base = { mode: "enforce", class: "web" } as const;

async function judge(given: PerformanceSettings, old: Bench, fresh: Bench): Promise<Record<string, string>> {
  const verdicts: Record<string, string> = {};
  for (const trial of trialsOf(given, [web]))
    for (const { name, verdict, detail } of await performanceGates(
      trial,
      { old, new: fresh },
      { settings: given, today: "2026-01-02" },
    ))
      verdicts[name] = `${verdict}: ${detail}`;
  return verdicts;
}

const list: Measure = { ...base, name: "list", kind: "http", process: "web", path: "/list" };
const memory: Measure = { ...base, name: "memory", kind: "memory", process: "web" };
const accept = { budget: 900, rollback: 900, by: "lead", until: "2026-01-02", reason: "models" };

test("a slow middleware is found, though its exception ended yesterday", async (t) => {
  const exceptions = [{ ...accept, measure: "list", until: "2026-01-01" }];
  const given = settings([list], { exceptions });
  const found = await judge(given, benchThat(t, { delay: 20 }), benchThat(t, { delay: 40 }));
  assert.match(found["performance: list"] ?? "", /^fail: .*p95 .* a second batch agrees/);
});

test("a hungry version is found, and let through where that was accepted", async (t) => {
  const [old, fresh] = [benchThat(t, {}), benchThat(t, { megabytes: 80 })];
  const found = await judge(settings([memory], { warmUp: 0 }), old, fresh);
  assert.match(found["performance: memory"] ?? "", /^fail: .* MB → \d+\.\d MB/);
  const exceptions = [{ ...accept, measure: "memory" }];
  const accepted = await judge(settings([memory], { warmUp: 0, exceptions }), old, fresh);
  assert.match(accepted["performance: memory"] ?? "", /^pass: .*accepted by lead until 2026-01-02: models/);
});

test("requests that fail, and a process that does not start any more", async (t) => {
  const old = benchThat(t, {});
  const failing = await judge(settings([list], { requests: 10 }), old, benchThat(t, { failing: 0.5 }));
  assert.match(failing["performance: list"] ?? "", /^fail: .* requests fail, 0 of/);
  const [broken, two] = [benchThat(t, { failing: 1 }), settings([list, memory])];
  const silent = await judge(two, old, broken);
  assert.match(silent["performance: list"] ?? "", /^fail: no request is answered well on the new versions/);
  const never = await judge(two, broken, broken);
  assert.match(
    never["performance: list"] ?? "",
    /^error: cannot be measured on the old versions: no request/,
  );
  assert.match(never["performance: memory"] ?? "", /^(pass|warn|inconclusive): [^N]* MB/);
  const dying = await judge(settings([list]), old, benchThat(t, { dies: true }));
  assert.match(dying["performance: list"] ?? "", /^fail: cannot be measured on the new versions: it ended/);
  const always = await judge(settings([list]), benchThat(t, { dies: true }), old);
  assert.match(always["performance: list"] ?? "", /^error: cannot be measured on the old versions/);
});

test("what can stop nothing is measured again only where it seems to fail", async (t) => {
  const bench = (query: number): Bench => benchThat(t, {}, { "query.cjs": `console.log(${query})` });
  const command = { argv: [process.execPath, "query.cjs"], cwd: ".", timeoutMs: 10_000 };
  for (const [mode, after, verdict, batches] of [
    ["enforce", 110, "warn", 2],
    ["warn", 110, "warn", 1],
    ["warn", 150, "fail", 2],
  ] as const) {
    const given = settings([{ ...base, mode, name: "db", kind: "numbers", command, better: "lower" }]);
    const [trial] = trialsOf(given, []);
    assert.ok(trial !== undefined);
    const benches = { old: bench(100), new: bench(after) };
    const [found] = await performanceGates(trial, benches, { settings: given, today: "2026-01-02" });
    const measured = (found?.samples ?? []).filter((one) => Object.hasOwn(one as object, "batch"));
    assert.deepEqual([found?.verdict, measured.length], [verdict, batches], `${mode}, 100 to ${after}`);
  }
});

test("numbers that a command prints, and the time that it takes", async (t) => {
  const bench = (query: number, rate: number): Bench =>
    benchThat(t, {}, { "query.cjs": `console.log(JSON.stringify({ query: ${query}, rate: ${rate} }))` });
  const command = { argv: [process.execPath, "query.cjs"], cwd: ".", timeoutMs: 10_000 };
  const numbers: Measure = { ...base, name: "db", kind: "numbers", command, better: "lower" };
  const found = await judge(settings([numbers]), bench(2, 100), bench(3, 100));
  assert.match(found["performance: db: query"] ?? "", /^fail: \+50.0 %/);
  assert.match(found["performance: db: rate"] ?? "", /^pass/);
  const rate = await judge(settings([{ ...numbers, better: "higher" }]), bench(2, 100), bench(2, 50));
  assert.match(rate["performance: db: rate"] ?? "", /^fail: \+100.0 %.*100 → 50/);
  const silent = await judge(settings([numbers]), bench(2, 100), benchThat(t, {}, { "query.cjs": "" }));
  assert.match(silent["performance: db"] ?? "", /^fail: .*prints no numbers/);
  const outside = { ...command, cwd: "../.." };
  const refused = await judge(settings([{ ...numbers, command: outside }]), bench(1, 1), bench(1, 1));
  assert.match(refused["performance: db"] ?? "", /^error: .*lies outside the project/);
});
