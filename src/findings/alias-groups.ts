import type { Advisory } from "../model/index.ts";
import { compareTexts } from "../versions/index.ts";

/** Records that speak of the same vulnerability. */
export interface AliasGroup {
  /** GHSA before PYSEC before CVE before others, whichever the records know; ties by text. */
  readonly id: string;
  /** Every other id, sorted. */
  readonly aliases: readonly string[];
  /** Ordered by id. */
  readonly records: readonly Advisory[];
}

const ranks = ["GHSA-", "PYSEC-", "CVE-"];

function rankOf(id: string): number {
  const rank = ranks.findIndex((prefix) => id.startsWith(prefix));
  return rank < 0 ? ranks.length : rank;
}

/** The order in which ids are preferred. */
export const compareIds = (a: string, b: string): number => rankOf(a) - rankOf(b) || compareTexts(a, b);

/** Joins records that share an id or an alias, also by way of a third (OSV `aliases`); ordered by preferred id. */
export function groupAliases(records: readonly Advisory[]): AliasGroup[] {
  const parents = new Map<string, string>();
  const rootOf = (id: string): string => {
    let root = id;
    for (let next = parents.get(root); next !== undefined && next !== root; next = parents.get(root))
      root = next;
    for (let at = id; at !== root;) {
      const next = parents.get(at) ?? root;
      parents.set(at, root);
      at = next;
    }
    return root;
  };
  for (const record of records)
    for (const id of [record.id, ...record.aliases]) {
      if (!parents.has(id)) parents.set(id, id);
      parents.set(rootOf(id), rootOf(record.id));
    }
  const groups = Map.groupBy(records, (record) => rootOf(record.id));
  return [...groups.values()].map(groupOf).sort((a, b) => compareIds(a.id, b.id));
}

function groupOf(records: readonly Advisory[]): AliasGroup {
  const ids = new Set(records.flatMap((record) => [record.id, ...record.aliases]));
  const [id = "", ...aliases] = [...ids].sort(compareIds);
  return {
    id,
    aliases: aliases.sort(compareTexts),
    records: [...records].sort((a, b) => compareTexts(a.id, b.id)),
  };
}
