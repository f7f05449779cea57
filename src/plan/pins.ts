import type { Policy } from "../model/index.ts";
import type { VersionOrder } from "../versions/index.ts";

/**
 * Why the owner's pins, or the command line's, forbid that a package moves to a version.
 * @param candidate `isThere`: the project holds the package, in whatever version
 */
export function refusedByPin(
  { pinned, alone }: Pick<Policy, "pinned" | "alone">,
  candidate: { readonly name: string; readonly version: string; readonly isThere: boolean },
  order: VersionOrder,
): string | undefined {
  const { name, version, isThere } = candidate;
  for (const { package: of, below, only, reason } of pinned) {
    if (of !== name) continue;
    if (only !== undefined) {
      if (order.compare(version, only) !== 0) return `${name} ${only} was asked for: ${reason}`;
    } else if (below === undefined) return `redress.yaml pins ${name}: ${reason}`;
    else if (order.compare(version, below) >= 0) return `redress.yaml pins ${name} below ${below}: ${reason}`;
  }
  if (alone !== undefined && isThere && !alone.includes(name))
    return `only ${alone.join(", ")} may move (--alone)`;
  return undefined;
}
