import path from "node:path";
import {
  Failure,
  reasonOf,
  type Advisory,
  type Ecosystem,
  type Enrichment,
  type Snapshot,
  type SnapshotSource,
  type Unread,
} from "../model/index.ts";
import { cacheFolder, sha256, silent, type Clock, type Progress } from "../system/index.ts";
import type { OnlineSourceId, PackageVersion, SourceAnswer } from "./advisory-source.ts";
import { enrichmentFile, exportFile, readFetched, type CachedFile } from "./cached-files.ts";
import { defaultEndpoints, type Endpoints } from "./endpoints.ts";
import { enrich, type Facts } from "./enrich.ts";
import { discardIndex, openIndex, type IndexKind } from "./index-store.ts";
import type { KeyedIndex } from "./keyed-index.ts";
import { packageKey } from "./package-key.ts";

/** The advisories that a scan judges by. */
export interface AdvisoryBase {
  readonly snapshot: Snapshot;
  /** What of the sources could not be used. */
  readonly unread: readonly Unread[];
  readonly leftOut: {
    /** `GIT` ranges. */
    readonly gitRanges: number;
    /** Records that name no npm or PyPI package. */
    readonly noPackage: number;
  };
  /**
   * All records on a package, withdrawn ones included, unmerged. An online source knows only of the packages that
   * the request named.
   * @throws {Failure} `corrupt` when the index proves damaged; it is then removed, and built again when next opened.
   */
  lookup(ecosystem: Ecosystem, name: string): readonly Advisory[];
  /** What KEV and EPSS say of an advisory under any of its ids. */
  enrichment(ids: readonly string[]): Enrichment;
  close(): void;
}

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
interface Setting extends AdvisoryRequest {
  readonly folder: string;
  readonly endpoints: Endpoints;
  readonly clock: Clock;
}

/** A source on this machine, to be opened. */
interface Place {
  readonly id: string;
  readonly path: string;
  readonly fetchedAt?: string;
}

/** A source as opened. */
type Opened =
  | { readonly via: "index"; readonly place: Place; readonly index: KeyedIndex }
  | { readonly via: "network"; readonly id: OnlineSourceId; readonly answer: SourceAnswer };

/**
 * Opens the sources as one fixed set of advisories.
 * @throws {Failure} `unreadable` for a path that gives nothing, `unavailable` for an online source that does not
 * answer, `storage`, `cancelled`
 */
export async function openAdvisories(request: AdvisoryRequest): Promise<AdvisoryBase> {
  const setting: Setting = {
    ...request,
    folder: request.cacheFolder ?? cacheFolder(),
    endpoints: { ...defaultEndpoints, ...request.endpoints },
    clock: request.clock ?? (() => new Date()),
  };
  const opened: Opened[] = [];
  const base = new Base(opened, setting);
  try {
    for (const source of chooseSources(setting)) opened.push(await open(source, setting));
    base.enrichments = {
      kev: await base.openEnrichment("kev", request.kev),
      epss: await base.openEnrichment("epss", request.epss),
    };
    await base.readNamed();
    return base;
  } catch (error) {
    base.close();
    throw error;
  }
}

const isOnline = (source: string): source is OnlineSourceId => ["osv", "npm", "pypi"].includes(source);

/** The sources asked for; by default, for each ecosystem in use, its cached export, else OSV's API. */
function chooseSources(
  setting: Setting,
): (Place | { readonly online: OnlineSourceId; only?: Ecosystem[] })[] {
  if (setting.sources.length > 0) {
    const paths = setting.sources.filter((source) => !isOnline(source));
    return [...new Set(setting.sources)].map((source) =>
      isOnline(source) ? { online: source } : { id: idOf(source, paths), path: source },
    );
  }
  const used = new Set(setting.packages?.map((one) => one.ecosystem) ?? (["npm", "PyPI"] as const));
  const exports = [...used].sort().map((ecosystem) => {
    const file = exportFile(ecosystem, setting.endpoints, setting.folder);
    return { ecosystem, file, kept: readFetched(file) };
  });
  const isAnyKept = exports.some(({ kept }) => kept !== undefined);
  if (setting.offline === true && setting.packages === undefined && !isAnyKept)
    throw new Failure(
      "unavailable",
      "no advisories are kept on this machine",
      "Run redress advisories update, or name a file or folder with --advisories.",
    );
  const lacking =
    setting.packages === undefined && isAnyKept
      ? []
      : exports.flatMap(({ ecosystem, kept }) => (kept === undefined ? [ecosystem] : []));
  return [
    ...exports.flatMap(({ file, kept }) =>
      kept === undefined ? [] : [{ id: file.id, path: file.path, fetchedAt: kept.fetchedAt }],
    ),
    ...(lacking.length > 0 ? [{ online: "osv" as const, only: lacking }] : []),
  ];
}

/** A path's last part, with as many before it as it takes to tell the sources apart. */
function idOf(source: string, all: readonly string[]): string {
  const parts = (file: string): string[] => path.resolve(file).split(path.sep).filter(Boolean);
  const own = parts(source);
  for (let count = 1; count < own.length; count++) {
    const id = own.slice(-count).join("/");
    const same = all.filter((other) => parts(other).slice(-count).join("/") === id);
    if (new Set(same.map((other) => path.resolve(other))).size === 1) return id;
  }
  return own.join("/");
}

async function open(
  source: Place | { readonly online: OnlineSourceId; readonly only?: Ecosystem[] },
  setting: Setting,
): Promise<Opened> {
  if (!("online" in source))
    return { via: "index", place: source, index: await openPlace("osv", source, setting) };
  const [{ onlineSources }, { AnswerCache }] = await Promise.all([
    import("./online-sources.ts"),
    import("./answer-cache.ts"),
  ]);
  const { endpoints, clock, folder, progress = silent } = setting;
  const context = { endpoints, clock, offline: setting.offline ?? false, cache: new AnswerCache(folder) };
  const packages = (setting.packages ?? []).filter((one) => source.only?.includes(one.ecosystem) ?? true);
  const step = progress.step(`Asking ${source.online}`);
  const answer = await onlineSources[source.online](context).advisories(packages, setting.signal);
  step.done(`${answer.records.length} advisories`);
  return { via: "network", id: source.online, answer };
}

async function openPlace(kind: IndexKind, place: Place, setting: Setting): Promise<KeyedIndex> {
  const { folder, progress = silent, signal } = setting;
  let step: ReturnType<Progress["step"]> | undefined;
  const index = await openIndex(place.path, {
    kind,
    folder,
    ...(signal === undefined ? {} : { signal }),
    onRecords: (records) => {
      step ??= progress.step(`Reading ${place.id}`);
      step.update(`${records} advisories`);
    },
  });
  step?.done(`${index.facts.records} advisories`);
  return index;
}

class Base implements AdvisoryBase {
  enrichments: { readonly kev?: Facts | undefined; readonly epss?: Facts | undefined } = {};
  private readonly opened: Opened[];
  private readonly setting: Setting;
  private readonly problems: Unread[] = [];
  private readonly byPackage = new Map<string, readonly Advisory[]>();
  private online: ReadonlyMap<string, readonly Advisory[]> | undefined;
  private summary: Snapshot | undefined;

  constructor(opened: Opened[], setting: Setting) {
    this.opened = opened;
    this.setting = setting;
  }

  get snapshot(): Snapshot {
    this.summary ??= this.summarise();
    return this.summary;
  }

  get unread(): readonly Unread[] {
    return [
      ...this.opened.flatMap((source) =>
        source.via === "index" ? placed(source.index.facts.unread, source.place.id) : source.answer.unread,
      ),
      ...Object.entries(this.enrichments).flatMap(([id, facts]) =>
        placed(facts?.index.facts.unread ?? [], id),
      ),
      ...this.problems,
    ];
  }

  get leftOut(): { gitRanges: number; noPackage: number } {
    let [gitRanges, noPackage] = [0, 0];
    for (const source of this.opened) {
      const facts = source.via === "index" ? source.index.facts.leftOut : { ...source.answer, noPackage: 0 };
      gitRanges += facts.gitRanges;
      noPackage += facts.noPackage;
    }
    return { gitRanges, noPackage };
  }

  lookup(ecosystem: Ecosystem, name: string): readonly Advisory[] {
    const key = packageKey(ecosystem, name);
    let found = this.byPackage.get(key);
    if (found === undefined) {
      found = this.opened.flatMap((source) => this.read(source, key));
      this.byPackage.set(key, found);
    }
    return found;
  }

  enrichment(ids: readonly string[]): Enrichment {
    const { asOf, clock } = this.setting;
    try {
      return enrich(ids, this.enrichments, asOf === undefined ? clock().getTime() : Date.parse(asOf));
    } catch (error) {
      // Which of the two is damaged does not matter: both are small and built again from their files.
      for (const facts of [this.enrichments.kev, this.enrichments.epss]) if (facts) discardIndex(facts.index);
      this.enrichments = {};
      throw error;
    }
  }

  close(): void {
    const { kev, epss } = this.enrichments;
    for (const index of [
      ...this.opened.map((one) => ("index" in one ? one.index : undefined)),
      kev?.index,
      epss?.index,
    ])
      index?.close();
    this.opened.length = 0;
    this.enrichments = {};
  }

  /** Reads the named packages now, while a damaged index can still be built again. */
  async readNamed(): Promise<void> {
    for (let attempt = 0; ; attempt++) {
      try {
        for (const { ecosystem, name } of this.setting.packages ?? []) this.lookup(ecosystem, name);
        return;
      } catch (error) {
        if (attempt > 0 || !(error instanceof Failure) || error.code !== "corrupt") throw error;
      }
      this.byPackage.clear();
      for (const [at, source] of this.opened.entries()) {
        if (source.via !== "index" || !this.damaged.has(source.index)) continue;
        this.opened[at] = { ...source, index: await openPlace("osv", source.place, this.setting) };
      }
    }
  }

  /** A named file or address, else what has been kept; what cannot be had is said, and leaves it unavailable. */
  async openEnrichment(kind: "kev" | "epss", given: string | undefined): Promise<Facts | undefined> {
    const { endpoints, folder, offline = false, clock, signal } = this.setting;
    try {
      if (given !== undefined && !/^https?:\/\//.test(given))
        return { index: await openPlace(kind, { id: kind, path: given }, this.setting) };
      const file: CachedFile = enrichmentFile(kind, given ?? endpoints[kind], folder);
      if (given !== undefined && !offline) {
        const { refresh } = await import("./fetch-file.ts");
        await refresh(file, { clock, ...(signal === undefined ? {} : { signal }) });
      }
      const kept = readFetched(file);
      if (kept === undefined) return undefined;
      return { index: await openPlace(kind, file, this.setting), fetchedAt: kept.fetchedAt };
    } catch (error) {
      if (error instanceof Failure && error.code === "cancelled") throw error;
      this.problems.push({ path: kind, reason: reasonOf(error) });
      return undefined;
    }
  }

  private readonly damaged = new Set<KeyedIndex>();

  private read(source: Opened, key: string): readonly Advisory[] {
    if (source.via === "network") return this.onlineBy(key, source.id);
    try {
      return source.index
        .records(key)
        .map((text) => ({ ...(JSON.parse(text) as Omit<Advisory, "source">), source: source.place.id }));
    } catch (error) {
      this.damaged.add(source.index);
      discardIndex(source.index);
      throw error;
    }
  }

  private onlineBy(key: string, id: OnlineSourceId): readonly Advisory[] {
    this.online ??= groupByPackage(
      this.opened.flatMap((one) => (one.via === "network" ? one.answer.records : [])),
    );
    return (this.online.get(key) ?? []).filter((advisory) => advisory.source === id);
  }

  private summarise(): Snapshot {
    const { asOf } = this.setting;
    const sources = [
      ...this.opened.map(describe),
      ...Object.entries(this.enrichments).flatMap(([id, facts]: [string, Facts | undefined]) =>
        facts === undefined ? [] : [ofIndex(id, facts.index, facts.fetchedAt)],
      ),
    ];
    const digest = sha256(
      sources
        .map((source) => source.digest)
        .sort()
        .join("\n"),
    );
    return { digest, sources, ...(asOf === undefined ? {} : { asOf }) };
  }
}

function groupByPackage(records: readonly Advisory[]): Map<string, Advisory[]> {
  const groups = new Map<string, Advisory[]>();
  for (const record of records)
    for (const key of new Set(record.affected.map(({ ecosystem, name }) => packageKey(ecosystem, name))))
      groups.set(key, [...(groups.get(key) ?? []), record]);
  return groups;
}

/** Paths inside an index are relative to its source, whose name is not part of what was digested. */
function placed(unread: readonly Unread[], id: string): Unread[] {
  return unread.map((one) => ({
    ...one,
    path: one.path === "" || one.path.startsWith(":") ? `${id}${one.path}` : `${id}/${one.path}`,
  }));
}

function ofIndex(id: string, index: KeyedIndex, fetchedAt: string | undefined): SnapshotSource {
  const { records, newest, digest } = index.facts;
  return { id, records, newest, digest, ...(fetchedAt === undefined ? {} : { fetchedAt }) };
}

function describe(source: Opened): SnapshotSource {
  if (source.via === "index") return ofIndex(source.place.id, source.index, source.place.fetchedAt);
  const { records, fetchedAt } = source.answer;
  const dates = records.flatMap((record) => record.modified ?? []);
  const newest = dates.sort((a, b) => Date.parse(a) - Date.parse(b)).at(-1) ?? null;
  const digest = sha256(records.map((record) => JSON.stringify(record)).join("\n"));
  return { id: source.id, records: records.length, newest, digest, fetchedAt };
}
