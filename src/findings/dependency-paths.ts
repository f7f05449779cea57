import { componentKey, type Component, type Inventory } from "../model/index.ts";
import { compareTexts } from "../versions/index.ts";

const mostPaths = 5;

/**
 * Shortest chains of `name@version` from direct dependencies to a component, at most five, one for each direct
 * dependency, the shortest first. The graph is read once; each question walks it backwards, breadth first.
 */
export function pathFinder(inventory: Inventory): (component: Component) => readonly (readonly string[])[] {
  const components = new Map(inventory.components.map((one) => [componentKey(one), one]));
  const dependents = dependentsOf(inventory, components);
  return (target) => {
    const start = componentKey(target);
    /** The next step towards the target. */
    const towards = new Map<string, string | null>([[start, null]]);
    const paths: string[][] = [];
    const queue = [start];
    for (let head = 0; head < queue.length && paths.length < mostPaths; head++) {
      const key = queue[head] ?? "";
      if (components.get(key)?.direct === true) paths.push(chainFrom(key, { towards, components }));
      for (const dependent of dependents.get(key)) {
        if (towards.has(dependent)) continue;
        towards.set(dependent, key);
        queue.push(dependent);
      }
    }
    return paths;
  };
}

/** Paths that were found, and whether there are more than were asked for. */
export interface RootPaths {
  /** `name@version` from a component that the project names itself, the shortest first. */
  readonly paths: readonly (readonly string[])[];
  readonly isCapped: boolean;
}

/** How many partial paths may be followed: a graph of any size is answered at once. */
const mostSteps = 100_000;

/** Every path without a cycle from a direct dependency to a component, the shortest first, at most `most`. */
export function pathsFromRoots(inventory: Inventory, target: Component, most: number): RootPaths {
  const components = new Map(inventory.components.map((one) => [componentKey(one), one]));
  const dependents = dependentsOf(inventory, components);
  const paths: string[][] = [];
  interface Partial {
    readonly key: string;
    readonly towards: Partial | undefined;
  }
  const queue: Partial[] = [{ key: componentKey(target), towards: undefined }];
  for (let head = 0; head < queue.length && head < mostSteps; head++) {
    const at = queue[head];
    if (at === undefined) break;
    const chain: string[] = [];
    for (let step: Partial | undefined = at; step !== undefined; step = step.towards) chain.push(step.key);
    if (components.get(at.key)?.direct === true) {
      if (paths.length === most) return { paths, isCapped: true };
      paths.push(
        chain.flatMap((key) => {
          const component = components.get(key);
          return component === undefined ? [] : [`${component.name}@${component.version}`];
        }),
      );
    }
    for (const key of dependents.get(at.key))
      if (!chain.includes(key) && queue.length < mostSteps) queue.push({ key, towards: at });
  }
  return { paths, isCapped: queue.length >= mostSteps };
}

function dependentsOf(
  inventory: Inventory,
  components: ReadonlyMap<string, Component>,
): { get(key: string): readonly string[] } {
  const dependents = new Map<string, string[]>();
  for (const { from, to } of inventory.dependencies) {
    if (from === null || to === null || !components.has(from)) continue;
    const known = dependents.get(to);
    if (known === undefined) dependents.set(to, [from]);
    else known.push(from);
  }
  // Put in order when first asked for: most of a graph leads to no finding.
  const ordered = new Map<string, readonly string[]>();
  return {
    get(key) {
      let found = ordered.get(key);
      if (found === undefined) {
        found = [...new Set(dependents.get(key))].sort(compareTexts);
        ordered.set(key, found);
      }
      return found;
    },
  };
}

function chainFrom(
  key: string,
  {
    towards,
    components,
  }: { towards: ReadonlyMap<string, string | null>; components: ReadonlyMap<string, Component> },
): string[] {
  const chain: string[] = [];
  for (let at: string | null | undefined = key; at !== null && at !== undefined; at = towards.get(at)) {
    const component = components.get(at);
    if (component !== undefined) chain.push(`${component.name}@${component.version}`);
  }
  return chain;
}
