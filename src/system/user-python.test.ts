import assert from "node:assert/strict";
import * as fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { test, type TestContext } from "node:test";
import { userPythonVersion } from "./user-python.ts";

function makeFolders(context: TestContext): { bin: string; environment: NodeJS.ProcessEnv; root: string } {
  const folder = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), "redress-python-")));
  context.after(() => {
    fs.rmSync(folder, { recursive: true });
  });
  const [bin, root] = [path.join(folder, "bin"), path.join(folder, "project")];
  fs.mkdirSync(bin);
  fs.mkdirSync(root);
  return { bin, root, environment: { PATH: bin, XDG_CACHE_HOME: path.join(folder, "cache") } };
}

function writePython(folder: string, answer: string): void {
  fs.writeFileSync(path.join(folder, "python3"), `#!/bin/sh\n${answer}\n`, { mode: 0o755 });
}

for (const [what, answer, expected] of [
  ["a version", "echo 3.12.1", "3.12.1"],
  ["something else", "echo hello", undefined],
  ["a failure", "echo 3.12.1; exit 1", undefined],
] as const)
  test(`python3 that answers with ${what}`, async (context) => {
    const { bin, root, environment } = makeFolders(context);
    writePython(bin, answer);
    assert.equal(await userPythonVersion(root, environment), expected);
  });

test("no python3 gives no version", async (context) => {
  const { root, environment } = makeFolders(context);
  assert.equal(await userPythonVersion(root, environment), undefined);
});

test("a python3 inside the project is not executed; the next one is asked", async (context) => {
  const { bin, root, environment } = makeFolders(context);
  const mark = path.join(root, "executed");
  writePython(root, `touch ${mark}; echo 3.9.9`);
  writePython(bin, "echo 3.13.0");
  assert.equal(await userPythonVersion(root, { ...environment, PATH: `${root}:${bin}` }), "3.13.0");
  fs.rmSync(path.join(bin, "python3"));
  fs.symlinkSync(path.join(root, "python3"), path.join(bin, "python3"));
  assert.equal(await userPythonVersion(root, environment), undefined);
  assert.ok(!fs.existsSync(mark));
});

test("a stand-in is asked every time, pyenv's until another version is chosen", async (context) => {
  const { bin, root, environment } = makeFolders(context);
  const ask = () => userPythonVersion(root, environment);
  writePython(bin, "echo 3.11.1");
  assert.equal(await ask(), "3.11.1");
  writePython(bin, "echo 3.11.2");
  assert.equal(await ask(), "3.11.2");

  const shims = path.join(bin, "shims");
  const asked = path.join(bin, "asked");
  fs.mkdirSync(shims);
  fs.writeFileSync(path.join(bin, "version"), "3.12.1\n");
  writePython(shims, `printf x >> ${asked}; cat ${path.join(bin, "version")}`);
  environment["PATH"] = `${shims}:/usr/bin:/bin`;
  assert.deepEqual([await ask(), await ask()], ["3.12.1", "3.12.1"]);
  assert.equal(fs.readFileSync(asked, "utf8"), "x", "asked once");
  fs.writeFileSync(path.join(bin, "version"), "3.13.5\n");
  assert.equal(await ask(), "3.13.5");

  const memory = path.join(environment["XDG_CACHE_HOME"] ?? "", "redress", "python");
  for (const file of fs.readdirSync(memory)) fs.writeFileSync(path.join(memory, file), "rubbish");
  assert.equal(await ask(), "3.13.5", "what is damaged is asked again");
  assert.equal(fs.readFileSync(asked, "utf8"), "xxx");
});
