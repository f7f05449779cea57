import { tiers } from "../../model/index.ts";
import type { Catalogue } from "./catalogue.ts";
import type { Slot, Tree } from "./tree.ts";
import type { Override } from "./universe.ts";

/** The parts of the objective after the findings by tier. */
export const costNames: readonly string[] = [
  ...tiers.map((tier) => `findings left, ${tier}`),
  "requirements overridden",
  "major moves of direct runtime dependencies",
  "major moves of direct development dependencies",
  "versions new to the tree",
  "distance",
];

/** A set of versions as the solver chose it. */
export interface Choice {
  /** `name@version` of everything free that is there. */
  readonly present: ReadonlySet<string>;
  readonly slots: ReadonlyMap<Slot, string>;
  readonly overrides: readonly Override[];
}

/** How many releases a version lies past the nearest of today's; for a newcomer, how many lie past it. */
export function distanceOf(tree: Tree, catalogue: Catalogue, name: string, version: string): number {
  const { order } = catalogue;
  const usable = catalogue.usable(name) ?? [];
  const below = (tree.versions.get(name) ?? []).filter((one) => order.compare(one, version) < 0).at(-1);
  return usable.filter((one) =>
    below === undefined
      ? order.compare(one, version) > 0
      : order.compare(one, below) > 0 && order.compare(one, version) <= 0,
  ).length;
}
