import assert from "node:assert/strict";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test, type TestContext } from "node:test";
import { takeLock } from "./lock.ts";

function makeRoot(t: TestContext): { root: string; locks: string } {
  const root = fs.mkdtempSync(path.join(tmpdir(), "redress-lock-"));
  t.after(() => {
    fs.rmSync(root, { recursive: true });
  });
  return { root, locks: path.join(root, ".redress", "locks") };
}

/** A claim as this process writes it, with some of it changed. */
async function claimWith(root: string, locks: string, changes: object): Promise<void> {
  const free = await takeLock(root, "apply");
  const [name = ""] = fs.readdirSync(locks);
  const own = JSON.parse(fs.readFileSync(path.join(locks, name), "utf8")) as object;
  await free();
  fs.writeFileSync(path.join(locks, "other.json"), JSON.stringify({ ...own, ...changes }));
}

test("taken, freed, taken again; nothing is left behind", async (t) => {
  const { root, locks } = makeRoot(t);
  for (let round = 0; round < 3; round++) await (await takeLock(root, "apply"))();
  assert.deepEqual(fs.readdirSync(locks), []);
});

for (const [what, changes, holder] of [
  ["a live process", {}, /process \d+ is at work on this project \(apply\)/],
  ["a process of another machine", { machine: "elsewhere" }, /on another machine or in another container/],
  ["a process that is gone", { pid: 2 ** 22 - 3 }, undefined],
  ["a process before the last boot", { boot: "earlier" }, undefined],
  ["another process under the same number", { began: "1" }, undefined],
  ["a number that is none", { pid: -1 }, undefined],
  ["no claim at all", { pid: "x" }, undefined],
] as const)
  test(`a claim of ${what} ${holder === undefined ? "is swept away" : "holds"}`, async (t) => {
    const { root, locks } = makeRoot(t);
    await claimWith(root, locks, changes);
    if (holder === undefined) {
      const free = await takeLock(root, "rollback");
      assert.ok(!fs.existsSync(path.join(locks, "other.json")));
      await free();
    } else await assert.rejects(takeLock(root, "rollback"), { code: "locked", message: holder });
  });

test("half a claim, as a crash may leave it, is swept away", async (t) => {
  const { root, locks } = makeRoot(t);
  fs.mkdirSync(locks, { recursive: true });
  fs.writeFileSync(path.join(locks, "torn.json"), '{"pid": 1, "beg');
  await (
    await takeLock(root, "apply")
  )();
  assert.deepEqual(fs.readdirSync(locks), []);
});

test("no claim is written through a link, or into a folder that cannot be written", async (t) => {
  const { root } = makeRoot(t);
  const elsewhere = fs.mkdtempSync(path.join(tmpdir(), "redress-lock-"));
  t.after(() => {
    fs.rmSync(elsewhere, { recursive: true });
  });
  fs.symlinkSync(elsewhere, path.join(root, ".redress"));
  await assert.rejects(takeLock(root, "apply"), { code: "storage" });
  assert.deepEqual(fs.readdirSync(elsewhere), []);
  fs.rmSync(path.join(root, ".redress"));
  fs.mkdirSync(path.join(root, ".redress"));
  fs.writeFileSync(path.join(root, ".redress", "locks"), "no folder");
  await assert.rejects(takeLock(root, "apply"), { code: "storage" });
});

test("of many at once at most one goes on at a time", async (t) => {
  const { root } = makeRoot(t);
  let inside = 0;
  let most = 0;
  let got = 0;
  await Promise.all(
    Array.from({ length: 6 }, async () => {
      const free = await takeLock(root, "apply").catch(() => undefined);
      if (free === undefined) return;
      got++;
      most = Math.max(most, ++inside);
      await new Promise((resolve) => setTimeout(resolve, 5));
      inside--;
      await free();
    }),
  );
  assert.equal(most, 1);
  assert.ok(got >= 1);
});
