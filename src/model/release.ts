import type { Ecosystem } from "./inventory.ts";

/** One version of a package as its index lists it. */
export interface Release {
  readonly version: string;
  /** RFC 3339; absent where the index does not say. */
  readonly publishedAt?: string;
  /** Reason, or `""` where none is given; absent: not yanked (PEP 592). */
  readonly yanked?: string;
  /** npm's deprecation message; absent: not deprecated. */
  readonly deprecated?: string;
  /** Whether a file exists that the target can use; `sdist`: only by building it. */
  readonly usable: "wheel" | "sdist" | "tarball" | "no";
  /** PEP 345 `Requires-Python` or npm `engines.node`. */
  readonly requiresRuntime?: string;
  /** `sha256:…` or SRI of each usable file. */
  readonly hashes: readonly string[];
  /** npm: the release carries other packages inside its own archive. */
  readonly bundles?: boolean;
  /** npm: the release wants to run a script when installed. */
  readonly installScript?: boolean;
  /** npm: made for other operating systems or processors; npm locks such ones where they are optional. */
  readonly foreign?: boolean;
  /** npm: the account that published it, where the registry says. */
  readonly publisher?: string;
}

/** One requirement of a release, before anything serves it. */
export interface Requirement {
  /** In the form of `Component.name`. */
  readonly name: string;
  /** Specifier set or range; `""` is any. */
  readonly range: string;
  readonly kind: "production" | "optional" | "peer";
  readonly optional?: boolean;
  readonly extras?: readonly string[];
  /** PEP 508 marker, as written. */
  readonly marker?: string;
  /** A direct reference (PEP 508 `name @ url`, npm git, file or tarball spec); cannot be planned. */
  readonly url?: string;
}

/** What a release requires, or why that is not known. */
export type Requirements =
  | { readonly state: "known"; readonly requires: readonly Requirement[]; readonly from: string }
  | { readonly state: "unknown"; readonly reason: string };

/** Everything an index says of a package. */
export type ReleaseList =
  | { readonly state: "known"; readonly name: string; readonly releases: readonly Release[] }
  | { readonly state: "unknown"; readonly name: string; readonly reason: string };

/**
 * Where versions and their requirements come from: a client of one package index for one target.
 * Answers, also negative ones, are values; only "the index does not answer at all" is thrown (`unavailable`).
 */
export interface ReleaseSource {
  readonly ecosystem: Ecosystem;
  /** All releases, in no particular order. */
  releases(name: string, signal?: AbortSignal): Promise<ReleaseList>;
  /** What one release requires. */
  requirements(name: string, version: string, signal?: AbortSignal): Promise<Requirements>;
  /** The same where nothing has to be asked or read for it any more; releases that require the same share their list. */
  atHand?(name: string, version: string): Requirements | undefined;
}
