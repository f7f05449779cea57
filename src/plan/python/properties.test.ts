import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  tiers,
  type Component,
  type Dependency,
  type Hit,
  type Project,
  type Release,
  type ReleaseSource,
  type Requirement,
  type Tier,
} from "../../model/index.ts";
import { checkPlan } from "../check-python.ts";
import type { PlanRequest, ProjectPlan } from "../request.ts";
import { planPython } from "./plan-python.ts";
import { configuration } from "../../../test/support/findings.ts";

const presentNames = ["alpha", "beta", "gamma", "delta"];
const newNames = ["nova", "omega"];

interface Shape {
  readonly present: readonly string[];
  readonly fresh: readonly string[];
  readonly versions: readonly string[];
  readonly mostVersions: number;
}
const broad: Shape = {
  present: presentNames,
  fresh: newNames,
  versions: ["1.0", "1.1", "2.0", "3.0"],
  mostVersions: 3,
};
/** Few packages with many versions, most of which are never read. */
const deep: Shape = {
  present: ["alpha", "beta", "gamma"],
  fresh: ["nova"],
  versions: ["1.0", "1.1", "1.2", "1.3", "2.0", "2.1", "2.2", "3.0", "3.1"],
  mostVersions: 8,
};
const ranges = ["", ">=1.1", "<2", ">=2", "<=2.0", "!=1.1", "==1.*", ">=1.1,<3"];
const accepts: Record<string, (version: string) => boolean> = {
  "": () => true,
  ">=1.1": (v) => v >= "1.1",
  "<2": (v) => v < "2",
  ">=2": (v) => v >= "2.0",
  "<=2.0": (v) => v <= "2.0",
  "!=1.1": (v) => v !== "1.1",
  "==1.*": (v) => v.startsWith("1."),
  ">=1.1,<3": (v) => v >= "1.1" && v < "3",
};

interface Wish {
  readonly name: string;
  readonly range: string;
  readonly extra: boolean;
  readonly under: boolean;
}

interface Universe {
  /** Versions listed by name; present packages stand at `at`. */
  readonly packages: readonly {
    readonly name: string;
    readonly at: string | null;
    readonly versions: readonly string[];
    readonly wishes: Readonly<Record<string, readonly Wish[]>>;
    readonly hits: Readonly<Record<string, readonly Tier[]>>;
    readonly direct: boolean;
    readonly known: boolean;
  }[];
  readonly lines: readonly Wish[];
}

const wishOf = (names: readonly string[]): fc.Arbitrary<Wish> =>
  fc.record({
    name: fc.constantFrom(...names),
    range: fc.constantFrom(...ranges),
    extra: fc.integer({ min: 0, max: 4 }).map((n) => n === 0),
    under: fc.integer({ min: 0, max: 3 }).map((n) => n === 0),
  });

function packageOf(name: string, shape: Shape): fc.Arbitrary<Universe["packages"][number]> {
  const names = [...shape.present, ...shape.fresh].filter((other) => other !== name);
  const isPresent = shape.present.includes(name);
  return fc
    .uniqueArray(fc.constantFrom(...shape.versions), { minLength: 1, maxLength: shape.mostVersions })
    .chain((some) => {
      const versions = some.sort();
      const each = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<Record<string, T>> =>
        fc.record(Object.fromEntries(versions.map((version) => [version, value])));
      return fc.record({
        name: fc.constant(name),
        at: isPresent ? fc.constantFrom(...versions.slice(0, 2)) : fc.constant(null),
        versions: fc.constant(versions),
        wishes: each(fc.array(wishOf(names), { maxLength: 2 })),
        hits: each(fc.array(fc.constantFrom<Tier>("immediate", "1-week", "1-month"), { maxLength: 2 })),
        direct: fc.boolean(),
        known: fc.boolean(),
      });
    });
}

const universesOf = (shape: Shape): fc.Arbitrary<Universe> =>
  fc.record({
    packages: fc.tuple(...[...shape.present, ...shape.fresh].map((name) => packageOf(name, shape))),
    lines: fc.array(wishOf(shape.present), { maxLength: 2 }),
  });

const project: Project = {
  path: ".",
  ecosystem: "PyPI",
  manager: "pip",
  files: ["requirements.txt"],
  target: { python: "3.11.7", platform: "linux-x64" },
};

const hitOf = (name: string, version: string, tier: Tier, index: number): Hit => ({
  advisory: `ADV-${name}-${version}-${index}`,
  aliases: [],
  severity: "high",
  weaknesses: [],
  fixedIn: [],
  tier,
  rule: "R5",
  inputs: {},
  due: "2026-01-01T00:00:00Z",
});

const keyOf = (name: string, version: string): string => `.|PyPI|${name}@${version}`;

function requestFor(universe: Universe): PlanRequest {
  const byName = new Map(universe.packages.map((one) => [one.name, one]));
  const present = universe.packages.flatMap((one) => (one.at === null ? [] : [{ ...one, at: one.at }]));
  const lines: Dependency[] = [
    ...present
      .filter((one) => one.direct)
      .map((one): Dependency => ({ project: ".", from: null, name: one.name, requirement: `==${one.at}`, kind: "production", to: null, satisfied: true })), // prettier-ignore
    ...universe.lines.map((wish): Dependency => ({
      project: ".",
      from: null,
      name: wish.name,
      requirement: wish.range,
      kind: "production",
      to: null,
      satisfied: null,
      ...(wish.extra ? { extras: ["fast"] } : {}),
    })),
  ];
  const source: ReleaseSource = {
    ecosystem: "PyPI",
    releases: async (name) =>
      Promise.resolve({
        state: "known",
        name,
        releases: (byName.get(name)?.versions ?? []).map((version): Release => ({
          version,
          usable: "wheel",
          hashes: [],
        })),
      }),
    requirements: async (name, version) =>
      Promise.resolve({
        state: "known",
        from: "test",
        requires: requiresOf(byName.get(name)?.wishes[version] ?? []),
      }),
  };
  return {
    inventory: {
      projects: [project],
      components: present.map(componentOf),
      dependencies: [
        ...lines,
        ...present
          .filter((one) => one.known)
          .flatMap((one) =>
            requiresOf(one.wishes[one.at] ?? []).map(({ name, range, extras, marker }): Dependency => ({
              project: ".",
              from: keyOf(one.name, one.at),
              name,
              requirement: range,
              kind: "production",
              to: null,
              satisfied: null,
              ...(extras === undefined ? {} : { extras }),
              ...(marker === undefined ? {} : { marker }),
            })),
          ),
      ],
      unread: [],
      notes: [],
    },
    findings: [],
    judge: {
      hits: ({ name, version }) =>
        (byName.get(name)?.hits[version] ?? []).map((tier, index) => hitOf(name, version, tier, index)),
    },
    configuration: configuration({ policy: { cooldownDays: 0, allowOverrides: "none" } }),
    profile: "full",
    sourceFor: () => source,
    now: "2026-01-01T00:00:00Z",
    timeLimitMs: 60_000,
  };
}

function componentOf(one: { name: string; at: string; direct: boolean; known: boolean }): Component {
  return {
    project: ".",
    ecosystem: "PyPI",
    name: one.name,
    version: one.at,
    purl: `pkg:pypi/${one.name}@${one.at}`,
    scope: "production",
    direct: one.direct,
    places: [],
    requirementsKnown: one.known,
  };
}

function requiresOf(wishes: readonly Wish[]): Requirement[] {
  return wishes.map((wish) => ({
    name: wish.name,
    range: wish.range,
    kind: "production",
    ...(wish.extra ? { extras: ["fast"] } : {}),
    ...(wish.under ? { marker: 'extra == "fast"' } : {}),
  }));
}

type State = ReadonlyMap<string, string>;

/** Requirements in force that nothing serves, as `from|name`. */
function unmetIn(universe: Universe, state: State): string[] {
  const byName = new Map(universe.packages.map((one) => [one.name, one]));
  const fast = new Set<string>(universe.lines.filter((wish) => wish.extra).map((wish) => wish.name));
  let active: [string, Wish][] = [];
  for (let size = -1; size !== fast.size;) {
    size = fast.size;
    active = universe.lines.map((wish): [string, Wish] => ["", wish]);
    for (const [name, version] of state)
      for (const wish of byName.get(name)?.wishes[version] ?? [])
        if (!wish.under || fast.has(name)) active.push([name, wish]);
    for (const [, wish] of active) if (wish.extra) fast.add(wish.name);
  }
  return active
    .filter(([, wish]) => {
      const version = state.get(wish.name);
      return version === undefined || accepts[wish.range]?.(version) !== true;
    })
    .map(([from, wish]) => `${from}|${wish.name}`);
}

/** The least cost over every state that breaks nothing anew. */
function bruteForce(universe: Universe): readonly number[] {
  const start: State = new Map(
    universe.packages.flatMap((one) => (one.at === null ? [] : [[one.name, one.at]])),
  );
  const broken = new Set(unmetIn(universe, start));
  const direct = directIn(universe, start);
  const goers = mayGo(universe, start);
  let best: number[] | undefined;
  for (const state of statesOf(universe, goers)) {
    const holds = unmetIn(universe, state).every((pair) => {
      const [, name = ""] = pair.split("|");
      return broken.has(pair) && state.get(name) === start.get(name);
    });
    if (!holds) continue;
    const cost = costIn(universe, state, direct);
    if (best === undefined || isLess(cost, best)) best = cost;
  }
  assert.ok(best);
  return best;
}

function* statesOf(universe: Universe, goers: ReadonlySet<string>, at = 0): Generator<Map<string, string>> {
  const one = universe.packages[at];
  if (one === undefined) {
    yield new Map();
    return;
  }
  for (const rest of statesOf(universe, goers, at + 1)) {
    if (one.at === null || goers.has(one.name)) yield new Map(rest);
    for (const version of one.versions)
      if (one.at === null || version >= one.at) yield new Map([...rest, [one.name, version]]);
  }
}

function wishesInForce(universe: Universe, start: State): { from: string; name: string; under: boolean }[] {
  const fast = new Set<string>(universe.lines.filter((wish) => wish.extra).map((wish) => wish.name));
  const byName = new Map(universe.packages.map((one) => [one.name, one]));
  let found: { from: string; name: string; under: boolean }[] = [];
  for (let size = -1; size !== fast.size;) {
    size = fast.size;
    found = [];
    for (const [from, version] of start)
      for (const wish of byName.get(from)?.wishes[version] ?? []) {
        if (wish.under && !fast.has(from)) continue;
        found.push({ from, name: wish.name, under: wish.under });
        if (wish.extra) fast.add(wish.name);
      }
  }
  return found;
}

/** What stands only because something that stands by itself leads to it: a line, or a package that nobody wished. */
function mayGo(universe: Universe, start: State): ReadonlySet<string> {
  const inForce = wishesInForce(universe, start);
  const wished = new Set([...inForce, ...universe.lines].map((one) => one.name));
  const lines = new Set(universe.lines.map((wish) => wish.name));
  const there = universe.packages.filter((one) => one.at !== null);
  const own = there.filter((one) => one.direct || lines.has(one.name) || !wished.has(one.name));
  const goers = new Set<string>();
  const follow = (from: string): void => {
    for (const { name } of inForce.filter((one) => one.from === from)) {
      if (!start.has(name) || goers.has(name) || own.some((one) => one.name === name)) continue;
      goers.add(name);
      follow(name);
    }
  };
  for (const { name } of own) follow(name);
  return goers;
}

function directIn(universe: Universe, start: State): ReadonlySet<string> {
  const wished = wishesInForce(universe, start).filter((one) => !one.under);
  const required = new Set(wished.map((one) => one.name));
  const there = [...required].filter((name) => start.has(name));
  const direct = universe.packages.filter((one) => one.at !== null && one.direct).map((one) => one.name);
  const isFlat = there.length >= required.size - there.length && there.every((name) => direct.includes(name));
  return new Set(direct.filter((name) => !isFlat || !required.has(name)));
}

function costIn(universe: Universe, state: State, direct: ReadonlySet<string>): number[] {
  const left = tiers.map(() => 0);
  let [own, others, changed, distance] = [0, 0, 0, 0];
  for (const one of universe.packages) {
    const version = state.get(one.name);
    for (const tier of version === undefined ? [] : (one.hits[version] ?? []))
      left[tiers.indexOf(tier)]! += 1; // eslint-disable-line @typescript-eslint/no-non-null-assertion
    if (version === (one.at ?? undefined)) continue;
    changed++;
    if (version === undefined) continue;
    const isMajor = one.at !== null && one.at[0] !== version[0];
    if (isMajor && direct.has(one.name)) own++;
    else if (isMajor || one.at === null) others++;
    distance +=
      one.at === null
        ? one.versions.length - 1 - one.versions.indexOf(version)
        : one.versions.indexOf(version) - one.versions.indexOf(one.at);
  }
  return [...left, own, others, changed, distance];
}

function isLess(a: readonly number[], b: readonly number[]): boolean {
  for (const [index, value] of a.entries()) if (value !== b[index]) return value < (b[index] ?? 0);
  return false;
}

function needsIn(universe: Universe): Parameters<typeof checkPlan>[0]["needsOf"] {
  return (name, version) =>
    (universe.packages.find((one) => one.name === name)?.wishes[version] ?? []).map((wish) => ({
      name: wish.name,
      range: wish.range,
      extras: wish.extra ? ["fast"] : [],
      under: wish.under ? "fast" : null,
    }));
}

function checkOf(universe: Universe, request: PlanRequest, plan: ProjectPlan): readonly string[] {
  return checkPlan({
    request,
    project,
    plan,
    needsOf: needsIn(universe),
    versionsOf: (name) => {
      const one = universe.packages.find((other) => other.name === name);
      return (one?.versions ?? []).filter((version) => one?.at === null || version >= (one?.at ?? ""));
    },
  });
}

for (const { name, shape, numRuns } of [
  { name: "many packages", shape: broad, numRuns: 160 },
  { name: "many versions", shape: deep, numRuns: 80 },
])
  test(`the plan costs what trying every version set finds, and each phase holds: ${name}`, async () => {
    let moved = 0;
    await fc.assert(
      fc.asyncProperty(universesOf(shape), async (universe) => {
        const request = requestFor(universe);
        const plan = await planPython(request, project);
        assert.deepEqual(plan.cost, bruteForce(universe));
        assert.ok(plan.optimal);
        assert.deepEqual(checkOf(universe, request, plan), []);
        moved += plan.phases.length;
      }),
      { numRuns },
    );
    assert.ok(moved > numRuns / 10, "the universes must be ones in which something moves");
  });

test("the order of the input changes nothing", async () => {
  await fc.assert(
    fc.asyncProperty(universesOf(broad), async (universe) => {
      const plan = await planPython(requestFor(universe), project);
      const reversed = { lines: universe.lines.toReversed(), packages: universe.packages.toReversed() };
      const again = await planPython(requestFor(reversed), project);
      assert.deepEqual({ ...again, unfixed: [] }, { ...plan, unfixed: [] });
    }),
    { numRuns: 60 },
  );
});

test("a waiver never makes the rest worse", async () => {
  await fc.assert(
    fc.asyncProperty(universesOf(broad), async (universe) => {
      const request = requestFor(universe);
      const plan = await planPython(request, project);
      const [waived] = universe.packages.filter((one) => one.at !== null && one.hits[one.at]?.length !== 0);
      if (waived?.at === undefined || waived.at === null) return;
      const waiver = {
        finding: `ADV-${waived.name}-${waived.at}-0`,
        reason: "accepted",
        justification: "code_not_reachable",
        by: "owner",
        expires: "2027-01-01",
        madeAt: "2026-01-01",
      };
      const configuration = { ...request.configuration, waivers: [waiver] };
      const relaxed = await planPython({ ...request, configuration }, project);
      assert.ok(!isLess(plan.cost, relaxed.cost));
    }),
    { numRuns: 60 },
  );
});

/** All of a cost but the distance, which counts releases. */
const withoutDistance = (plan: ProjectPlan): readonly number[] => plan.cost.slice(0, -1);

type Package = Universe["packages"][number];

function changed(universe: Universe, which: number, change: (one: Package) => Package): Universe {
  const index = which % universe.packages.length;
  return { ...universe, packages: universe.packages.map((one, at) => (at === index ? change(one) : one)) };
}

test("one more release never makes a plan dearer, one more advisory never cheaper", async () => {
  await fc.assert(
    fc.asyncProperty(universesOf(broad), fc.nat(), async (universe, which) => {
      const plan = await planPython(requestFor(universe), project);
      const richer = changed(universe, which, (one) => ({
        ...one,
        versions: [...one.versions, "9.0"],
        wishes: { ...one.wishes, "9.0": [] },
        hits: { ...one.hits, "9.0": [] },
      }));
      const better = await planPython(requestFor(richer), project);
      assert.ok(!isLess(withoutDistance(plan), withoutDistance(better)));
      const poorer = changed(universe, which, (one) => {
        const version = one.versions[which % one.versions.length] ?? "";
        return { ...one, hits: { ...one.hits, [version]: [...(one.hits[version] ?? []), "1-week"] } };
      });
      const worse = await planPython(requestFor(poorer), project);
      assert.ok(!isLess(withoutDistance(worse), withoutDistance(plan)));
    }),
    { numRuns: 50 },
  );
});

test("planning what has been planned gives nothing", async () => {
  await fc.assert(
    fc.asyncProperty(universesOf(broad), async (universe) => {
      const plan = await planPython(requestFor(universe), project);
      const targets = new Map(
        plan.phases.flatMap((phase) => phase.upgrades.map((one) => [one.package, one.to] as const)),
      );
      fc.pre(targets.size > 0);
      // What went may come back in a lower version than the one that it could not be moved below.
      fc.pre(![...targets.values()].includes(null));
      // What stood by itself goes on doing so, also where something asks for it now.
      const start: State = new Map(
        universe.packages.flatMap((one) => (one.at === null ? [] : [[one.name, one.at]])),
      );
      const goers = mayGo(universe, start);
      const packages = universe.packages.map((one) => {
        const to = targets.get(one.name);
        const own = one.at !== null && !goers.has(one.name) ? { ...one, direct: true } : one;
        return to === undefined ? own : { ...own, at: to };
      });
      const again = await planPython(requestFor({ ...universe, packages }), project);
      assert.deepEqual(again.phases, []);
    }),
    { numRuns: 30 },
  );
});

/** The universe with one of its packages as what no line pins. */
function openIn(universe: Universe, name: string): PlanRequest {
  const request = requestFor(universe);
  const at = universe.packages.find((one) => one.name === name)?.at ?? "";
  const { components, dependencies } = request.inventory;
  return {
    ...request,
    chosen: new Map([[name, at]]),
    inventory: {
      ...request.inventory,
      components: components.filter((one) => one.name !== name),
      dependencies: dependencies.filter(
        (one) =>
          one.from !== keyOf(name, at) &&
          (one.from !== null || one.name !== name || !one.requirement.startsWith(`==${at}`)),
      ),
    },
  };
}

test("what no line pins is free to follow: never more of an obstacle than the same version pinned", async () => {
  await fc.assert(
    fc.asyncProperty(universesOf(broad), fc.constantFrom(...broad.present), async (universe, name) => {
      const pinned = await planPython(requestFor(universe), project);
      const request = openIn(universe, name);
      const open = await planPython(request, project);
      assert.ok(open.optimal);
      const findings = (plan: ProjectPlan): readonly number[] => plan.cost.slice(0, tiers.length);
      assert.ok(!isLess(findings(pinned), findings(open)));
      assert.deepEqual(checkPlan({ request, project, plan: open, needsOf: needsIn(universe) }), []);
      const upgrades = open.phases.flatMap((phase) => phase.upgrades);
      // Checked in every universe, counted where it had to move: one in sixty.
      fc.pre(upgrades.some((one) => one.package === name && one.from === null));
    }),
    { numRuns: 8, maxSkipsPerRun: 500 },
  );
});

test("the checker rejects plans that were tampered with", async () => {
  await fc.assert(
    fc.asyncProperty(universesOf(broad), fc.nat(), fc.nat(), async (universe, which, how) => {
      const request = requestFor(universe);
      const plan = await planPython(request, project);
      const mutant = mutate(plan, universe, which, how);
      fc.pre(mutant !== undefined);
      assert.notDeepEqual(checkOf(universe, request, mutant), []);
    }),
    { numRuns: 100 },
  );
});

/** One package less, another version, or a better cost than is true. */
function mutate(plan: ProjectPlan, universe: Universe, which: number, how: number): ProjectPlan | undefined {
  const all = plan.phases.flatMap((phase) => phase.upgrades);
  const victim = all[which % Math.max(1, all.length)];
  if (how % 3 === 0 || victim === undefined) {
    const part = which % plan.cost.length;
    return { ...plan, cost: plan.cost.map((value, index) => (index === part ? value - 1 : value)) };
  }
  const versions = universe.packages.find((one) => one.name === victim.package)?.versions ?? [];
  const other = versions.find((version) => version !== victim.to && version > (victim.from ?? ""));
  if (how % 3 === 1 && other === undefined) return undefined;
  return {
    ...plan,
    phases: plan.phases.map((phase) => ({
      ...phase,
      upgrades: phase.upgrades.flatMap((one) => {
        if (one !== victim) return [one];
        return how % 3 === 1 ? [{ ...one, to: other ?? null }] : [];
      }),
    })),
  };
}
