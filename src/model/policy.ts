import type { Severity } from "./advisory.ts";
import type { GateMode } from "./run.ts";
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
}

/** A package that may not move, or not past a version. */
export interface Pin {
  readonly package: string;
  /** Exclusive upper bound; absent: may not move at all. */
  readonly below?: string;
  readonly reason: string;
}

/** Most findings that may be left, by severity; absent: not limited. */
export type Criteria = Readonly<Partial<Record<Severity, number>>>;

/** A command of the owner's, as an argument vector; never given to a shell. */
export interface Command {
  readonly argv: readonly string[];
  /** Relative to the root. */
  readonly cwd: string;
  readonly timeoutMs: number;
}

/** Tests of one project. */
export interface TestGate extends Command {
  readonly name: string;
  readonly mode: GateMode;
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
  readonly criteria: Criteria;
  readonly tests: readonly TestGate[];
  /** Commands that must exit with 0. */
  readonly commands: readonly TestGate[];
  /** `--advisories` when the flag is not given. */
  readonly advisories: readonly string[];
  /** Other addresses than OSV's own. */
  readonly osv?: { readonly osvApi?: string; readonly osvExports?: string };
  /** Files, relative to the configuration's folder, or addresses of the exploitation catalogues. */
  readonly enrichment?: { readonly kev?: string; readonly epss?: string };
  readonly waivers: readonly import("./finding.ts").Waiver[];
  readonly contacts: Readonly<Record<string, string>>;
}
