import type { Policy, Release, ReleaseSource, Requirement, Requirements } from "../../model/index.ts";
import type { VersionOrder } from "../../versions/index.ts";
import { refusedByPin } from "../pins.ts";
import { needsOf, ruledNeed, type Need, type Ruling } from "./need.ts";
import { pairOf } from "./tree.ts";

/** What may not be chosen. */
export interface Limits {
  /** Full Node version; absent: engines are not judged. */
  readonly node?: string;
  readonly pins: Pick<Policy, "pinned" | "alone">;
  /** Names that the project holds. */
  readonly present: ReadonlySet<string>;
  readonly cooldownDays: number;
  /** RFC 3339. */
  readonly now: string;
  /** `name@version` that the package manager refused. */
  readonly refused: ReadonlySet<string>;
  /** Requirements the package manager named that no metadata did, by `name@version`. */
  readonly extra: ReadonlyMap<string, readonly Need[]>;
  /** The project's own overrides that a plan may change, by package. */
  readonly rulings: ReadonlyMap<string, Ruling>;
  readonly allowOverrides: Policy["allowOverrides"];
  /** Names whose fix may not wait for the cooldown. */
  readonly urgent: ReadonlySet<string>;
}

/**
 * What the package index says, read on demand: a look-up of what is not there yet answers `undefined` and is noted;
 * `load` then fetches everything noted at once. Whoever computes with it runs again until nothing is noted.
 */
export interface Catalogue {
  readonly order: VersionOrder;
  /** Every listed version that can be read, ascending. */
  listed(name: string): readonly string[] | undefined;
  /** Those that may be chosen anew, ascending; deprecated ones only where their whole line is. */
  usable(name: string): readonly string[] | undefined;
  release(name: string, version: string): Release | undefined;
  /** `null`: cannot be planned. */
  needs(name: string, version: string): readonly Need[] | null | undefined;
  /** Asks for the requirements of these too with the next `load`. */
  expect(name: string, versions: readonly string[]): void;
  /** Why a listed version may not be chosen. */
  excluded(name: string, version: string): string | undefined;
  satisfies(version: string, range: string): boolean;
  /** Requirements of a version that only the package manager named. */
  extra(pair: string): readonly Need[];
  /** Whether the cooldown could be judged for a package, or why not. */
  cooldown(name: string): "judged" | "off" | "undated" | "impossible dates";
  /** `usable` inside a range. */
  within(name: string, range: string): readonly string[];
  /** Whether a listed version lies in both ranges: npm then applies an override of the one to the other. */
  haveCommon(name: string, a: string, b: string): boolean;
  /** Fetches what was missing; `false` when nothing was. */
  load(signal?: AbortSignal): Promise<boolean>;
  /** Names that could not take part, and why. */
  skipped(): ReadonlyMap<string, string>;
  /** Packages and versions read. */
  size(): { readonly packages: number; readonly versions: number };
}

interface Entry {
  readonly releases: ReadonlyMap<string, Release>;
  readonly listed: readonly string[];
  readonly usable: readonly string[];
  readonly excluded: ReadonlyMap<string, string>;
  readonly cooldown: ReturnType<Catalogue["cooldown"]>;
  readonly within: Map<string, readonly string[]>;
  readonly common: Map<string, boolean>;
}

const concurrency = 12;
/** How many steps down from a package new to the project are read in one go. */
const mostAhead = 12;

export function openCatalogue(source: ReleaseSource, order: VersionOrder, limits: Limits): Catalogue {
  const entries = new Map<string, Entry>();
  const needs = new Map<string, readonly Need[] | null>();
  const lists = new WeakMap<readonly Requirement[], readonly Need[] | null>();
  const skipped = new Map<string, string>();
  const wantedNames = new Set<string>();
  const wantedNeeds = new Map<string, Set<string>>();
  const accepted = new Map<string, Map<string, boolean>>();

  const want = (name: string, version: string): void => {
    const set = wantedNeeds.get(name);
    if (set === undefined) wantedNeeds.set(name, new Set([version]));
    else set.add(version);
  };
  const entryOf = (name: string): Entry | undefined => {
    const entry = entries.get(name);
    if (entry === undefined) wantedNames.add(name);
    return entry;
  };
  const loadName = async (name: string, signal?: AbortSignal): Promise<void> => {
    const list = await source.releases(name, signal);
    if (list.state === "unknown") {
      skipped.set(name, list.reason);
      entries.set(name, {
        releases: new Map(),
        listed: [],
        usable: [],
        excluded: new Map(),
        cooldown: "off",
        within: new Map(),
        common: new Map(),
      });
    } else entries.set(name, entryFrom(name, list.releases, order, limits));
  };
  const loadNeeds = async (
    name: string,
    versions: ReadonlySet<string>,
    signal?: AbortSignal,
  ): Promise<void> => {
    for (const version of versions)
      keepNeeds(pairOf(name, version), await source.requirements(name, version, signal));
  };
  const keepNeeds = (pair: string, said: Requirements): readonly Need[] | null => {
    const read = said.state === "known" ? readNeeds(said.requires) : null;
    const extra = limits.extra.get(pair);
    const kept = read === null || extra === undefined ? read : [...read, ...extra];
    needs.set(pair, kept);
    return kept;
  };
  /** Releases that require the same have one list of needs as well. */
  const readNeeds = (requires: readonly Requirement[]): readonly Need[] | null => {
    let read = lists.get(requires);
    if (read === undefined)
      lists.set(requires, (read = needsOf(requires, order)?.map((need) => ruled(need)) ?? null));
    return read;
  };
  /** What can be told without asking is not asked for. */
  const knownNeeds = (name: string, version: string): readonly Need[] | null | undefined => {
    const pair = pairOf(name, version);
    const known = needs.get(pair);
    if (known !== undefined) return known;
    const said = entries.has(name) ? source.atHand?.(name, version) : undefined;
    if (said !== undefined) return keepNeeds(pair, said);
    want(name, version);
    return undefined;
  };

  const ruled = (need: Need): Need => {
    const ruling = limits.rulings.get(need.name);
    const holds = ruling !== undefined && (ruling.key === "*" || ruling.key === need.range);
    // What serves the package anyway needs no rule; what does not would get one.
    return holds ? ruledNeed(need, ruling, { allowOverrides: limits.allowOverrides, order }) : need;
  };
  const satisfies = (version: string, range: string): boolean => {
    let memo = accepted.get(range);
    if (memo === undefined) accepted.set(range, (memo = new Map<string, boolean>()));
    const known = memo.get(version);
    if (known !== undefined) return known;
    const answer = order.satisfies(version, range);
    memo.set(version, answer);
    return answer;
  };

  /** What a package new to the project brings in at its newest will be looked at next. */
  const wantBeneath = (name: string): void => {
    const newest = limits.present.has(name) ? undefined : entries.get(name)?.usable.at(-1);
    if (newest !== undefined)
      for (const need of knownNeeds(name, newest) ?? []) if (need.kind === "production") entryOf(need.name);
  };

  return {
    order,
    listed: (name) => entryOf(name)?.listed,
    usable: (name) => entryOf(name)?.usable,
    release: (name, version) => entryOf(name)?.releases.get(version),
    excluded: (name, version) => entryOf(name)?.excluded.get(version),
    needs: knownNeeds,
    expect(name, versions) {
      if (source.atHand !== undefined && entries.has(name)) return;
      for (const version of versions) if (!needs.has(pairOf(name, version))) want(name, version);
    },
    satisfies,
    within(name, range) {
      const entry = entryOf(name);
      if (entry === undefined) return [];
      let list = entry.within.get(range);
      if (list === undefined)
        entry.within.set(range, (list = entry.usable.filter((one) => satisfies(one, range))));
      return list;
    },
    haveCommon(name, a, b) {
      if (a === b) return true;
      const entry = entryOf(name);
      if (entry === undefined) return false;
      const key = `${a}|${b}`;
      let answer = entry.common.get(key);
      if (answer === undefined)
        entry.common.set(key, (answer = entry.listed.some((one) => satisfies(one, a) && satisfies(one, b))));
      return answer;
    },
    extra: (pair) => limits.extra.get(pair) ?? [],
    cooldown: (name) => entries.get(name)?.cooldown ?? "off",
    async load(signal) {
      let some = false;
      for (let depth = 0; depth < mostAhead && wantedNames.size + wantedNeeds.size > 0; depth++) {
        some = true;
        const jobs: (() => Promise<void>)[] = [];
        const fresh = [...wantedNames];
        for (const name of fresh) jobs.push(() => loadName(name, signal));
        for (const [name, versions] of wantedNeeds)
          jobs.push(() => loadNeeds(name, new Set(versions), signal));
        wantedNames.clear();
        wantedNeeds.clear();
        const worker = async (): Promise<void> => {
          for (let job = jobs.shift(); job !== undefined; job = jobs.shift()) {
            signal?.throwIfAborted();
            await job();
          }
        };
        await Promise.all(Array.from({ length: concurrency }, worker));
        for (const name of fresh) wantBeneath(name);
      }
      return some;
    },
    skipped: () => skipped,
    size: () => ({ packages: entries.size, versions: needs.size }),
  };
}

function entryFrom(name: string, releases: readonly Release[], order: VersionOrder, limits: Limits): Entry {
  const byVersion = new Map(
    releases.filter((one) => order.isValid(one.version)).map((one) => [one.version, one]),
  );
  const listed = [...byVersion.keys()].sort((a, b) => order.compare(a, b));
  const excluded = new Map<string, string>();
  const deprecated: string[] = [];
  // A package for other platforms only is there because something wants it where it can be used.
  const isForeign = byVersion.get(listed.at(-1) ?? "")?.foreign === true;
  const cooldown = judgeDates(name, byVersion, order, limits);
  const cooling = cooldown === "judged" ? coolingIn(byVersion, limits) : new Set<string>();
  for (const [version, release] of byVersion) {
    const reason = whyExcluded({ name, release, order, limits, cooling, isForeign });
    if (reason !== undefined) excluded.set(version, reason);
    else if (release.deprecated !== undefined) deprecated.push(version);
  }
  for (const version of withdrawnFor(deprecated, { listed, excluded, order }))
    excluded.set(version, "it is deprecated");
  const usable = listed.filter((version) => !excluded.has(version));
  return { releases: byVersion, listed, usable, excluded, cooldown, within: new Map(), common: new Map() };
}

/** Deprecated versions in whose line (no major step between them) another one serves; a line given up as a whole may be used. */
function withdrawnFor(
  deprecated: readonly string[],
  of: { listed: readonly string[]; excluded: ReadonlyMap<string, string>; order: VersionOrder },
): string[] {
  const { listed, excluded, order } = of;
  const alive = listed.filter((version) => !excluded.has(version) && !deprecated.includes(version));
  return deprecated.filter((version) => alive.some((other) => order.level(version, other) !== "major"));
}

function whyExcluded(of: {
  name: string;
  release: Release;
  order: VersionOrder;
  limits: Limits;
  cooling: ReadonlySet<string>;
  isForeign: boolean;
}): string | undefined {
  const { name, release, order, limits, cooling, isForeign } = of;
  const { version } = release;
  if (order.isPrerelease(version)) return "it is a pre-release";
  if (release.usable !== "tarball") return "the registry lists no archive of it";
  if (release.foreign === true && !isForeign) return "it is made for other platforms";
  if (release.yanked !== undefined) return "it was withdrawn";
  if (release.bundles === true)
    return "it carries other packages in its own archive, whose versions no index tells";
  if (limits.refused.has(pairOf(name, version))) return "the package manager refused it";
  if (
    limits.node !== undefined &&
    release.requiresRuntime !== undefined &&
    order.isRange(release.requiresRuntime) &&
    !order.satisfies(limits.node, release.requiresRuntime)
  )
    return `it needs node ${release.requiresRuntime} and the project runs on ${limits.node}`;
  const pin = refusedByPin(limits.pins, { name, version, isThere: limits.present.has(name) }, order);
  if (pin !== undefined) return pin;
  if (cooling.has(version)) return `it is younger than the cooldown of ${limits.cooldownDays} days`;
  return undefined;
}

function judgeDates(
  name: string,
  releases: ReadonlyMap<string, Release>,
  order: VersionOrder,
  limits: Limits,
): Entry["cooldown"] {
  if (limits.cooldownDays <= 0 || limits.urgent.has(name)) return "off";
  if ([...releases.values()].every((one) => one.publishedAt === undefined)) return "undated";
  return areDatesPossible(releases, order, limits.now) ? "judged" : "impossible dates";
}

function coolingIn(releases: ReadonlyMap<string, Release>, limits: Limits): ReadonlySet<string> {
  const from = Date.parse(limits.now) - limits.cooldownDays * 86_400_000;
  return new Set(
    [...releases.values()]
      .filter((one) => one.publishedAt !== undefined && Date.parse(one.publishedAt) > from)
      .map((one) => one.version),
  );
}

/**
 * Whether a package's release dates can be true: within one minor line a lower patch is not published after a higher
 * one, and nothing is published in the future. Mirrors are known to give the day of their own copy.
 */
export function areDatesPossible(
  releases: ReadonlyMap<string, Release>,
  order: VersionOrder,
  now: string,
): boolean {
  const dated = [...releases.values()]
    .filter((one) => one.publishedAt !== undefined && !order.isPrerelease(one.version))
    .sort((a, b) => order.compare(a.version, b.version));
  const limit = Date.parse(now) + 86_400_000;
  return dated.every((one, index) => {
    const at = Date.parse(one.publishedAt ?? "");
    const next = dated[index + 1];
    if (Number.isNaN(at) || at > limit) return false;
    if (next === undefined || order.level(one.version, next.version) !== "patch") return true;
    return at <= Date.parse(next.publishedAt ?? "") + 86_400_000;
  });
}
