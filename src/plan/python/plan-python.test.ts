import assert from "node:assert/strict";
import { test } from "node:test";
import type {
  Component,
  Configuration,
  Dependency,
  Finding,
  Hit,
  Inventory,
  Policy,
  Project,
  Release,
  Requirement,
  Tier,
} from "../../model/index.ts";
import { parseRequirement } from "../../versions/index.ts";
import type { PlanRequest, ProjectPlan } from "../request.ts";
import { planPython } from "./plan-python.ts";
import { configuration } from "../../../test/support/findings.ts";

/** A package index in words: releases by name, each with its requirements. */
type Index = Record<
  string,
  Record<string, readonly string[] | (Partial<Release> & { requires?: readonly string[] })>
>;

interface Case {
  /** `name==version`, `name==version ?` for one that is there but not a line, or a range that nothing pins. */
  readonly pins: readonly string[];
  readonly index: Index;
  /** `name`: [first version that is free of it, tier]; `null`: none is. */
  readonly advisories: Record<string, readonly [fixed: string | null, tier: Tier]>;
  readonly policy?: Partial<Policy>;
  readonly request?: Partial<PlanRequest>;
}

const project: Project = {
  path: ".",
  ecosystem: "PyPI",
  manager: "pip",
  files: ["requirements.txt"],
  target: { python: "3.11.7", platform: "linux-x64" },
};
const now = "2026-01-31T00:00:00Z";

function requirementOf(text: string): Requirement {
  const parsed = parseRequirement(text);
  if ("error" in parsed)
    return { name: text.split(" ")[0] ?? "", range: text.split(" ")[1] ?? "", kind: "production" };
  return {
    name: parsed.name,
    range: parsed.specifier,
    kind: "production",
    ...(parsed.extras.length === 0 ? {} : { extras: parsed.extras }),
    ...(parsed.marker === undefined ? {} : { marker: parsed.marker }),
  };
}

function inventoryOf(pins: readonly string[]): Inventory {
  const components: Component[] = [];
  const dependencies: Dependency[] = [];
  for (const line of pins) {
    const { name, range, extras } = requirementOf(line.replace(" ?", ""));
    const isLine = !line.endsWith(" ?");
    const version = range.startsWith("==") ? range.slice(2) : undefined;
    if (isLine)
      dependencies.push({
        project: ".",
        from: null,
        name,
        requirement: range,
        kind: "production",
        to: null,
        satisfied: true,
        ...(extras === undefined ? {} : { extras }),
      });
    if (version !== undefined)
      components.push({
        project: ".",
        ecosystem: "PyPI",
        name,
        version,
        purl: `pkg:pypi/${name}@${version}`,
        scope: "production",
        direct: isLine,
        places: [],
        requirementsKnown: false,
      });
  }
  return { projects: [project], components, dependencies, unread: [], notes: [] };
}

const configurationOf = (policy: Partial<Policy>): Configuration =>
  configuration({ policy: { cooldownDays: 0, allowOverrides: "none", ...policy } });

async function planFor(one: Case): Promise<ProjectPlan> {
  const inventory = inventoryOf(one.pins);
  const hits = ({ name, version }: { name: string; version: string }): Hit[] => {
    const [fixed, tier] = one.advisories[name] ?? ["0", "1-week" as const];
    if (fixed !== null && version.localeCompare(fixed, "en", { numeric: true }) >= 0) return [];
    return [
      {
        advisory: `GHSA-${name}`,
        aliases: [],
        severity: "high",
        weaknesses: [],
        fixedIn: fixed === null ? [] : [fixed],
        tier,
        rule: "R5",
        inputs: {},
        due: `2026-02-0${tier === "immediate" ? 1 : 8}T00:00:00Z`,
      },
    ];
  };
  const findings = inventory.components.flatMap((component) =>
    hits(component).map((hit): Finding => ({
      ...hit,
      id: `./${component.name}/${hit.advisory}`,
      project: ".",
      ecosystem: "PyPI",
      package: component.name,
      version: component.version,
      purl: component.purl,
      scope: "production",
      direct: component.direct,
      paths: [],
      functions: [],
      waiver: null,
      places: [],
    })),
  );
  return planPython(
    {
      inventory,
      findings,
      judge: { hits },
      configuration: configurationOf(one.policy ?? {}),
      profile: "full",
      sourceFor: () => ({
        ecosystem: "PyPI",
        releases: async (name) => {
          const listed = one.index[name];
          return Promise.resolve(
            listed === undefined
              ? { state: "unknown", name, reason: `the package index knows no ${name}` }
              : {
                  state: "known",
                  name,
                  releases: Object.entries(listed).map(([version, entry]) => ({
                    version,
                    usable: "wheel" as const,
                    hashes: [],
                    ...("length" in entry ? {} : entry),
                  })),
                },
          );
        },
        requirements: async (name, version) => {
          const entry = one.index[name]?.[version];
          const requires = entry === undefined || "length" in entry ? entry : entry.requires;
          return Promise.resolve(
            entry === undefined
              ? { state: "unknown", reason: "not listed" }
              : { state: "known", from: "test", requires: (requires ?? []).map(requirementOf) },
          );
        },
      }),
      now,
      timeLimitMs: 30_000,
      ...one.request,
    },
    project,
  );
}

/** `phase: name from>to, …` */
function movesOf(plan: ProjectPlan): readonly string[] {
  return plan.phases.map(
    ({ tier, upgrades }) =>
      `${tier}: ${upgrades.map((one) => `${one.package} ${one.from ?? "-"}>${one.to ?? "-"}`).join(", ")}`,
  );
}

const any: readonly string[] = [];
const cases: readonly (Case & {
  readonly name: string;
  readonly moves: readonly string[];
  readonly left?: readonly string[];
})[] = [
  {
    name: "the smallest version that clears it, not the newest",
    pins: ["a==1.0"],
    index: { a: { "1.0": any, "1.1": any, "1.2": any, "2.0": any } },
    advisories: { a: ["1.1", "1-week"] },
    moves: ["1-week: a 1.0>1.1"],
  },
  {
    name: "a yanked release, a pre-release, one for another Python, one without a file and a local one are passed over",
    pins: ["a==1.0"],
    index: {
      a: {
        "1.0": any,
        "1.1": { yanked: "broken" },
        "1.2rc1": any,
        "1.3": { requiresRuntime: ">=3.12" },
        "1.4": { usable: "no" },
        "1.5+cpu": any,
        "1.6": { usable: "sdist" },
        "1.7": any,
      },
    },
    advisories: { a: ["1.1", "1-week"] },
    moves: ["1-week: a 1.0>1.7"],
  },
  {
    name: "a pre-release is taken where the present version is one",
    pins: ["a==1.0b1"],
    index: { a: { "1.0b1": any, "1.0b2": any, "1.0": any } },
    advisories: { a: ["1.0b2", "1-week"] },
    moves: ["1-week: a 1.0b1>1.0b2"],
  },
  {
    name: "an sdist is taken where the present version is one",
    pins: ["a==1.0"],
    index: { a: { "1.0": { usable: "sdist" }, "1.1": { usable: "sdist" } } },
    advisories: { a: ["1.1", "1-week"] },
    moves: ["1-week: a 1.0>1.1"],
  },
  {
    name: "a dependent that forbids the move goes along, in the same phase",
    pins: ["cryptography==43", "pyopenssl==24.2", "other==1"],
    index: {
      cryptography: { "43": any, "44": any },
      pyopenssl: { "24.2": ["cryptography<44"], "24.3": ["cryptography<45"], "25": ["cryptography<46"] },
      other: { "1": any, "2": any },
    },
    advisories: { cryptography: ["44", "immediate"], other: ["2", "1-month"] },
    moves: ["immediate: cryptography 43>44, pyopenssl 24.2>24.3", "1-month: other 1>2"],
  },
  {
    name: "the one version that is asked for, though a higher one would clear it",
    pins: ["a==1.0"],
    index: { a: { "1.0": any, "1.1": any, "1.2": any } },
    advisories: { a: ["1.2", "1-week"] },
    policy: { pinned: [{ package: "a", only: "1.1", reason: "named" }] },
    moves: [],
    left: ["policy"],
  },
  {
    name: "nothing else may move: the requirement that this breaks is named",
    pins: ["a==1", "tensors==0.4.0"],
    index: { a: { "1": any, "2": ["tensors>=0.4.3"] }, tensors: { "0.4.0": any, "0.4.3": any } },
    advisories: { a: ["2", "1-week"] },
    policy: { alone: ["a"] },
    moves: [],
    left: ["conflict"],
  },
  {
    name: "a package that the new version needs appears, at its newest version that serves",
    pins: ["a==1"],
    index: {
      a: { "1": any, "2": ["b<3", 'c; python_version < "3"'] },
      b: { "1": any, "2": any, "3": any },
      c: { "1": any },
    },
    advisories: { a: ["2", "1-week"] },
    moves: ["1-week: a 1>2, b ->2"],
  },
  {
    name: "what was there for others alone goes when nothing requires it, where that clears a finding",
    pins: ["a==1", "helper==1 ?"],
    index: { a: { "1": ["helper"], "2": any }, helper: { "1": any } },
    advisories: { a: ["2", "immediate"], helper: [null, "1-week"] },
    moves: ["immediate: a 1>2", "1-week: helper 1>-"],
  },
  {
    name: "a requirement broken from the start stays as it is and hinders nothing",
    pins: ["a==1", "b==1"],
    index: {
      a: { "1": ["absent", "b>=5"], "2": ["absent", "b>=5"] },
      b: { "1": any, "2": any },
      absent: { "1": any },
    },
    advisories: { a: ["2", "1-week"] },
    moves: ["1-week: a 1>2"],
  },
  {
    name: "an extra asked for by a line counts",
    pins: ["a[fast]==1", "b==1"],
    index: {
      a: { "1": any, "2": ['b>=2; extra == "fast"', 'c; extra == "slow"'] },
      b: { "1": any, "2": any },
    },
    advisories: { a: ["2", "1-week"] },
    moves: ["1-week: a 1>2, b 1>2"],
  },
  {
    name: "a range of the project is a promise",
    pins: ["a==1", "a<2"],
    index: { a: { "1": any, "2": any } },
    advisories: { a: ["2", "1-week"] },
    moves: [],
    left: ["conflict"],
  },
  {
    name: "nothing to be had",
    pins: ["a==1"],
    index: { a: { "1": any, "2": any } },
    advisories: { a: [null, "1-week"] },
    moves: [],
    left: ["no-fix"],
  },
  {
    name: "a package that the index does not know stays, the rest is planned",
    pins: ["private==1", "a==1"],
    index: { a: { "1": any, "2": any } },
    advisories: { private: ["2", "immediate"], a: ["2", "1-week"] },
    moves: ["1-week: a 1>2"],
    left: ["conflict"],
  },
  {
    name: "a pin of the configuration holds",
    pins: ["a==1"],
    index: { a: { "1": any, "1.5": any, "2": any } },
    advisories: { a: ["2", "1-week"] },
    policy: { pinned: [{ package: "a", below: "2", reason: "not tested" }] },
    moves: [],
    left: ["policy"],
  },
  {
    name: "no majors where policy allows none",
    pins: ["a==1.0"],
    index: { a: { "1.0": any, "2.0": any } },
    advisories: { a: ["2.0", "1-week"] },
    policy: { allowMajor: false },
    moves: [],
    left: ["policy"],
  },
  {
    name: "the safe profile spares what the application uses directly",
    pins: ["a==1.0", "b==1.0 ?"],
    index: { a: { "1.0": ["b"], "2.0": ["b"] }, b: { "1.0": any, "2.0": any } },
    advisories: { a: ["2.0", "1-week"], b: ["2.0", "1-week"] },
    request: { profile: "safe" },
    moves: ["1-week: b 1.0>2.0"],
    left: ["policy"],
  },
  {
    name: "a young release waits, unless it clears what is immediate",
    pins: ["a==1", "b==1"],
    index: {
      a: { "1": any, "2": { publishedAt: "2026-01-30T00:00:00Z" } },
      b: { "1": any, "2": { publishedAt: "2026-01-30T00:00:00Z" } },
    },
    advisories: { a: ["2", "immediate"], b: ["2", "1-week"] },
    policy: { cooldownDays: 7 },
    moves: ["immediate: a 1>2"],
    left: ["policy"],
  },
  {
    name: "only the packages asked for, and what they force",
    pins: ["a==1", "b==1", "c==1"],
    index: { a: { "1": any, "2": ["b>=2"] }, b: { "1": any, "2": any }, c: { "1": any, "2": any } },
    advisories: { a: ["2", "1-week"], b: ["3", "1-week"], c: ["2", "1-week"] },
    request: { packages: ["a"] },
    moves: ["1-week: a 1>2, b 1>2"],
    left: ["policy", "policy"],
  },
  {
    name: "what the package manager refused is not proposed again",
    pins: ["a==1", "b==1"],
    index: { a: { "1": any, "2": any, "3": any }, b: { "1": any, "2": any } },
    advisories: { a: ["2", "1-week"] },
    request: {
      refusals: [
        { project: ".", package: "a", version: "2", reason: "no" },
        { project: ".", requirement: { from: "a@3", name: "b", range: ">=2" }, reason: "no" },
      ],
    },
    moves: ["1-week: a 1>3, b 1>2"],
  },
  {
    name: "what nothing pins is left to the installer",
    pins: ["a==1", "floating>=1"],
    index: { a: { "1": any, "2": ["floating>=9"] }, floating: { "1": any } },
    advisories: { a: ["2", "1-week"] },
    moves: ["1-week: a 1>2"],
  },
];
for (const one of cases)
  test(`planPython: ${one.name}`, async () => {
    const plan = await planFor(one);
    assert.deepEqual(movesOf(plan), one.moves);
    assert.deepEqual(plan.unfixed.map((left) => left.reason), one.left ?? []); // prettier-ignore
    assert.equal(plan.optimal, true);
  });

test("a conflict names a smallest set of requirements and who is in the way", async () => {
  const plan = await planFor({
    pins: ["lxml==4.9", "authorizenet==1.1", "unrelated==1"],
    index: {
      lxml: { "4.9": any, "5.0": any, "6.0": any },
      authorizenet: { "1.1": ["lxml<5"], "1.2": ["lxml<5"] },
      unrelated: { "1": ["lxml"], "2": ["lxml>=4"] },
    },
    advisories: { lxml: ["5.0", "1-week"], unrelated: ["2", "1-month"] },
  });
  assert.deepEqual(movesOf(plan), ["1-month: unrelated 1>2"]);
  assert.deepEqual(plan.unfixed, [
    {
      finding: "./lxml/GHSA-lxml",
      reason: "conflict",
      detail: "lxml 5.0 would clear it, but requirements forbid it",
      conflicts: ["authorizenet 1.1 to 1.2 requires lxml<5"],
      advice: "Wait for, or replace, what requires less: authorizenet.",
    },
  ]);
});

test("a finding that could only be cleared by leaving a more urgent one says so", async () => {
  const plan = await planFor({
    pins: ["a==1", "b==1"],
    index: { a: { "1": any, "2": ["b<2"] }, b: { "1": any, "2": any } },
    advisories: { a: ["2", "1-month"], b: ["2", "immediate"] },
  });
  assert.deepEqual(movesOf(plan), ["immediate: b 1>2"]);
  assert.equal(
    plan.unfixed[0]?.detail,
    "a 2 would clear it, but at a price: findings left, immediate 1 instead of 0",
  );
});

test("an upgrade says what it clears, what forced it and why it is no lower", async () => {
  const plan = await planFor({
    pins: ["cryptography==43", "pyopenssl==24.2"],
    index: {
      cryptography: { "43": any, "44": any, "45": any },
      pyopenssl: { "24.2": ["cryptography<44"], "24.3": ["cryptography<45"], "25": ["cryptography<46"] },
    },
    advisories: { cryptography: ["45", "immediate"] },
    policy: { cooldownDays: 7 },
  });
  const undated = "The index does not say when it was released, so the cooldown could not be judged.";
  assert.deepEqual(
    plan.phases[0]?.upgrades.map((one) => [one.package, one.level, one.fixes, one.because]),
    [
      [
        "cryptography",
        "major",
        ["./cryptography/GHSA-cryptography"],
        ["It clears GHSA-cryptography (high).", "Not 44: it still has GHSA-cryptography (high).", undated],
      ],
      [
        "pyopenssl",
        "major",
        [],
        [
          "pyopenssl 24.2 requires cryptography<44, and cryptography moves to 45.",
          "Not 24.3: pyopenssl 24.3 requires cryptography<45.",
          undated,
        ],
      ],
    ],
  );
});

test("broken requirements, unknown packages and what cannot be read are told", async () => {
  const plan = await planFor({
    pins: ["a==1", "b==1", "celery==3", "private==1", "local==1+cpu", "floating>=1"],
    index: {
      a: { "1": ["absent>=1", "b>=2"], "2": any },
      b: { "1": any, "2": any },
      celery: { "3": ["pytz >dev"] },
      local: { "1": any },
    },
    advisories: { a: ["2", "1-week"], private: ["2", "1-week"], local: ["2", "1-week"] },
  });
  // What files do not list is the installer's to add.
  assert.deepEqual(plan.broken, [{ project: ".", from: "a@1", requirement: "b>=2", found: "1" }]);
  const reasons = new Map(plan.skipped.map((one) => [one.package, one.reason]));
  assert.match(reasons.get("private") ?? "", /knows no private/);
  assert.match(reasons.get("local") ?? "", /local version/);
  assert.match(reasons.get("floating") ?? "", /installer chooses/);
  assert.match(reasons.get("pytz") ?? "", /cannot be read/);
});

test("what no line pins follows along, ties what it stands between, and costs nothing", async () => {
  const plan = await planFor({
    pins: ["a==1", "b==4"],
    index: {
      a: { "1": ["t"], "2": ["t>=3"] },
      t: { "2": ["b<5"], "3": ["b>=5"] },
      b: { "4": any, "5": any },
    },
    advisories: { a: ["2", "1-week"], t: ["9", "immediate"] },
    request: { chosen: new Map([["t", "2"], ["b", "4"]]) }, // prettier-ignore
  });
  assert.deepEqual(
    plan.phases.map(({ tier, upgrades }) => [tier, upgrades.map((one) => `${one.package} ${one.from ?? "-"} ${one.to ?? "-"}`)]), // prettier-ignore
    [["1-week", ["a 1 2", "b 4 5", "t - 3"]]],
  );
  assert.deepEqual([...(plan.unpinned ?? [])], [["t", "3"]]);
  assert.equal(plan.cost[plan.costNames.indexOf("packages changed")], 2);
  assert.deepEqual(plan.broken, []);
});

test("within a tier majors of direct packages come last, each in a phase of its own", async () => {
  const plan = await planFor({
    pins: ["a==1", "b==1", "c==1.0", "d==1"],
    index: {
      a: { "1": any, "2": any },
      b: { "1": ["d==1"], "2": ["d==2"] },
      // Most of what is required is no line: these are the owner's own packages, not everything that is installed.
      c: { "1.0": ["x", "y"], "1.1": ["x", "y"] },
      d: { "1": any, "2": any },
      x: { "1": any },
      y: { "1": any },
    },
    advisories: { a: ["2", "1-week"], b: ["2", "1-week"], c: ["1.1", "1-week"] },
  });
  assert.deepEqual(
    plan.phases.map(({ tier, upgrades }) => [tier, upgrades.map((one) => one.package)]),
    [
      ["1-week", ["c"]],
      ["1-week", ["a"]],
      ["1-week", ["b", "d"]],
    ],
  );
});

test("what a person should know of a move: days between, interpreters, withdrawal", async () => {
  const plan = await planFor({
    pins: ["a==1"],
    index: {
      a: {
        "1": { publishedAt: "2025-01-01T00:00:00Z", requiresRuntime: ">=3.7", yanked: "broken build" },
        "2": { publishedAt: "2025-03-02T00:00:00Z", requiresRuntime: ">=3.10" },
      },
    },
    advisories: { a: ["2", "1-week"] },
  });
  assert.deepEqual(plan.phases[0]?.upgrades[0]?.because.slice(-3), [
    "1 was withdrawn: broken build.",
    "2 was released 60 days after 1.",
    "It needs Python >=3.10, 1 >=3.7.",
  ]);
});

test("planning what is already planned gives nothing", async () => {
  const plan = await planFor({
    pins: ["cryptography==45", "pyopenssl==25"],
    index: { cryptography: { "45": any, "46": any }, pyopenssl: { "25": ["cryptography<46"], "26": any } },
    advisories: { cryptography: ["45", "immediate"] },
  });
  assert.deepEqual([plan.phases, plan.unfixed, plan.optimal], [[], [], true]);
});

test("without time nothing moves, and nothing is called optimal", async () => {
  const plan = await planFor({
    pins: ["a==1"],
    index: { a: { "1": any, "2": any } },
    advisories: { a: ["2", "1-week"] },
    request: { timeLimitMs: 0 },
  });
  assert.deepEqual([plan.phases, plan.optimal], [[], false]);
  assert.equal(plan.bound?.length, plan.costNames.length);
  assert.equal(plan.unfixed.length, 1);
});

test("a stopped plan ends as cancelled", async () => {
  const stopped = planFor({
    pins: ["a==1"],
    index: { a: { "1": any, "2": any } },
    advisories: { a: ["2", "1-week"] },
    request: { signal: AbortSignal.abort() },
  });
  await assert.rejects(stopped, { code: "cancelled" });
});

test("of a flat list of pins nobody can tell the direct ones: their majors stand with the rest of the tier", async () => {
  const plan = await planFor({
    pins: ["a==1", "b==1", "c==1.0"],
    index: { a: { "1": ["c"], "2": ["c"] }, b: { "1": ["c"], "2": ["c"] }, c: { "1.0": any, "1.1": any } },
    advisories: { a: ["2", "1-week"], b: ["2", "1-week"], c: ["1.1", "1-week"] },
  });
  assert.deepEqual(
    plan.phases.map(({ upgrades }) => upgrades.map((one) => one.package)),
    [["a", "b", "c"]],
  );
});

test("what stays in the way of a named version is said with the version that it stays at", async () => {
  const plan = await planFor({
    pins: ["a==1", "tensors==0.4.0"],
    index: { a: { "1": any, "2": ["tensors>=0.4.3"] }, tensors: { "0.4.0": any, "0.4.3": any } },
    advisories: { a: ["2", "1-week"] },
    policy: { alone: ["a"], pinned: [{ package: "a", only: "2", reason: "named" }] },
  });
  assert.deepEqual(plan.unfixed[0]?.conflicts, ["a 2 requires tensors>=0.4.3, and tensors stays at 0.4.0"]);
  assert.equal(plan.unfixed[0].advice, "Let tensors move as well: plan without --alone.");
});
