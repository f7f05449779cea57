import assert from "node:assert/strict";
import { test } from "node:test";
import { readWanted } from "./wanted.ts";

for (const [name, given, wanted] of [
  ["nothing", {}, {}],
  ["names", { package: ["a", "@s/b"] }, { packages: ["a", "@s/b"] }],
  [
    "versions, also of scoped names",
    { package: ["a@1.0", "@s/b@2.0.0", "c"], alone: true },
    {
      packages: ["a", "@s/b", "c"],
      targets: new Map([
        ["a", "1.0"],
        ["@s/b", "2.0.0"],
      ]),
      alone: true,
    },
  ],
] as const)
  test(`--package: ${name}`, () => {
    assert.deepEqual(readWanted(given), wanted);
  });

for (const given of [{ package: ["a@"] }, { package: [""] }, { alone: true }])
  test(`refused: ${JSON.stringify(given)}`, () => {
    assert.throws(() => readWanted(given), { code: "usage" });
  });
