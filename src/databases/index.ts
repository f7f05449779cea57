/** The application's databases: backups that are proven by restoring them, and migrations tried on scratch copies. */
export { backUp, type BackupProof } from "./back-up.ts";
export type { Database, Scratch, TableSurvey } from "./database.ts";
export { variablesFor, type CallTool, type Migrated } from "./migration-tool.ts";
export { migrateDown, migrateUp, migrationStatus } from "./migrate.ts";
export { openDatabase } from "./open-database.ts";
export { tryMigrations, type Trial as MigrationTrial } from "./try-migrations.ts";
