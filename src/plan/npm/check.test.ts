import assert from "node:assert/strict";
import { test } from "node:test";
import { orderOf } from "../../versions/index.ts";
import { checkClaim, type Claim } from "./check.ts";
import { readTree } from "./tree.ts";
import { inventoryOf, project, type World } from "./world.test.ts";

const order = orderOf("npm");
const world: World = {
  index: {
    app: { "1.0.0": [{ name: "leaf", range: "^1.0.0" }], "2.0.0": [{ name: "leaf", range: "^2.0.0" }] },
    side: { "1.0.0": [{ name: "app", range: "^1.0.0", kind: "peer" }] },
    leaf: { "1.0.0": [], "1.1.0": [], "2.0.0": [] },
  },
  direct: [
    { name: "app", range: "^1.0.0" },
    { name: "side", range: "^1.0.0" },
  ],
  tree: ["app@1.0.0", "side@1.0.0", "leaf@1.0.0"],
  findings: { "leaf@1.0.0": ["1-week"] },
};
const tree = readTree(inventoryOf(world), project, { order, bundles: () => undefined });

const claim = (present: readonly string[], app = "1.0.0", overrides: Claim["overrides"] = []): Claim => ({
  tree,
  present: new Set(present),
  slots: new Map(tree.slots.map((slot) => [slot, slot.name === "app" ? app : slot.today])),
  overrides,
  order,
  requires: (name, version) =>
    (world.index[name]?.[version] ?? []).map((need) => ({ kind: "production", optional: false, ...need })),
  counts: (name, version) => [0, 0, (world.findings[`${name}@${version}`] ?? []).length, 0, 0, 0],
  listed: (name) => Object.keys(world.index[name] ?? {}),
});

const rows: {
  readonly name: string;
  readonly claim: Claim;
  readonly wrong: RegExp | null;
  readonly cost?: readonly number[];
}[] = [
  {
    name: "today's tree",
    claim: claim(["app@1.0.0", "side@1.0.0", "leaf@1.0.0"]),
    wrong: null,
    cost: [0, 0, 1, 0, 0, 0, 0, 0, 0, 0],
  },
  {
    name: "a fix in range",
    claim: claim(["app@1.0.0", "side@1.0.0", "leaf@1.1.0"]),
    wrong: null,
    cost: [0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
  },
  {
    name: "a requirement that nothing serves",
    claim: claim(["app@1.0.0", "side@1.0.0"]),
    wrong: /app@1\.0\.0 requires leaf/,
  },
  {
    name: "a version out of range",
    claim: claim(["app@1.0.0", "side@1.0.0", "leaf@2.0.0"]),
    wrong: /app@1\.0\.0 requires leaf/,
  },
  {
    name: "a direct dependency that is not there",
    claim: claim(["side@1.0.0", "leaf@1.0.0"]),
    wrong: /direct dependency app/,
  },
  {
    name: "a peer left behind",
    claim: claim(["app@2.0.0", "side@1.0.0", "leaf@2.0.0"], "2.0.0"),
    wrong: /side@1\.0\.0/,
  },
  {
    name: "an override",
    claim: claim(["app@1.0.0", "side@1.0.0", "leaf@2.0.0"], "1.0.0", [
      { name: "leaf", range: "^1.0.0", version: "2.0.0" },
    ]),
    wrong: null,
    cost: [0, 0, 0, 0, 0, 0, 1, 0, 0, 2],
  },
  {
    name: "an override to what is not there",
    claim: claim(["app@1.0.0", "side@1.0.0", "leaf@1.0.0"], "1.0.0", [
      { name: "leaf", range: "^1.0.0", version: "2.0.0" },
    ]),
    wrong: /override leaf to 2\.0\.0/,
  },
];

for (const row of rows)
  test(`the checker on ${row.name}`, () => {
    const verdict = checkClaim(row.claim);
    if (row.wrong === null) assert.deepEqual(verdict, { wrong: [], cost: row.cost });
    else assert.match(verdict.wrong.join("; "), row.wrong);
  });
