/** Health, on real processes that listen on loopback. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { benchWith, web } from "../../test/support/served.ts";
import type { HealthGate } from "../model/index.ts";
import { healthGate } from "./health.ts";
import { serve } from "./served-process.ts";

/** Greets; `/flaky` fails every second time, `/broken` always. */
const server = `
if (process.env.DIES) { console.error("no module named middleware; token=hunter22"); process.exit(3); }
let count = 0;
require("node:http").createServer((request, response) => {
  count++;
  if (request.url === "/broken" || (request.url === "/flaky" && count % 2 === 0)) response.statusCode = 500;
  response.end("hello");
}).listen(Number(process.argv[2]), "127.0.0.1", () => console.log("listening"));
`;

const serverFiles = { "server.cjs": server };

const health = (parts: Partial<HealthGate>): HealthGate => ({
  name: "web",
  mode: "enforce",
  target: { process: "web", path: "/" },
  intervalMs: 5,
  count: 4,
  failureLimit: 0,
  timeoutMs: 5000,
  stages: ["rehearsal"],
  ...parts,
});

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

test("a process is started with a free port and ended whole", async (t) => {
  const bench = benchWith(t, serverFiles);
  for (const settings of [web, { ...web, ready: { line: "listening" } }]) {
    const serving = await serve(settings, bench);
    if ("failed" in serving) assert.fail(serving.failed);
    assert.equal(await (await fetch(serving.url("/"))).text(), "hello");
    await serving.end();
    assert.ok(!isAlive(serving.pid));
  }
});

test("health of a process: status, body, limits", async (t) => {
  const bench = benchWith(t, serverFiles);
  for (const [parts, verdict, detail] of [
    [{}, "pass", /4 of 4 probes of http:\/\/127.0.0.1:\d+\/ good/],
    [{ body: "hello" }, "pass", /4 of 4/],
    [{ body: "goodbye" }, "fail", /0 of 1 .* does not hold “goodbye”/],
    [{ status: [204] }, "fail", /status 200/],
    [{ consecutiveSuccess: 2 }, "pass", /2 of 2/],
    [{ target: { process: "web", path: "/broken" }, failureLimit: 1 }, "fail", /0 of 2 .* status 500/],
    [{ target: { process: "web", path: "/flaky" }, failureLimit: 2 }, "warn", /2 of 4/],
    [
      { target: { process: "web", path: "/flaky" }, failureLimit: 4, consecutiveSuccess: 2 },
      "fail",
      /never 2 in a row/,
    ],
    [{ target: { process: "worker", path: "/" } }, "error", /no process worker/],
  ] as const) {
    const result = await healthGate(health(parts), [web], bench);
    assert.equal(result.verdict, verdict, `${JSON.stringify(parts)}: ${result.detail}`);
    assert.match(result.detail, detail);
  }
});

test("health of an address that nobody serves, and of a process that dies", async (t) => {
  const bench = benchWith(t, serverFiles);
  const nobody = await healthGate(health({ target: { url: "http://127.0.0.1:1/health" } }), [], bench);
  assert.equal(nobody.verdict, "fail");
  const dying = await healthGate(health({}), [{ ...web, variables: { DIES: "1" } }], bench);
  assert.equal(dying.verdict, "fail");
  assert.match(
    dying.detail,
    /web does not start: it ended with exit code 3 before it was ready: no module named/,
  );
  assert.doesNotMatch(dying.detail, /hunter22/);
});
