import assert from "node:assert/strict";
import { test } from "node:test";
import { filterDocument } from "./view-npm.ts";

const document = {
  name: "a",
  readme: "long",
  modified: "2024-01-01T00:00:00Z",
  "dist-tags": { latest: "3.0.0", old: "1.0.0", next: "4.0.0-rc.1" },
  versions: {
    "1.0.0": { version: "1.0.0" },
    "2.0.0": { version: "2.0.0", dependencies: { b: "1", c: "1" }, bundleDependencies: true },
    "3.0.0": { version: "3.0.0" },
    "4.0.0-rc.1": { version: "4.0.0-rc.1" },
  },
  time: { created: "2020", "1.0.0": "2020", "2.0.0": "2021", "3.0.0": "2022" },
};

const cases: readonly (readonly [
  shown: readonly string[] | "all",
  tags: object,
  versions: readonly string[],
])[] = [
  ["all", { latest: "3.0.0", old: "1.0.0", next: "4.0.0-rc.1" }, ["1.0.0", "2.0.0", "3.0.0", "4.0.0-rc.1"]],
  [["1.0.0", "2.0.0"], { latest: "2.0.0", old: "1.0.0" }, ["1.0.0", "2.0.0"]],
  [["2.0.0", "4.0.0-rc.1"], { latest: "2.0.0", next: "4.0.0-rc.1" }, ["2.0.0", "4.0.0-rc.1"]],
  [["4.0.0-rc.1"], { latest: "4.0.0-rc.1", next: "4.0.0-rc.1" }, ["4.0.0-rc.1"]],
  [["9.9.9"], {}, []],
];

for (const [shown, tags, versions] of cases)
  test(`a document with ${String(shown)}`, () => {
    const filtered = filterDocument(document, shown);
    assert.deepEqual(filtered["dist-tags"], tags);
    assert.deepEqual(Object.keys(filtered["versions"] as object), versions);
    assert.deepEqual(
      Object.keys(filtered["time"] as object).filter((key) => key !== "created"),
      versions.filter((one) => one !== "4.0.0-rc.1"),
    );
    assert.equal(filtered["readme"], undefined);
  });

test("bundleDependencies: true becomes the list that it stands for", () => {
  const versions = filterDocument(document, ["2.0.0"])["versions"] as Record<string, object>;
  assert.deepEqual(versions["2.0.0"], {
    version: "2.0.0",
    dependencies: { b: "1", c: "1" },
    bundleDependencies: ["b", "c"],
  });
});
