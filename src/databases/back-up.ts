import * as fs from "node:fs/promises";
import { Failure } from "../model/index.ts";
import { sha256File } from "../system/index.ts";
import type { Database, TableSurvey } from "./database.ts";

/** A backup that has been restored once and found equal. */
export interface BackupProof {
  /** Absolute path. */
  readonly file: string;
  readonly sha256: string;
  readonly sizeBytes: number;
  readonly tables: readonly TableSurvey[];
  /** Tables that others wrote to while they were dumped, so that they could not be compared. */
  readonly busy: readonly string[];
}

/**
 * Dumps a database, restores the dump into a scratch one and compares row counts and checksums table by table.
 * @throws {Failure} `tool` when that cannot be done; `corrupt` naming the table where the restored backup differs.
 */
export async function backUp(
  database: Database,
  at: { readonly file: string; readonly scratch: { readonly name: string; readonly file: string } },
): Promise<BackupProof> {
  const before = await database.survey();
  await database.dump(at.file);
  const after = await database.survey();
  const scratch = await database.restoreScratch(at.file, at.scratch);
  try {
    const restored = await scratch.survey();
    const busy = tablesDiffering(before, after);
    const wrong = tablesDiffering(before, restored).filter((name) => !busy.includes(name));
    if (wrong.length > 0)
      throw new Failure(
        "corrupt",
        `the restored backup of ${database.name} differs from the database in ${wrong.slice(0, 5).join(", ")}`,
        "Nothing was changed. Find out why it cannot be dumped and restored whole.",
      );
    const { size } = await fs.stat(at.file);
    return { file: at.file, sha256: await sha256File(at.file), sizeBytes: size, tables: restored, busy };
  } finally {
    await scratch.drop();
  }
}

/** Names of the tables that are not the same on both sides. */
function tablesDiffering(a: readonly TableSurvey[], b: readonly TableSurvey[]): string[] {
  const key = (one: TableSurvey): string => `${one.rows} ${one.checksum}`;
  const [left, right] = [a, b].map((side) => new Map(side.map((one) => [one.name, key(one)])));
  const names = new Set([...a, ...b].map((one) => one.name));
  return [...names].filter((name) => left?.get(name) !== right?.get(name));
}
