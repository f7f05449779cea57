import {
  componentKey,
  type Broken,
  type Component,
  type Dependency,
  type Inventory,
  type Policy,
  type Project,
  type Scope,
} from "../../model/index.ts";
import type { VersionOrder } from "../../versions/index.ts";
import { readSpecifier, ruledNeed, type Need, type Ruling } from "./need.ts";

/** A requirement that the project itself states; its version can be chosen by changing a manifest. */
export interface Slot {
  /** The real package name. */
  readonly name: string;
  /** The declared range as written. */
  readonly range: string;
  /** Ships to production: production, optional and peer requirements. */
  readonly runtime: boolean;
  readonly today: string;
  /** `fixed`: stays at today's version; `range`: moves only inside what is declared; `free`: the manifest may change. */
  readonly may: "fixed" | "range" | "free";
}

/** A requirement of today's tree and the version that serves it. */
export interface Edge extends Need {
  readonly to: string;
}

/** One name at one version as it stands in today's tree. */
export interface TreePackage {
  readonly name: string;
  readonly version: string;
  readonly scope: Scope;
  /** Whether a copy exists outside every bundle. */
  readonly free: boolean;
  /** `name@version` of the packages that carry copies of it inside their own archives. */
  readonly owners: readonly string[];
  readonly edges: readonly Edge[];
  /** Whether `edges` is all it requires. */
  readonly known: boolean;
  /** Why it may not move, where it may not. */
  readonly immovable?: string;
}

/** A project's tree as sets: which versions of which names are there, and what requires what. */
export interface Tree {
  /** Versions of each name that stand outside bundles, ascending. */
  readonly versions: ReadonlyMap<string, readonly string[]>;
  /** By `name@version`. */
  readonly packages: ReadonlyMap<string, TreePackage>;
  readonly slots: readonly Slot[];
  /** `name@version` of what nothing requires and is there all the same: workspace members, leftovers. */
  readonly roots: readonly string[];
  /** `name@version` of an owner → of what it carries in its own archive. */
  readonly carried: ReadonlyMap<string, ReadonlySet<string>>;
  /** Names of the packages that require a name. */
  readonly dependents: ReadonlyMap<string, ReadonlySet<string>>;
  readonly broken: readonly Broken[];
}

/** The identity of a version within one project. */
export function pairOf(name: string, version: string): string {
  return `${name}@${version}`;
}

/** The name of a pair. */
export function nameOf(pair: string): string {
  return pair.slice(0, pair.lastIndexOf("@"));
}

/** The version of a pair. */
export function versionOf(pair: string): string {
  return pair.slice(pair.lastIndexOf("@") + 1);
}

/** The versions of each name in a set of pairs. */
export function versionsByName(pairs: Iterable<string>): Map<string, string[]> {
  const versions = new Map<string, string[]>();
  for (const pair of pairs) {
    const list = versions.get(nameOf(pair));
    if (list === undefined) versions.set(nameOf(pair), [versionOf(pair)]);
    else list.push(versionOf(pair));
  }
  return versions;
}

/** Puts the second value under the key, beside those that are there. */
export function addTo<K, V>(map: Map<K, Set<V>>, key: K, value: V): void {
  const known = map.get(key);
  if (known === undefined) map.set(key, new Set([value]));
  else known.add(value);
}

const isBundled = (component: Component): boolean => component.immovable?.includes("bundled") === true;

/** Reads a project's part of the inventory; `bundles` tells which releases carry others in their archive. */
export function readTree(
  inventory: Inventory,
  project: Project,
  {
    order,
    bundles,
    allowOverrides = "same-major",
  }: {
    order: VersionOrder;
    bundles: (name: string, version: string) => boolean | undefined;
    /** How far a rule that is there already may be taken. */
    allowOverrides?: Policy["allowOverrides"];
  },
): Tree {
  const components = inventory.components.filter(
    (one) => one.project === project.path && one.ecosystem === "npm",
  );
  const byKey = new Map(components.map((one) => [componentKey(one), one]));
  const dependencies = inventory.dependencies.filter((one) => one.project === project.path);
  const owners = findOwners(components, bundles);
  const broken: Broken[] = [];
  const slots: Slot[] = [];
  const edges = new Map<string, Edge[]>();
  for (const dependency of dependencies) {
    const to = dependency.to === null ? undefined : byKey.get(dependency.to);
    const from = dependency.from === null ? undefined : byKey.get(dependency.from);
    if (dependency.from !== null && from === undefined) continue;
    if (isUnserved(dependency, to)) {
      broken.push({
        project: project.path,
        from: from === undefined ? null : pairOf(from.name, from.version),
        requirement: `${dependency.name}@${dependency.requirement === "" ? "*" : dependency.requirement}`,
        found: to?.version ?? null,
      });
      if (from !== undefined || to === undefined) continue;
    }
    if (to === undefined) continue;
    if (from === undefined) slots.push(slotOf(dependency, to, order));
    else {
      const toOwners = owners.get(pairOf(to.name, to.version));
      if (toOwners !== undefined && !toOwners.free) continue; // served by a bundled copy: nothing that a plan decides
      const own = owners.get(pairOf(from.name, from.version));
      const holders = own === undefined || own.free ? [pairOf(from.name, from.version)] : [...own.owners];
      for (const holder of holders) {
        const list = edges.get(holder) ?? [];
        list.push(edgeOf(dependency, to, { order, allowOverrides }));
        edges.set(holder, list);
      }
    }
  }
  const packages = new Map<string, TreePackage>();
  for (const one of components) {
    const pair = pairOf(one.name, one.version);
    const place = owners.get(pair);
    packages.set(pair, {
      name: one.name,
      version: one.version,
      scope: one.scope,
      free: place?.free ?? true,
      owners: [...(place?.owners ?? [])],
      edges: edges.get(pair) ?? [],
      known: one.requirementsKnown,
      ...(one.immovable === undefined || isBundled(one) ? {} : { immovable: one.immovable }),
    });
  }
  return { ...indexTree(packages, slots, order), packages, slots, broken };
}

function isUnserved(dependency: Dependency, to: Component | undefined): boolean {
  if (dependency.satisfied === false) return true;
  return (
    to === undefined &&
    dependency.satisfied !== null &&
    dependency.kind !== "optional" &&
    dependency.optional !== true
  );
}

function slotOf(dependency: Dependency, to: Component, order: VersionOrder): Slot {
  const read = readSpecifier(dependency.name, dependency.requirement, order);
  const aliased = dependency.name !== to.name || (read.state === "range" && read.aliased);
  const movable = to.immovable === undefined || isBundled(to);
  return {
    name: to.name,
    range: read.state === "range" ? read.range : dependency.requirement,
    runtime: dependency.kind !== "development",
    today: to.version,
    may: !movable || read.state !== "range" ? "fixed" : aliased ? "range" : "free",
  };
}

function edgeOf(
  dependency: Dependency,
  to: Component,
  { order, allowOverrides }: { order: VersionOrder; allowOverrides: Policy["allowOverrides"] },
): Edge {
  const read = readSpecifier(dependency.name, dependency.requirement, order);
  const kind = dependency.kind === "development" ? "production" : dependency.kind;
  const base = { name: to.name, kind, optional: dependency.optional === true, to: to.version };
  const ruling = rulingOf(dependency, to);
  if (read.state === "range" && ruling !== undefined)
    return ruledNeed({ ...base, range: read.range }, ruling, { allowOverrides, order });
  if (read.state === "range" && order.satisfies(to.version, read.range))
    return { ...base, range: read.range };
  return { ...base, range: dependency.requirement, only: to.version };
}

/** The project's own override that serves a requirement, where a plan may change it. */
export function rulingOf({ override }: Dependency, to: Component): Ruling | undefined {
  return override?.rule === undefined
    ? undefined
    : { key: override.rule, value: override.range, version: to.version };
}

/** Which copies lie inside whose archive; absent: all copies are free. */
function findOwners(
  components: readonly Component[],
  bundles: (name: string, version: string) => boolean | undefined,
): Map<string, { free: boolean; owners: Set<string> }> {
  const at = new Map<string, Component>();
  for (const one of components)
    for (const place of one.places) if (place.at !== undefined) at.set(place.at, one);
  const owners = new Map<string, { free: boolean; owners: Set<string> }>();
  for (const one of components) {
    if (!isBundled(one)) continue;
    const entry = { free: false, owners: new Set<string>() };
    for (const place of one.places) {
      const owner = place.at === undefined ? undefined : ownerOf(place.at, at);
      if (owner === undefined || bundles(owner.name, owner.version) === false) entry.free = true;
      else entry.owners.add(pairOf(owner.name, owner.version));
    }
    owners.set(pairOf(one.name, one.version), entry);
  }
  return owners;
}

function ownerOf(place: string, at: ReadonlyMap<string, Component>): Component | undefined {
  let path = place;
  for (;;) {
    const cut = path.lastIndexOf("/node_modules/");
    if (cut < 0) return undefined;
    path = path.slice(0, cut);
    const holder = at.get(path);
    if (holder !== undefined && !isBundled(holder)) return holder;
  }
}

function indexTree(
  packages: ReadonlyMap<string, TreePackage>,
  slots: readonly Slot[],
  order: VersionOrder,
): Pick<Tree, "versions" | "roots" | "dependents" | "carried"> {
  const versions = new Map<string, string[]>();
  const dependents = new Map<string, Set<string>>();
  const carried = new Map<string, Set<string>>();
  for (const one of packages.values()) {
    if (one.free) versions.set(one.name, [...(versions.get(one.name) ?? []), one.version]);
    for (const owner of one.owners) {
      addTo(dependents, one.name, nameOf(owner));
      addTo(carried, owner, pairOf(one.name, one.version));
    }
    for (const edge of one.edges) addTo(dependents, edge.name, one.name);
  }
  for (const list of versions.values()) list.sort((a, b) => order.compare(a, b));
  return { versions, dependents, carried, roots: unreached(packages, slots) };
}

/** What stands in the tree without being reached, least first so that one leftover does not make roots of its own needs. */
function unreached(packages: ReadonlyMap<string, TreePackage>, slots: readonly Slot[]): string[] {
  const seen = new Set<string>();
  const visit = (start: string): void => {
    const stack = [start];
    for (let pair = stack.pop(); pair !== undefined; pair = stack.pop()) {
      if (seen.has(pair)) continue;
      seen.add(pair);
      for (const edge of packages.get(pair)?.edges ?? []) stack.push(pairOf(edge.name, edge.to));
    }
  };
  for (const slot of slots) visit(pairOf(slot.name, slot.today));
  const required = new Set<string>();
  for (const [pair, one] of packages)
    if (!seen.has(pair)) for (const edge of one.edges) required.add(pairOf(edge.name, edge.to));
  const roots: string[] = [];
  for (const unrequired of [true, false])
    for (const [pair, one] of packages)
      if (!seen.has(pair) && one.free && (!unrequired || !required.has(pair))) {
        roots.push(pair);
        visit(pair);
      }
  return roots;
}
