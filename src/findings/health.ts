import type { Component, Release, ReleaseList } from "../model/index.ts";
import { orderOf } from "../versions/index.ts";
import { dayMs } from "./due-date.ts";

/** How long a package may go without a release before that is worth a word (policy of `redress health`). */
const quietYears = 2;

/** How a dependency fares by what its package index says of it. */
export interface Health {
  readonly project: string;
  readonly ecosystem: Component["ecosystem"];
  readonly package: string;
  readonly version: string;
  readonly direct: boolean;
  /** The newest release that the project's runtime can use, no pre-release; `null` where there is none or nothing is known. */
  readonly latest: string | null;
  /** RFC 3339: when the newest release of all came out; `null` where the index does not date it. */
  readonly lastRelease: string | null;
  readonly states: readonly HealthState[];
  /** What the index does not say, in words. */
  readonly unknown: readonly string[];
}

/** One thing that is amiss. */
export interface HealthState {
  readonly kind: "outdated" | "deprecated" | "yanked" | "unlisted" | "quiet";
  readonly text: string;
}

/** Judges one component by its package's releases; `now` in milliseconds since 1970. */
export function judgeHealth(component: Component, list: ReleaseList, now: number): Health {
  const { project, ecosystem, name, version, direct } = component;
  const base = { project, ecosystem, package: name, version, direct };
  if (list.state === "unknown")
    return { ...base, latest: null, lastRelease: null, states: [], unknown: [list.reason] };
  const order = orderOf(ecosystem);
  const own = list.releases.find((one) => order.compare(one.version, version) === 0);
  const latest = newest(component, list.releases);
  const lastRelease = list.releases
    .flatMap((one) => one.publishedAt ?? [])
    .sort((a, b) => Date.parse(a) - Date.parse(b))
    .at(-1);
  const states: HealthState[] = [];
  if (own?.yanked !== undefined)
    states.push({ kind: "yanked", text: `yanked${own.yanked === "" ? "" : `: ${own.yanked}`}` });
  if (own?.deprecated !== undefined)
    states.push({ kind: "deprecated", text: `deprecated: ${own.deprecated}` });
  if (own === undefined) states.push({ kind: "unlisted", text: "the index does not list this version" });
  if (latest !== undefined && order.compare(latest, version) > 0)
    states.push({ kind: "outdated", text: `${order.level(version, latest)} behind ${latest}` });
  const quietMs = lastRelease === undefined ? 0 : now - Date.parse(lastRelease);
  if (quietMs > quietYears * 365 * dayMs)
    states.push({ kind: "quiet", text: `no release for ${Math.floor(quietMs / (365 * dayMs))} years` });
  return {
    ...base,
    latest: latest ?? null,
    lastRelease: lastRelease ?? null,
    states,
    unknown: lastRelease === undefined ? ["the index does not say when releases were made"] : [],
  };
}

function newest({ ecosystem }: Component, releases: readonly Release[]): string | undefined {
  const order = orderOf(ecosystem);
  return releases
    .filter((one) => one.usable !== "no" && one.yanked === undefined && !order.isPrerelease(one.version))
    .filter(
      (one, _, all) => one.deprecated === undefined || all.every((other) => other.deprecated !== undefined),
    )
    .map((one) => one.version)
    .sort((a, b) => order.compare(a, b))
    .at(-1);
}
