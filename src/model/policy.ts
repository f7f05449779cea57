import type { Severity } from "./advisory.ts";
import type { DatabaseSettings, Deployment } from "./deployment.ts";
import type { GateSettings, TestGate } from "./gates.ts";
import type { Tier } from "./finding.ts";

export type Criticality = "low" | "medium" | "high" | "highest";

/** A business function of the application, as its owner declares it. */
export interface BusinessFunction {
  readonly name: string;
  readonly packages: readonly string[];
  readonly criticality: Criticality;
  /** Its packages' findings are due at least this soon. */
  readonly atMost?: Tier;
  readonly reason?: string;
}

/** Outside rules that may only bring deadlines forward (`docs/configuration.md`, "Compliance profiles"). */
export const complianceProfiles = ["bod-26-04", "pci-4.0.1", "fedramp-vdr", "cyber-essentials"] as const;
export type ComplianceProfile = (typeof complianceProfiles)[number];

/** What the plan may do. */
export interface Policy {
  readonly profile: "default" | "severity-only";
  /** The earliest date among these and the profile's own counts; absent: none. */
  readonly compliance?: readonly ComplianceProfile[];
  readonly cooldownDays: number;
  readonly allowMajor: boolean;
  readonly allowOverrides: "none" | "same-major" | "any";
  /** npm packages whose install scripts may run. */
  readonly installScripts: readonly string[];
  readonly pinned: readonly Pin[];
  /** Of the packages that are there only these may move; absent: all. */
  readonly alone?: readonly string[];
}

/** A package that may not move, or not past a version. */
export interface Pin {
  readonly package: string;
  /** Exclusive upper bound; absent: may not move at all. */
  readonly below?: string;
  /** The one version that it may move to. */
  readonly only?: string;
  readonly reason: string;
}

/** A version that the team wants, whether or not a finding needs it. */
export interface UpgradeRequest {
  readonly package: string;
  readonly to: string;
  /** Absent: every project that holds the package. */
  readonly project?: string;
  readonly reason?: string;
}

/** How many findings an earlier document counted, for setting beside what is found. */
export interface Claims {
  /** What the document is called. */
  readonly source: string;
  /** In all, where it says so. */
  readonly findings?: number;
  readonly counts: readonly ClaimedCount[];
}

/** One count of an earlier document: of a package, or of a whole project. */
export interface ClaimedCount {
  /** Absent: of all packages of `project`. */
  readonly package?: string;
  /** Absent: every project that holds the package. */
  readonly project?: string;
  readonly findings: number;
  /** Why it differs, where a person knows. */
  readonly reason?: string;
}

/** Most findings that may be left, by severity; absent: not limited. */
export type Criteria = Readonly<Partial<Record<Severity, number>>>;

/** How long the records of runs are kept. */
export interface Retention {
  /** Younger ones stay. */
  readonly days: number;
  /** So many of the newest stay, whatever their age. */
  readonly keep: number;
}

/** One entry of `projects:`. */
export interface ProjectSettings {
  readonly path: string;
  readonly exposure: "public" | "internal";
  /** The virtual environment that belongs to it, relative to the root, where it has another name than `.venv`. */
  readonly environment?: string;
  readonly python?: string;
}

/** `redress.yaml` as understood, defaults filled in. */
export interface Configuration {
  /** Relative path of the file, absent when there is none. */
  readonly path?: string;
  /** SHA-256 of the normalised content. */
  readonly digest: string;
  readonly projects: readonly ProjectSettings[];
  readonly functions: readonly BusinessFunction[];
  readonly policy: Policy;
  /** Absent: none. */
  readonly requests?: readonly UpgradeRequest[];
  /** Absent: no earlier document is compared with. */
  readonly claims?: Claims;
  readonly criteria: Criteria;
  readonly tests: readonly TestGate[];
  /** Commands that must exit with 0. */
  readonly commands: readonly TestGate[];
  /** The gates beside tests and commands; absent: none but versions and security. */
  readonly gates?: GateSettings;
  /** `--no-commands`: what the file names is not executed, and left out here. */
  readonly commandsOff?: true;
  /** `--without`: gates of the file that are not asked, as results would name them; left out here too. */
  readonly leftOut?: readonly string[];
  /** Absent: the project itself, at any time, asking nobody. */
  readonly deployment?: Deployment;
  /** Absent: none is known of. */
  readonly databases?: readonly DatabaseSettings[];
  /** `--advisories` when the flag is not given. */
  readonly advisories: readonly string[];
  /** Other addresses than OSV's own. */
  readonly osv?: { readonly osvApi?: string; readonly osvExports?: string };
  /** Age in hours from which a source of advisories is warned of; absent: a day. */
  readonly staleAfterHours?: number;
  /** Files, relative to the configuration's folder, or addresses of the exploitation catalogues. */
  readonly enrichment?: { readonly kev?: string; readonly epss?: string };
  readonly waivers: readonly import("./finding.ts").Waiver[];
  readonly contacts: Readonly<Record<string, string>>;
  /** Absent: records are kept for ever. */
  readonly retention?: Retention;
}
