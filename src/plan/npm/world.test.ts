/** A small npm world for tests: an index, a project's tree and advisories, all made of plain tables. */
import {
  componentKey,
  type Component,
  type Dependency,
  type Finding,
  type Hit,
  type Project,
  type Release,
  type ReleaseSource,
  type Requirement,
  type Tier,
} from "../../model/index.ts";
import { orderOf } from "../../versions/index.ts";
import type { PlanRequest } from "../request.ts";
import { configuration as defaultConfiguration } from "../../../test/support/findings.ts";

export type Kind = Requirement["kind"];
export interface Need {
  readonly name: string;
  readonly range: string;
  readonly kind?: Kind;
  readonly optional?: boolean;
}

export interface World {
  /** name → version → needs. */
  readonly index: Readonly<Record<string, Readonly<Record<string, readonly Need[]>>>>;
  /** What the index says besides, by `name@version`. */
  readonly marks?: Readonly<Record<string, Partial<Release>>>;
  /** The manifest: `dev` for development dependencies. */
  readonly direct: readonly (Need & { readonly dev?: boolean })[];
  /** `name@version`, each name@version once; what serves a need is the lowest that fits unless `edges` says. */
  readonly tree: readonly string[];
  /** `name@version` → tiers of its findings. */
  readonly findings: Readonly<Record<string, readonly Tier[]>>;
  /** `name@version` carried by `name@version`. */
  readonly bundled?: Readonly<Record<string, string>>;
}

export const project: Project = {
  path: ".",
  ecosystem: "npm",
  manager: "npm",
  files: ["package-lock.json", "package.json"],
  target: { node: "20.0.0", platform: "linux-x64" },
};

const order = orderOf("npm");
export const splitPair = (pair: string): [string, string] => {
  const cut = pair.lastIndexOf("@");
  return [pair.slice(0, cut), pair.slice(cut + 1)];
};

/** Ids say name, tier and place, so that a higher version may keep a lower one's advisory. */
export function hitsOf(world: World, name: string, version: string): Hit[] {
  return (world.findings[`${name}@${version}`] ?? []).map((tier, index) => ({
    advisory: `ADV-${name}-${tier}-${index}`,
    aliases: [],
    severity: "high",
    weaknesses: [],
    fixedIn: [],
    tier,
    rule: "R5",
    inputs: {},
    due: "2026-12-01T00:00:00Z",
  }));
}

export function sourceOf(world: World): ReleaseSource {
  return {
    ecosystem: "npm",
    releases(name) {
      const versions = Object.hasOwn(world.index, name) ? world.index[name] : undefined;
      if (versions === undefined)
        return Promise.resolve({ state: "unknown", name, reason: "the registry does not list it" });
      const releases = Object.keys(versions).map((version): Release => ({
        version,
        usable: "tarball",
        hashes: [],
        ...world.marks?.[`${name}@${version}`],
      }));
      return Promise.resolve({ state: "known", name, releases });
    },
    requirements(name, version) {
      const needs = world.index[name]?.[version];
      return Promise.resolve(
        needs === undefined
          ? { state: "unknown", reason: "not listed" }
          : {
              state: "known",
              from: "table",
              requires: needs.map((need) => ({ kind: "production", ...need })),
            },
      );
    },
  };
}

/** What serves a need in today's tree: the direct one for a peer, else the lowest that fits, else anything. */
function served(world: World, need: Need, directs: ReadonlyMap<string, string>): string | undefined {
  const beside = need.kind === "peer" ? directs.get(need.name) : undefined;
  if (beside !== undefined) return beside;
  const there = world.tree
    .map(splitPair)
    .filter(([name, version]) => name === need.name && world.bundled?.[`${name}@${version}`] === undefined)
    .map(([, version]) => version)
    .sort((a, b) => order.compare(a, b));
  return there.find((one) => order.satisfies(one, need.range)) ?? there[0];
}

export function inventoryOf(world: World): PlanRequest["inventory"] {
  const keyOf = (name: string, version: string): string =>
    componentKey({ project: ".", ecosystem: "npm", name, version });
  const directs = new Map<string, string>();
  for (const need of world.direct) {
    const version = served(world, { ...need, kind: "production" }, directs);
    if (version !== undefined) directs.set(need.name, version);
  }
  const components = world.tree.map((pair): Component => {
    const [name, version] = splitPair(pair);
    const owner = world.bundled?.[pair];
    const at =
      owner === undefined
        ? `node_modules/${name}`
        : `node_modules/${splitPair(owner)[0]}/node_modules/${name}`;
    return {
      project: ".",
      ecosystem: "npm",
      name,
      version,
      purl: `pkg:npm/${name}@${version}`,
      scope: "production",
      direct: directs.get(name) === version,
      places: [{ path: "package-lock.json", source: "lockfile", at }],
      requirementsKnown: true,
      ...(owner === undefined ? {} : { immovable: "bundled" }),
    };
  });
  const edge = (from: string | null, need: Need & { dev?: boolean }): Dependency => {
    const to = served(world, from === null ? { ...need, kind: "production" } : need, directs);
    const kind = need.dev === true ? "development" : (need.kind ?? "production");
    const absent = kind === "optional" || need.optional === true ? null : false;
    return {
      project: ".",
      from,
      name: need.name,
      requirement: need.range,
      kind,
      ...(need.optional === true ? { optional: true } : {}),
      to: to === undefined ? null : keyOf(need.name, to),
      satisfied: to === undefined ? absent : order.satisfies(to, need.range),
    };
  };
  const dependencies = [
    ...world.direct.map((need) => edge(null, need)),
    ...world.tree.flatMap((pair) => {
      const [name, version] = splitPair(pair);
      return (world.index[name]?.[version] ?? []).map((need) => edge(keyOf(name, version), need));
    }),
  ];
  return { projects: [project], components, dependencies, unread: [], notes: [] };
}

export const configuration = defaultConfiguration({ policy: { cooldownDays: 0 } });

/** A request to plan the world, everything else at its default. */
export function requestFor(world: World, overrides: Partial<PlanRequest> = {}): PlanRequest {
  const inventory = inventoryOf(world);
  const findings = inventory.components.flatMap((component) =>
    hitsOf(world, component.name, component.version).map((hit): Finding => ({
      ...hit,
      id: `${component.name}@${component.version}:${hit.advisory}`,
      project: ".",
      ecosystem: "npm",
      package: component.name,
      version: component.version,
      purl: component.purl,
      scope: "production",
      direct: component.direct,
      paths: [],
      functions: [],
      waiver: null,
      places: component.places,
    })),
  );
  return {
    inventory,
    findings,
    judge: { hits: ({ name, version }) => hitsOf(world, name, version) },
    configuration,
    profile: "safe",
    sourceFor: () => sourceOf(world),
    now: "2026-11-23T00:00:00Z",
    timeLimitMs: 20_000,
    ...overrides,
  };
}
