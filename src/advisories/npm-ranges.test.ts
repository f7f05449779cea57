import assert from "node:assert/strict";
import { test } from "node:test";
import { readNpmRange } from "./npm-ranges.ts";

const cases: [string, string[][] | undefined, string[]?][] = [
  ["<1.2.3", [["introduced 0", "fixed 1.2.3"]]],
  [">=1.0.0 <1.2.3", [["introduced 1.0.0", "fixed 1.2.3"]]],
  [">= 1.0.0, < 1.2.3", [["introduced 1.0.0", "fixed 1.2.3"]]],
  ["<=2.0.0-rc.1", [["introduced 0", "last_affected 2.0.0-rc.1"]]],
  [">1.2.3", [["introduced 1.2.4-0"]]],
  [">1.2.3-beta", [["introduced 1.2.3-beta.0"]]],
  [
    "<1.0.0 || >=2.0.0 <2.0.5",
    [
      ["introduced 0", "fixed 1.0.0"],
      ["introduced 2.0.0", "fixed 2.0.5"],
    ],
  ],
  ["=1.2.3 || 1.2.5", [], ["1.2.3", "1.2.5"]],
  ["*", [["introduced 0"]]],
  ["^1.2.3", undefined],
  ["<1.0.0 <2.0.0", undefined],
  [">=1.0.0 =2.0.0", undefined],
  ["latest", undefined],
];

for (const [range, expected, versions = []] of cases)
  test(`npm range ${range}`, () => {
    const read = readNpmRange(range);
    assert.deepEqual(
      read?.ranges.map(({ events }) => events.map((event) => Object.entries(event).flat().join(" "))),
      expected,
    );
    if (expected !== undefined) assert.deepEqual(read?.versions, versions);
  });
