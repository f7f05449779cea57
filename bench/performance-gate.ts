/**
 * How often the performance gate is wrong: on identical code with the machine under load, and on requests that are
 * really slower. `node bench/performance-gate.ts [identical] [slower by 10 %] [slower by 30 %]` gives the numbers of runs.
 */
import { spawn } from "node:child_process";
import * as fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { performanceGates } from "../src/gates/index.ts";
import type { GateResult, PerformanceSettings, ProcessSettings } from "../src/model/index.ts";
import { endAll, mapBounded } from "../src/system/index.ts";

const [identical = 300, slower = 60, muchSlower = 40] = process.argv.slice(2).map(Number);
/** Runs that go on beside each other, and disturb each other. */
const atOnce = Number(process.env["AT_ONCE"] ?? 4);
/** A request that waits, as for a database. */
const requestMs = 20;

const server = (extraMs: number): string => `
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const slowMiddleware = () => wait(${extraMs});
require("node:http").createServer(async (request, response) => {
  ${extraMs === 0 ? "" : "await slowMiddleware();"}
  await wait(${requestMs});
  response.end("ok");
}).listen(Number(process.env.PORT), "127.0.0.1");
`;

const settings: PerformanceSettings = {
  measures: [{ name: "web", mode: "enforce", class: "web", kind: "http", process: "web", path: "/" }],
  budgets: {},
  exceptions: [],
  samples: 15,
  warmUp: 3,
  requests: 10,
};

const web: ProcessSettings = {
  name: "web",
  class: "web",
  argv: [process.execPath, "server.cjs"],
  cwd: ".",
  timeoutMs: 30_000,
  portVariable: "PORT",
  variables: {},
  ready: { path: "/" },
};

function treeWith(folder: string, extraMs: number): string {
  fs.mkdirSync(folder, { recursive: true });
  fs.writeFileSync(path.join(folder, "server.cjs"), server(extraMs));
  return folder;
}

async function judge(old: string, fresh: string): Promise<GateResult> {
  const bench = (root: string) => ({ root, homes: [], variables: {} });
  const [result] = await performanceGates(
    { process: web, measures: settings.measures },
    { old: bench(old), new: bench(fresh) },
    { settings, today: "2026-01-01" },
  );
  if (result === undefined) throw new Error("the gate said nothing");
  return result;
}

const scratch = fs.mkdtempSync(path.join(os.tmpdir(), "redress-bench-"));
// Each takes half of a CPU away, a stretch of up to 80 ms at a time.
const burn = `
const pause = new Int32Array(new SharedArrayBuffer(4));
for (;;) {
  const until = Date.now() + Math.random() * 80;
  while (Date.now() < until);
  Atomics.wait(pause, 0, 0, Math.random() * 80);
}`;
const burners = Number(process.env["BURNERS"] ?? os.cpus().length);
let load = Array.from({ length: burners }, () => spawn(process.execPath, ["-e", burn], { stdio: "ignore" }));
for (const signal of ["SIGINT", "SIGTERM"] as const)
  process.once(signal, () => {
    endAll();
    for (const one of load) one.kill();
    process.exit(1);
  });
try {
  const old = treeWith(path.join(scratch, "old"), 0);
  for (const [what, extraMs, runs] of [
    ["identical", 0, identical],
    ["10 % slower", 2, slower],
    ["30 % slower", 6, muchSlower],
  ] as const) {
    if (runs === 0) continue;
    const fresh = treeWith(path.join(scratch, `new-${extraMs}`), extraMs);
    const verdicts = new Map<string, number>();
    const loads: number[] = [];
    await mapBounded(Array.from({ length: runs }), atOnce, async () => {
      const { verdict, detail } = await judge(old, fresh);
      verdicts.set(verdict, (verdicts.get(verdict) ?? 0) + 1);
      loads.push(os.loadavg()[0] ?? 0);
      if (process.env["SHOW"] !== undefined) console.log(`${what}: ${verdict}: ${detail}`);
    });
    const counts = [...verdicts].map(([verdict, count]) => `${verdict} ${count}`).join(", ");
    const between = `${Math.min(...loads).toFixed(1)} to ${Math.max(...loads).toFixed(1)}`;
    console.log(`${what}: ${runs} runs: ${counts}; load ${between} on ${os.cpus().length} CPUs`);
    // What is really slower is looked for with no load but what the machine has anyway.
    for (const one of load) one.kill();
    load = [];
  }
} finally {
  for (const one of load) one.kill();
  fs.rmSync(scratch, { recursive: true });
}
