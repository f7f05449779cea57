import assert from "node:assert/strict";
import { test } from "node:test";
import type { PlanRequest } from "../request.ts";
import { planNpm } from "./plan-npm.ts";
import { configuration, project, requestFor, type World } from "./world.test.ts";

/** A compiler whose old build tool takes it only in its old major; a view pair that moves together; a host and its guest. */
const world: World = {
  index: {
    compiler: { "4.0.0": [], "5.0.0": [] },
    builder: { "1.0.0": [{ name: "compiler", range: "^4.0.0", kind: "peer", optional: true }] },
    view: { "1.0.0": [], "2.0.0": [] },
    host: { "1.0.0": [{ name: "guest", range: "^1.0.0" }], "1.1.0": [{ name: "guest", range: "*" }] },
    guest: { "1.0.0": [], "2.0.0": [] },
    "view-dom": {
      "1.0.0": [{ name: "view", range: "^1.0.0", kind: "peer" }],
      "2.0.0": [{ name: "view", range: "^2.0.0", kind: "peer" }],
    },
  },
  direct: ["compiler", "builder", "view", "view-dom", "host"].map((name) => ({
    name,
    range: name === "compiler" ? "^4.0.0" : "^1.0.0",
  })),
  tree: ["compiler@4.0.0", "builder@1.0.0", "view@1.0.0", "view-dom@1.0.0", "host@1.0.0", "guest@1.0.0"],
  findings: {},
};

const policyOf = (policy: Partial<PlanRequest["configuration"]["policy"]>): Partial<PlanRequest> => ({
  configuration: { ...configuration, policy: { ...configuration.policy, ...policy } },
});

const cases: {
  readonly name: string;
  readonly wish: readonly [string, string];
  readonly request?: Partial<PlanRequest>;
  readonly moves?: readonly string[];
  readonly missed?: RegExp;
}[] = [
  {
    name: "what the wish needs moves with it",
    wish: ["view", "2.0.0"],
    moves: ["view 2.0.0", "view-dom 2.0.0"],
  },
  {
    name: "what refuses it moves, though nothing is wrong with that",
    wish: ["guest", "2.0.0"],
    moves: ["guest 2.0.0", "host 1.1.0"],
  },
  {
    name: "a peer range that refuses is overridden where the policy lets it",
    wish: ["compiler", "5.0.0"],
    request: policyOf({ allowOverrides: "any" }),
    moves: ["compiler 5.0.0 compiler@^4.0.0"],
  },
  {
    name: "else who refuses is named",
    wish: ["compiler", "5.0.0"],
    missed: /builder 1\.0\.0 requires the peer compiler@\^4\.0\.0/,
  },
  {
    name: "pins hold",
    wish: ["view", "2.0.0"],
    request: policyOf({ pinned: [{ package: "view", reason: "not yet" }] }),
    missed: /redress\.yaml pins view: not yet/,
  },
  { name: "what is not listed cannot be had", wish: ["view", "9.0.0"], missed: /lists no view 9\.0\.0/ },
];

for (const { name, wish, request = {}, moves, missed } of cases)
  test(`a wish: ${name}`, async () => {
    const plan = await planNpm(
      { ...requestFor(world), profile: "full", ...request, wishes: new Map([wish]) },
      project,
    );
    const upgrades = plan.phases.flatMap((phase) => phase.upgrades);
    const found = upgrades.map((one) =>
      [one.package, one.to, ...(one.overrides ?? []).map((range) => `${one.package}@${range}`)].join(" "),
    );
    assert.deepEqual(found.sort(), moves ?? []);
    const said = (plan.missed ?? []).map((one) => [one.detail, ...one.conflicts].join(" ")).join(" ");
    assert.match(said, missed ?? /^$/);
  });
