import type { Advisory, Ecosystem, Unread } from "../model/index.ts";
import type { Clock } from "../system/index.ts";
import type { AnswerCache } from "./answer-cache.ts";
import type { Endpoints } from "./endpoints.ts";

/** Names of the sources that are asked over a network. */
export type OnlineSourceId = "osv" | "npm" | "pypi";

/** A package at a version in use. */
export interface PackageVersion {
  readonly ecosystem: Ecosystem;
  readonly name: string;
  readonly version: string;
}

/** What a source knows of some packages. */
export interface SourceAnswer {
  /** As the source gives them: unmerged, withdrawn ones included where it names them. */
  readonly records: readonly Advisory[];
  readonly unread: readonly Unread[];
  readonly gitRanges: number;
  /** RFC 3339: when the oldest part of the answer was fetched. */
  readonly fetchedAt: string;
}

/** A service that knows advisories. Packages of an ecosystem that it does not serve are passed over. */
export interface AdvisorySource {
  readonly id: OnlineSourceId;
  readonly ecosystems: readonly Ecosystem[];
  /** What an answer is about: a package in all its versions, or only the versions that were named. */
  readonly about: "packages" | "versions";
  /**
   * @throws {Failure} `unavailable` when it does not answer usefully, or offline with nothing cached;
   * `cancelled`
   */
  advisories(packages: readonly PackageVersion[], signal?: AbortSignal): Promise<SourceAnswer>;
}

/** What a source works with. */
export interface SourceContext {
  readonly endpoints: Endpoints;
  readonly cache: AnswerCache;
  readonly offline: boolean;
  readonly clock: Clock;
  /** For one attempt of one request. */
  readonly timeoutMs?: number;
  readonly retries?: number;
}
