import type { Inventory, Project, Requirement } from "../model/index.ts";
import { evaluateMarker, markerEnvironment, orderOf } from "../versions/index.ts";
import type { PinSet } from "./python-pins.ts";

/** A requirement that a set of versions does not meet. */
export interface Unmet {
  /** `name@version` */
  readonly from: string;
  readonly name: string;
  readonly range: string;
  /** `null`: absent. */
  readonly found: string | null;
}

export interface PinCheck {
  readonly project: Project;
  readonly inventory: Inventory;
  readonly set: PinSet;
  /** Packages that have moved, by name, with what their new versions require. */
  readonly moved: ReadonlyMap<string, readonly Requirement[]>;
  /** What other packages require, by name, where the inventory does not say. */
  readonly others?: ReadonlyMap<string, readonly Requirement[]>;
  /** Packages whose requirements were unmet before and are as they were. */
  readonly tolerated: ReadonlySet<string>;
}

/**
 * Requirements that the moves break: those of the moved packages' new versions, and those of the others on what
 * moved, for the project's target. A project without an environment is not held to be complete: what is absent there
 * is the installer's to add.
 */
export function findUnmet(check: PinCheck): readonly Unmet[] {
  const { project, set, moved, tolerated } = check;
  const order = orderOf("PyPI");
  const unmet: Unmet[] = [];
  const judge = (from: string, name: string, range: string): void => {
    const found = set.pins.get(name) ?? null;
    if (tolerated.has(name) || set.immovable.has(name)) return;
    if (
      found === null
        ? project.environment === undefined
        : order.satisfies(found, range, { prereleases: true })
    )
      return;
    unmet.push({ from, name, range, found });
  };
  const environment = markerEnvironment(project.target);
  for (const [name, requires] of [...moved, ...(check.others ?? [])]) {
    const from = `${name}@${set.pins.get(name) ?? ""}`;
    const extras = set.extras.get(name) ?? [];
    for (const one of requires) {
      if (!moved.has(name) && !moved.has(one.name)) continue;
      if (one.url === undefined && applies(one.marker, environment, extras)) judge(from, one.name, one.range);
    }
  }
  for (const dependency of check.inventory.dependencies) {
    if (dependency.project !== project.path || dependency.from === null || dependency.satisfied === null)
      continue;
    const from = dependency.from.slice(dependency.from.lastIndexOf("|") + 1);
    const dependent = from.slice(0, from.lastIndexOf("@"));
    if (moved.has(dependency.name) && !moved.has(dependent) && set.pins.has(dependent))
      judge(from, dependency.name, dependency.requirement);
  }
  return unmet;
}

/** A marker that cannot be read counts as met: its requirement is then held up rather than lost. */
function applies(
  marker: string | undefined,
  environment: ReturnType<typeof markerEnvironment>,
  extras: readonly string[],
): boolean {
  return marker === undefined || evaluateMarker(marker, environment, extras) !== false;
}
