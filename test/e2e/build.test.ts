/** What is published: the few files of `dist/`, without a TypeScript loader, do what the sources do. */
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import * as fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { repository, scratch } from "../support/redress.ts";

const solverFile = path.join(repository, "dist", "cli", "worker.js");

test("the built command reads a configuration and scans as the sources do", (t) => {
  execFileSync(process.execPath, [path.join(repository, "scripts", "build.ts")], { timeout: 60_000 });
  const folder = scratch(t);
  const project = path.join(folder, "mingus");
  fs.cpSync(path.join(repository, "examples", "mingus"), project, { recursive: true });
  const scan = (...entry: string[]): unknown => {
    const { stdout } = spawnSync(
      process.execPath,
      [...entry, "scan", project, "--json", "--as-of", "2026-06-01"],
      {
        encoding: "utf8",
        timeout: 60_000,
        env: { ...process.env, XDG_CACHE_HOME: path.join(folder, "cache") },
      },
    );
    const { scannedAt: _, ...rest } = JSON.parse(stdout) as Record<string, unknown>;
    return rest;
  };
  const built = scan("--no-strip-types", path.join(repository, "dist", "cli", "main.js"));
  const source = scan(path.join(repository, "src", "cli", "main.ts"));
  assert.deepEqual(built, source);
  assert.ok((source as { findings: unknown[] }).findings.length > 0);
});

test("the solver's thread stands beside the code that starts it", async () => {
  const { Worker } = await import("node:worker_threads");
  const worker = new Worker(solverFile);
  await new Promise((resolve, reject) => worker.once("online", resolve).once("error", reject));
  await worker.terminate();
});

test("the built command asks over HTTP", (t) => {
  const folder = scratch(t);
  fs.writeFileSync(path.join(folder, "requirements.txt"), "flask==2.0.0\n");
  const { status, stderr } = spawnSync(
    process.execPath,
    [
      path.join(repository, "dist", "cli", "main.js"),
      ...["scan", folder, "--advisories", "osv", "--kev", "http://localhost:9/kev.json"],
      "--quiet",
    ],
    {
      encoding: "utf8",
      timeout: 60_000,
      env: { ...process.env, XDG_CACHE_HOME: path.join(folder, "cache") },
    },
  );
  assert.doesNotMatch(stderr, /defect of Redress/);
  assert.equal(status, 3, stderr);
});
