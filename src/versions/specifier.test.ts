import assert from "node:assert/strict";
import { test } from "node:test";
import { pypiOrder } from "./pypi-order.ts";

/** Range, versions inside, versions outside (PEP 440, "Version specifiers"); pre-releases let in. */
const table: readonly (readonly [string, readonly string[], readonly string[]])[] = [
  ["", ["1.0", "1.0a1"], ["what"]],
  ["==2.0.*", ["2", "2.0", "2.0.5", "2.0a1", "2.0.post1", "2.0+local", "2a1"], ["2.1", "20.0", "1!2.0"]],
  ["!=2.0.*", ["2.1", "1!2.0"], ["2", "2.0.5"]],
  ["==1.0", ["1", "1.0.0", "1.0+cpu"], ["1.0a1", "1.0.post1"]],
  ["==1.0+cpu", ["1.0+CPU"], ["1.0", "1.0+cu118"]],
  ["~=2.2", ["2.2", "2.10", "2.2.post3"], ["3.0", "2.1", "2.2a1"]],
  ["~=1.4.5a4", ["1.4.5a4", "1.4.9"], ["1.5", "1.4.5a3"]],
  ["~=2.2.0", ["2.2.9"], ["2.3"]],
  [">1.7", ["1.8", "1.7.1", "1.7.0.1"], ["1.7", "1.7.post1", "1.7.0+l", "1.7.dev1"]],
  [">1.7.post2", ["1.7.post3", "1.7.post3+l"], ["1.7.post2+l", "1.7"]],
  ["<1.7", ["1.6.post1", "1.6+l"], ["1.7.dev1", "1.7a1", "1.7", "1.7rc1.post1"]],
  ["<1.7rc1", ["1.7b1"], ["1.7rc1"]],
  [">=1.0,<2,!=1.5", ["1.0+l", "1.9.9"], ["2.0", "1.5", "2.0a1"]],
  ["<=1.0", ["1.0+ubuntu1"], ["1.0.post1"]],
  [">=1.0,", ["1.0"], ["0.9"]],
  [" >= 1.0 , < 2 ", ["1.5"], ["2"]],
  ["===1.0-weird", ["1.0-WEIRD"], ["1.0"]],
  ["===1.0", ["1.0"], ["1.0.0", "1"]],
  [">=2.7.*", ["2.7", "3.0"], ["2.6"]],
  ["<1!2", ["1!1", "99"], ["1!2"]],
];

for (const [range, inside, outside] of table)
  test(`"${range}"`, () => {
    assert.equal(pypiOrder.isRange(range), true);
    for (const version of inside)
      assert.equal(pypiOrder.satisfies(version, range, { prereleases: true }), true, version);
    for (const version of outside)
      assert.equal(pypiOrder.satisfies(version, range, { prereleases: true }), false, version);
  });

test("a pre-release satisfies only a set that names one, unless asked for", () => {
  for (const [version, range, holds] of [
    ["2.0a1", "", false],
    ["2.0a1", ">=1.0", false],
    ["2.0a1", ">=1.0,!=1.5a1", false],
    ["2.0a1", ">=1.0a1", true],
    ["2.0a1", ">=1.0,<2.0b1", true],
    ["2.0.dev1", "==2.0.dev1", true],
    ["2.0.post1", ">=1.0", true],
    ["2.0rc1", "===2.0rc1", true],
  ] as const)
    assert.equal(pypiOrder.satisfies(version, range), holds, `${version} in ${range}`);
});

test("refuses what the grammar refuses", () => {
  for (const range of [
    "1.0",
    "=1.0",
    "=>1.0",
    ">=",
    "===",
    ">=1.0 <2",
    "~=1",
    ">=1.0+local",
    "==1.0a1.*",
    "==1.0+l.*",
    ">1.0.*",
    "latest",
    "^1.0",
    ">=1;",
    `${">=1,".repeat(300)}<2`,
    ">=1".padEnd(5000, "0"),
  ]) {
    assert.equal(pypiOrder.isRange(range), false, range.slice(0, 40));
    assert.equal(pypiOrder.satisfies("1.0", range), false);
  }
});
