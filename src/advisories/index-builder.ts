import * as fs from "node:fs";
import path from "node:path";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { Failure, reasonOf } from "../model/index.ts";
import { syncFolder } from "../system/index.ts";
import { bitOf, bitsPerKey, bucketOf, checksumOf, indexFormat, type IndexFacts } from "./keyed-index.ts";

const keysPerBucket = 8;

/**
 * Writes an index beside its final place; only `finish` makes it an index. What a killed process leaves has a name
 * that nobody opens, and the next build removes it.
 */
export class IndexBuilder {
  private readonly file: string;
  private readonly temporary: string;
  private readonly database: DatabaseSync;
  private readonly insertRecord: StatementSync;
  private readonly values = new Map<string, string>();
  private count = 0;

  /** @throws {Failure} `storage` when the folder cannot be written. */
  constructor(file: string) {
    this.file = file;
    const folder = path.dirname(file);
    this.temporary = path.join(folder, `building-${process.pid}-${Date.now()}-${path.basename(file)}`);
    try {
      fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
      removeLeftovers(folder);
      this.database = new DatabaseSync(this.temporary, { allowExtension: false });
    } catch (error) {
      throw notWritten(file, error);
    }
    // No journal: a build that ends early is thrown away as a whole.
    this.database.exec(
      `PRAGMA page_size = 8192; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;
       PRAGMA locking_mode = EXCLUSIVE; PRAGMA cache_size = -16384;
       CREATE TABLE facts (id INTEGER PRIMARY KEY, crc INTEGER, text TEXT);
       CREATE TABLE record (id INTEGER PRIMARY KEY, crc INTEGER, text TEXT);
       CREATE TABLE bucket (id INTEGER PRIMARY KEY, crc INTEGER, text TEXT);
       BEGIN`,
    );
    this.insertRecord = this.database.prepare("INSERT INTO record VALUES (?, ?, ?)");
  }

  /** Adds a record that is found under each of the keys. */
  add(keys: Iterable<string>, text: string): void {
    const id = ++this.count;
    this.write(this.insertRecord, id, text);
    for (const key of keys) {
      const before = this.values.get(key);
      this.values.set(key, before === undefined ? String(id) : `${before},${id}`);
    }
  }

  /** Sets a key's value; neither may hold a line break or a tab. */
  set(key: string, value: string): void {
    this.values.set(key, value);
  }

  /** Writes the keys, makes it all durable and puts it in its place. @throws {Failure} `storage` */
  async finish(facts: Omit<IndexFacts, "format" | "buckets">): Promise<void> {
    try {
      const buckets = Math.ceil(this.values.size / keysPerBucket);
      this.writeBuckets(buckets);
      const text = JSON.stringify({ ...facts, format: indexFormat, buckets } satisfies IndexFacts);
      const insert = this.database.prepare("INSERT INTO facts VALUES (?, ?, ?)");
      this.write(insert, 0, text);
      this.write(insert, 1, this.mapOfKeys().toString("base64"));
      this.database.exec("COMMIT");
      this.database.close();
      const handle = fs.openSync(this.temporary, "r+");
      try {
        fs.fsyncSync(handle);
      } finally {
        fs.closeSync(handle);
      }
      fs.renameSync(this.temporary, this.file);
      await syncFolder(path.dirname(this.file));
    } catch (error) {
      this.abandon();
      throw error instanceof Failure ? error : notWritten(this.file, error);
    }
  }

  /** Throws away what has been written. */
  abandon(): void {
    if (this.database.isOpen) this.database.close();
    fs.rmSync(this.temporary, { force: true });
  }

  private mapOfKeys(): Buffer {
    const map = Buffer.alloc(Math.ceil((this.values.size * bitsPerKey) / 8));
    for (const key of this.values.keys()) {
      const { byte, mask } = bitOf(key, map);
      map[byte] = (map[byte] ?? 0) | mask;
    }
    return map;
  }

  private writeBuckets(buckets: number): void {
    const texts = new Array<string>(buckets).fill("");
    for (const [key, value] of this.values) {
      const bucket = bucketOf(key, buckets);
      texts[bucket] = `${texts[bucket] ?? ""}${key}\t${value}\n`;
    }
    const insert = this.database.prepare("INSERT INTO bucket VALUES (?, ?, ?)");
    for (const [id, text] of texts.entries()) this.write(insert, id, text);
  }

  private write(statement: StatementSync, id: number, text: string): void {
    try {
      statement.run(id, checksumOf(id, text), text);
    } catch (error) {
      throw notWritten(this.file, error);
    }
  }
}

/** Removes half-built files of processes that are gone. */
function removeLeftovers(folder: string): void {
  for (const name of fs.readdirSync(folder)) {
    const pid = Number(/^building-(\d+)-/.exec(name)?.[1]);
    if (Number.isInteger(pid) && pid !== process.pid && !isRunning(pid))
      fs.rmSync(path.join(folder, name), { force: true });
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

function notWritten(file: string, error: unknown): Failure {
  return new Failure(
    "storage",
    `cannot write the advisory index ${file}: ${reasonOf(error)}`,
    "Free space, or set XDG_CACHE_HOME to a folder that can be written.",
    { cause: error },
  );
}
