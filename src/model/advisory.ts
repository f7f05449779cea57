import type { Ecosystem } from "./inventory.ts";

/** CVSS qualitative rating; OSV labels map onto it (GitHub's MODERATE is medium). */
export type Severity = "critical" | "high" | "medium" | "low" | "unknown";

/** From the most severe down. */
export const severities = [
  "critical",
  "high",
  "medium",
  "low",
  "unknown",
] as const satisfies readonly Severity[];

/** One event of an OSV range, exactly one field set (OSV schema, `affected[].ranges[].events[]`). */
export interface RangeEvent {
  readonly introduced?: string;
  readonly fixed?: string;
  readonly last_affected?: string;
  readonly limit?: string;
}

/** OSV `affected[].ranges[]`; `GIT` ranges are dropped and counted when a record is read. */
export interface AffectedRange {
  readonly type: "SEMVER" | "ECOSYSTEM";
  readonly events: readonly RangeEvent[];
}

/** OSV `affected[]` for one package. */
export interface Affected {
  readonly ecosystem: Ecosystem;
  /** In the form of `Component.name`. */
  readonly name: string;
  readonly ranges: readonly AffectedRange[];
  /** Explicitly listed versions, which count beside the ranges. */
  readonly versions: readonly string[];
}

/** One OSV record, reduced to what Redress uses. Field names follow the OSV schema 1.6. */
export interface Advisory {
  readonly id: string;
  readonly aliases: readonly string[];
  /** RFC 3339; absent where the record does not say. */
  readonly published?: string;
  readonly modified?: string;
  readonly withdrawn?: string;
  readonly summary?: string;
  readonly affected: readonly Affected[];
  /** OSV `severity[]`: CVSS vectors by type (`CVSS_V2`, `CVSS_V3`, `CVSS_V4`). */
  readonly severity: readonly {
    readonly type: string;
    readonly score: string;
    /** Base score of the vector, where it was worked out when the record was read. */
    readonly base?: number;
  }[];
  /** The database's own label (`database_specific.severity`), upper case as given. */
  readonly label?: string;
  /** CWE ids, e.g. `CWE-79`. */
  readonly weaknesses: readonly string[];
  readonly references: readonly string[];
  /** Name of the source that gave it. */
  readonly source: string;
}

/** A source of a snapshot and how fresh it is. */
export interface SnapshotSource {
  readonly id: string;
  readonly records: number;
  /** RFC 3339, where it was fetched over a network. */
  readonly fetchedAt?: string;
  /** The newest `modified` of its records that is not in the future, RFC 3339; `null` when no record says. */
  readonly newest: string | null;
  /** How many of its dates lay in the future when it was read: they are not believed. */
  readonly ahead?: number;
  /** SHA-256 over the source's bytes. */
  readonly digest: string;
}

/** What is known from one enrichment about an advisory; missing is never taken for false. */
export type Known<T> =
  | { readonly state: "known"; readonly value: T; readonly source: string; readonly fetchedAt?: string }
  | { readonly state: "unavailable" }
  | { readonly state: "stale"; readonly value: T; readonly source: string; readonly fetchedAt?: string };

/** Exploitation facts by any alias of an advisory. */
export interface Enrichment {
  /** Listed in CISA's catalogue of known exploited vulnerabilities. */
  readonly kev: Known<boolean>;
  /** FIRST's EPSS probability, 0 to 1. */
  readonly epss: Known<number>;
}

/** A fixed set of advisories; two scans with the same digest judge by the same facts. */
export interface Snapshot {
  readonly digest: string;
  readonly sources: readonly SnapshotSource[];
  /** Judge by what was published by then (RFC 3339), where asked for. */
  readonly asOf?: string;
}
