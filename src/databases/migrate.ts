import type { MigrationSettings } from "../model/index.ts";
import type { Database } from "./database.ts";
import { migrationTool, type CallTool, type Migrated } from "./migration-tool.ts";

/** What is applied of a database, by the tool's own words; nothing where it cannot say. @throws {Failure} `tool` */
export async function migrationStatus(
  database: Database,
  settings: MigrationSettings,
  call: CallTool,
): Promise<Migrated> {
  return migrationTool(settings, call).status(database);
}

/** Migrates a database up; gives what is applied before and after. @throws {Failure} `tool` */
export async function migrateUp(
  database: Database,
  settings: MigrationSettings,
  call: CallTool,
): Promise<{ readonly before: Migrated; readonly after: Migrated }> {
  const tool = migrationTool(settings, call);
  const before = await tool.status(database);
  await tool.up(database);
  return { before, after: await tool.status(database) };
}

/**
 * Migrates a database back to what had been applied before; doing it again changes nothing.
 * @throws {Failure} `tool`; `conflict` where the tool has no way back.
 */
export async function migrateDown(
  database: Database,
  settings: MigrationSettings,
  given: { readonly call: CallTool; readonly before: Migrated },
): Promise<void> {
  const tool = migrationTool(settings, given.call);
  const now = await tool.status(database);
  const isBack = now.length > 0 && JSON.stringify(now) === JSON.stringify(given.before);
  if (!isBack) await tool.down(database, given.before, now);
}
