import { Failure, reasonOf } from "../model/index.ts";
import type { ReleaseList, ReleaseSource, Requirements, Target } from "../model/index.ts";
import type { Clock } from "../system/index.ts";
import { openCache, type Cache, type Fetched } from "./cache.ts";
import { NpmClient, type NpmForm } from "./npm-client.ts";
import { reduceDocument, toRelease, type NpmPackage } from "./npm-document.ts";
import { readNpmRegistries } from "./npm-registries.ts";

export interface NpmReleasesRequest {
  readonly target: Target;
  /** The project's folder, whose `.npmrc` counts. */
  readonly root: string;
  readonly cacheFolder?: string;
  readonly offline?: boolean;
  /** Used instead of the configured main registry. */
  readonly registry?: string;
  /**
   * Whether publication dates are wanted: only full documents have them, which are several times larger. Without
   * them a cooldown cannot be judged. Default: yes.
   */
  readonly dates?: boolean;
  readonly clock?: Clock;
  readonly environment?: NodeJS.ProcessEnv;
}

type Page =
  | { readonly state: "listed"; readonly package: NpmPackage }
  | { readonly state: "absent" }
  | { readonly state: "unusable"; readonly reason: string };

type ReadPage =
  | Exclude<Page, { state: "listed" }>
  | (Extract<Page, { state: "listed" }> & { readonly lists: ReadonlyMap<string, number> });

/**
 * The npm registries that the user's own npm is configured for, seen from one target.
 * @throws {Failure} `config` or `tool` when no registry can be told (`readNpmRegistries`).
 */
export async function npmReleases(request: NpmReleasesRequest): Promise<ReleaseSource> {
  const client = new NpmClient(await readNpmRegistries(request));
  const cache = openCache({
    offline: request.offline ?? false,
    ...(request.cacheFolder === undefined ? {} : { folder: request.cacheFolder }),
    ...(request.clock === undefined ? {} : { clock: request.clock }),
  });
  return new NpmSource({ client, cache, target: request.target, form: formOf(request) });
}

const formOf = (request: NpmReleasesRequest): NpmForm => ((request.dates ?? true) ? "full" : "abbreviated");

interface Parts {
  readonly client: NpmClient;
  readonly cache: Cache;
  readonly target: Target;
  readonly form: NpmForm;
}

class NpmSource implements ReleaseSource {
  readonly ecosystem = "npm";
  private readonly parts: Parts;
  private readonly pages = new Map<string, Promise<Page>>();
  /** `pages` that have come, with the index of each version's list of requirements. */
  private readonly read = new Map<string, ReadPage>();

  constructor(parts: Parts) {
    this.parts = parts;
  }

  async releases(name: string, signal?: AbortSignal): Promise<ReleaseList> {
    const page = await this.page(name, signal);
    if (page.state !== "listed") return { state: "unknown", name, reason: reasonFor(page, name) };
    const { target } = this.parts;
    return { state: "known", name, releases: page.package.versions.map((one) => toRelease(one, target)) };
  }

  async requirements(name: string, version: string, signal?: AbortSignal): Promise<Requirements> {
    await this.page(name, signal);
    const said = this.atHand(name, version);
    if (said === undefined) throw new Error(`the document of ${name} was not kept`);
    return said;
  }

  atHand(name: string, version: string): Requirements | undefined {
    const page = this.read.get(name);
    if (page === undefined) return undefined;
    if (page.state !== "listed") return { state: "unknown", reason: reasonFor(page, name) };
    const index = page.lists.get(version);
    if (index === undefined)
      return { state: "unknown", reason: `the registry lists no version ${version} of ${name}` };
    const requires = page.package.requires[index] ?? [];
    return { state: "known", requires, from: `the registry's document of ${name}` };
  }

  /** Asked once in the life of the source. */
  private async page(name: string, signal: AbortSignal | undefined): Promise<Page> {
    const earlier = this.pages.get(name);
    if (earlier !== undefined) return earlier;
    const promise = this.ask(name, signal).then((page) => {
      this.read.set(
        name,
        page.state === "listed"
          ? { ...page, lists: new Map(page.package.versions.map((one) => [one.version, one.requires])) }
          : page,
      );
      return page;
    });
    this.pages.set(name, promise);
    promise.catch(() => this.pages.delete(name));
    return promise;
  }

  private async ask(name: string, signal: AbortSignal | undefined): Promise<Page> {
    const { client, cache, form } = this.parts;
    let reason = `the document of ${name} is not in the cache, and this is offline work`;
    const key = { kind: `npm-${form}-1`, index: client.registries.registryFor(name), name };
    const page = await cache.document<Page>(key, async (validators): Promise<Fetched<Page>> => {
      const got = await client.document(name, form, { validators, signal });
      if (got.state === "absent") return { state: "new", value: { state: "absent" } };
      if (got.state === "refused") {
        reason = got.reason;
        return { state: "none" };
      }
      const { answer } = got;
      if (answer.status === 304) return { state: "same" };
      try {
        const etag = answer.headers.get("etag");
        const lastModified = answer.headers.get("last-modified");
        return {
          state: "new",
          value: { state: "listed", package: reduceDocument(answer.body.toString("utf8")) },
          ...(etag === null ? {} : { etag }),
          ...(lastModified === null ? {} : { lastModified }),
        };
      } catch (error) {
        if (error instanceof Failure) throw error;
        reason = `the registry's document of ${name} cannot be read: ${reasonOf(error)}`;
        return { state: "none" };
      }
    });
    return page ?? { state: "unusable", reason };
  }
}

function reasonFor(page: Exclude<Page, { state: "listed" }>, name: string): string {
  return page.state === "absent" ? `the npm registry knows no ${name}` : page.reason;
}
