import assert from "node:assert/strict";
import * as fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { test } from "node:test";
import { removeFolder } from "./remove-folder.ts";

test("a folder goes with all that is in it; what links lead to stays", async (t) => {
  const top = fs.mkdtempSync(path.join(os.tmpdir(), "redress-remove-"));
  t.after(() => {
    fs.rmSync(top, { recursive: true, force: true });
  });
  const [going, outside] = [path.join(top, "going"), path.join(top, "outside")];
  fs.mkdirSync(path.join(outside, "deep"), { recursive: true });
  fs.writeFileSync(path.join(outside, "deep", "kept"), "kept");
  fs.mkdirSync(path.join(going, "a", "b"), { recursive: true });
  for (let n = 0; n < 1200; n++) fs.writeFileSync(path.join(going, "a", "b", String(n)), "");
  fs.symlinkSync(outside, path.join(going, "a", "out"));
  fs.symlinkSync("nowhere", path.join(going, "dangling"));
  await removeFolder(going);
  assert.deepEqual(fs.readdirSync(top), ["outside"]);
  assert.deepEqual(fs.readdirSync(path.join(outside, "deep")), ["kept"]);

  fs.symlinkSync(outside, path.join(top, "link"));
  await removeFolder(path.join(top, "link"));
  await removeFolder(path.join(outside, "deep", "kept"));
  await removeFolder(path.join(top, "never-there"));
  assert.deepEqual(fs.readdirSync(outside), ["deep"]);
});
