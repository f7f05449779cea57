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
import { sha256, type Clock } from "../system/index.ts";
import type { Setting } from "./advisory-request.ts";
import type { OnlineSourceId, PackageVersion, SourceAnswer } from "./advisory-source.ts";
import { enrichmentFile, readFetched } from "./cached-files.ts";
import type { Place } from "./choose-sources.ts";
import { enrich, type Facts } from "./enrich.ts";
import { discardIndex } from "./index-store.ts";
import type { KeyedIndex } from "./keyed-index.ts";
import { NewestDate } from "./newest-date.ts";
import { openPlace } from "./open-place.ts";
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
   * Asks online sources about packages that they have not been asked about, since they know of no others; gives those
   * asked, none where every source is an index. The snapshot is then another one, and what was judged before is to be
   * judged anew.
   * @throws {Failure} `unavailable`, `cancelled`
   */
  extend(packages: readonly PackageVersion[]): Promise<readonly PackageVersion[]>;
  /**
   * All records on a package, withdrawn ones included, unmerged. An online source knows only of the packages that
   * the request named, and those asked for since.
   * @throws {Failure} `corrupt` when the index proves damaged; it is then removed, and built again when next opened.
   */
  lookup(ecosystem: Ecosystem, name: string): readonly Advisory[];
  /** What KEV and EPSS say of an advisory under any of its ids. */
  enrichment(ids: readonly string[]): Enrichment;
  close(): void;
}

/** A source as opened. */
export type Opened = { readonly via: "index"; readonly place: Place; readonly index: KeyedIndex } | Asked;

/** A service with what it has answered so far. */
export interface Asked {
  readonly via: "network";
  readonly id: OnlineSourceId;
  answer: SourceAnswer;
  /** Asks for those of the packages that it has not been asked for; gives them. */
  extend(packages: readonly PackageVersion[]): Promise<readonly PackageVersion[]>;
}

/** Sources that are open, read as one. */
export class Base implements AdvisoryBase {
  enrichments: { readonly kev?: Facts | undefined; readonly epss?: Facts | undefined } = {};
  private readonly opened: Opened[];
  private readonly setting: Setting;
  private readonly problems: Unread[] = [];
  private readonly damaged = new Set<KeyedIndex>();
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

  async extend(packages: readonly PackageVersion[]): Promise<readonly PackageVersion[]> {
    const asked = new Map<string, PackageVersion>();
    for (const source of this.opened) {
      if (source.via !== "network") continue;
      for (const { ecosystem, name, version } of await source.extend(packages))
        asked.set(`${ecosystem}\t${name}\t${version}`, { ecosystem, name, version });
    }
    if (asked.size > 0) {
      this.byPackage.clear();
      this.online = undefined;
      this.summary = undefined;
    }
    return [...asked.values()];
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
      const file = enrichmentFile(kind, given ?? endpoints[kind], folder);
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
    const { asOf, clock } = this.setting;
    const sources = [
      ...this.opened.map((source) => describe(source, clock)),
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
  const { records, newest, ahead, digest } = index.facts;
  return {
    id,
    records,
    newest,
    ...(ahead === 0 ? {} : { ahead }),
    digest,
    ...(fetchedAt === undefined ? {} : { fetchedAt }),
  };
}

function describe(source: Opened, clock: Clock): SnapshotSource {
  if (source.via === "index") return ofIndex(source.place.id, source.index, source.place.fetchedAt);
  const { records, fetchedAt } = source.answer;
  const dates = new NewestDate(clock);
  for (const record of records) dates.add(record.modified);
  const { newest, ahead } = dates.result();
  const digest = sha256(records.map((record) => JSON.stringify(record)).join("\n"));
  return {
    id: source.id,
    records: records.length,
    newest,
    ...(ahead === 0 ? {} : { ahead }),
    digest,
    fetchedAt,
  };
}
