import { Failure, normaliseName, reasonOf } from "../model/index.ts";
import type { Release, ReleaseList, ReleaseSource, Requirements, Target } from "../model/index.ts";
import type { Clock } from "../system/index.ts";
import { orderOf } from "../versions/index.ts";
import { openCache, type Cache, type Fetched } from "./cache.ts";
import { useProxies } from "./npm-proxy.ts";
import { PythonClient } from "./python-client.ts";
import { readPythonIndexes, type PythonIndex } from "./python-indexes.ts";
import { acceptPage, parsePage, type PythonFile } from "./python-page.ts";
import { mergeReleases, reduceToReleases, type ListedRelease } from "./python-releases.ts";
import { readRequirements } from "./python-requirements.ts";

export interface PypiReleasesRequest {
  readonly target: Target;
  /** The project's root, whose uv settings count. */
  readonly root: string;
  readonly cacheFolder?: string;
  readonly offline?: boolean;
  /** Used instead of the user's configuration. */
  readonly indexUrls?: readonly string[];
  readonly clock?: Clock;
  readonly environment?: NodeJS.ProcessEnv;
}

/** What one index says of one package. */
type Page =
  | { readonly state: "listed"; readonly releases: readonly ListedRelease[] }
  | { readonly state: "absent" }
  | { readonly state: "unusable"; readonly reason: string };

/**
 * The Python package indexes that the user's own pip or uv is configured for, seen from one target.
 * @throws {Failure} `config` or `tool` when no index can be told (`readPythonIndexes`).
 */
export async function pypiReleases(request: PypiReleasesRequest): Promise<ReleaseSource> {
  useProxies(request.environment ?? process.env, new Map());
  const indexes = await readPythonIndexes(request);
  const cache = openCache({
    offline: request.offline ?? false,
    ...(request.cacheFolder === undefined ? {} : { folder: request.cacheFolder }),
    ...(request.clock === undefined ? {} : { clock: request.clock }),
  });
  return new PypiSource(new PythonClient(indexes), cache, request.target);
}

class PypiSource implements ReleaseSource {
  readonly ecosystem = "PyPI";
  private readonly client: PythonClient;
  private readonly cache: Cache;
  private readonly target: Target;
  private readonly pages = new Map<string, Promise<Page>>();

  constructor(client: PythonClient, cache: Cache, target: Target) {
    this.client = client;
    this.cache = cache;
    this.target = target;
  }

  async releases(name: string, signal?: AbortSignal): Promise<ReleaseList> {
    const page = await this.page(normaliseName("PyPI", name), signal);
    if (page.state === "listed")
      return {
        state: "known",
        name,
        releases: page.releases.map(({ files: _, ...release }): Release => release),
      };
    return { state: "unknown", name, reason: reasonFor(page, name) };
  }

  async requirements(name: string, version: string, signal?: AbortSignal): Promise<Requirements> {
    const page = await this.page(normaliseName("PyPI", name), signal);
    if (page.state !== "listed") return { state: "unknown", reason: reasonFor(page, name) };
    const order = orderOf("PyPI");
    const release =
      page.releases.find((one) => one.version === version) ??
      page.releases.find((one) => order.compare(one.version, version) === 0);
    if (release === undefined)
      return { state: "unknown", reason: `the index lists no version ${version} of ${name}` };
    return this.firstKnown(release.files, `${name} ${version} has no file that could be read`, signal);
  }

  private async firstKnown(
    files: readonly PythonFile[],
    otherwise: string,
    signal: AbortSignal | undefined,
  ): Promise<Requirements> {
    let first: Requirements | undefined;
    for (const file of files) {
      const answer = await readRequirements(file, { client: this.client, cache: this.cache }, signal);
      if (answer.state === "known") return answer;
      first ??= answer;
    }
    return first ?? { state: "unknown", reason: otherwise };
  }

  /** What all indexes say of a package, by their strategy; asked once in the life of the source. */
  private async page(name: string, signal: AbortSignal | undefined): Promise<Page> {
    const earlier = this.pages.get(name);
    if (earlier !== undefined) return earlier;
    const promise = this.pageOfAll(name, signal);
    this.pages.set(name, promise);
    promise.catch(() => this.pages.delete(name));
    return promise;
  }

  private async pageOfAll(name: string, signal: AbortSignal | undefined): Promise<Page> {
    const { indexes, strategy } = this.client.indexes;
    if (strategy === "all") {
      const pages = await Promise.all(indexes.map(async (index) => this.pageOf(index, name, signal)));
      const listed = pages.flatMap((page) => (page.state === "listed" ? [page.releases] : []));
      const [first, ...others] = listed;
      if (first !== undefined)
        return { state: "listed", releases: others.reduce((a, b) => mergeReleases(a, b), first) };
      return pages.find((page) => page.state === "unusable") ?? { state: "absent" };
    }
    for (const index of indexes) {
      const page = await this.pageOf(index, name, signal);
      // A preferred index that cannot be asked must not be passed over: another's package of that name may be foreign.
      if (page.state !== "absent") return page;
    }
    return { state: "absent" };
  }

  private async pageOf(index: PythonIndex, name: string, signal: AbortSignal | undefined): Promise<Page> {
    let reason = `the page of ${name} is not in the cache, and this is offline work`;
    const { python = "any", platform } = this.target;
    const key = { kind: "pypi-page-1", index: index.url, name: `${name} ${python} ${platform}` };
    const page = await this.cache.document<Page>(key, async (validators): Promise<Fetched<Page>> => {
      const url = `${index.url}${encodeURIComponent(name)}/`;
      const got = await this.client.get(url, {
        headers: { accept: acceptPage, ...validators },
        maxBytes: 64 * 1024 * 1024,
        ...(signal === undefined ? {} : { signal }),
      });
      if (got.state === "refused" && got.status === 0)
        throw new Failure("unavailable", got.reason, networkHint);
      if (got.state === "refused" && got.status !== 404 && got.status !== 410) {
        reason = got.reason;
        return { state: "none" };
      }
      if (got.state === "refused") return { state: "new", value: { state: "absent" } };
      const { answer } = got;
      if (answer.status === 304) return { state: "same" };
      try {
        const type = answer.headers.get("content-type") ?? "";
        const files = parsePage(answer.body.toString("utf8"), type, answer.url);
        const etag = answer.headers.get("etag");
        const lastModified = answer.headers.get("last-modified");
        return {
          state: "new",
          value: { state: "listed", releases: reduceToReleases(files, name, this.target) },
          ...(etag === null ? {} : { etag }),
          ...(lastModified === null ? {} : { lastModified }),
        };
      } catch (error) {
        reason = `the index's page of ${name} cannot be read: ${reasonOf(error)}`;
        return { state: "none" };
      }
    });
    return page ?? { state: "unusable", reason };
  }
}

const networkHint = "Check the network and the index in pip's or uv's configuration, or work with --offline.";

function reasonFor(page: Exclude<Page, { state: "listed" }>, name: string): string {
  return page.state === "absent" ? `the package index knows no ${name}` : page.reason;
}
