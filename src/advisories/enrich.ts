import type { Enrichment, Known } from "../model/index.ts";
import type { KeyedIndex } from "./keyed-index.ts";

/** An enrichment that could be opened. */
export interface Facts {
  readonly index: KeyedIndex;
  /** RFC 3339, where it was fetched over a network. */
  readonly fetchedAt?: string;
}

/** Facts whose own date is farther than this from the day of judgement are stale (`policy.md`: inputs). */
export const staleAfterMs = 7 * 24 * 60 * 60 * 1000;

/**
 * What KEV and EPSS say of an advisory under any of its ids. Not being in a catalogue that was read is known; not
 * having a score, or no catalogue, is unavailable.
 * @param now The moment judged by, ms since 1970: KEV entries added later do not count.
 */
export function enrich(
  ids: readonly string[],
  facts: { readonly kev?: Facts | undefined; readonly epss?: Facts | undefined },
  now: number,
): Enrichment {
  const known = [...new Set(ids.map((id) => id.toUpperCase()))].filter((id) => id.startsWith("CVE-"));
  const { kev, epss } = facts;
  return {
    kev:
      kev === undefined ? { state: "unavailable" } : stated(kev, "CISA KEV", isListed(kev, known, now), now),
    epss:
      epss === undefined ? { state: "unavailable" } : stated(epss, "FIRST EPSS", scoreOf(epss, known), now),
  };
}

function isListed(kev: Facts, ids: readonly string[], now: number): boolean {
  return ids.some((id) => {
    const added = kev.index.get(id);
    return added !== undefined && Date.parse(added) <= now;
  });
}

function scoreOf(epss: Facts, ids: readonly string[]): number | undefined {
  const scores = ids.flatMap((id) => epss.index.get(id) ?? []).map(Number);
  return scores.length === 0 ? undefined : Math.max(...scores);
}

function stated<T>(facts: Facts, source: string, value: T | undefined, now: number): Known<T> {
  if (value === undefined) return { state: "unavailable" };
  const date = facts.index.facts.newest;
  const isStale = date === null || Math.abs(now - Date.parse(date)) > staleAfterMs;
  return {
    state: isStale ? "stale" : "known",
    value,
    source,
    ...(facts.fetchedAt === undefined ? {} : { fetchedAt: facts.fetchedAt }),
  };
}
