import assert from "node:assert/strict";
import { test } from "node:test";
import { tiers, type Finding, type Inventory, type Project, type Upgrade } from "../model/index.ts";
import { asWritten } from "./as-written.ts";
import type { ProjectPlan } from "./request.ts";

const project: Project = {
  path: ".",
  ecosystem: "npm",
  manager: "npm",
  files: ["package-lock.json", "package.json"],
  target: { platform: "linux-x64" },
};

type Pairs = readonly string[];

const split = (pair: string): { name: string; version: string } => ({
  name: pair.slice(0, pair.lastIndexOf("@")),
  version: pair.slice(pair.lastIndexOf("@") + 1),
});

/** Findings of `bad` versions: each has one advisory, named for its package. */
function findingOf(pair: string): Finding {
  const { name, version } = split(pair);
  return {
    id: `RF-${pair}`,
    project: ".",
    ecosystem: "npm",
    package: name,
    version,
    advisory: `GHSA-${name}`,
    tier: "1-week",
    waiver: null,
  } as Finding;
}

const upgrade = (
  name: string,
  from: string | null,
  to: string | null,
  more: Partial<Upgrade> = {},
): Upgrade => ({
  project: ".",
  ecosystem: "npm",
  package: name,
  from,
  to,
  via: "lockfile",
  level: "patch",
  direct: false,
  fixes: [],
  introduces: [],
  because: ["planned"],
  ...more,
});

function write(of: {
  today: Pairs;
  bad: Pairs;
  bundled?: Pairs;
  upgrades: readonly Upgrade[];
  observed: Pairs;
}) {
  const { today, bad, upgrades, observed, bundled = [] } = of;
  const inventory = {
    components: today.map((pair) => ({
      ...split(pair),
      project: ".",
      ecosystem: "npm",
      direct: false,
      places: [{ path: "package-lock.json", source: "lockfile" }],
      ...(bundled.includes(pair) ? { immovable: "bundled" } : {}),
    })),
  } as unknown as Inventory;
  const plan: ProjectPlan = {
    project: ".",
    phases: [{ tier: "1-week", due: "2026-01-01T00:00:00Z", upgrades }],
    unfixed: [],
    broken: [],
    skipped: [],
    optimal: true,
    cost: tiers.map(() => 0),
    costNames: [...tiers],
  };
  return asWritten(
    plan,
    {
      state: "accepted",
      by: "npm 11",
      detail: "",
      phases: [
        {
          files: new Map([["package-lock.json", observed.join()]]),
          observed: observed.map((pair) => ({ package: split(pair).name, version: split(pair).version })),
        },
      ],
    },
    {
      inventory,
      project,
      findings: today.filter((pair) => bad.includes(pair)).map(findingOf),
      judge: {
        hits: ({ name, version }) =>
          bad.includes(`${name}@${version}`) ? [{ advisory: `GHSA-${name}`, tier: "1-week" } as never] : [],
      },
    },
  );
}

const movesIn = (plan: ProjectPlan): string[] =>
  plan.phases.flatMap((phase) =>
    phase.upgrades.map(
      (one) =>
        `${one.package} ${one.from ?? "-"} ${one.to ?? "-"}${one.consequence === true ? " npm" : ""}${one.fixes.length > 0 ? " fixes" : ""}`,
    ),
  );

const cases: readonly (readonly [
  title: string,
  of: Parameters<typeof write>[0],
  moves: string[],
  left: string[],
])[] = [
  [
    "as planned",
    {
      today: ["a@1.0.0"],
      bad: ["a@1.0.0"],
      upgrades: [upgrade("a", "1.0.0", "1.0.1")],
      observed: ["a@1.0.1"],
    },
    ["a 1.0.0 1.0.1 fixes"],
    [],
  ],
  [
    "npm keeps the old one beside the new one",
    {
      today: ["a@1.0.0"],
      bad: ["a@1.0.0"],
      upgrades: [upgrade("a", "1.0.0", "1.0.1")],
      observed: ["a@1.0.0", "a@1.0.1"],
    },
    ["a - 1.0.1"],
    ["RF-a@1.0.0"],
  ],
  [
    "npm shares what two had, and drops what nobody asks for",
    {
      today: ["a@1.0.0", "b@1.0.0", "b@2.0.0"],
      bad: ["a@1.0.0", "b@1.0.0"],
      upgrades: [upgrade("a", "1.0.0", "1.0.1"), upgrade("b", null, "1.1.0")],
      observed: ["a@1.0.1", "b@2.0.0"],
    },
    ["a 1.0.0 1.0.1 fixes", "b 1.0.0 - npm fixes"],
    [],
  ],
  [
    "a bundled copy goes with its owner",
    {
      today: ["a@1.0.0", "in@1.0.0"],
      bad: ["a@1.0.0", "in@1.0.0"],
      bundled: ["in@1.0.0"],
      upgrades: [upgrade("a", "1.0.0", "1.0.1")],
      observed: ["a@1.0.1"],
    },
    ["a 1.0.0 1.0.1 fixes", "in 1.0.0 - npm fixes"],
    [],
  ],
  [
    "a version that comes with the same advisory clears nothing",
    {
      today: ["a@1.0.0"],
      bad: ["a@1.0.0", "a@1.0.1"],
      upgrades: [upgrade("a", "1.0.0", "1.0.1")],
      observed: ["a@1.0.1"],
    },
    ["a 1.0.0 1.0.1"],
    ["RF-a@1.0.0"],
  ],
];

for (const [title, of, moves, left] of cases)
  test(`a plan as npm wrote it: ${title}`, () => {
    const plan = write(of);
    assert.deepEqual(movesIn(plan), moves);
    assert.deepEqual(
      plan.unfixed.map((one) => one.finding),
      left,
    );
    assert.equal(plan.cost[tiers.indexOf("1-week")], left.length);
    assert.equal(plan.optimal, left.length === 0);
  });

test("what was asked is kept where npm made something else of it", () => {
  const asked = [upgrade("a", "1.0.0", "1.0.1", { hashes: ["sha512-x"] })];
  const plan = write({ today: ["a@1.0.0"], bad: [], upgrades: asked, observed: ["a@1.0.0", "a@1.0.1"] });
  assert.deepEqual(plan.phases[0]?.asked, [upgrade("a", "1.0.0", "1.0.1", { because: [] })]);
  const same = write({ today: ["a@1.0.0"], bad: [], upgrades: asked, observed: ["a@1.0.1"] });
  assert.equal(same.phases[0]?.asked, undefined);
});
