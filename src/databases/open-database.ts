import path from "node:path";
import { Failure, type DatabaseSettings } from "../model/index.ts";
import type { Database } from "./database.ts";
import { openPostgresql } from "./postgresql.ts";
import { openSqlite } from "./sqlite.ts";

/**
 * A database by its settings: SQLite below the root, PostgreSQL by an environment variable.
 * @throws {Failure} `config` when the variable is not set or holds no address; `unreadable` when there is no such file.
 */
export async function openDatabase(
  { name, place }: DatabaseSettings,
  at: {
    readonly root: string;
    readonly environment: NodeJS.ProcessEnv;
    readonly signal?: AbortSignal;
  },
): Promise<Database> {
  if (place.kind === "sqlite") return openSqlite(name, path.join(at.root, place.file));
  const address = at.environment[place.variable];
  if (address === undefined || address === "")
    throw new Failure(
      "config",
      `the database ${name} is not known: the environment variable ${place.variable} is not set`,
      `Set it to the address, e.g. postgresql://user@host/name, or leave ${name} out of databases:.`,
    );
  return openPostgresql(name, address, at.signal);
}
