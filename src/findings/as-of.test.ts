import assert from "node:assert/strict";
import { test } from "node:test";
import { undatedRecords } from "./as-of.ts";

for (const [name, count, expected] of [
  ["no record, no note", 0, []],
  [
    "few are all named",
    2,
    ["Left out because they do not say when they were published: GHSA-1 (a), GHSA-2 (a)."],
  ],
  [
    "of many the first five are named",
    7,
    [
      "Left out because they do not say when they were published: GHSA-1 (a), GHSA-2 (a), GHSA-3 (a), GHSA-4 (a), GHSA-5 (a) and 2 more.",
    ],
  ],
] as const)
  test(`records without a date: ${name}`, () => {
    // They are met in no particular order.
    const undated = Array.from({ length: count }, (_, index) => ({
      advisory: `GHSA-${count - index}`,
      package: "a",
    }));
    assert.deepEqual(
      undatedRecords(undated).map((note) => note.text),
      expected,
    );
  });
