/**
 * The recorded case: a real environment of 497 packages with 35 findings in 19 of them, taken through both phases and
 * back. Expected figures are those of the record and of the data's README, not of Redress.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, readFileSync, statfsSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import type { Plan, Run, Scan } from "../../src/model/index.ts";
import { findProgram, findPrograms } from "../../src/system/index.ts";
import { must, redress, scratch, shared, withoutShared } from "../support/redress.ts";

const mingus = path.join(shared, "data", "cases", "mingus");
const advisories = ["--advisories", path.join(mingus, "advisories.jsonl"), "--as-of", "2025-09-02"];

/** Rehearsal and the real environment, 3.9 GB each, mostly hard links; the first time a 1.5 GB download beside them. */
const needBytes = 16e9;

const { uv } = await findPrograms();
const python = await findProgram("python3.11");
const skip =
  withoutShared ||
  (uv === undefined && "uv is missing") ||
  ((python === undefined || spawnSync(python, ["-c", ""]).status !== 0) && "Python 3.11 is missing") ||
  (freeBytes() < needBytes && `less than ${needBytes / 1e9} GB of disk are free`);

function freeBytes(): number {
  const { bavail, bsize } = statfsSync(tmpdir());
  return bavail * bsize;
}

const configuration = `
functions:
  payments: { packages: [gunicorn, requests], criticality: highest, atMost: immediate, reason: card data passes here }
  encryption: { packages: [cryptography], criticality: highest, atMost: immediate, reason: account data is sealed with it }
`;

test("Mingus: 35 findings to 1, phase by phase, and back", { skip, timeout: 900_000 }, async (t) => {
  const root = scratch(t);
  const timed = async <T>(what: string, act: () => T | Promise<T>): Promise<T> => {
    const started = performance.now();
    const result = await act();
    t.diagnostic(`${what}: ${((performance.now() - started) / 1000).toFixed(1)} s`);
    return result;
  };
  const tool = uv ?? "";
  copyFileSync(path.join(mingus, "environment-linux-cp311.txt"), path.join(root, "requirements.txt"));
  writeFileSync(path.join(root, "redress.yaml"), configuration);
  await timed("environment of 497 packages", () => {
    must([tool, "venv", "-q", "--python", python ?? "", ".venv"], root);
    must(
      [tool, "pip", "install", "-q", "--no-deps", "--only-binary", ":all:", "-r", "requirements.txt"],
      root,
    );
  });
  const freeze = (): string => must([tool, "pip", "freeze", "-q"], root);
  const brokenNow = (): Set<string> => {
    const { stdout, stderr } = spawnSync(tool, ["pip", "check"], { cwd: root, encoding: "utf8" });
    return new Set(`${stdout}\n${stderr}`.split("\n").filter((line) => line.startsWith("The package")));
  };
  const before = {
    freeze: freeze(),
    broken: brokenNow(),
    file: readFileSync(path.join(root, "requirements.txt")),
  };
  assert.equal(before.broken.size, 21);

  const scanned = await timed("scan", () => redress(["scan", "--json", ...advisories], { cwd: root }));
  const scan = JSON.parse(scanned.stdout) as Scan;
  assert.deepEqual([scan.summary.findings, scan.summary.packages], [35, 19]);

  const fixed = await timed("fix", () =>
    redress(["fix", "--json", "--yes", ...advisories], { cwd: root, timeoutMs: 600_000 }),
  );
  // The finding without a fix is a high one: done, and still outside the default criteria.
  assert.equal(fixed.code, 1, fixed.stderr);
  const run = JSON.parse(fixed.stdout) as Run & { plan: Plan };
  assert.equal(run.state, "done");
  const [first, last] = [run.phases[0], run.phases.at(-1)];
  assert.deepEqual([first?.after.findings, first?.after.packages], [29, 16]);
  const inFirst = run.plan.phases[0]?.upgrades.map((upgrade) => upgrade.package) ?? [];
  for (const name of ["cryptography", "gunicorn", "requests", "pyopenssl"])
    assert.ok(inFirst.includes(name), name);
  assert.deepEqual([last?.after.findings, last?.after.packages], [1, 1]);

  const changes = run.plan.phases.flatMap((phase) => phase.upgrades);
  assert.ok(changes.length <= 22, `${changes.length} packages changed`);
  assert.ok(
    changes.every(({ to }) => to === null || /^[0-9.]+$/.test(to)),
    "a pre-release was chosen",
  );
  assert.ok(
    !changes.some(({ package: name, to }) => name === "incremental" && to === "24.7.0"),
    "a yanked release was chosen",
  );
  assert.deepEqual(
    run.plan.unfixed.map((one) => one.reason),
    ["no-fix"],
  );

  const rescan = JSON.parse((await redress(["scan", "--json", ...advisories], { cwd: root })).stdout) as Scan;
  assert.deepEqual(
    rescan.findings.map((finding) => finding.package),
    ["ecdsa"],
  );
  for (const line of brokenNow()) assert.ok(before.broken.has(line), `newly broken: ${line}`);
  assert.notEqual(freeze(), before.freeze);

  const back = await timed("rollback", () => redress(["rollback", "--json"], { cwd: root }));
  assert.equal(back.code, 0, back.stderr);
  assert.equal(freeze(), before.freeze);
  assert.deepEqual(readFileSync(path.join(root, "requirements.txt")), before.file);
  assert.ok(existsSync(path.join(root, ".redress", "runs")));
});
