import assert from "node:assert/strict";
import { test } from "node:test";
import { wheelFits } from "./wheel.ts";

const targets = {
  linux: { python: "3.11.7", platform: "linux-x64" },
  old: { python: "3.7.16", platform: "linux-x64-glibc2.17" },
  musl: { python: "3.11.7", platform: "linux-x64-musl" },
  arm: { python: "3.12.0", platform: "linux-arm64" },
  mac: { python: "3.11.7", platform: "darwin-arm64" },
  oldMac: { python: "3.11.7", platform: "darwin-x64-10.15" },
  windows: { python: "3.11.7", platform: "win32-x64" },
  any: { platform: "linux-x64" },
} as const;
type Name = keyof typeof targets;

/** Tag, and the targets that can install it. */
const table: readonly (readonly [string, readonly Name[]])[] = [
  ["py3-none-any", ["linux", "old", "musl", "arm", "mac", "oldMac", "windows", "any"]],
  ["py2.py3-none-any", ["linux", "old", "musl", "arm", "mac", "oldMac", "windows", "any"]],
  ["1-py3-none-any", ["linux", "old", "musl", "arm", "mac", "oldMac", "windows", "any"]],
  ["py2-none-any", []],
  ["py312-none-any", ["arm", "any"]],
  ["cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64", ["linux", "any"]],
  ["cp311-cp311-manylinux1_x86_64", ["linux", "any"]],
  ["cp37-cp37m-manylinux2014_x86_64", ["old", "any"]],
  ["cp37-abi3-manylinux_2_28_x86_64", ["linux", "any"]],
  ["cp37-abi3-manylinux2010_x86_64", ["linux", "old", "any"]],
  ["cp312-abi3-manylinux_2_17_aarch64", ["arm"]],
  ["cp311-cp311-manylinux_2_39_x86_64", []],
  ["cp311-cp311-musllinux_1_2_x86_64", ["musl"]],
  ["cp311-cp311-linux_x86_64", ["linux", "musl", "any"]],
  ["cp311-cp311-macosx_11_0_arm64", ["mac"]],
  ["cp311-cp311-macosx_10_9_universal2", ["mac", "oldMac"]],
  ["cp311-cp311-macosx_10_9_x86_64", ["oldMac"]],
  ["cp311-cp311-macosx_15_0_arm64", []],
  ["cp311-cp311-win_amd64", ["windows"]],
  ["cp311-cp311-win32", []],
  ["cp313-cp313t-manylinux_2_17_x86_64", []],
  ["pp311-pypy311_pp73-manylinux_2_17_x86_64", []],
  ["cp311-none-any", ["linux", "musl", "mac", "oldMac", "windows", "any"]],
];

for (const [tag, fitting] of table)
  test(`${tag} fits ${fitting.join(", ") || "nowhere"}`, () => {
    const found = (Object.keys(targets) as Name[]).filter((name) =>
      wheelFits(`a_b-1.0-${tag}.whl`, targets[name]),
    );
    assert.deepEqual(found, fitting);
  });

test("what is no wheel's file name fits nowhere", () => {
  for (const name of [
    "a-1.0.tar.gz",
    "a-1.0-py3-none.whl",
    "a-1.0-x1-py3-none-any.whl",
    "a--py3-none-any.whl",
    "py3-none-any.whl",
    `${"a".repeat(600)}-1.0-py3-none-any.whl`,
    "",
  ])
    assert.equal(wheelFits(name, targets.linux), false, name);
});
