import assert from "node:assert/strict";
import { test } from "node:test";
import type { Configuration, Profile, Waiver } from "../../model/index.ts";
import type { PlanRequest, ProjectPlan } from "../request.ts";
import { planNpm } from "./plan-npm.ts";
import { configuration, project, requestFor, type World } from "./world.test.ts";

const movesOf = (plan: ProjectPlan): string[] =>
  plan.phases
    .flatMap((phase) => phase.upgrades)
    .map((one) => `${one.package} ${one.from ?? "-"} > ${one.to ?? "-"} ${one.via}`)
    .sort();

/** One vulnerable package below one direct dependency. */
const simple: World = {
  index: {
    app: { "1.0.0": [{ name: "leaf", range: "^1.0.0" }] },
    leaf: { "1.0.0": [], "1.1.0": [], "1.2.0": [], "2.0.0": [] },
  },
  direct: [{ name: "app", range: "^1.0.0" }],
  tree: ["app@1.0.0", "leaf@1.0.0"],
  findings: { "leaf@1.0.0": ["1-week"] },
};
/** The leaf is pinned exactly by its parent, whose next major lets it go. */
const pinned: World = {
  index: {
    app: { "1.0.0": [{ name: "leaf", range: "1.0.0" }], "2.0.0": [{ name: "leaf", range: "^1.1.0" }] },
    leaf: { "1.0.0": [], "1.1.0": [] },
  },
  direct: [{ name: "app", range: "^1.0.0" }],
  tree: ["app@1.0.0", "leaf@1.0.0"],
  findings: { "leaf@1.0.0": ["1-week"] },
};

const policyOf = (policy: Partial<Configuration["policy"]>): Partial<PlanRequest> => ({
  configuration: { ...configuration, policy: { ...configuration.policy, ...policy } },
});
const waiver: Waiver = {
  finding: "ADV-leaf-1-week-0:leaf",
  reason: "not reachable",
  justification: "code_not_reachable",
  by: "somebody",
  expires: "2027-01-01",
  madeAt: "2026-11-01",
};

const cases: {
  readonly name: string;
  readonly world: World;
  readonly profile?: Profile;
  readonly request?: Partial<PlanRequest>;
  readonly moves: readonly string[];
  readonly unfixed?: string;
}[] = [
  {
    name: "moves inside the declared range to the lowest that is free",
    world: simple,
    moves: ["leaf 1.0.0 > 1.1.0 lockfile"],
  },
  {
    name: "passes over releases that the runtime cannot run, deprecated ones, pre-releases, bundles and absent archives",
    world: {
      ...simple,
      index: {
        ...simple.index,
        leaf: {
          "1.0.0": [],
          "1.1.0": [],
          "1.1.1": [],
          "1.2.0-rc.1": [],
          "1.2.0": [],
          "1.3.0": [],
          "1.4.0": [],
        },
      },
      marks: {
        "leaf@1.1.0": { requiresRuntime: ">=22" },
        "leaf@1.1.1": { deprecated: "broken" },
        "leaf@1.2.0": { bundles: true },
        "leaf@1.3.0": { usable: "no" },
      },
    },
    moves: ["leaf 1.0.0 > 1.4.0 lockfile"],
  },
  {
    name: "does not count what is waived",
    world: simple,
    request: { configuration: { ...configuration, waivers: [waiver] } },
    moves: [],
  },
  {
    name: "plans only the packages asked for",
    world: simple,
    request: { packages: ["app"] },
    moves: [],
    unfixed: "policy",
  },
  {
    name: "holds a pin",
    world: simple,
    request: policyOf({ pinned: [{ package: "leaf", below: "1.1.0", reason: "ABI" }] }),
    moves: [],
    unfixed: "policy",
  },
  {
    name: "does not choose again what the package manager refused",
    world: simple,
    request: { refusals: [{ project: ".", package: "leaf", version: "1.1.0", reason: "ETARGET" }] },
    moves: ["leaf 1.0.0 > 1.2.0 lockfile"],
  },
  {
    name: "waits for the cooldown",
    world: {
      ...simple,
      marks: {
        "leaf@1.0.0": { publishedAt: "2020-01-01T00:00:00Z" },
        "leaf@1.1.0": { publishedAt: "2026-11-22T00:00:00Z" },
        "leaf@1.2.0": { publishedAt: "2026-11-01T00:00:00Z" },
      },
    },
    request: policyOf({ cooldownDays: 7 }),
    moves: ["leaf 1.0.0 > 1.2.0 lockfile"],
  },
  { name: "safe makes no major move", world: pinned, moves: [], unfixed: "policy" },
  {
    name: "full overrides inside a major before it makes a major move",
    world: { ...pinned, index: { ...pinned.index, app: { "1.0.0": [{ name: "leaf", range: "1.0.0" }] } } },
    profile: "full",
    moves: ["leaf 1.0.0 > 1.1.0 override"],
  },
  {
    name: "full moves the parent rather than override the leaf",
    world: pinned,
    profile: "full",
    moves: ["app 1.0.0 > 2.0.0 manifest", "leaf 1.0.0 > 1.1.0 lockfile"],
  },
  {
    name: "writes no override where policy has none",
    world: { ...pinned, index: { ...pinned.index, app: { "1.0.0": [{ name: "leaf", range: "1.0.0" }] } } },
    profile: "full",
    request: policyOf({ allowOverrides: "none" }),
    moves: [],
    unfixed: "policy",
  },
  {
    name: "changes the manifest where the same major is pinned there",
    world: {
      ...simple,
      direct: [{ name: "leaf", range: "1.0.0" }],
      index: { leaf: { "1.0.0": [], "1.1.0": [] } },
      tree: ["leaf@1.0.0"],
    },
    moves: ["leaf 1.0.0 > 1.1.0 manifest"],
  },
  {
    name: "overrides what another package pins beside a direct dependency that moves away from it",
    world: {
      ...simple,
      direct: [
        { name: "app", range: "^1.0.0" },
        { name: "leaf", range: "1.0.0" },
      ],
      index: { app: { "1.0.0": [{ name: "leaf", range: "1.0.0" }] }, leaf: { "1.0.0": [], "1.1.0": [] } },
    },
    profile: "full",
    moves: ["leaf 1.0.0 > 1.1.0 manifest"],
  },
  {
    name: "moves what must move together for a peer",
    world: {
      index: {
        view: { "1.0.0": [], "1.1.0": [] },
        dom: {
          "1.0.0": [{ name: "view", range: "~1.0.0", kind: "peer" }],
          "1.1.0": [{ name: "view", range: "~1.1.0", kind: "peer" }],
        },
      },
      direct: [
        { name: "view", range: "^1.0.0" },
        { name: "dom", range: "^1.0.0" },
      ],
      tree: ["view@1.0.0", "dom@1.0.0"],
      findings: { "view@1.0.0": ["1-week"] },
    },
    moves: ["dom 1.0.0 > 1.1.0 lockfile", "view 1.0.0 > 1.1.0 lockfile"],
  },
  {
    name: "says that no release is free",
    world: {
      ...simple,
      findings: {
        "leaf@1.0.0": ["1-week"],
        "leaf@1.1.0": ["1-week"],
        "leaf@1.2.0": ["1-week"],
        "leaf@2.0.0": ["1-week"],
      },
    },
    moves: [],
    unfixed: "no-fix",
  },
  {
    name: "leaves what lies in another package's archive to its owner",
    world: {
      index: { tool: { "1.0.0": [] }, leaf: { "1.0.0": [], "1.1.0": [] } },
      marks: { "tool@1.0.0": { bundles: true } },
      direct: [{ name: "tool", range: "^1.0.0" }],
      tree: ["tool@1.0.0", "leaf@1.0.0"],
      bundled: { "leaf@1.0.0": "tool@1.0.0" },
      findings: { "leaf@1.0.0": ["1-week"] },
    },
    moves: [],
    unfixed: "conflict",
  },
  {
    name: "does not install a version with findings because a bundle has it already",
    world: {
      index: {
        tool: { "1.0.0": [] },
        app: { "1.0.0": [{ name: "leaf", range: "^1.0.0" }] },
        leaf: { "1.0.0": [], "1.1.0": [], "1.2.0": [] },
      },
      marks: { "tool@1.0.0": { bundles: true } },
      direct: [
        { name: "tool", range: "^1.0.0" },
        { name: "app", range: "^1.0.0" },
      ],
      tree: ["tool@1.0.0", "app@1.0.0", "leaf@1.0.0", "leaf@1.1.0"],
      bundled: { "leaf@1.1.0": "tool@1.0.0" },
      findings: { "leaf@1.0.0": ["24-hours"], "leaf@1.1.0": ["1-week"] },
    },
    moves: ["leaf 1.0.0 > 1.2.0 lockfile"],
    unfixed: "conflict",
  },
  {
    name: "leaves a package that the registry does not know",
    world: { ...simple, index: { app: simple.index["app"] ?? {} } },
    moves: [],
    unfixed: "conflict",
  },
  {
    name: "does not let a requirement that was broken before stop the rest",
    world: {
      ...simple,
      index: {
        ...simple.index,
        app: {
          "1.0.0": [
            { name: "leaf", range: "^1.0.0" },
            { name: "gone", range: "^9.0.0" },
          ],
        },
      },
    },
    moves: ["leaf 1.0.0 > 1.1.0 lockfile"],
  },
];

for (const { name, world, profile, request, moves, unfixed } of cases)
  test(name, async () => {
    const plan = await planNpm(
      requestFor(world, { ...request, ...(profile === undefined ? {} : { profile }) }),
      project,
    );
    assert.deepEqual(movesOf(plan), moves);
    if (unfixed !== undefined)
      assert.deepEqual(
        plan.unfixed.map((one) => one.reason),
        [unfixed],
      );
  });

test("a broken requirement is listed", async () => {
  const world: World = { ...simple, direct: [...simple.direct, { name: "lost", range: "^1.0.0" }] };
  const plan = await planNpm(requestFor(world), project);
  assert.deepEqual(plan.broken, [{ project: ".", from: null, requirement: "lost@^1.0.0", found: null }]);
});

test("a conflict names the chain of requirements", async () => {
  const plan = await planNpm(requestFor(pinned), project);
  assert.deepEqual(plan.unfixed[0]?.conflicts, [
    "app@1.0.0 requires leaf 1.0.0",
    "the project requires app ^1.0.0",
  ]);
});

test("an override names the ranges that it serves", async () => {
  const world: World = {
    ...pinned,
    index: { ...pinned.index, app: { "1.0.0": [{ name: "leaf", range: "1.0.0" }] } },
  };
  const plan = await planNpm(requestFor(world, { profile: "full" }), project);
  assert.deepEqual(plan.phases[0]?.upgrades[0]?.overrides, ["1.0.0"]);
});

test("phases go by tier, and a major move of a direct runtime dependency stands alone and last", async () => {
  const world: World = {
    index: {
      late: { "1.0.0": [], "1.1.0": [] },
      soon: { "1.0.0": [], "1.1.0": [] },
      risky: { "1.0.0": [], "2.0.0": [{ name: "fresh", range: "^1.0.0" }] },
      fresh: { "1.0.0": [] },
    },
    direct: ["late", "soon", "risky"].map((name) => ({ name, range: "^1.0.0" })),
    tree: ["late@1.0.0", "soon@1.0.0", "risky@1.0.0"],
    findings: { "late@1.0.0": ["1-month"], "soon@1.0.0": ["1-week"], "risky@1.0.0": ["1-week"] },
  };
  const plan = await planNpm(requestFor(world, { profile: "full" }), project);
  assert.deepEqual(
    plan.phases.map((phase) => [phase.tier, phase.upgrades.map((one) => one.package)]),
    [
      ["1-week", ["soon"]],
      ["1-week", ["fresh", "risky"]],
      ["1-month", ["late"]],
    ],
  );
});

test("planning what is already planned gives nothing", async () => {
  const world: World = { ...simple, tree: ["app@1.0.0", "leaf@1.1.0"] };
  const plan = await planNpm(requestFor(world), project);
  assert.deepEqual([plan.phases, plan.unfixed, plan.optimal], [[], [], true]);
});

test("without time for the proof among all releases, the plan says of how many it is proven the best", async () => {
  // The search among all would ask about what a newer app brings in.
  const world: World = {
    ...simple,
    index: {
      ...simple.index,
      app: { ...simple.index["app"], "1.1.0": [{ name: "brought", range: "^1.0.0" }] },
      brought: { "1.0.0": [] },
    },
  };
  const hurried = await planNpm(requestFor(world, { timeLimitMs: 0 }), project);
  // app and leaf as they are, and the leaf that clears the finding.
  assert.deepEqual(
    [movesOf(hurried), hurried.optimal, hurried.bestOf],
    [["leaf 1.0.0 > 1.1.0 lockfile"], false, 3],
  );
  const patient = await planNpm(requestFor(world), project);
  assert.deepEqual(
    [movesOf(patient), patient.optimal, patient.bestOf],
    [["leaf 1.0.0 > 1.1.0 lockfile"], true, undefined],
  );
});

test("impossible release dates are said and not believed", async () => {
  const world: World = {
    ...simple,
    index: { ...simple.index, leaf: { "1.0.0": [], "1.0.1": [], "1.0.2": [] } },
    marks: {
      "leaf@1.0.0": { publishedAt: "2020-01-01T00:00:00Z" },
      "leaf@1.0.1": { publishedAt: "2026-11-22T00:00:00Z" },
      "leaf@1.0.2": { publishedAt: "2021-01-01T00:00:00Z" },
    },
  };
  const plan = await planNpm(requestFor(world, policyOf({ cooldownDays: 7 })), project);
  assert.deepEqual(movesOf(plan), ["leaf 1.0.0 > 1.0.1 lockfile"]);
  assert.match(plan.phases[0]?.upgrades[0]?.because.join(" ") ?? "", /dates of leaf cannot be true/);
});

test("a copy whose peers lie beside it stays, though the project's own version of it takes the project's", async () => {
  // A linter carries an old framework with that framework's old streams, as npm nests them.
  const world: World = {
    index: {
      frame: {
        "9.0.0": [{ name: "streams", range: "^6.0.0", kind: "peer" }],
        "14.0.0": [{ name: "streams", range: "^7.0.0", kind: "peer" }],
      },
      lint: {
        "1.0.0": [
          { name: "frame", range: "^9.0.0" },
          { name: "streams", range: "^6.0.0" },
        ],
      },
      streams: { "6.0.0": [], "7.0.0": [] },
      leaf: { "1.0.0": [], "1.1.0": [] },
    },
    direct: [
      { name: "frame", range: "^14.0.0" },
      { name: "streams", range: "^7.0.0" },
      { name: "lint", range: "^1.0.0" },
      { name: "leaf", range: "^1.0.0" },
    ],
    tree: ["frame@9.0.0", "frame@14.0.0", "lint@1.0.0", "streams@6.0.0", "streams@7.0.0", "leaf@1.0.0"],
    findings: { "leaf@1.0.0": ["1-week"] },
  };
  const request = requestFor(world);
  const dependencies = request.inventory.dependencies.map((one) =>
    one.from?.endsWith("|frame@9.0.0") === true
      ? { ...one, to: one.to?.replace("@7.0.0", "@6.0.0") ?? null, satisfied: true }
      : one,
  );
  for (const profile of ["safe", "full"] as const) {
    const plan = await planNpm(
      { ...request, profile, inventory: { ...request.inventory, dependencies } },
      project,
    );
    assert.deepEqual(plan.skipped, []);
    assert.deepEqual([movesOf(plan), plan.optimal], [["leaf 1.0.0 > 1.1.0 lockfile"], true]);
  }
});
