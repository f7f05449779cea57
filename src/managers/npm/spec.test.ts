import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { orderOf } from "../../versions/index.ts";
import { foreignOf, readSpec, serves } from "./spec.ts";

const order = orderOf("npm");

test("the quick answer is the full grammar's answer", () => {
  const number = fc.constantFrom("0", "1", "2", "10", "11");
  const tail = fc.constantFrom("", "", "", "-beta.1", "-0", "+build");
  const version = fc.tuple(number, number, number, tail).map(([a, b, c, rest]) => `${a}.${b}.${c}${rest}`);
  const piece = fc.constantFrom("0", "1", "2", "10", "x", "*", "X");
  const partial = fc.oneof(
    version,
    number,
    fc.tuple(number, piece).map((parts) => parts.join(".")),
    fc.tuple(number, piece, piece).map((parts) => parts.join(".")),
    fc.constantFrom("*", "", "x", "latest", "v1.0.0", "01.0.0"),
  );
  const operator = fc.constantFrom("", "^", "~", ">=", "<", "=", ">", "<=", "~>", ">= ", "^ ");
  const comparator = fc.tuple(operator, partial).map(([sign, rest]) => sign + rest);
  const range = fc
    .tuple(
      fc.array(comparator, { minLength: 1, maxLength: 3 }),
      fc.constantFrom(" ", " || ", "||", " - ", "  "),
    )
    .map(([parts, glue]) => parts.join(glue));
  fc.assert(
    fc.property(version, range, (one, asked) => {
      const expected = one === asked ? true : order.isRange(asked) ? order.satisfies(one, asked) : null;
      assert.equal(serves(one, asked), expected, `${one} in ${asked}`);
    }),
    { numRuns: 20_000 },
  );
});

for (const [name, range, expected] of [
  ["a", "^1.0.0", { name: "a", range: "^1.0.0" }],
  ["a", "npm:@s/b@~2.0.0", { name: "@s/b", range: "~2.0.0" }],
  ["a", "npm:b", { name: "b", range: "" }],
  ["a", "latest", { name: "a", range: "latest" }],
  ["a", "team/b#main", { name: "a", range: "team/b#main", foreign: "a git checkout" }],
  ["a", "3box/b", { name: "a", range: "3box/b", foreign: "a git checkout" }],
  ["a", "file:../b", { name: "a", range: "file:../b", foreign: "a local file" }],
] as const)
  test(`${name}: ${range}`, () => {
    assert.deepEqual(readSpec(name, range), expected);
  });

test("a registry's tarball may be a release, a repository is none", () => {
  assert.equal(foreignOf("git+ssh://git@registry.example/a.git#1"), "a git checkout");
  assert.equal(foreignOf("https://registry.example/a.git#1"), "a git checkout");
  assert.equal(foreignOf("1.0.0"), undefined);
});
