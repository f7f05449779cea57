import {
  componentKey,
  type Component,
  type Dependency,
  type Inventory,
  type Project,
  type ReleaseSource,
} from "../model/index.ts";
import { orderOf } from "../versions/index.ts";

/** How many answers of the registry are awaited at a time; the client has its own limits. */
const concurrency = 32;

/**
 * An inventory with the ranges by which a project's packages require each other, asked from the registry where the
 * lockfile tells only who serves whom (pnpm's). A range that does not admit the version in place was overridden and stays
 * unsaid.
 */
export async function fillRanges(
  inventory: Inventory,
  { project, source, signal }: { project: Project; source: ReleaseSource; signal?: AbortSignal },
): Promise<Inventory> {
  const isOwn = (one: { readonly project: string; readonly from: string | null }): boolean =>
    one.project === project.path && one.from !== null;
  const wanting = new Set(
    inventory.dependencies.filter((one) => isOwn(one) && one.requirement === "").map((one) => one.from),
  );
  const queue = inventory.components.filter(
    (one) => one.ecosystem === "npm" && !one.requirementsKnown && wanting.has(componentKey(one)),
  );
  if (queue.length === 0) return inventory;
  const ranges = new Map<string, ReadonlyMap<string, string>>();
  const work = async (): Promise<void> => {
    for (let one = queue.pop(); one !== undefined; one = queue.pop()) {
      const known = await source.requirements(one.name, one.version, signal);
      if (known.state === "known")
        ranges.set(componentKey(one), new Map(known.requires.map(({ name, range }) => [name, range])));
    }
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, queue.length) }, work));
  const byKey = new Map(inventory.components.map((one) => [componentKey(one), one]));
  return {
    ...inventory,
    dependencies: inventory.dependencies.map((one) =>
      isOwn(one) && one.requirement === "" ? withRange(one, { ranges, byKey }) : one,
    ),
  };
}

function withRange(
  one: Dependency,
  of: {
    ranges: ReadonlyMap<string, ReadonlyMap<string, string>>;
    byKey: ReadonlyMap<string, Component>;
  },
): Dependency {
  const range = of.ranges.get(one.from ?? "")?.get(one.name);
  const server = one.to === null ? undefined : of.byKey.get(one.to);
  const order = orderOf("npm");
  if (range === undefined || server === undefined || !order.isRange(range)) return one;
  return order.satisfies(server.version, range) ? { ...one, requirement: range } : one;
}
