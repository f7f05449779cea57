import path from "node:path";
import {
  backUp,
  migrateDown,
  migrateUp,
  migrationStatus,
  openDatabase,
  tryMigrations,
  type CallTool,
  type MigrationTrial,
  type Scratch,
} from "../databases/index.ts";
import { commandEnvironment, type Bench } from "../gates/index.ts";
import {
  Failure,
  reasonOf,
  type DatabaseSettings,
  type GateResult,
  type Inventory,
  type MigrationSettings,
} from "../model/index.ts";
import { execute, maskSecrets, sha256File } from "../system/index.ts";
import type { Site } from "./backup.ts";
import { benchOf, nameOf, type Work } from "./carry-out.ts";
import { keyOf } from "./holdings.ts";
import { runFolder } from "./journal.ts";
import type { Entry } from "./journal-event.ts";
import type { Sight } from "./ports.ts";

/** What a phase does to a database. */
export interface PhaseMigration {
  readonly database: string;
  /** Why there is no way back, where there is none. */
  readonly irreversible?: string;
}

type WithMigrations = DatabaseSettings & { readonly migrations: MigrationSettings };

const migrating = (databases: readonly DatabaseSettings[] = []): WithMigrations[] =>
  databases.flatMap((one) => (one.migrations === undefined ? [] : [{ ...one, migrations: one.migrations }]));

/** Scratch copies of the databases, which the phases of a rehearsal migrate one after the other. */
export interface ScratchDatabases {
  ask(sight: Sight): Promise<{ results: GateResult[]; migrations: PhaseMigration[] }>;
  drop(): Promise<void>;
}

/** Copies every database that has migrations. @throws {Failure} `config`, `unreadable`, `tool` when one cannot be. */
export async function copyDatabases(work: Work, folder: string): Promise<ScratchDatabases> {
  const { site, ports, request, tree } = work;
  const copies = new Map<
    string,
    { settings: WithMigrations; scratch: Scratch; restore: () => Promise<Scratch> }
  >();
  const drop = async (): Promise<void> => {
    for (const [name, { scratch }] of copies) {
      await scratch.drop();
      copies.delete(name);
    }
  };
  try {
    for (const [index, settings] of migrating(request.configuration.databases).entries()) {
      const step = ports.progress.step(`Copying the database ${settings.name}`);
      try {
        const database = await openDatabase(settings, { root: site.root, environment: process.env });
        const dump = path.join(folder, `database-${index}.dump`);
        await database.dump(dump);
        const { place } = settings;
        const name = scratchName(site.run, index);
        const at = { name, file: path.join(tree, place.kind === "sqlite" ? place.file : name) };
        await site.journal.append({ event: "scratch-database", database: settings.name, name: at.name });
        const restore = async (): Promise<Scratch> => {
          await copies.get(settings.name)?.scratch.drop();
          return database.restoreScratch(dump, at);
        };
        copies.set(settings.name, { settings, scratch: await restore(), restore });
      } finally {
        step.done();
      }
    }
  } catch (error) {
    await drop().catch(() => undefined);
    throw error;
  }
  return {
    async ask(sight) {
      const results: GateResult[] = [];
      const migrations: PhaseMigration[] = [];
      const bench = await benchOf(work, sight);
      for (const [name, copy] of copies) {
        const { settings, restore } = copy;
        const step = ports.progress.step(`Trying the migrations of ${name}`);
        const { trial, scratch } = await tryMigrations(copy.scratch, settings.migrations, {
          call: callOn(bench, settings.migrations),
          restore,
        }).finally(() => {
          step.done();
        });
        copies.set(name, { ...copy, scratch });
        results.push(resultOf(name, trial));
        if (trial.outcome === "reversible") migrations.push({ database: name });
        if (trial.outcome === "irreversible") migrations.push({ database: name, irreversible: trial.why });
      }
      return { results, migrations };
    },
    drop,
  };
}

/** PostgreSQL's names of scratch databases: they tell whose they are. */
const scratchName = (run: string, index: number): string =>
  `redress_${run.replace(/^run-/, "").replaceAll("-", "_")}_${index}`;

function resultOf(name: string, trial: MigrationTrial): GateResult {
  const base = { name: `migrations: ${name}`, mode: "enforce" } as const;
  const names = (applied: readonly string[]): string =>
    applied.length === 0 ? "the schema changes" : applied.slice(0, 5).join(", ");
  switch (trial.outcome) {
    case "nothing":
      return { ...base, verdict: "pass", detail: "nothing to migrate" };
    case "reversible":
      return {
        ...base,
        verdict: "pass",
        detail: `up, down and up again on a copy in ${trial.upMs} ms: ${names(trial.applied)}; down leaves the schema of before`,
        samples: [...trial.applied],
      };
    case "irreversible":
      return {
        ...base,
        verdict: "warn",
        detail: maskSecrets(
          `irreversible (${trial.why.split("\n")[0] ?? ""}): ${names(trial.applied)}; needs an approval, and automatic rollback is off for this phase`,
        ),
        samples: [...trial.applied],
      };
    case "failed":
      return { ...base, verdict: "fail", detail: maskSecrets(trial.why) };
  }
}

function callOn(bench: Bench, settings: MigrationSettings): CallTool {
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
  const environments = new Map(
    inventory.projects.flatMap((project) =>
      project.environment === undefined
        ? []
        : [[keyOf(nameOf(project)), path.join(site.root, project.environment)] as const],
    ),
  );
  return benchOf({ site, tree: site.root, environments }, { inventory });
}

/** Drops scratch databases that a killed run left; only such as its journal and the configuration both name. */
export async function dropScratchDatabases(
  site: Pick<Site, "root" | "journal">,
  settings: readonly DatabaseSettings[],
): Promise<void> {
  for (const entry of site.journal.entries) {
    if (entry.event !== "scratch-database") continue;
    const named = settings.find((one) => one.name === entry.database);
    if (named?.place.kind !== "postgresql" || !/^redress_[0-9_]+(?:_p)?$/.test(entry.name)) continue;
    const database = await openDatabase(named, { root: site.root, environment: process.env });
    await database.dropScratch(entry.name);
  }
}
