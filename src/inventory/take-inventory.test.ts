import assert from "node:assert/strict";
import * as fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { test, type TestContext } from "node:test";
import { Failure, type Inventory } from "../model/index.ts";
import { readEnvironment, takeInventory } from "./index.ts";

const target = { python: "3.11.7", node: "20.20.2", platform: "linux-x64" };

/** A folder with these files, gone after the test; a value that starts with `->` makes a link. */
function tree(context: TestContext, files: Record<string, string>): string {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), "redress-inventory-"));
  context.after(() => {
    fs.rmSync(root, { recursive: true });
  });
  for (const [name, content] of Object.entries(files)) {
    const file = path.join(root, name);
    fs.mkdirSync(path.dirname(file), { recursive: true });
    if (content.startsWith("->")) fs.symlinkSync(content.slice(2), file);
    else fs.writeFileSync(file, content);
  }
  return root;
}

const versions = (inventory: Inventory): string[] =>
  inventory.components.map((one) => `${one.project}|${one.name}@${one.version}`).sort();

const site = ".venv/lib/python3.10/site-packages";
const environment = {
  ".venv/pyvenv.cfg": "home = /usr/bin\nversion_info = 3.10.4\ninclude-system-site-packages = false\n",
  [`${site}/Flask-2.0.1.dist-info/METADATA`]:
    'Metadata-Version: 2.1\nName: Flask\nVersion: 2.0.1\nLicense: MIT\n        Name: not this one\nRequires-Dist: Werkzeug (>=2.1)\nRequires-Dist: asgiref>=3.2; extra == "async"\nRequires-Dist: colorama; sys_platform == "win32"\nRequires-Dist: absent-thing\n\nName: nor this\nVersion: 9\n',
  [`${site}/werkzeug-2.0.0.dist-info/METADATA`]: "Name: Werkzeug\nVersion: 2.0.0\n\n",
  [`${site}/asgiref-3.5.0.dist-info/METADATA`]: "Name: asgiref\r\nVersion: 3.5.0\r\n\r\n",
  [`${site}/own-1.0.dist-info/METADATA`]: "Name: own\nVersion: 1.0\n\n",
  [`${site}/own-1.0.dist-info/direct_url.json`]: '{"url": "file:///srv/own", "dir_info": {"editable": true}}',
  [`${site}/old.egg-info/PKG-INFO`]: "Name: old\nVersion: 0.1\n\n",
  [`${site}/old.egg-info/requires.txt`]: "asgiref\n\n[extra]\nabsent\n",
  [`${site}/~gone-1.0.dist-info/METADATA`]: "Name: gone\nVersion: 1.0\n\n",
  [`${site}/damaged-1.0.dist-info/METADATA`]: "Version: 1.0\n\n",
};

test("an environment joins the file: installed versions, requirements, differences", async (context) => {
  const root = tree(context, { "requirements.txt": "flask[async]==2.0.0\nold\n", ...environment });
  const inventory = await takeInventory({ root, target });
  assert.deepEqual(
    inventory.projects.map((one) => [one.path, one.environment, one.target.python]),
    [[".", ".venv", "3.10.4"]],
  );
  assert.deepEqual(versions(inventory), [
    ".|asgiref@3.5.0",
    ".|flask@2.0.0",
    ".|flask@2.0.1",
    ".|old@0.1",
    ".|own@1.0",
    ".|werkzeug@2.0.0",
  ]);
  const edges = inventory.dependencies
    .filter((one) => one.from !== null)
    .map((one) => `${one.from ?? ""} ${one.name} ${one.requirement} ${String(one.satisfied)}`);
  assert.deepEqual(edges.sort(), [
    ".|PyPI|flask@2.0.1 absent-thing  false",
    ".|PyPI|flask@2.0.1 asgiref >=3.2 true",
    ".|PyPI|flask@2.0.1 werkzeug >=2.1 false",
    ".|PyPI|old@0.1 asgiref  true",
  ]);
  assert.deepEqual(
    inventory.notes.map((one) => `${one.kind} ${one.text}`),
    ["differs flask is 2.0.0 in requirements.txt, 2.0.1 installed"],
  );
  assert.match(inventory.components.find((one) => one.name === "own")?.immovable ?? "", /editable/);
  assert.deepEqual(inventory.unread, [
    { path: `${site}/damaged-1.0.dist-info`, reason: "its metadata gives no valid name" },
  ]);
});

test("an environment is read by itself, by command and where no file names it", async (context) => {
  const root = tree(context, environment);
  const alone = await takeInventory({ root, paths: [".venv"], target });
  assert.deepEqual(
    alone.projects.map((one) => [one.path, one.files, one.environment]),
    [[".", [], ".venv"]],
  );
  assert.deepEqual(
    alone.components.filter((one) => one.direct).map((one) => one.name),
    ["flask", "old", "own"],
  );
  const read = await readEnvironment(path.join(root, ".venv"));
  assert.deepEqual(read.map((one) => `${one.name} ${one.version}`).sort(), [
    "asgiref 3.5.0",
    "flask 2.0.1",
    "old 0.1",
    "own 1.0",
    "werkzeug 2.0.0",
  ]);
  await assert.rejects(
    readEnvironment(root),
    (error) => error instanceof Failure && error.code === "unreadable",
  );
});

test("the walk keeps to what belongs to the project", async (context) => {
  const root = tree(context, {
    ".gitignore": "/ignored/\n*.skip.txt\nbuild\n!kept/build\n",
    "requirements.txt": "a==1\n",
    "ignored/requirements.txt": "b==1\n",
    "deep/ignored/requirements.txt": "c==1\n",
    "requirements.skip.txt": "d==1\n",
    "x/build/requirements.txt": "e==1\n",
    "kept/build/requirements.txt": "f==1\n",
    "node_modules/z/requirements.txt": "g==1\n",
    outside: "->/",
    "linked/requirements.txt": "->../requirements.txt",
  });
  const inventory = await takeInventory({ root, target });
  assert.deepEqual(versions(inventory), [".|a@1", "deep/ignored|c@1", "kept/build|f@1"]);
});

test("several requirements files in one folder are projects called by their files", async (context) => {
  const root = tree(context, {
    "app/requirements.txt": "a==1\n",
    "app/requirements-dev.txt": "-r requirements-base.txt\nb==1\n",
    "app/requirements-base.txt": "c==1\n",
    "solo/requirements-prod.txt": "d==1\n",
  });
  const inventory = await takeInventory({ root, target });
  assert.deepEqual(versions(inventory), [
    "app/requirements-dev.txt|b@1",
    "app/requirements-dev.txt|c@1",
    "app|a@1",
    "solo|d@1",
  ]);
  const production = await takeInventory({ root, target, production: true });
  assert.deepEqual(versions(production), ["app/requirements-dev.txt|c@1", "app|a@1", "solo|d@1"]);
});

const lock = (packages: Record<string, unknown>): string =>
  JSON.stringify({ lockfileVersion: 3, packages: { "": {}, ...packages } }, null, 2);

test("installed node_modules are compared with the lockfile", async (context) => {
  const root = tree(context, {
    "package.json": '{"dependencies":{"a":"^1.0.0"}}',
    "package-lock.json": lock({
      "node_modules/a": { version: "1.0.0" },
      "node_modules/b": { version: "2.0.0" },
    }),
    "node_modules/.package-lock.json": lock({
      "node_modules/a": { version: "1.0.0" },
      "node_modules/b": { version: "2.0.1", dependencies: { a: "^2.0.0" } },
    }),
  });
  const inventory = await takeInventory({ root, target });
  assert.deepEqual(versions(inventory), [".|a@1.0.0", ".|b@2.0.0", ".|b@2.0.1"]);
  assert.deepEqual(
    inventory.dependencies.map((one) => [one.from, one.name, one.satisfied]),
    [[".|npm|b@2.0.1", "a", false]],
  );
});

test("without a lockfile the installed manifests give the versions", async (context) => {
  const root = tree(context, {
    "package.json": '{"dependencies":{"a":"^1.0.0"}}',
    "node_modules/a/package.json":
      '{"name":"a","version":"1.2.0","dependencies":{"@s/b":"1.0.0"},"devDependencies":{"x":"1"}}',
    "node_modules/@s/b/package.json": '{"name":"@s/b","version":"1.0.0"}',
    "node_modules/bad/package.json": "{",
    "node_modules/up": "->../..",
  });
  const inventory = await takeInventory({ root, target });
  assert.deepEqual(versions(inventory), [".|@s/b@1.0.0", ".|a@1.2.0"]);
  assert.deepEqual(
    inventory.unread.map((one) => one.path),
    ["node_modules/bad/package.json"],
  );
  assert.deepEqual(
    inventory.notes.map((one) => one.text),
    ["1 link in node_modules leads out of the project: what is installed there is not read"],
  );
});

const installed = (name: string, version: string, dependencies: object = {}): string =>
  JSON.stringify({ name, version, dependencies });

for (const [manager, lockfile, lockText, store] of [
  [
    "pnpm",
    "pnpm-lock.yaml",
    `lockfileVersion: '9.0'
importers:
  .:
    dependencies:
      a:
        specifier: ^1.0.0
        version: 1.0.0
packages:
  a@1.0.0: {}
  b@2.0.0: {}
snapshots:
  a@1.0.0:
    dependencies:
      b: 2.0.0
  b@2.0.0: {}
`,
    ".pnpm",
  ],
  [
    "bun",
    "bun.lock",
    `{"workspaces": {"": {"dependencies": {"a": "^1.0.0"}}},
 "packages": {
  "a": ["a@1.0.0", "", {"dependencies": {"b": "^2.0.0"}}, ""],
  "b": ["b@2.0.0", "", {}, ""],
 }}`,
    ".bun",
  ],
] as const)
  test(`node_modules as ${manager} links them are compared with the lockfile`, async (context) => {
    const at = `node_modules/${store}`;
    const root = tree(context, {
      "package.json": '{"dependencies":{"a":"^1.0.0"}}',
      [lockfile]: lockText,
      "node_modules/a": `->${store}/a@1.0.0/node_modules/a`,
      "node_modules/elsewhere": "->/opt/store/elsewhere",
      [`${at}/a@1.0.0/node_modules/a/package.json`]: installed("a", "1.0.0", { b: "^2.0.0" }),
      [`${at}/a@1.0.0/node_modules/b`]: "->../../b@2.1.0/node_modules/b",
      [`${at}/b@2.1.0/node_modules/b/package.json`]: installed("b", "2.1.0", { "@s/c": "^1.0.0" }),
      [`${at}/b@2.1.0/node_modules/@s/c`]: "->../../../@s+c@1.0.0/node_modules/@s/c",
      [`${at}/@s+c@1.0.0/node_modules/@s/c/package.json`]: installed("@s/c", "1.0.0"),
    });
    const inventory = await takeInventory({ root, target });
    assert.deepEqual(versions(inventory), [".|@s/c@1.0.0", ".|a@1.0.0", ".|b@2.0.0", ".|b@2.1.0"]);
    assert.deepEqual(
      inventory.dependencies
        .filter((one) => one.from?.endsWith("b@2.1.0"))
        .map((one) => [one.to, one.satisfied]),
      [[".|npm|@s/c@1.0.0", true]],
    );
    assert.deepEqual(inventory.unread, []);
    assert.deepEqual(inventory.notes.map((one) => one.text).sort(), [
      "1 link in node_modules leads out of the project: what is installed there is not read",
      `@s/c 1.0.0 is installed at ${at}/@s+c@1.0.0/node_modules/@s/c, not in the lockfile`,
      `b 2.1.0 is installed at ${at}/b@2.1.0/node_modules/b, not in the lockfile`,
    ]);
  });

test("what yarn installed is in its lockfile, which does not say where", async (context) => {
  const root = tree(context, {
    "package.json": '{"dependencies":{"a":"^1.0.0"}}',
    "yarn.lock": 'a@^1.0.0:\n  version "1.2.0"\n',
    "node_modules/a/package.json": installed("a", "1.2.0"),
  });
  const inventory = await takeInventory({ root, target });
  assert.deepEqual(versions(inventory), [".|a@1.2.0"]);
  assert.deepEqual(inventory.notes, []);
});

for (const [name, content, line] of [
  ["a merge conflict", '{\n<<<<<<< HEAD\n"a": 1\n', 2],
  ["invalid JSON", '{\n "a": 1,\n oops\n}', 3],
  ["a cut file", '{\n "packages": {', 2],
  ["an array", "[]", 1],
] as const)
  test(`a lockfile with ${name} is listed with its line, the rest is read`, async (context) => {
    const root = tree(context, { "web/package-lock.json": content, "requirements.txt": "a==1\n" });
    const inventory = await takeInventory({ root, target });
    assert.deepEqual(versions(inventory), [".|a@1"]);
    assert.deepEqual(
      inventory.unread.map((one) => [one.path, one.line]),
      [["web/package-lock.json", line]],
    );
  });

for (const [form, encode] of [
  ["UTF-16", (text) => Buffer.from(`\ufeff${text}`, "utf16le")],
  ["a BOM", (text) => Buffer.from(`\ufeff${text}`)],
  ["CRLF", (text) => Buffer.from(text.replaceAll("\n", "\r\n"))],
  ["CR alone", (text) => Buffer.from(text.replaceAll("\n", "\r"))],
] as const satisfies readonly (readonly [string, (text: string) => Buffer])[])
  test(`text with ${form} says the same`, async (context) => {
    const root = tree(context, {});
    fs.writeFileSync(path.join(root, "requirements.txt"), encode("a==1\nb==2  # two\n"));
    const inventory = await takeInventory({ root, target });
    assert.deepEqual(versions(inventory), [".|a@1", ".|b@2"]);
    assert.deepEqual(inventory.unread, []);
  });

for (const [what, files, expected, asked] of [
  ["no Python project", { "package-lock.json": '{"lockfileVersion":3,"packages":{}}' }, undefined, 0],
  ["a declared version", { "requirements.txt": "a==1\n", ".python-version": "3.10.4\n" }, "3.10.4", 0],
  ["an environment", { "requirements.txt": "a==1\n", ".venv/pyvenv.cfg": "version = 3.9.2\n" }, "3.9.2", 0],
  ["a declared line", { "requirements.txt": "a==1\n", ".python-version": "3.12\n" }, "3.12.5", 1],
  ["nothing declared", { "requirements.txt": 'a==1 ; python_version < "3.12"\n' }, "3.12.5", 1],
] as const)
  test(`the caller's Python is asked for only where it is needed: ${what}`, async (context) => {
    const root = tree(context, files);
    let times = 0;
    const python = (): Promise<string> => Promise.resolve((times++, "3.12.5"));
    const inventory = await takeInventory({ root, python });
    assert.equal(inventory.projects.find((one) => one.ecosystem === "PyPI")?.target.python, expected);
    assert.equal(Math.min(times, 1), asked);
  });

test("a file beyond what is read is listed at once, one of 100 MB of nothing is no lockfile", async (context) => {
  const root = tree(context, { "a/package-lock.json": "", "b/package-lock.json": "" });
  // Holes in the files: nothing is written.
  fs.truncateSync(path.join(root, "a", "package-lock.json"), 3_000_000_000);
  fs.truncateSync(path.join(root, "b", "package-lock.json"), 100_000_000);
  const began = performance.now();
  const inventory = await takeInventory({ root, target });
  assert.ok(performance.now() - began < 4000);
  assert.deepEqual(inventory.components, []);
  const [a, b] = inventory.unread.toSorted((one, other) => (one.path < other.path ? -1 : 1));
  assert.equal(inventory.unread.length, 2);
  assert.match(a?.reason ?? "", /has 3000000000 bytes, more than/);
  assert.match(b?.reason ?? "", /NUL/);
});

test("NUL bytes and links out of the root are listed; no message names a folder of the machine", async (context) => {
  const root = tree(context, {
    "requirements.txt": "a==1\0\n",
    "web/requirements.txt": "-r leak.txt\n",
    "web/leak.txt": "->/etc/hostname",
  });
  const inventory = await takeInventory({ root, target });
  assert.deepEqual(versions(inventory), []);
  assert.deepEqual(inventory.unread.map((one) => one.path).sort(), [
    "requirements.txt",
    "web/leak.txt",
    "web/requirements.txt",
  ]);
  assert.ok(!JSON.stringify(inventory.unread).includes(os.tmpdir()));
});

for (const [name, given] of [
  ["absent", "nothing.txt"],
  ["outside", ".."],
  ["of no known kind", "picture.png"],
])
  test(`a path that is ${name ?? ""} is a wrong use`, async (context) => {
    const root = tree(context, { "picture.png": "" });
    await assert.rejects(
      takeInventory({ root, paths: [given ?? ""], target }),
      (error) => error instanceof Failure && error.code === "usage",
    );
  });

test("any text file that is named is read as requirements", async (context) => {
  const root = tree(context, { "pins.txt": "a==1\n", "requirements.txt": "b==1\n" });
  assert.deepEqual(versions(await takeInventory({ root, paths: [path.join(root, "pins.txt")], target })), [
    ".|a@1",
  ]);
});

test("targets come from the files beside a project", async (context) => {
  const root = tree(context, {
    ".python-version": "3.9\n",
    "requirements.txt": 'a==1 ; python_version < "3.10"\n',
    "package.json": '{"engines":{"node":">=22.3"},"dependencies":{"x":"1.0.0"}}',
    "web/package.json": '{"dependencies":{"x":"1.0.0"}}',
    "web/.nvmrc": "v18\n",
  });
  const inventory = await takeInventory({ root, target });
  assert.deepEqual(
    inventory.projects.map((one) => one.target.python ?? one.target.node),
    ["22.3.0", "3.9.0", "18.0.0"],
  );
  assert.deepEqual(versions(inventory), [".|a@1"]);
});
