import assert from "node:assert/strict";
import { test } from "node:test";
import { orderOf } from "../../versions/index.ts";
import { openCatalogue } from "./catalogue.ts";
import { withoutDominated } from "./dominance.ts";
import { forcedFindings } from "./forced.ts";
import { growUniverse } from "./growth.ts";
import { makeRisk } from "./risk.ts";
import { readTree } from "./tree.ts";
import type { Universe, UniverseRequest } from "./universe.ts";
import { inventoryOf, project, requestFor, type World } from "./world.test.ts";

/** The wide universe of a world, grown until nothing is missing. */
async function wideOf(world: World): Promise<{ request: UniverseRequest; universe: Universe }> {
  const order = orderOf("npm");
  const plan = requestFor(world, { profile: "full" });
  const { policy } = plan.configuration;
  const catalogue = openCatalogue(plan.sourceFor(project), order, {
    ...{ pins: policy, cooldownDays: 0, now: plan.now, allowOverrides: policy.allowOverrides },
    ...{ present: new Set(), refused: new Set(), extra: new Map(), rulings: new Map(), urgent: new Set() },
  });
  const tree = readTree(inventoryOf(world), project, { order, bundles: () => false });
  const risk = makeRisk(plan, project.path, tree);
  const request: UniverseRequest = { tree, catalogue, risk, profile: "full", policy, reach: "wide" };
  for (;;) {
    const universe = growUniverse(request);
    if (!(await catalogue.load())) return { request, universe };
  }
}

const versionsOf = ({ versions }: Universe): Record<string, string[]> =>
  Object.fromEntries([...versions].sort().map(([name, some]) => [name, [...some].sort()]));

/** app needs leaf, which has a finding until 1.2.0; other is what a test makes of it. */
const world = (other: World["index"], ...appNeeds: { name: string; range: string }[]): World => ({
  index: {
    app: { "1.0.0": [{ name: "leaf", range: "^1.0.0" }], "1.1.0": appNeeds },
    leaf: { "1.0.0": [], "1.1.0": [], "1.2.0": [] },
    ...other,
  },
  direct: [{ name: "app", range: "^1.0.0" }],
  tree: ["app@1.0.0", "leaf@1.0.0"],
  findings: { "leaf@1.0.0": ["1-week"], "leaf@1.1.0": ["1-week"] },
});

test("what a circle of clean versions serves is not overridden", async () => {
  const circle = {
    one: { "1.0.0": [{ name: "two", range: "~1.0.0" }], "1.1.0": [{ name: "two", range: "~1.1.0" }] },
    two: { "1.0.0": [{ name: "one", range: "~1.0.0" }], "1.1.0": [{ name: "one", range: "~1.1.0" }] },
  };
  const clean = world(circle, { name: "one", range: "~1.0.0" });
  assert.deepEqual((await wideOf(clean)).universe.overrides, []);
  const { universe } = await wideOf({
    ...clean,
    findings: { ...clean.findings, "two@1.0.0": ["1-month"] },
  });
  assert.deepEqual(
    universe.overrides.map(({ name, range, version }) => `${name}@${range} → ${version}`).sort(),
    ["one@~1.0.0 → 1.1.0", "two@~1.0.0 → 1.1.0"],
  );
});

test("versions that others stand in for leave the universe, and what nothing takes any more", async () => {
  const { request, universe } = await wideOf(
    world(
      {
        // The newest asks for what the first does, and for less than the second.
        other: {
          "1.0.0": [{ name: "deep", range: "^1.0.0" }],
          "1.1.0": [{ name: "deep", range: "^1.1.0" }],
          "1.2.0": [{ name: "deep", range: "^1.0.0" }],
        },
        // Without its 1.0.0 nothing takes only leaf 1.1.0, whose finding today's has as well.
        deep: { "1.0.0": [{ name: "leaf", range: "1.1.0" }], "1.1.0": [] },
      },
      { name: "other", range: "^1.0.0" },
    ),
  );
  assert.deepEqual(versionsOf(universe)["other"], ["1.1.0", "1.2.0"]);
  const reduced = withoutDominated(request, universe, new Set());
  assert.deepEqual(versionsOf(reduced), {
    app: ["1.0.0", "1.1.0"],
    deep: ["1.1.0"],
    leaf: ["1.0.0", "1.2.0"],
    other: ["1.2.0"],
  });
  const kept = withoutDominated(request, universe, new Set(["other@1.1.0"]));
  assert.deepEqual(versionsOf(kept)["other"], ["1.1.0", "1.2.0"]);
});

test("a finding that every version of what must be there has is forced", async () => {
  const forced = async (one: World): Promise<number[]> => {
    const { request, universe } = await wideOf(one);
    return forcedFindings(request, universe);
  };
  const mended = world({}, { name: "leaf", range: "^1.0.0" });
  assert.deepEqual(await forced(mended), [0, 0, 0, 0, 0, 0]);
  const unmended = { ...mended, findings: { ...mended.findings, "leaf@1.2.0": ["1-week" as const] } };
  assert.deepEqual(await forced(unmended), [0, 0, 1, 0, 0, 0]);
  // A newer app that does without leaf: nothing is forced.
  assert.deepEqual(await forced({ ...world({}), findings: unmended.findings }), [0, 0, 0, 0, 0, 0]);
});
