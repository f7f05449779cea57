import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { freePort, launch } from "./launch.ts";
import { probe } from "./probe.ts";
import { residentBytes } from "./resident-memory.ts";

const options = { cwd: "/", timeoutMs: 20_000 };
const idle = "setInterval(() => {}, 1000)";

test("a launched program runs until it is ended, with what it started", async () => {
  const child = `require("node:child_process").spawn(process.execPath, ["-e", ${JSON.stringify(idle)}]); ${idle}; console.log("up")`;
  const up = Promise.withResolvers<string>();
  const program = await launch([process.execPath, "-e", child], {
    ...options,
    onLine: up.resolve,
  });
  const { pid } = program;
  await up.promise;
  const alone = await residentBytes(process.pid);
  const bytes = await residentBytes(pid);
  assert.ok(bytes === undefined || bytes > 20e6, `${bytes ?? "no"} bytes`);
  assert.notEqual(bytes, alone);
  await program.end();
  assert.equal(await program.ended, undefined);
  assert.equal(await residentBytes(pid), undefined, "nothing of the group is left");
});

test("one that ends by itself says how; one that is not there cannot be started", async () => {
  const { ended } = await launch([process.execPath, "-e", "process.exit(4)"], options);
  assert.equal((await ended)?.code, 4);
  await assert.rejects(launch(["/nonexistent/program"], options), { code: "tool" });
});

test("a cancelled run takes it along", async () => {
  const stop = new AbortController();
  const { ended } = await launch([process.execPath, "-e", idle], { ...options, signal: stop.signal });
  stop.abort();
  assert.equal(await ended, undefined);
});

test("a probe times every answer and follows none", async (t) => {
  const server = createServer((request, response) => {
    if (request.url === "/slow") return;
    if (request.url === "/cut") {
      response.writeHead(200, { "content-length": "100" }).write("half");
      setTimeout(() => response.destroy(), 5);
      return;
    }
    const status = Number(request.url?.slice(1));
    response.writeHead(status, { location: "/200" }).end("x".repeat(status === 200 ? 1_000_000 : 3));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const whole = await probe(`${base}/200`, { timeoutMs: 5000 });
  assert.deepEqual([whole.status, whole.body.length], [200, 64_000]);
  assert.ok(whole.durationMs > 0);
  assert.equal((await probe(`${base}/302`, { timeoutMs: 5000 })).status, 302);
  assert.equal((await probe(`${base}/503`, { timeoutMs: 5000 })).status, 503);
  const slow = await probe(`${base}/slow`, { timeoutMs: 50 });
  assert.deepEqual([slow.status, slow.error], [undefined, "no answer within 50 ms"]);
  assert.notEqual((await probe(`${base}/cut`, { timeoutMs: 5000 })).error, undefined);
  const nobody = await probe(`http://127.0.0.1:${await freePort()}/`, { timeoutMs: 5000 });
  assert.match(nobody.error ?? "", /ECONNREFUSED/);
  assert.notEqual((await probe("no address", { timeoutMs: 5000 })).error, undefined);
});
