import assert from "node:assert/strict";
import { test } from "node:test";
import { bundledNames, reduceDocument, requirementsOf, toRelease, type NpmVersion } from "./npm-document.ts";

const specs: readonly (readonly [spec: string, expected: object])[] = [
  ["^1.0.0", { name: "a", range: "^1.0.0" }],
  ["", { name: "a", range: "" }],
  ["latest", { name: "a", range: "latest" }],
  [">=1 <2 || 3.x", { name: "a", range: ">=1 <2 || 3.x" }],
  ["npm:real@^2", { name: "real", range: "^2" }],
  ["npm:@s/real@~1.2", { name: "@s/real", range: "~1.2" }],
  ["npm:@s/real", { name: "@s/real", range: "" }],
  ["git+ssh://git@host.example/a.git", { name: "a", range: "", url: "git+ssh://git@host.example/a.git" }],
  ["github:user/repo", { name: "a", range: "", url: "github:user/repo" }],
  ["user/repo#main", { name: "a", range: "", url: "user/repo#main" }],
  ["git@host.example:a.git", { name: "a", range: "", url: "git@host.example:a.git" }],
  ["https://host.example/a.tgz", { name: "a", range: "", url: "https://host.example/a.tgz" }],
  ["file:../a", { name: "a", range: "", url: "file:../a" }],
  ["./a.tgz", { name: "a", range: "", url: "./a.tgz" }],
  ["workspace:*", { name: "a", range: "", url: "workspace:*" }],
];

for (const [spec, expected] of specs)
  test(`requirement: ${JSON.stringify(spec)}`, () => {
    assert.deepEqual(requirementsOf({ dependencies: { a: spec } }), [{ ...expected, kind: "production" }]);
  });

test("requirements: optional ones listed twice are optional, peers may be absent where said", () => {
  const manifest = {
    dependencies: { both: "1", only: "2", bad: 3 },
    optionalDependencies: { both: "1" },
    peerDependencies: { must: "*", may: "*" },
    peerDependenciesMeta: { may: { optional: true }, must: "x" },
    devDependencies: { never: "1" },
  };
  assert.deepEqual(requirementsOf(manifest), [
    { name: "only", range: "2", kind: "production" },
    { name: "both", range: "1", kind: "optional" },
    { name: "must", range: "*", kind: "peer" },
    { name: "may", range: "*", kind: "peer", optional: true },
  ]);
});

test("bundles: a list, or all dependencies where it says true", () => {
  const dependencies = { a: "1", b: "1" };
  assert.deepEqual(bundledNames({ dependencies, bundleDependencies: true }), ["a", "b"]);
  assert.deepEqual(bundledNames({ dependencies, bundledDependencies: ["b", 1] }), ["b"]);
  assert.deepEqual(bundledNames({ dependencies, bundleDependencies: false }), []);
});

test("a document is reduced; equal requirements are held once; hostile names are names", () => {
  const text = `{"name": "x", "dist-tags": {"latest": "1.1.0", "bad": 1}, "time": {"created": "2020-01-01T00:00:00Z",
    "1.0.0": "2020-01-01T00:00:00Z", "1.1.0": "soon"},
    "versions": {
      "1.0.0": {"dependencies": {"a": "1", "__proto__": "2"}, "dist": {"tarball": "https://registry.example/x.tgz", "integrity": "sha512-x"}},
      "1.1.0": {"dependencies": {"a": "1", "__proto__": "2"}, "deprecated": "old", "engines": {"node": ">=18"},
                "scripts": {"postinstall": "x"}, "dist": {"shasum": "${"00".repeat(20)}"}},
      "__proto__": {"engines": ["node >= 1"], "bundleDependencies": ["a"], "hasInstallScript": true, "deprecated": ""},
      "1.2.0": null}}`;
  const reduced = reduceDocument(text);
  assert.deepEqual(reduced.tags, { latest: "1.1.0" });
  assert.deepEqual(
    reduced.requires.map((set) => set.map((one) => one.name)),
    [["a", "__proto__"], []],
  );
  assert.deepEqual(reduced.versions, [
    {
      version: "1.0.0",
      requires: 0,
      publishedAt: "2020-01-01T00:00:00Z",
      hash: "sha512-x",
      hasArchive: true,
    },
    {
      version: "1.1.0",
      requires: 0,
      deprecated: "old",
      node: ">=18",
      hash: "sha1-AAAAAAAAAAAAAAAAAAAAAAAAAAA=",
      hasArchive: false,
      installScript: true,
    },
    { version: "__proto__", requires: 1, hasArchive: false, bundles: true, installScript: true },
    { version: "1.2.0", requires: 1, hasArchive: false },
  ]);
});

test("what is no document is refused", () => {
  for (const text of ["<html>", "null", "[]", '{"versions": "1"}']) assert.throws(() => reduceDocument(text));
});

const platforms: readonly (readonly [
  Partial<NpmVersion>,
  platform: string,
  answer: "tarball" | "no" | "foreign",
])[] = [
  [{}, "linux-x64", "tarball"],
  [{ hasArchive: false }, "linux-x64", "no"],
  [{ os: ["darwin"] }, "linux-x64", "foreign"],
  [{ os: ["darwin", "linux"] }, "linux-x64", "tarball"],
  [{ os: ["!win32"] }, "linux-x64", "tarball"],
  [{ os: ["!linux"] }, "linux-x64", "foreign"],
  [{ os: ["any"] }, "linux-x64", "tarball"],
  [{ cpu: ["arm64"] }, "linux-x64", "foreign"],
  [{ os: ["linux"], cpu: ["x64"] }, "linux-x64", "tarball"],
  [{ cpu: ["arm64"] }, "linux", "tarball"],
];

for (const [part, platform, answer] of platforms)
  test(`usable: ${JSON.stringify(part)} on ${platform}`, () => {
    const version = { version: "1.0.0", requires: 0, hasArchive: true, ...part };
    const release = toRelease(version, { platform });
    assert.equal(release.foreign === true ? "foreign" : release.usable, answer);
  });
