import * as fs from "node:fs/promises";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Failure, reasonOf } from "../model/index.ts";

/** SQLite's result code for a file that somebody else has locked. */
const busy = 5;

/**
 * Takes the project's lock; gives the function that frees it. The lock is one of the operating system's, held through
 * SQLite on an empty file: it ends with the process that holds it, however that ends, so none is ever stale.
 * @throws {Failure} `locked` naming the process that holds it; `storage` when the lock cannot be had at all.
 */
export async function takeLock(root: string, what: string): Promise<() => Promise<void>> {
  const folder = path.join(root, ".redress");
  await fs.mkdir(folder, { recursive: true });
  const owner = path.join(folder, "owner.json");
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path.join(folder, "lock"), { timeout: 0 });
    database.exec("BEGIN EXCLUSIVE");
  } catch (error) {
    database?.close();
    if (((error as { errcode?: number }).errcode ?? 0) % 256 === busy)
      throw new Failure("locked", await describeOwner(owner), "Wait until it has ended.", { cause: error });
    throw new Failure(
      "storage",
      `cannot lock ${folder}: ${reasonOf(error)}`,
      "Check the permissions of the project's folder; .redress/lock may be removed when nothing runs.",
      { cause: error },
    );
  }
  const held = database;
  await fs.writeFile(owner, JSON.stringify({ pid: process.pid, what })).catch((error: unknown) => {
    held.close();
    throw new Failure("storage", `cannot write ${owner}: ${reasonOf(error)}`, "Free space, then try again.", {
      cause: error,
    });
  });
  return async () => {
    await fs.rm(owner, { force: true }).catch(() => undefined); // a note for people; the lock is the other file
    held.close();
  };
}

/** Who holds the lock, as it wrote itself down. */
async function describeOwner(file: string): Promise<string> {
  try {
    const owner = JSON.parse(await fs.readFile(file, "utf8")) as { pid?: unknown; what?: unknown };
    if (typeof owner.pid === "number" && typeof owner.what === "string")
      return `process ${owner.pid} is at work on this project (${owner.what})`;
  } catch {
    // It has taken the lock and not yet written who it is, or is just leaving.
  }
  return "another process is at work on this project";
}
