import * as fs from "node:fs/promises";
import path from "node:path";
import { cacheFolder, sha256, type Clock } from "../system/index.ts";

/** Names one cached thing. No part may hold credentials; none is ever part of a file name, only its digest. */
export interface CacheKey {
  /** What it is and the version of its stored form, e.g. `pypi-metadata-1`: lower case letters, digits, `-`. */
  readonly kind: string;
  /** Address of the package index it came from, or `""` where the digest below says all. */
  readonly index: string;
  /** The hash of a file, else a URL or a package's name. */
  readonly name: string;
}

/** What asking again for a mutable document gave. */
export type Fetched<T> =
  /** HTTP 304: what is stored still holds. */
  | { readonly state: "same" }
  | { readonly state: "new"; readonly value: T; readonly etag?: string; readonly lastModified?: string }
  /** Nothing usable: what is stored is neither believed nor touched. */
  | { readonly state: "none" };

export interface CacheOptions {
  /** Redress' cache folder; the user's own where not given. */
  readonly folder?: string;
  /** Answer from what is stored, whatever its age; never fetch. */
  readonly offline?: boolean;
  /** For how long a mutable document is believed without asking again, in minutes. */
  readonly trustMinutes?: number;
  readonly clock?: Clock;
}

/** The disk cache that all package index clients share. Values are JSON; `null` and `undefined` are not values. */
export interface Cache {
  readonly offline: boolean;
  /**
   * A value that never changes. `make` is called at most once per process and key, and never again once its value
   * is stored; its `undefined` (not known this time) is not stored. Offline: what is stored, else `undefined`.
   */
  immutable<T>(key: CacheKey, make: () => Promise<T | undefined>): Promise<T | undefined>;
  /**
   * A document that may change: believed for the trusted time, then revalidated. `fetch` is given the headers
   * `if-none-match` and `if-modified-since` of what is stored. Offline: what is stored, else `undefined`; so also where it gave "none".
   */
  document<T>(
    key: CacheKey,
    fetch: (validators: Readonly<Record<string, string>>) => Promise<Fetched<T>>,
  ): Promise<T | undefined>;
}

interface Entry {
  readonly fetchedAt: number;
  readonly etag?: string;
  readonly lastModified?: string;
  readonly value: unknown;
}

/** A larger entry is used but not stored. */
const maxEntryBytes = 16 * 1024 * 1024;
const defaultTrustMinutes = 10;

/** Opens the cache; the folder is made when first written to. A folder that cannot be written costs time, no more. */
export function openCache(options: CacheOptions = {}): Cache {
  return new DiskCache(options);
}

class DiskCache implements Cache {
  readonly offline: boolean;
  private readonly folder: string;
  private readonly trustMs: number;
  private readonly clock: Clock;
  private readonly underWay = new Map<string, Promise<unknown>>();
  private written = 0;

  constructor(options: CacheOptions) {
    this.folder = path.join(options.folder ?? cacheFolder(), "releases");
    this.offline = options.offline ?? false;
    this.trustMs = (options.trustMinutes ?? defaultTrustMinutes) * 60_000;
    this.clock = options.clock ?? (() => new Date());
  }

  async immutable<T>(key: CacheKey, make: () => Promise<T | undefined>): Promise<T | undefined> {
    return this.once(key, async (file) => {
      const stored = await read(file);
      if (stored !== undefined || this.offline) return stored?.value as T | undefined;
      const value = await make();
      if (value !== undefined) await this.write(file, { fetchedAt: this.clock().getTime(), value });
      return value;
    });
  }

  async document<T>(
    key: CacheKey,
    fetch: (validators: Readonly<Record<string, string>>) => Promise<Fetched<T>>,
  ): Promise<T | undefined> {
    return this.once(key, async (file) => {
      const stored = await read(file);
      const now = this.clock().getTime();
      if (this.offline) return stored?.value as T | undefined;
      if (stored !== undefined && now >= stored.fetchedAt && now - stored.fetchedAt < this.trustMs)
        return stored.value as T;
      const fetched = await fetch(validatorsOf(stored));
      if (fetched.state === "new") {
        const { value, etag, lastModified } = fetched;
        await this.write(file, {
          fetchedAt: now,
          ...(etag === undefined ? {} : { etag }),
          ...(lastModified === undefined ? {} : { lastModified }),
          value,
        });
        return value;
      }
      if (fetched.state === "none" || stored === undefined) return undefined;
      await this.write(file, { ...stored, fetchedAt: now });
      return stored.value as T;
    });
  }

  /** Lets callers that ask for the same key at the same time share one look. */
  private async once<T>(key: CacheKey, look: (file: string) => Promise<T>): Promise<T> {
    const digest = sha256(`${key.kind}\n${key.index}\n${key.name}`);
    const kind = key.kind.replace(/[^a-z0-9-]/g, "_");
    const file = path.join(this.folder, kind, digest.slice(0, 2), `${digest.slice(2)}.json`);
    const earlier = this.underWay.get(file);
    if (earlier !== undefined) return earlier as Promise<T>;
    const promise = look(file).finally(() => this.underWay.delete(file));
    this.underWay.set(file, promise);
    return promise;
  }

  /** Writes beside and renames. Not fsynced: a torn entry does not parse and is fetched again. */
  private async write(file: string, entry: Entry): Promise<void> {
    const text = JSON.stringify(entry);
    if (text.length > maxEntryBytes) return;
    const temporary = `${file}.${process.pid}-${++this.written}`;
    try {
      await fs.mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
      await fs.writeFile(temporary, text, { mode: 0o600, flag: "wx" });
      await fs.rename(temporary, file);
    } catch {
      // A cache that cannot be written (full disk, read-only home) must not stop the work.
      await fs.rm(temporary, { force: true }).catch(() => undefined);
    }
  }
}

function validatorsOf(entry: Entry | undefined): Record<string, string> {
  return {
    ...(entry?.etag === undefined ? {} : { "if-none-match": entry.etag }),
    ...(entry?.lastModified === undefined ? {} : { "if-modified-since": entry.lastModified }),
  };
}

async function read(file: string): Promise<Entry | undefined> {
  try {
    const { size } = await fs.stat(file);
    if (size > 4 * maxEntryBytes) return undefined;
    const entry = JSON.parse(await fs.readFile(file, "utf8")) as Partial<Entry> | null;
    if (typeof entry?.fetchedAt !== "number" || entry.value === undefined || entry.value === null)
      return undefined;
    return entry as Entry;
  } catch {
    return undefined; // absent or torn
  }
}
