import path from "node:path";
import {
  backUp,
  migrateDown,
  migrateUp,
  migrationStatus,
  openDatabase,
  variablesFor,
  type CallTool,
} from "../databases/index.ts";
import { commandEnvironment, type Bench } from "../gates/index.ts";
import {
  Failure,
  reasonOf,
  type DatabaseSettings,
  type Inventory,
  type MigrationSettings,
} from "../model/index.ts";
import { execute, sha256File } from "../system/index.ts";
import type { Site } from "./backup.ts";
import { benchOf, realEnvironments, type Work } from "./carry-out.ts";
import { runFolder } from "./journal.ts";
import type { Entry } from "./journal-event.ts";

/** What a phase does to a database. */
export interface PhaseMigration {
  readonly database: string;
  /** Why there is no way back, where there is none. */
  readonly irreversible?: string;
}

/** PostgreSQL's names of scratch databases: they tell whose they are. */
export const scratchName = (run: string, index: number): string =>
  `redress_${run.replace(/^run-/, "").replaceAll("-", "_")}_${index}`;

export type WithMigrations = DatabaseSettings & { readonly migrations: MigrationSettings };

/** Those that Redress migrates. */
export const migrating = (databases: readonly DatabaseSettings[] = []): WithMigrations[] =>
  databases.flatMap((one) => (one.migrations === undefined ? [] : [{ ...one, migrations: one.migrations }]));

/** Calls of a migration tool, in the tree with its environments. */
export function callOn(bench: Bench, settings: MigrationSettings): CallTool {
  const cwd = path.resolve(bench.root, settings.cwd);
  return (argv, env) =>
    execute(argv, {
      cwd,
      timeoutMs: settings.timeoutMs,
      env: { ...commandEnvironment(cwd, bench), ...env },
      ...(bench.signal === undefined ? {} : { signal: bench.signal }),
    });
}

/** Backs a phase's databases up, proves each backup by restoring it, and writes both down. */
export async function backUpDatabases(
  work: Work,
  phase: number,
  migrations: readonly PhaseMigration[],
): Promise<void> {
  const { site, ports, request } = work;
  for (const [index, { database: name }] of migrations.entries()) {
    const settings = settingsOf(request.configuration.databases, name);
    const step = ports.progress.step(`Backing up the database ${name} and restoring the backup once`);
    try {
      const database = await openDatabase(settings, { root: site.root, environment: process.env });
      const file = backupFile(site, phase, name);
      await site.files.makeFolder(path.dirname(file));
      await site.files.makeFolder(work.listFolder);
      const scratch = {
        name: `${scratchName(site.run, index)}_p`,
        file: path.join(work.listFolder, `proof-${index}`),
      };
      await site.journal.append({ event: "scratch-database", database: name, name: scratch.name });
      const proof = await backUp(database, { file, scratch });
      await site.journal.append({
        event: "database-saved",
        phase,
        database: name,
        path: path.relative(site.root, file).split(path.sep).join("/"),
        sha256: proof.sha256,
        sizeBytes: proof.sizeBytes,
        tables: proof.tables,
        busy: proof.busy,
      });
    } finally {
      step.done();
    }
  }
}

const backupFile = ({ root, run }: Pick<Site, "root" | "run">, phase: number, name: string): string =>
  path.join(runFolder(root, run), "backup", "databases", `phase-${phase}`, encodeURIComponent(name));

function settingsOf(databases: readonly DatabaseSettings[] | undefined, name: string): WithMigrations {
  const settings = migrating(databases).find((one) => one.name === name);
  if (settings === undefined)
    throw new Failure(
      "config",
      `the database ${name} stands no more in the configuration`,
      "Put it back into databases: of redress.yaml.",
    );
  return settings;
}

/** By their variables: the addresses of the real databases, as far as they are known here. */
export async function addressesOf(
  root: string,
  databases: readonly DatabaseSettings[] | undefined,
): Promise<Readonly<Record<string, string>>> {
  const found: Record<string, string> = {};
  for (const settings of migrating(databases)) {
    // What is not known has its gate to say so.
    const database = await openDatabase(settings, { root, environment: process.env }).catch(() => undefined);
    if (database !== undefined) Object.assign(found, variablesFor(database, settings.migrations));
  }
  return found;
}

/** Migrates the real databases of a phase, each act in the journal. @throws {Failure} `tool` */
export async function migrateDatabases(
  work: Work,
  phase: number,
  migrations: readonly PhaseMigration[],
): Promise<void> {
  const { site, ports, request } = work;
  const bench = await benchOf(work, await ports.look(work.tree));
  for (const { database: name, irreversible } of migrations) {
    const settings = settingsOf(request.configuration.databases, name);
    const database = await openDatabase(settings, { root: site.root, environment: process.env });
    const call = callOn(bench, settings.migrations);
    const step = ports.progress.step(`Migrating the database ${name}`);
    try {
      const before = await migrationStatus(database, settings.migrations, call);
      await site.journal.append({
        event: "migrating",
        phase,
        database: name,
        before,
        ...(irreversible === undefined ? {} : { irreversible }),
      });
      const { after } = await migrateUp(database, settings.migrations, call);
      const applied = after.filter((one) => !before.includes(one));
      await site.journal.append({ event: "migrated", phase, database: name, applied });
    } finally {
      step.done();
    }
  }
}

/** What going back needs to know of databases. */
export interface DatabaseUndo {
  readonly settings: readonly DatabaseSettings[];
  readonly inventory: (root: string) => Promise<Inventory>;
  /** Puts backups in the place of databases that cannot be migrated back; what was written since is lost. */
  readonly restore: boolean;
}

/**
 * The function that takes a phase's migration back, while the environment that made it is still in place.
 * @throws {Failure} `conflict` where there is no way back and no order to restore the backup.
 */
export function undoDatabaseOf(
  site: Pick<Site, "root" | "run" | "journal" | "files">,
  undo: DatabaseUndo,
): NonNullable<Site["undoDatabase"]> {
  return async (entry) => {
    const settings = settingsOf(undo.settings, entry.database);
    const database = await openDatabase(settings, { root: site.root, environment: process.env });
    if (entry.irreversible === undefined) {
      const bench = await realBench(site, await undo.inventory(site.root));
      await migrateDown(database, settings.migrations, {
        call: callOn(bench, settings.migrations),
        before: entry.before,
      });
      return "migrated back";
    }
    const file = backupFile(site, entry.phase, entry.database);
    if (!undo.restore)
      throw new Failure(
        "conflict",
        `automatic rollback is off: the migration of ${entry.database} cannot be undone (${entry.irreversible.split("\n")[0] ?? ""})`,
        `Keep the phase and mend it, or say redress resume --restore-databases: ${path.relative(site.root, file)} then takes the place of what is there, and what was written since is lost.`,
      );
    await requireIntact(site, entry, file);
    await database.restoreInPlace(file);
    return "restored from the backup";
  };
}

async function requireIntact(
  { journal }: Pick<Site, "journal">,
  { phase, database }: Entry<"migrating">,
  file: string,
): Promise<void> {
  const saved = journal.entries.findLast(
    (one) => one.event === "database-saved" && one.phase === phase && one.database === database,
  );
  const found = await sha256File(file).catch((error: unknown) => reasonOf(error));
  if (saved?.event !== "database-saved" || saved.sha256 !== found)
    throw new Failure("corrupt", `the backup of ${database} is missing or not what was saved: ${file}`);
}

async function realBench(
  site: Pick<Site, "root" | "run" | "journal" | "files">,
  inventory: Inventory,
): Promise<Bench> {
  const environments = realEnvironments(site.root, inventory);
  return benchOf({ site, tree: site.root, environments, databases: {} }, { inventory });
}

/** Drops scratch databases that a killed run left; only such as its journal and the configuration both name. */
export async function dropScratchDatabases(
  site: Pick<Site, "root" | "journal">,
  settings: readonly DatabaseSettings[],
): Promise<void> {
  for (const entry of site.journal.entries) {
    if (entry.event !== "scratch-database") continue;
    const named = settings.find((one) => one.name === entry.database);
    if (named?.place.kind !== "postgresql" || !/^redress_[0-9_]+(?:_[op])?$/.test(entry.name)) continue;
    const database = await openDatabase(named, { root: site.root, environment: process.env });
    await database.dropScratch(entry.name);
  }
}
