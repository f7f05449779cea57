import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, it, type TestContext } from "node:test";
import fc from "fast-check";
import { unifiedDiff } from "./diff.ts";

/** What a diff makes of a text, by its own rules: every context and every removed line must be where it says. */
function patched(before: string, diff: string): string {
  const old = before.split("\n");
  const result: string[] = [];
  let at = 0;
  for (const line of diff.split("\n").slice(2)) {
    const [, start, count] = /^@@ -(\d+),(\d+) /.exec(line) ?? [];
    if (start !== undefined) {
      const begin = Number(start) - (count === "0" ? 0 : 1);
      result.push(...old.slice(at, begin));
      at = begin;
    } else if (line.startsWith("+")) result.push(line.slice(1));
    else if (line.startsWith(" ") || line.startsWith("-")) {
      assert.equal(old[at], line.slice(1));
      if (line.startsWith(" ")) result.push(line.slice(1));
      at++;
    }
  }
  return [...result, ...old.slice(at)].join("\n");
}

const text = fc
  .array(fc.constantFrom("a", "b", "c", "d", ""), { maxLength: 40 })
  .map((lines) => lines.map((line) => `${line}\n`).join(""));

describe("unifiedDiff", () => {
  it("turns one text into the other, whatever they are", () => {
    fc.assert(
      fc.property(text, text, (before, after) => {
        assert.equal(patched(before, unifiedDiff("x", before, after)), after);
      }),
      { numRuns: 500 },
    );
  });

  it("is no longer than it must be", () => {
    const lines = Array.from({ length: 20 }, (_, index) => `line ${index}\n`);
    const diff = unifiedDiff("x", lines.join(""), lines.with(10, "other\n").join(""));
    assert.deepEqual(
      diff.split("\n").filter((line) => /^[-+](?![-+])/.test(line)),
      ["-line 10", "+other"],
    );
    assert.match(diff, /^@@ -8,7 \+8,7 @@$/m);
  });

  it("says nothing of equal texts, and shows files that came or went whole", () => {
    assert.equal(unifiedDiff("x", "a\n", "a\n"), "");
    assert.equal(unifiedDiff("x", null, "a\n"), "--- /dev/null\n+++ b/x\n@@ -0,0 +1,1 @@\n+a\n");
    assert.equal(unifiedDiff("x", "a\n", null), "--- a/x\n+++ /dev/null\n@@ -1,1 +0,0 @@\n-a\n");
  });

  it("shows what differs too much as replaced, in little time", () => {
    const many = (word: string): string =>
      Array.from({ length: 20_000 }, (_, index) => `${word}${index}\n`).join("");
    const began = performance.now();
    const diff = unifiedDiff("x", many("a"), many("b"));
    assert.ok(performance.now() - began < 3000);
    assert.equal(diff.split("\n").length, 40_000 + 4);
  });

  it("is taken by patch", (t: TestContext) => {
    if (spawnSync("patch", ["--version"]).status !== 0) {
      t.skip("patch is not on this machine");
      return;
    }
    const folder = fs.mkdtempSync(path.join(tmpdir(), "redress-diff-"));
    t.after(() => {
      fs.rmSync(folder, { recursive: true });
    });
    const [before, after] = ["a\nb\nc\nd\ne\nf\ng\nh\ni\nlast", "a\nB\nc\nd\ne\nf\ng\nh\nnew\ni\nlast one"];
    fs.writeFileSync(path.join(folder, "x"), before);
    const ran = spawnSync("patch", ["-p1", "-s"], { cwd: folder, input: unifiedDiff("x", before, after) });
    assert.equal(ran.status, 0, String(ran.stdout));
    assert.equal(fs.readFileSync(path.join(folder, "x"), "utf8"), after);
  });
});
