import type { Clock, Progress } from "../system/index.ts";
import type { PackageVersion } from "./advisory-source.ts";
import type { Endpoints } from "./endpoints.ts";

export interface AdvisoryRequest {
  /** Paths, `osv`, `npm`, `pypi`; none: the cached exports where there are any, else `osv`. */
  readonly sources: readonly string[];
  /** What an online source is asked for, and what is read (and checked) at once from an index. */
  readonly packages?: readonly PackageVersion[];
  /** RFC 3339. */
  readonly asOf?: string;
  readonly offline?: boolean;
  /** Redress' cache folder; the user's own where not given. */
  readonly cacheFolder?: string;
  readonly endpoints?: Partial<Endpoints>;
  readonly progress?: Progress;
  readonly signal?: AbortSignal;
  readonly clock?: Clock;
  /** CISA's catalogue: a file or an address; absent: what `redress advisories update` has kept. */
  readonly kev?: string;
  /** FIRST's scores, likewise. */
  readonly epss?: string;
}

/** A request with its defaults filled in. */
export interface Setting extends AdvisoryRequest {
  readonly folder: string;
  readonly endpoints: Endpoints;
  readonly clock: Clock;
}
