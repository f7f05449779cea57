import assert from "node:assert/strict";
import { test } from "node:test";
import { readLockfile } from "./read-lockfile.ts";
import { readOverrides, ruleFor } from "./overrides.ts";

test("rules are read flat, by range, below packages and from the project's own ranges", () => {
  const rules = readOverrides({
    dependencies: { own: "^3.0.0" },
    overrides: {
      parent: { ".": "2.0.0", deep: { leaf: "1.1.0" } },
      own: "$own",
      "@a/b@^1": "1.9.0",
      lost: "$nowhere",
      odd: 7,
    },
  });
  assert.deepEqual(rules, [
    { name: "parent", isNested: false, to: "2.0.0" },
    { name: "own", isNested: false, to: "^3.0.0" },
    { name: "@a/b", range: "^1", isNested: false, to: "1.9.0" },
    { name: "leaf", isNested: true, to: "1.1.0" },
  ]);
  assert.equal(ruleFor(rules, "own", "3.4.0")?.to, "^3.0.0");
  assert.equal(ruleFor(rules, "own", "4.0.0"), undefined);
  const cyclic: Record<string, unknown> = {};
  cyclic["again"] = cyclic;
  assert.deepEqual(readOverrides({ overrides: cyclic }), []);
});

test("a requirement under a rule is met by what the rule put there, and says so", () => {
  const packages = {
    "": { name: "x", version: "1.0.0", dependencies: { a: "1.0.0" } },
    "node_modules/a": { version: "1.0.0", dependencies: { leaf: "^1.0.0", stem: "^1.0.0", bud: "^1.0.0" } },
    "node_modules/leaf": { version: "2.0.0" },
    "node_modules/stem": { version: "2.0.0" },
    "node_modules/bud": { version: "2.0.0" },
  };
  const files = new Map([
    ["package-lock.json", JSON.stringify({ lockfileVersion: 3, packages })],
    [
      "package.json",
      JSON.stringify({
        name: "x",
        version: "1.0.0",
        dependencies: { a: "1.0.0" },
        overrides: { leaf: "2.0.0", a: { stem: "^2.0.0" }, bud: "3.0.0" },
      }),
    ],
  ]);
  const { dependencies } = readLockfile("package-lock.json", files, { platform: "linux-x64" });
  const found = (name: string): unknown => {
    const one = dependencies.find((each) => each.name === name);
    return [one?.requirement, one?.satisfied, one?.override];
  };
  assert.deepEqual(found("leaf"), ["^1.0.0", true, { range: "2.0.0", rule: "*" }]);
  assert.deepEqual(found("stem"), ["^1.0.0", true, { range: "^2.0.0" }]);
  assert.deepEqual(found("bud"), ["^1.0.0", false, undefined], "the rule would put something else there");
});
