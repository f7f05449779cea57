import assert from "node:assert/strict";
import { describe, it, test } from "node:test";
import { compare as referenceCompare } from "@renovatebot/pep440";
import fc from "fast-check";
import { pypiOrder } from "./pypi-order.ts";
import { pythonVersions } from "../../test/support/packaging.ts";

/** PEP 440, "Summary of permitted suffixes and relative ordering", and its local versions. */
const ascending = [
  "1.dev0",
  "1.0.dev456",
  "1.0a1",
  "1.0a2.dev456",
  "1.0a12.dev456",
  "1.0a12",
  "1.0b1.dev456",
  "1.0b2",
  "1.0b2.post345.dev456",
  "1.0b2.post345",
  "1.0rc1.dev456",
  "1.0rc1",
  "1.0",
  "1.0+abc.5",
  "1.0+abc.7",
  "1.0+5",
  "1.0+5.0",
  "1.0.post456.dev34",
  "1.0.post456",
  "1.0.15",
  "1.1.dev1",
  "99999999999999999999998",
  "99999999999999999999999",
  "1!0.1",
];

test("orders as PEP 440 lists", () => {
  for (const [i, a] of ascending.entries())
    for (const [j, b] of ascending.entries())
      assert.equal(Math.sign(pypiOrder.compare(a, b)), Math.sign(i - j), `${a} ? ${b}`);
});

describe("spellings of one version are equal", () => {
  for (const [a, b] of [
    ["1", "1.0.0"],
    ["1.0-alpha.1", "1.0a1"],
    ["1.0preview3", "1.0rc3"],
    ["1.0-4", "1.0.post4"],
    ["1.0.rev", "1.0.post0"],
    ["v1.0", "  1.0\n"],
    ["1.0+Ubuntu-1", "1.0+ubuntu.1"],
    ["1.0DEV", "1.0.dev0"],
    ["01.002", "1.2"],
    ["0!1", "1"],
    ["0000000000000000000001.0", "1"],
  ] as const)
    it(`${a} = ${b.trim()}`, () => {
      assert.equal(pypiOrder.compare(a, b), 0);
    });
});

test("local segments that look like other numbers are words", () => {
  assert.notEqual(pypiOrder.compare("1.0+1e5", "1.0+100000"), 0);
  assert.ok(pypiOrder.compare("1.0+0x1f", "1.0+0") < 0);
});

test("refuses what PEP 440 refuses, and over-long texts quickly", () => {
  for (const text of ["", "abc", "1.0-SNAPSHOT", "1..0", "2.6.0-cu124", "1.0+", "1.0+a+b", "١.0", "1.0 0"])
    assert.equal(pypiOrder.isValid(text), false, text);
  assert.equal(pypiOrder.isValid(`1${".0".repeat(50_000)}`), false);
  assert.equal(pypiOrder.isValid("1".repeat(100_000)), false);
});

test("tells the level of a move", () => {
  for (const [from, to, level] of [
    ["1.2.3", "2.0", "major"],
    ["0.1", "0.2", "minor"],
    ["1.2.3", "1.2.4", "patch"],
    ["1.2.3.4", "1.2.3.5", "patch"],
    ["1.0", "1.0.0", "other"],
    ["1.0a1", "1.0", "other"],
    ["1.0", "1!1.0", "major"],
    ["1.0", "what", "other"],
  ] as const)
    assert.equal(pypiOrder.level(from, to), level, `${from} → ${to}`);
});

test("knows pre-releases", () => {
  assert.deepEqual(
    ["1.0a1", "1.0.dev1", "1.0.post1.dev1", "1.0.post1", "1.0+rc1", "x"].map((one) =>
      pypiOrder.isPrerelease(one),
    ),
    [true, true, true, false, false, false],
  );
});

const anything = fc.oneof(
  { weight: 5, arbitrary: pythonVersions },
  { weight: 1, arbitrary: fc.string({ maxLength: 6 }) },
);

test("is a total order, invalid versions below all others", () => {
  fc.assert(
    fc.property(anything, anything, anything, (a, b, c) => {
      const compare = (left: string, right: string): number => pypiOrder.compare(left, right);
      const isValid = (version: string): boolean => pypiOrder.isValid(version);
      assert.equal(Math.sign(compare(a, b)), -Math.sign(compare(b, a)) + 0);
      assert.equal(compare(a, a), 0);
      const [low, middle, high] = [a, b, c].sort(compare) as [string, string, string];
      assert.ok(compare(low, middle) <= 0 && compare(middle, high) <= 0 && compare(low, high) <= 0);
      if (isValid(a) && !isValid(b)) assert.ok(compare(a, b) > 0);
    }),
    { numRuns: 1000 },
  );
});

test("agrees with the npm implementation of PEP 440 where that keeps local versions and numbers exact", () => {
  fc.assert(
    fc.property(pythonVersions, pythonVersions, (a, b) => {
      fc.pre(!/\+|\d{16}/.test(a + b));
      assert.equal(Math.sign(pypiOrder.compare(a, b)), Math.sign(referenceCompare(a, b)));
    }),
    { numRuns: 1000 },
  );
});
