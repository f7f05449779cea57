import assert from "node:assert/strict";
import { test } from "node:test";
import { Failure } from "../model/index.ts";
import { layOut, localFilesIn, lockedVersions, styleOf, withoutCopies } from "./npm-lockfile.ts";

const lock3 = JSON.stringify({
  lockfileVersion: 3,
  packages: {
    "": { name: "root", version: "1.0.0" },
    "apps/one": { version: "0.0.1" },
    "node_modules/one": { resolved: "apps/one", link: true },
    "node_modules/a": { version: "1.0.0", resolved: "https://registry.example/a.tgz" },
    "node_modules/b/node_modules/a": { version: "2.0.0" },
    "node_modules/alias": { name: "@s/real", version: "3.0.0" },
    "node_modules/b": { version: "1.0.0" },
    "node_modules/b/node_modules/inside": { version: "9.0.0", inBundle: true },
    "node_modules/local": { version: "1.0.0", resolved: "file:vendor/local-1.0.0.tgz" },
    "node_modules/odd": { version: 7 },
    "node_modules/none": null,
  },
});
const lock1 = JSON.stringify({
  dependencies: {
    a: {
      version: "1.0.0",
      dependencies: { b: { version: "2.0.0" }, c: { version: "1.0.0", bundled: true } },
    },
    b: { version: "1.0.0" },
    alias: { version: "npm:@s/real@3.0.0" },
    local: { version: "file:vendor/local-1.0.0.tgz" },
  },
});

const plain = (versions: ReadonlyMap<string, ReadonlySet<string>>): Record<string, string[]> =>
  Object.fromEntries([...versions].map(([name, set]) => [name, [...set].sort()]));

test("versions of a flat lockfile: every copy, the real name of an alias, no bundled copy, no own folder", () => {
  assert.deepEqual(plain(lockedVersions(lock3, "package-lock.json")), {
    a: ["1.0.0", "2.0.0"],
    "@s/real": ["3.0.0"],
    b: ["1.0.0"],
    local: ["1.0.0"],
  });
});

test("versions of a nested lockfile", () => {
  assert.deepEqual(plain(lockedVersions(lock1, "package-lock.json")), {
    a: ["1.0.0"],
    b: ["1.0.0", "2.0.0"],
    "@s/real": ["3.0.0"],
    local: ["file:vendor/local-1.0.0.tgz"],
  });
});

test("copies that may not stay are taken out with all inside them", () => {
  const without = withoutCopies(lock3, (name, version) => `${name}@${version}` !== "b@1.0.0");
  assert.deepEqual(plain(lockedVersions(without, "l")), {
    a: ["1.0.0"],
    "@s/real": ["3.0.0"],
    local: ["1.0.0"],
  });
  assert.doesNotMatch(without, /node_modules\/b/);
  const nested = withoutCopies(lock1, (name, version) => `${name}@${version}` !== "b@2.0.0");
  assert.deepEqual(plain(lockedVersions(nested, "l"))["b"], ["1.0.0"]);
  assert.equal(
    withoutCopies(lock3, () => true),
    JSON.stringify(JSON.parse(lock3), null, 2),
  );
});

test("local archives of either", () => {
  for (const text of [lock1, lock3]) assert.deepEqual(localFilesIn(text, "l"), ["vendor/local-1.0.0.tgz"]);
});

test("style: version, addresses, layout", () => {
  assert.deepEqual(styleOf(`${lock3}\n`, "l"), {
    version: 3,
    hasAddresses: true,
    endsWithNewline: true,
    indent: "",
    newline: "\n",
  });
  assert.deepEqual(styleOf('{\r\n\t"lockfileVersion": 2\r\n}', "l"), {
    version: 2,
    hasAddresses: false,
    endsWithNewline: false,
    indent: "\t",
    newline: "\r\n",
  });
});

const value = { lockfileVersion: 3, packages: { "": { a: "b" } } };
const layouts: readonly (readonly [indent: string, newline: "\n" | "\r\n", last: boolean])[] = [
  ["", "\n", false],
  ["  ", "\n", true],
  ["    ", "\n", false],
  ["\t", "\r\n", true],
];
for (const [indent, newline, last] of layouts)
  test(`layout: ${JSON.stringify([indent, newline, last])} is kept, whatever npm writes`, () => {
    const own = JSON.stringify(value, null, indent).replaceAll("\n", newline) + (last ? newline : "");
    for (const written of [
      `${JSON.stringify(value, null, 2)}\n`,
      `${JSON.stringify(value, null, "\t")}\r\n`,
      own,
    ])
      assert.equal(layOut(written, styleOf(own, "l")), own);
  });

test("a lockfile that npm never wrote is refused", () => {
  for (const text of ["{", '{"lockfileVersion": 4}', '{"lockfileVersion": "3"}'])
    assert.throws(
      () => styleOf(text, "l"),
      (error) => error instanceof Failure && error.code === "unreadable",
    );
});
