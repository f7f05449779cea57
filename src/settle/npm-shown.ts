import type { ReleaseSource, Requirement, Upgrade } from "../model/index.ts";
import { orderOf } from "../versions/index.ts";

/** Versions by package. */
export type Versions = ReadonlyMap<string, ReadonlySet<string>>;

/** What a view shows for one phase. */
export interface Shown {
  readonly versions: Map<string, Set<string>>;
  /** Versions beyond the plan that a planned one cannot do without, `name@version`. */
  readonly added: Set<string>;
  /** Packages whose requirements an override serves otherwise. */
  readonly overridden: ReadonlySet<string>;
  /** Versions shown that require what the registry does not list: `name@version` → what is lacking. */
  readonly lacking: Map<string, string>;
}

/** Whether an upgrade writes rules below `overrides`. */
export const isOverride = (one: Upgrade): boolean =>
  one.via === "override" || (one.overrides?.length ?? 0) > 0;

const order = orderOf("npm");
/** Versions beyond the plan in one phase; a plan that lacks more is no plan. */
const maxAdded = 500;

/**
 * Today's versions with the upgrades' in the place of those that they replace. What is to vanish may still be needed,
 * but not where it has findings: npm would keep it for as long as it serves.
 */
export function versionsAfter(today: Versions, upgrades: readonly Upgrade[]): Map<string, Set<string>> {
  const after = new Map([...today].map(([name, versions]) => [name, new Set(versions)]));
  for (const { package: name, from, to, fixes } of upgrades)
    if (from !== null && (to !== null || fixes.length > 0)) after.get(name)?.delete(from);
  for (const { package: name, to } of upgrades)
    if (to !== null) after.set(name, (after.get(name) ?? new Set()).add(to));
  return after;
}

/**
 * What the view must show for a phase: the planned versions, today's of what stays, and what a planned version
 * requires that neither holds (optional packages for other platforms, which npm would otherwise drop without a word).
 */
export async function chooseShown(
  today: Versions,
  upgrades: readonly Upgrade[],
  source: ReleaseSource,
  signal?: AbortSignal,
): Promise<Shown> {
  const shown: Shown = {
    versions: versionsAfter(today, upgrades),
    added: new Set(),
    overridden: new Set(upgrades.filter(isOverride).map((one) => one.package)),
    lacking: new Map(),
  };
  const planned = upgrades.flatMap(({ package: name, to }) => (to === null ? [] : [{ name, version: to }]));
  await addRequired(shown, planned, source, signal);
  return shown;
}

/** Shows what some versions require and nothing shown serves, and what that requires in turn. */
async function addRequired(
  shown: Shown,
  by: readonly { readonly name: string; readonly version: string }[],
  source: ReleaseSource,
  signal: AbortSignal | undefined,
): Promise<void> {
  const queue = [...by];
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    const known = await source.requirements(next.name, next.version, signal);
    if (known.state !== "known") continue;
    for (const one of known.requires) {
      if (shown.overridden.has(one.name) || !isLacking(shown.versions, one)) continue;
      const version = await addOne(shown, one, source, signal);
      if (version !== undefined) queue.push({ name: one.name, version });
      else shown.lacking.set(`${next.name}@${next.version}`, `${one.name} ${one.range}`);
    }
  }
}

/** Whether npm would look for a requirement and find nothing. A peer that conflicts is npm's to judge. */
function isLacking(versions: Versions, one: Requirement): boolean {
  if (one.url !== undefined || (one.kind === "peer" && one.optional === true)) return false;
  const there = versions.get(one.name) ?? new Set();
  if (one.kind === "peer" || !isRange(one.range)) return there.size === 0;
  return ![...there].some((version) => order.satisfies(version, one.range));
}

const isRange = (range: string): boolean => range === "" || order.isRange(range);

/** Shows one more version, the highest in a range, with all that it requires. */
export async function addHighest(
  shown: Shown,
  wanted: Pick<Requirement, "name" | "range">,
  source: ReleaseSource,
  signal?: AbortSignal,
): Promise<string | undefined> {
  const version = await addOne(shown, wanted, source, signal);
  if (version !== undefined) await addRequired(shown, [{ name: wanted.name, version }], source, signal);
  return version;
}

/** The highest version in a range, one that is not deprecated first. */
async function addOne(
  shown: Shown,
  wanted: Pick<Requirement, "name" | "range">,
  source: ReleaseSource,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  if (shown.added.size >= maxAdded) return undefined;
  const list = await source.releases(wanted.name, signal);
  if (list.state !== "known") return undefined;
  const range = isRange(wanted.range) && wanted.range !== "" ? wanted.range : "*";
  const serving = list.releases
    .filter((one) => order.satisfies(one.version, range))
    .sort((a, b) => order.compare(b.version, a.version));
  const version = (serving.find((one) => one.deprecated === undefined) ?? serving[0])?.version;
  if (version === undefined || shown.versions.get(wanted.name)?.has(version) === true) return undefined;
  shown.versions.set(wanted.name, (shown.versions.get(wanted.name) ?? new Set()).add(version));
  shown.added.add(`${wanted.name}@${version}`);
  return version;
}
