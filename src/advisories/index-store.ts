import * as fs from "node:fs";
import path from "node:path";
import { Failure } from "../model/index.ts";
import { sha256, type Clock } from "../system/index.ts";
import { KeyedIndex } from "./keyed-index.ts";
import { locateSource, settledMs, type LocalSource } from "./local-source.ts";

/** What is made from a source: advisories by package, or one enrichment by CVE. */
export type IndexKind = "osv" | "kev" | "epss";

export interface StoreOptions {
  readonly kind: IndexKind;
  /** Redress' cache folder. */
  readonly folder: string;
  readonly signal?: AbortSignal;
  /** When a source is read: dates after it are not believed. */
  readonly clock: Clock;
  /** Called now and then while an index is built. */
  readonly onRecords?: (records: number) => void;
}

/** Remembers which digest a source's files had when they were last read. */
interface Pointer {
  readonly identity: string;
  readonly digest: string;
}

/** The file of the index for a digest. */
export function indexFile(options: Pick<StoreOptions, "kind" | "folder">, digest: string): string {
  return path.join(options.folder, "advisories", "index", `${options.kind}-${digest}.sqlite`);
}

/**
 * The index of a source on this machine. Unchanged files cost one `stat` each; changed ones are digested, and built
 * into a new index when none is there for that digest. A damaged index is removed and built again.
 * @throws {Failure} `unreadable`, `storage`, `cancelled`
 */
export async function openIndex(given: string, options: StoreOptions): Promise<KeyedIndex> {
  const source = locateSource(given);
  const pointer = readPointer(pointerFile(source, options));
  if (pointer?.identity === sha256(source.identity)) {
    const index = tryOpen(indexFile(options, pointer.digest), pointer.digest);
    if (index !== undefined) return index;
  }
  const { buildIndex, digestSource } = await import("./build-index.ts");
  const digest = await digestSource(source, options.signal);
  const file = indexFile(options, digest);
  const ready = tryOpen(file, digest);
  if (ready === undefined) await buildIndex(source, { ...options, file, digest });
  const after = locateSource(given);
  if (after.identity !== source.identity) {
    ready?.close();
    // Read while it was written: what the index holds may not be what the digest says.
    fs.rmSync(file, { force: true });
    throw new Failure(
      "unreadable",
      `${given} was changed while it was read`,
      "Try again when nothing writes it any more.",
    );
  }
  remember(source, digest, { options, before: pointer });
  return ready ?? new KeyedIndex(file, digest);
}

/** Removes an index that proved damaged; the next opening builds it again. */
export function discardIndex(index: KeyedIndex): void {
  index.close();
  fs.rmSync(index.file, { force: true });
}

function tryOpen(file: string, digest: string): KeyedIndex | undefined {
  if (!fs.existsSync(file)) return undefined;
  try {
    return new KeyedIndex(file, digest);
  } catch (error) {
    if (!(error instanceof Failure) || error.code !== "corrupt") throw error;
    fs.rmSync(file, { force: true });
    return undefined;
  }
}

function pointerFolder(options: StoreOptions): string {
  return path.join(options.folder, "advisories", "known");
}

function pointerFile(source: LocalSource, options: StoreOptions): string {
  return path.join(pointerFolder(options), `${options.kind}-${sha256(source.path)}.json`);
}

function readPointer(file: string): Pointer | undefined {
  try {
    const pointer = JSON.parse(fs.readFileSync(file, "utf8")) as Partial<Pointer> | null;
    const { identity, digest } = pointer ?? {};
    if (typeof identity !== "string" || typeof digest !== "string" || !/^[0-9a-f]{64}$/.test(digest))
      return undefined;
    return { identity, digest };
  } catch {
    return undefined; // absent or torn: the source is digested again
  }
}

/** Writes the pointer, and removes the index of the source's former content where no other source has it. */
function remember(
  source: LocalSource,
  digest: string,
  { options, before }: { options: StoreOptions; before: Pointer | undefined },
): void {
  if (Date.now() - source.changedMs < settledMs) return;
  const file = pointerFile(source, options);
  try {
    fs.mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
    fs.writeFileSync(`${file}.${process.pid}`, JSON.stringify({ identity: sha256(source.identity), digest }));
    fs.renameSync(`${file}.${process.pid}`, file);
  } catch {
    return; // costs a digest next time, no more
  }
  if (before === undefined || before.digest === digest) return;
  const folder = pointerFolder(options);
  const used = fs
    .readdirSync(folder)
    .some((name) => readPointer(path.join(folder, name))?.digest === before.digest);
  if (!used) fs.rmSync(indexFile(options, before.digest), { force: true });
}
