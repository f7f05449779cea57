import { createHash } from "node:crypto";
import * as fs from "node:fs/promises";
import path from "node:path";
import { backup, DatabaseSync } from "node:sqlite";
import { Failure, reasonOf } from "../model/index.ts";
import type { Database, Scratch, TableSurvey } from "./database.ts";

/** A SQLite file, also while others have it open. @throws {Failure} `unreadable` when there is none. */
export async function openSqlite(name: string, file: string): Promise<Database> {
  const stat = await fs.lstat(file).catch(() => undefined);
  if (stat?.isFile() !== true)
    throw new Failure(
      "unreadable",
      `the database ${name} is no file: ${path.basename(file)}`,
      "Correct databases: in redress.yaml.",
    );
  return sqliteAt(name, file);
}

function sqliteAt(name: string, file: string): Database {
  const reading = <T>(act: (database: DatabaseSync) => T): T => {
    try {
      const database = new DatabaseSync(file, { readOnly: true, timeout: 10_000 });
      try {
        return act(database);
      } finally {
        database.close();
      }
    } catch (error) {
      throw new Failure("tool", `cannot read the database ${name}: ${reasonOf(error)}`, "", { cause: error });
    }
  };
  return {
    name,
    kind: "sqlite",
    address: (form) => ({ url: `sqlite:///${file}`, prisma: `file:${file}`, path: file })[form],
    dump: (to) => copy(file, to, name),
    async restoreScratch(from, at) {
      await removeWhole(at.file);
      await fs.mkdir(path.dirname(at.file), { recursive: true });
      await copy(from, at.file, name);
      const scratch: Scratch = { ...sqliteAt(name, at.file), drop: () => removeWhole(at.file) };
      return scratch;
    },
    // Scratch files go with the scratch folder.
    dropScratch: () => Promise.resolve(),
    restoreInPlace: (from) => copy(from, file, name),
    survey: () => Promise.resolve(reading(surveyTables)),
    schema: () => Promise.resolve(reading(readSchema)),
  };
}

/** SQLite's own online backup: a state that was committed, whatever others write meanwhile. */
async function copy(from: string, to: string, name: string): Promise<void> {
  const source = new DatabaseSync(from, { readOnly: true, timeout: 10_000 });
  try {
    await backup(source, to);
    const handle = await fs.open(to, "r");
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw new Failure("tool", `cannot copy the database ${name}: ${reasonOf(error)}`, "", { cause: error });
  } finally {
    source.close();
  }
}

async function removeWhole(file: string): Promise<void> {
  for (const end of ["", "-wal", "-shm", "-journal"]) await fs.rm(`${file}${end}`, { force: true });
}

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

function surveyTables(database: DatabaseSync): TableSurvey[] {
  const tables = database
    .prepare(
      "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name",
    )
    .all() as { name: string }[];
  return tables.map(({ name }) => {
    const statement = database.prepare(`SELECT * FROM ${quoted(name)}`);
    statement.setReadBigInts(true);
    let rows = 0;
    let sum = 0n;
    for (const row of statement.iterate()) {
      const hash = createHash("sha256");
      for (const value of Object.values(row)) {
        hash.update(value instanceof Uint8Array ? `b${value.length}:` : `${typeof value}:`);
        hash.update(value instanceof Uint8Array ? value : String(value));
        hash.update("\0");
      }
      rows++;
      sum = BigInt.asUintN(64, sum + hash.digest().readBigUInt64BE());
    }
    return { name, rows, checksum: sum.toString(16) };
  });
}

function readSchema(database: DatabaseSync): string {
  const entries = database
    .prepare(
      "SELECT type, name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY type, name",
    )
    .all() as { type: string; name: string; sql: string | null }[];
  return entries
    .map(({ type, name, sql }) => `${type} ${name}: ${(sql ?? "").replace(/\s+/g, " ")}`)
    .join("\n");
}
