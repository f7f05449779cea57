import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { tiers, type Profile, type Tier } from "../../model/index.ts";
import { orderOf } from "../../versions/index.ts";
import { planNpm } from "./plan-npm.ts";
import {
  inventoryOf,
  project,
  requestFor,
  splitPair,
  type Kind,
  type Need,
  type World,
} from "./world.test.ts";

const order = orderOf("npm");
const names = ["a", "b", "c", "d"] as const;
const versions = ["1.0.0", "1.1.0", "2.0.0"] as const;
const ranges = ["*", "^1.0.0", "1.0.0", ">=1.1.0", "^2.0.0"] as const;

type Fit = (version: string, range: string) => boolean;
const fits: Fit = (version, range) => order.satisfies(version, range);

const anyNeed = fc.record({
  name: fc.constantFrom(...names),
  range: fc.constantFrom(...ranges),
  kind: fc.constantFrom<Kind>("production", "production", "production", "peer"),
});
const anyTiers = fc.array(fc.constantFrom<Tier>("24-hours", "1-month"), { maxLength: 2 });
const anyRelease = fc.option(fc.record({ needs: fc.array(anyNeed, { maxLength: 2 }), findings: anyTiers }), {
  nil: undefined,
  freq: 6,
});

interface Draft {
  readonly releases: ({ readonly needs: readonly Need[]; readonly findings: readonly Tier[] } | undefined)[];
  readonly direct: World["direct"];
}

const anyDraft: fc.Arbitrary<Draft> = fc.record({
  releases: fc.array(anyRelease, { minLength: 12, maxLength: 12 }),
  direct: fc.uniqueArray(
    fc.record({ name: fc.constantFrom(...names), range: fc.constantFrom(...ranges), dev: fc.boolean() }),
    {
      selector: (one) => one.name,
      minLength: 1,
      maxLength: 2,
    },
  ),
});

/** Installs a draft the way an old lockfile stands: the lowest version that fits; `undefined` where nothing does. */
function worldFrom(draft: Draft): World | undefined {
  const index: Record<string, Record<string, readonly Need[]>> = {};
  const findings: Record<string, readonly Tier[]> = {};
  draft.releases.forEach((release, place) => {
    const name = names[Math.floor(place / 3)] ?? "a";
    const version = versions[place % 3] ?? "1.0.0";
    if (release === undefined) return;
    const seen = new Set<string>([name]);
    const needs = release.needs.filter((need) => !seen.has(need.name) && seen.add(need.name));
    (index[name] ??= {})[version] = needs;
    findings[`${name}@${version}`] = release.findings;
  });
  const tree = new Set<string>();
  const stack: Need[] = [...draft.direct];
  for (let need = stack.pop(); need !== undefined; need = stack.pop()) {
    const { name, range } = need;
    const version = versions.find((one) => index[name]?.[one] !== undefined && fits(one, range));
    if (version === undefined) return undefined;
    if (tree.has(`${name}@${version}`)) continue;
    tree.add(`${name}@${version}`);
    const isDirect = (need: Need): boolean => draft.direct.some((one) => one.name === need.name);
    stack.push(...(index[name]?.[version] ?? []).filter((one) => one.kind !== "peer" || !isDirect(one)));
  }
  // What is older than anything in the tree is no candidate.
  const newer = Object.entries(index).map(([name, releases]) => {
    const lowest = versions.find((one) => tree.has(`${name}@${one}`)) ?? "0.0.0";
    return [
      name,
      Object.fromEntries(Object.entries(releases).filter(([one]) => order.compare(one, lowest) >= 0)),
    ];
  });
  return {
    index: Object.fromEntries(newer) as World["index"],
    findings,
    direct: draft.direct,
    tree: [...tree],
  };
}

interface Key {
  readonly name: string;
  readonly range: string;
  readonly version: string;
}

/**
 * The least cost over every set of versions, every choice of direct versions and up to two overrides; with a wish, which
 * must be met, over sets without overrides, and only such in which somebody requires it where that is asked for.
 */
function bruteForce(
  world: World,
  profile: Profile,
  wish?: readonly [name: string, version: string],
  isRequired = false,
): number[] | undefined {
  const pairs = Object.entries(world.index).flatMap(([name, releases]) =>
    Object.keys(releases).map((one) => `${name}@${one}`),
  );
  const inventory = inventoryOf(world);
  const broken = new Set(
    inventory.dependencies
      .filter((one) => one.from !== null && one.satisfied === false)
      .map((one) => `${one.from?.split("|").at(-1) ?? ""}>${one.name}`),
  );
  const today = new Map(
    inventory.dependencies
      .filter((one) => one.from === null)
      .map((one) => [one.name, splitPair(one.to ?? "")[1]]),
  );
  const keys: Key[] =
    profile === "safe" || wish !== undefined
      ? []
      : pairs.flatMap((pair) => {
          const [name, version] = splitPair(pair);
          return [
            ...new Set(
              pairs.flatMap((one) =>
                (world.index[splitPair(one)[0]]?.[splitPair(one)[1]] ?? [])
                  .filter((need) => need.name === name)
                  .map((need) => need.range),
              ),
            ),
          ]
            .filter((range) => !fits(version, range))
            .map((range) => ({ name, range, version }));
        });
  const keySets: Key[][] = [
    [],
    ...keys.map((key) => [key]),
    ...keys.flatMap((key, at) => keys.slice(at + 1).map((other) => [key, other])),
  ];
  const slotChoices = [...today].reduce<Map<string, string>[]>(
    (choices, [name, from]) =>
      choices.flatMap((choice) =>
        Object.keys(world.index[name] ?? {})
          .filter(
            (one) =>
              order.compare(one, from) >= 0 && (profile === "full" || order.level(from, one) !== "major"),
          )
          .map((one) => new Map([...choice, [name, one]])),
      ),
    [new Map<string, string>()],
  );
  const isToday = new Set(world.tree);
  let best: number[] | undefined;
  for (let mask = 0; mask < 1 << pairs.length; mask++) {
    const present = pairs.filter((_, bit) => (mask >> bit) & 1);
    const there = new Set(present);
    const findings = tiers.map((tier) =>
      present.reduce(
        (sum, pair) => sum + (world.findings[pair] ?? []).filter((one) => one === tier).length,
        0,
      ),
    );
    if (best !== undefined && compare([...findings], best.slice(0, tiers.length)) > 0) continue;
    for (const slots of slotChoices) {
      if ([...slots].some(([name, version]) => !there.has(`${name}@${version}`))) continue;
      if (wish !== undefined && !meets(wish, { present, slots })) continue;
      if (wish !== undefined && isRequired && !reached(world, { present, slots }).has(wish[0])) continue;
      for (const overrides of keySets) {
        const overridden = countOverridden(world, { present, slots, overrides, broken });
        if (overridden === undefined) continue;
        const majors = (dev: boolean): number =>
          world.direct.filter(
            (one) =>
              (one.dev === true) === dev &&
              order.level(today.get(one.name) ?? "", slots.get(one.name) ?? "") === "major",
          ).length;
        const cost = [
          ...findings,
          overridden,
          majors(false),
          majors(true),
          present.filter((pair) => !isToday.has(pair)).length + overrides.length,
        ];
        if (best === undefined || compare(cost, best) < 0) best = cost;
      }
    }
  }
  return best;
}

/** A direct dependency is at the version that is wished for; without one, every copy is. */
function meets(
  [name, version]: readonly [string, string],
  { present, slots }: { present: readonly string[]; slots: ReadonlyMap<string, string> },
): boolean {
  if (slots.has(name)) return slots.get(name) === version;
  const copies = present.map(splitPair).filter(([one]) => one === name);
  return copies.length > 0 && copies.every(([, one]) => one === version);
}

/** Names that somebody requires, from the project down, whichever of the versions that fit serves. */
function reached(
  world: World,
  { present, slots }: { present: readonly string[]; slots: ReadonlyMap<string, string> },
): ReadonlySet<string> {
  const seen = new Set([...slots].map(([name, version]) => `${name}@${version}`));
  for (const pair of seen) {
    const [name, version] = splitPair(pair);
    for (const need of world.index[name]?.[version] ?? [])
      for (const one of present)
        if (splitPair(one)[0] === need.name && fits(splitPair(one)[1], need.range)) seen.add(one);
  }
  return new Set([...seen].map((pair) => splitPair(pair)[0]));
}

function compare(a: readonly number[], b: readonly number[]): number {
  const at = a.findIndex((one, index) => one !== b[index]);
  return at < 0 ? 0 : (a[at] ?? 0) - (b[at] ?? 0);
}

/** How many requirements the overrides break; `undefined` where the set does not hold. */
function countOverridden(
  world: World,
  of: {
    present: readonly string[];
    slots: ReadonlyMap<string, string>;
    overrides: readonly Key[];
    broken: ReadonlySet<string>;
  },
): number | undefined {
  const versionsOf = (name: string): string[] =>
    of.present
      .map(splitPair)
      .filter(([one]) => one === name)
      .map(([, version]) => version);
  const common = (name: string, a: string, b: string): boolean =>
    Object.keys(world.index[name] ?? {}).some((one) => fits(one, a) && fits(one, b));
  for (const [at, key] of of.overrides.entries()) {
    if (!versionsOf(key.name).includes(key.version)) return undefined;
    // npm refuses a rule that touches what the manifest then asks for.
    if (
      world.direct.some((one) => {
        const chosen = of.slots.get(one.name) ?? "";
        const written = fits(chosen, one.range) ? one.range : isExact(one.range) ? chosen : `^${chosen}`;
        return one.name === key.name && (fits(chosen, key.range) || common(key.name, written, key.range));
      })
    )
      return undefined;
    if (
      of.overrides
        .slice(0, at)
        .some(
          (one) =>
            one.name === key.name && one.version !== key.version && common(key.name, one.range, key.range),
        )
    )
      return undefined;
  }
  let count = 0;
  for (const pair of of.present) {
    const [name, version] = splitPair(pair);
    for (const need of world.index[name]?.[version] ?? []) {
      if (world.tree.includes(pair) && of.broken.has(`${pair}>${need.name}`)) continue;
      const key = of.overrides.find(
        (one) => one.name === need.name && common(need.name, one.range, need.range),
      );
      const direct = of.slots.get(need.name);
      if (key !== undefined && !fits(key.version, need.range)) {
        const top = Object.keys(world.index[need.name] ?? {})
          .filter((one) => fits(one, need.range))
          .at(-1);
        if (
          need.kind === "peer" ||
          top === undefined ||
          order.compare(key.version, top) <= 0 ||
          order.level(top, key.version) === "major"
        )
          return undefined;
        count++;
      } else if (need.kind === "peer" && direct !== undefined) {
        if (!fits(direct, need.range)) return undefined;
      } else if (!versionsOf(need.name).some((one) => fits(one, need.range))) return undefined;
    }
  }
  return count;
}

/** Every phase alone leaves a tree in which each requirement that held before is met, and the last one is the plan. */
function assertPhasesHold(world: World, plan: Awaited<ReturnType<typeof planNpm>>): void {
  const inventory = inventoryOf(world);
  const broken = new Set(
    inventory.dependencies
      .filter((one) => one.satisfied === false)
      .map((one) => `${one.from?.split("|").at(-1) ?? ""}>${one.name}`),
  );
  const present = new Set(world.tree);
  const lifted: { name: string; range: string }[] = [];
  for (const { upgrades } of plan.phases) {
    for (const { package: name, from } of upgrades) if (from !== null) present.delete(`${name}@${from}`);
    for (const { package: name, to, overrides } of upgrades) {
      if (to !== null) present.add(`${name}@${to}`);
      lifted.push(...(overrides ?? []).map((range) => ({ name, range })));
    }
    for (const pair of present) {
      const [name, version] = splitPair(pair);
      for (const need of world.index[name]?.[version] ?? []) {
        if (world.tree.includes(pair) && broken.has(`${pair}>${need.name}`)) continue;
        const there = [...present].map(splitPair).filter(([one]) => one === need.name);
        const isMet = there.some(([, one]) => fits(one, need.range));
        const isLifted = there.length > 0 && lifted.some((one) => one.name === need.name);
        assert.ok(isMet || isLifted, `${pair} lacks ${need.name} ${need.range}: ${JSON.stringify(world)}`);
      }
    }
  }
  const left = [...present].reduce((sum, pair) => sum + (world.findings[pair]?.length ?? 0), 0);
  assert.equal(
    left,
    plan.cost.slice(0, tiers.length).reduce((sum, one) => sum + one, 0),
    JSON.stringify(world),
  );
}

/** A draft from lines such as `c 1.0.0 24-hours: d 1.0.0, a * peer` and direct names such as `b ^1.0.0 dev`. */
function draftOf(direct: readonly string[], lines: readonly string[]): Draft {
  const releases: Draft["releases"] = names.flatMap(() => versions.map(() => undefined));
  for (const line of lines) {
    const [head = "", rest = ""] = line.split(": ");
    const [name, version, ...findings] = head.split(" ");
    const place = names.findIndex((one) => one === name) * versions.length;
    releases[place + versions.findIndex((one) => one === version)] = {
      needs: rest.split(", ").flatMap((one) => {
        const [needed = "", range = "", kind] = one.split(" ");
        return needed === "" ? [] : [{ name: needed, range, kind: kind === "peer" ? "peer" : "production" }];
      }),
      findings: tiers.filter((one) => findings.includes(one)),
    };
  }
  return {
    releases,
    direct: direct.map((one) => {
      const [name = "", range = "*", dev] = one.split(" ");
      return { name, range, dev: dev === "dev" };
    }),
  };
}

const isExact = (range: string): boolean => /^\d/.test(range);

/** A direct package moves to a new version while another package keeps the old one. */
const keptBeside = draftOf(
  ["c"],
  [
    "a 1.1.0: b ^1.0.0",
    "a 2.0.0: c ^2.0.0 peer",
    "b 1.0.0 24-hours",
    "c 1.0.0: d ^1.0.0",
    "c 2.0.0: d *",
    "d 1.0.0: c 1.0.0, a *",
  ],
);

/** A copy of d comes down to a version between the one that is served and the one that another package holds. */
const comesDown = draftOf(
  ["b"],
  [
    "a 1.0.0: c *",
    "b 1.0.0: d ^2.0.0",
    "b 1.1.0: d >=1.1.0",
    "c 1.0.0: d 1.0.0",
    "d 1.0.0",
    "d 1.1.0",
    "d 2.0.0 24-hours: a *",
  ],
);

/** c moves out of the way of its own override, which only what b brings later asks for. */
const overriddenLater = draftOf(
  ["b", "c ^1.0.0"],
  ["b 1.0.0 24-hours", "b 2.0.0: c 1.0.0", "c 1.0.0 24-hours", "c 1.1.0: d *", "c 2.0.0", "d 1.1.0"],
);

/** For c in 2.0.0: the moves of b and of c each hold alone, together only with that of a. */
const holdAlone = draftOf(
  ["b * dev", "c * dev"],
  [
    "a 1.0.0 1-month: b ^1.0.0",
    "a 1.1.0",
    "b 1.1.0 24-hours: a *",
    "b 2.0.0",
    "c 1.0.0 24-hours",
    "c 2.0.0: a *",
  ],
);

for (const profile of ["safe", "full"] as const)
  test(`the cost of a plan equals brute force (${profile})`, async () => {
    await fc.assert(
      fc.asyncProperty(anyDraft, async (draft) => {
        const world = worldFrom(draft);
        fc.pre(world !== undefined);
        const request = requestFor(world, { profile });
        fc.pre(request.findings.length > 0);
        const expected = bruteForce(world, profile);
        const plan = await planNpm(request, project);
        assert.deepEqual(
          plan.skipped.filter((one) => one.package === "*"),
          [],
        );
        assert.ok(plan.optimal);
        assert.deepEqual(plan.cost.slice(0, -1), expected, JSON.stringify(world));
        assertPhasesHold(world, plan);
      }),
      {
        numRuns: Number(process.env["PLAN_RUNS"] ?? 60),
        examples: [[keptBeside], [comesDown], [overriddenLater]],
      },
    );
  });

test("a wish that is met costs the least; one that is missed has, but for rare cases, no set of versions", async () => {
  const seen = { met: 0, missed: 0, unfound: 0 };
  await fc.assert(
    fc.asyncProperty(
      anyDraft,
      fc.constantFrom(...names),
      fc.constantFrom(...versions),
      async (draft, name, to) => {
        const world = worldFrom(draft);
        fc.pre(world?.index[name]?.[to] !== undefined);
        const there = world.tree.map(splitPair).filter(([one]) => one === name);
        fc.pre(there.length > 0 && there.every(([, one]) => order.compare(one, to) < 0));
        const { configuration } = requestFor(world);
        const plan = await planNpm(
          requestFor(world, {
            profile: "full",
            configuration: {
              ...configuration,
              policy: { ...configuration.policy, allowOverrides: "none" },
            },
            wishes: new Map([[name, to]]),
          }),
          project,
        );
        const expected = bruteForce(world, "full", [name, to]);
        if (plan.missed === undefined) {
          seen.met++;
          assert.deepEqual(plan.cost.slice(0, -1), expected, `${name} ${to}: ${JSON.stringify(world)}`);
          assertPhasesHold(world, plan);
        } else {
          seen.missed++;
          // What the cheapest set leaves without a dependent is not there in the end.
          const required = bruteForce(world, "full", [name, to], true);
          const isDearer =
            expected !== undefined && (required === undefined || compare(required, expected) > 0);
          // A clean package that would have to move, to let go of what refuses, is not looked at: "none was found".
          if (expected !== undefined && !isDearer) seen.unfound++;
          assert.deepEqual(plan.phases, []);
        }
      },
    ),
    { numRuns: Number(process.env["PLAN_RUNS"] ?? 60) * 2, examples: [[holdAlone, "c", "2.0.0"]] },
  );
  assert.ok(seen.unfound * 10 <= seen.met, JSON.stringify(seen));
});

const runs = Number(process.env["PLAN_RUNS"] ?? 60);

/** What a plan costs without its distance, which is only minimised among the cheapest. */
const costOf = async (
  world: World,
  profile: Profile,
  change: (request: ReturnType<typeof requestFor>) => ReturnType<typeof requestFor> = (request) => request,
): Promise<readonly number[]> => {
  const plan = await planNpm(change(requestFor(world, { profile })), project);
  assert.ok(plan.optimal, JSON.stringify(world));
  return plan.cost.slice(0, -1);
};

const reversed = <T>(record: Readonly<Record<string, T>>): Record<string, T> =>
  Object.fromEntries(Object.entries(record).reverse());

test("the order of the input changes nothing", async () => {
  await fc.assert(
    fc.asyncProperty(anyDraft, async (draft) => {
      const world = worldFrom(draft);
      if (world === undefined) return;
      const turned: World = {
        ...world,
        index: Object.fromEntries(
          Object.entries(world.index)
            .reverse()
            .map(([name, releases]) => [name, reversed(releases)]),
        ),
        direct: world.direct.toReversed(),
        tree: world.tree.toReversed(),
      };
      assert.deepEqual(await costOf(turned, "full"), await costOf(world, "full"), JSON.stringify(world));
    }),
    { numRuns: runs },
  );
});

test("a waiver never makes the rest worse; one advisory more never makes a plan cheaper, one release more never dearer", async () => {
  await fc.assert(
    fc.asyncProperty(
      anyDraft,
      fc.nat(),
      fc.array(anyNeed, { maxLength: 2 }),
      async (draft, chosen, needs) => {
        const world = worldFrom(draft);
        if (world === undefined) return;
        const before = await costOf(world, "safe");
        const waived = await costOf(world, "safe", (request) => ({
          ...request,
          findings: request.findings.map((finding, index) =>
            index === chosen % request.findings.length
              ? {
                  ...finding,
                  waiver: {
                    finding: finding.id,
                    reason: "known",
                    justification: "code_not_reachable",
                    by: "somebody",
                    expires: "2027-01-01",
                    madeAt: "2026-11-01",
                  },
                }
              : finding,
          ),
        }));
        assert.ok(compare(waived, before) <= 0, `waiver ${chosen}: ${JSON.stringify(world)}`);

        const pairs = Object.keys(world.findings).sort();
        const pair = pairs[chosen % pairs.length] ?? "";
        const more = {
          ...world,
          findings: { ...world.findings, [pair]: [...(world.findings[pair] ?? []), "1-week" as const] },
        };
        const advised = await costOf(more, "safe");
        assert.ok(compare(advised, before) >= 0, `advisory on ${pair}: ${JSON.stringify(world)}`);

        const held = Object.keys(world.index).sort();
        const name = held[chosen % held.length] ?? "";
        const released: World = {
          ...world,
          index: {
            ...world.index,
            [name]: { ...world.index[name], "2.1.0": needs.filter((need) => need.name !== name) },
          },
        };
        const richer = await costOf(released, "safe");
        assert.ok(compare(richer, before) <= 0, `${name} 2.1.0: ${JSON.stringify(released)}`);
      },
    ),
    { numRuns: runs },
  );
});
