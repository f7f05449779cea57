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
      for (const dependent of dependents.get(key) ?? []) {
        if (towards.has(dependent)) continue;
        towards.set(dependent, key);
        queue.push(dependent);
      }
    }
    return paths;
  };
}

function dependentsOf(
  inventory: Inventory,
  components: ReadonlyMap<string, Component>,
): ReadonlyMap<string, readonly string[]> {
  const dependents = new Map<string, Set<string>>();
  for (const { from, to } of inventory.dependencies) {
    if (from === null || to === null || !components.has(from)) continue;
    const known = dependents.get(to);
    if (known === undefined) dependents.set(to, new Set([from]));
    else known.add(from);
  }
  return new Map([...dependents].map(([key, from]) => [key, [...from].sort(compareTexts)]));
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
