import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import semver from "semver";
import { npmOrder } from "./npm-order.ts";

const number = fc.oneof(fc.nat({ max: 3 }), fc.nat({ max: 30 })).map(String);
const pre = fc
  .array(fc.constantFrom("alpha", "beta", "rc", "0", "1", "10", "x-y"), { minLength: 1, maxLength: 3 })
  .map((parts) => `-${parts.join(".")}`);
const core = fc.tuple(number, number, number).map((parts) => parts.join("."));
const versions = fc
  .tuple(
    core,
    fc.oneof({ weight: 3, arbitrary: fc.constant("") }, pre),
    fc.constantFrom("", "", "", "+build.1"),
  )
  .map((parts) => parts.join(""));
const partial = fc.oneof(
  number,
  fc.tuple(number, number).map((parts) => parts.join(".")),
  fc.tuple(number, fc.constantFrom("x", "*", "X")).map((parts) => parts.join(".")),
  versions,
);
const comparators = fc.oneof(
  fc
    .tuple(fc.constantFrom("", "^", "~", ">=", "<", "<=", ">", "=", ">= ", "v"), partial)
    .map((parts) => parts.join("")),
  fc.tuple(partial, partial).map(([low, high]) => `${low} - ${high}`),
  fc.constantFrom("*", "", "x"),
);
const ranges = fc
  .array(fc.array(comparators, { minLength: 1, maxLength: 2 }), { minLength: 1, maxLength: 3 })
  .map((sets) => sets.map((set) => set.join(" ")).join(" || "));

test("judges as node-semver does, strict, with and without pre-releases", () => {
  let readable = 0;
  fc.assert(
    fc.property(versions, ranges, (version, range) => {
      const read = semver.validRange(range) !== null;
      if (read) readable++;
      assert.equal(npmOrder.isRange(range), read, range);
      assert.equal(
        npmOrder.satisfies(version, range),
        semver.satisfies(version, range),
        `${version} in ${range}`,
      );
      assert.equal(
        npmOrder.satisfies(version, range, { prereleases: true }),
        semver.satisfies(version, range, { includePrerelease: true }),
        `${version} in ${range}`,
      );
    }),
    { numRuns: 3000 },
  );
  assert.ok(readable > 1500, `${readable} readable ranges`);
});

const anything = fc.oneof(
  { weight: 5, arbitrary: versions },
  { weight: 1, arbitrary: fc.string({ maxLength: 5 }) },
);

test("is a total order that agrees with node-semver, invalid versions below all others", () => {
  fc.assert(
    fc.property(anything, anything, anything, (a, b, c) => {
      const compare = (left: string, right: string): number => npmOrder.compare(left, right);
      const isValid = (version: string): boolean => npmOrder.isValid(version);
      assert.equal(Math.sign(compare(a, b)), -Math.sign(compare(b, a)) + 0);
      const [low, middle, high] = [a, b, c].sort(compare) as [string, string, string];
      assert.ok(compare(low, middle) <= 0 && compare(middle, high) <= 0 && compare(low, high) <= 0);
      if (isValid(a) && isValid(b)) assert.equal(compare(a, b), semver.compare(a, b));
      if (isValid(a) && !isValid(b)) assert.ok(compare(a, b) > 0);
    }),
    { numRuns: 1000 },
  );
});

test("tags and addresses are no ranges, and loose spellings no versions", () => {
  for (const range of ["latest", "next", "git+https://x.example/a.git", "workspace:*", "npm:a@1", "1.2.3.4"])
    assert.equal(npmOrder.isRange(range), false, range);
  for (const version of ["1.2", "1", "01.2.3", "1.2.3-01", "1.2.3beta", "latest", ""])
    assert.equal(npmOrder.isValid(version), false, version);
  assert.equal(npmOrder.isValid("v1.2.3"), true);
  assert.equal(npmOrder.isRange(`1.0.0 ${"|| 1.0.0 ".repeat(2000)}`), false);
});

test("tells the level of a move; below 1.0 a minor is a major", () => {
  for (const [from, to, level] of [
    ["1.2.3", "2.0.0", "major"],
    ["1.2.3", "1.3.0", "minor"],
    ["1.2.3", "1.2.4", "patch"],
    ["0.2.3", "0.3.0", "major"],
    ["0.2.3", "0.2.4", "patch"],
    ["1.0.0-rc.1", "1.0.0", "other"],
    ["1.0.0", "tag", "other"],
  ] as const)
    assert.equal(npmOrder.level(from, to), level, `${from} → ${to}`);
});
