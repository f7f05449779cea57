import type { Severity } from "./advisory.ts";
import type { Ecosystem, Scope } from "./inventory.ts";

/** How soon, from the most urgent down (`docs/policy.md`, rules R1 to R7). */
export type Tier = "immediate" | "24-hours" | "1-week" | "2-weeks" | "1-month" | "next-window";

/** From the most urgent down. */
export const tiers = [
  "immediate",
  "24-hours",
  "1-week",
  "2-weeks",
  "1-month",
  "next-window",
] as const satisfies readonly Tier[];

/** A tier as people say it. */
export const tierNames: Readonly<Record<Tier, string>> = {
  immediate: "Immediate",
  "24-hours": "24 hours",
  "1-week": "1 week",
  "2-weeks": "2 weeks",
  "1-month": "1 month",
  "next-window": "Next window",
};

/** A recorded decision not to fix by the deadline: a VEX analysis with an author and an expiry. */
export interface Waiver {
  /** Finding id, or `ADVISORY` / `ADVISORY:PACKAGE`. */
  readonly finding: string;
  readonly reason: string;
  /** CycloneDX VEX justification, e.g. `code_not_reachable`. */
  readonly justification: string;
  readonly by: string;
  /** Date, `YYYY-MM-DD`; the waiver no longer holds after it. */
  readonly expires: string;
  readonly madeAt: string;
}

/** One component × one canonical advisory. */
export interface Finding {
  /** Survives upgrades: made of project, package and advisory (and version where the project holds several). */
  readonly id: string;
  readonly project: string;
  readonly ecosystem: Ecosystem;
  readonly package: string;
  readonly version: string;
  readonly purl: string;
  /** Canonical id: GHSA before PYSEC before CVE before others. */
  readonly advisory: string;
  /** Every other id of the alias group, sorted. */
  readonly aliases: readonly string[];
  readonly summary?: string;
  readonly severity: Severity;
  /** CVSS base score where a vector was given. */
  readonly score?: number;
  readonly vector?: string;
  /** CWE ids, sorted. */
  readonly weaknesses: readonly string[];
  /** Versions that some record of the group names as fixed, above the present one, ascending; empty: no fix declared. */
  readonly fixedIn: readonly string[];
  readonly scope: Scope;
  readonly direct: boolean;
  /** Shortest paths of `name@version` from a direct dependency to this component; capped. */
  readonly paths: readonly (readonly string[])[];
  readonly tier: Tier;
  /** RFC 3339. */
  readonly due: string;
  /** `R1` … `R7`, with `+modifier` where one changed it. */
  readonly rule: string;
  /** The facts that chose the rule, each as words. */
  readonly inputs: Readonly<Record<string, string | number | boolean>>;
  /** Business functions from the configuration that use this package. */
  readonly functions: readonly string[];
  readonly waiver: Waiver | null;
  /** Where records of the group disagree about this version, in words. */
  readonly disagreements?: readonly string[];
  readonly places: readonly { readonly path: string; readonly line?: number }[];
}

/** Counts over a set of findings. */
export interface Summary {
  /** Packages (name per project) with at least one finding. */
  readonly packages: number;
  readonly findings: number;
  readonly waived: number;
  readonly bySeverity: Readonly<Record<Severity, number>>;
  readonly byTier: Readonly<Record<Tier, number>>;
}

/** What changed between two scans of one project with the same snapshot. */
export interface FindingChange {
  readonly fixed: readonly Finding[];
  readonly left: readonly Finding[];
  readonly introduced: readonly Finding[];
}

/** What the advisories say of one package version: a finding before it has a place. */
export interface Hit {
  /** Canonical id. */
  readonly advisory: string;
  readonly aliases: readonly string[];
  readonly severity: Severity;
  readonly score?: number;
  readonly vector?: string;
  readonly weaknesses: readonly string[];
  readonly summary?: string;
  readonly fixedIn: readonly string[];
  readonly tier: Tier;
  readonly rule: string;
  readonly inputs: Finding["inputs"];
  /** RFC 3339. */
  readonly due: string;
  readonly disagreements?: readonly string[];
}

/** Judges any version of any package by one snapshot and one policy, also versions that are not installed. */
export interface Judge {
  hits(component: {
    readonly project: string;
    readonly ecosystem: Ecosystem;
    readonly name: string;
    readonly version: string;
    readonly scope: Scope;
  }): readonly Hit[];
}
