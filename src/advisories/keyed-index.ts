import * as fs from "node:fs";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { crc32 } from "node:zlib";
import { Failure, reasonOf, type Unread } from "../model/index.ts";

/** Raised with every change of what an index holds or how; an index of another format is built anew. */
export const indexFormat = 3;

/** What an index says of itself. */
export interface IndexFacts {
  readonly format: number;
  /** SHA-256 of the source's bytes. */
  readonly digest: string;
  readonly records: number;
  /** The newest date that the source gives up to the time it was read, RFC 3339. */
  readonly newest: string | null;
  /** How many dates lay after that time. */
  readonly ahead: number;
  readonly unread: readonly Unread[];
  readonly leftOut: { readonly gitRanges: number; readonly noPackage: number };
  /** How many buckets the keys are spread over; 0 only in an index without keys. */
  readonly buckets: number;
}

/** The bucket of a key. */
export function bucketOf(key: string, buckets: number): number {
  return crc32(key) % buckets;
}

/** A row's checksum covers its number too, so that a row in another's place is noticed. */
export function checksumOf(id: number, text: string): number {
  return crc32(`${id}\n${text}`);
}

/** Bits of the map of keys for each key: one absent key in eight is looked for in its bucket all the same. */
export const bitsPerKey = 8;

/** Where a key's bit lies in the map of keys. */
export function bitOf(key: string, map: Uint8Array): { readonly byte: number; readonly mask: number } {
  const bit = crc32(key) % (map.length * 8);
  return { byte: bit >>> 3, mask: 1 << (bit & 7) };
}

interface Row {
  readonly crc: number;
  readonly text: string;
}

/**
 * An index file, open for reading. A map of bits tells which keys may be there; keys lie in buckets that all exist, and every row carries a checksum: a damaged
 * page is noticed also where it would make a key look absent, and a look-up reads no more than the rows it touches.
 * Not memory-mapped: measured no quicker, and a file cut meanwhile would end the process instead of failing a read.
 */
export class KeyedIndex {
  readonly facts: IndexFacts;
  readonly file: string;
  private readonly database: DatabaseSync;
  /** Most packages have no advisory: a bit that is not set answers for them without a read. */
  private readonly keys: Uint8Array;
  private readonly bucket: StatementSync;
  private readonly record: StatementSync;

  /** @throws {Failure} `corrupt` when the file is no index of this format for that digest, or is damaged. */
  constructor(file: string, digest: string) {
    this.file = file;
    const database = openDatabase(file);
    try {
      this.database = database;
      const { page_count: pages } = database.prepare("PRAGMA page_count").get() as { page_count: number };
      const { page_size: pageBytes } = database.prepare("PRAGMA page_size").get() as { page_size: number };
      if (fs.statSync(file).size !== pages * pageBytes) throw new Error("it is not as long as it says");
      this.bucket = database.prepare("SELECT crc, text FROM bucket WHERE id = ?");
      this.record = database.prepare("SELECT crc, text FROM record WHERE id = ?");
      const facts = database.prepare("SELECT crc, text FROM facts WHERE id = ?");
      this.facts = JSON.parse(checked(facts, 0)) as IndexFacts;
      if (this.facts.format !== indexFormat || this.facts.digest !== digest)
        throw new Error("it is of another format or another source");
      this.keys = Buffer.from(checked(facts, 1), "base64");
    } catch (error) {
      database.close();
      throw damaged(file, error);
    }
  }

  /** The value of a key. @throws {Failure} `corrupt` */
  get(key: string): string | undefined {
    if (this.facts.buckets === 0) return undefined;
    const { byte, mask } = bitOf(key, this.keys);
    if (((this.keys[byte] ?? 0) & mask) === 0) return undefined;
    const text = this.read(this.bucket, bucketOf(key, this.facts.buckets));
    const start = text.startsWith(`${key}\t`) ? 0 : text.indexOf(`\n${key}\t`) + 1;
    if (start === 0 && !text.startsWith(`${key}\t`)) return undefined;
    return text.slice(start + key.length + 1, text.indexOf("\n", start));
  }

  /** Texts of the records that belong to a key, in the order of the source. @throws {Failure} `corrupt` */
  records(key: string): string[] {
    return (this.get(key)?.split(",") ?? []).map((id) => this.read(this.record, Number(id)));
  }

  close(): void {
    if (this.database.isOpen) this.database.close();
  }

  private read(statement: StatementSync, id: number): string {
    try {
      return checked(statement, id);
    } catch (error) {
      throw damaged(this.file, error);
    }
  }
}

function checked(statement: StatementSync, id: number): string {
  const row = statement.get(id) as Row | undefined;
  if (row === undefined) throw new Error("a row is missing");
  if (typeof row.text !== "string" || checksumOf(id, row.text) !== row.crc)
    throw new Error("a row's checksum is wrong");
  return row.text;
}

/** Immutable: nobody writes an index in place, so neither locks nor a journal are looked for. */
function openDatabase(file: string): DatabaseSync {
  try {
    const url = `file:${file.split("/").map(encodeURIComponent).join("/")}?immutable=1`;
    return new DatabaseSync(url, { readOnly: true, allowExtension: false });
  } catch (error) {
    throw damaged(file, error);
  }
}

function damaged(file: string, error: unknown): Failure {
  if (error instanceof Failure) return error;
  return new Failure(
    "corrupt",
    `the advisory index ${file} cannot be used: ${reasonOf(error)}`,
    "Run the command again: the index is built anew from its source.",
    { cause: error },
  );
}
