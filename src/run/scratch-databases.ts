import path from "node:path";
import {
  openDatabase,
  tryMigrations,
  variablesFor,
  type MigrationTrial,
  type Scratch,
} from "../databases/index.ts";
import { Failure, type GateResult } from "../model/index.ts";
import { maskSecrets } from "../system/index.ts";
import { benchOf, type Work } from "./carry-out.ts";
import { callOn, migrating, scratchName, type PhaseMigration, type WithMigrations } from "./migrations.ts";
import type { Sight } from "./ports.ts";

/** Scratch copies of the databases, which the phases of a rehearsal migrate one after the other. */
export interface ScratchDatabases {
  /** By their variables: the addresses of the copies, for the application's programs. */
  readonly addresses: Readonly<Record<string, string>>;
  /** Copies of their own for the old versions, which stay as the databases are now. */
  copyForOld(tree: string): Promise<Readonly<Record<string, string>>>;
  ask(work: Work, sight: Sight): Promise<{ results: GateResult[]; migrations: PhaseMigration[] }>;
  drop(): Promise<void>;
}

interface Copy {
  readonly settings: WithMigrations;
  readonly scratch: Scratch;
  readonly restore: (at: { readonly name: string; readonly tree: string }) => Promise<Scratch>;
  readonly again: () => Promise<Scratch>;
}

/**
 * Copies every database that has migrations; one that cannot be copied is said by its gate, and the application's
 * programs then run without it.
 */
export async function copyDatabases(work: Work, folder: string): Promise<ScratchDatabases> {
  const { site, ports, request } = work;
  const copies = new Map<string, Copy>();
  const others: Scratch[] = [];
  const lost = new Map<string, string>();
  const drop = async (): Promise<void> => {
    for (const scratch of others.splice(0)) await scratch.drop();
    for (const [name, { scratch }] of copies) {
      await scratch.drop();
      copies.delete(name);
    }
  };
  for (const [index, settings] of migrating(request.configuration.databases).entries()) {
    const step = ports.progress.step(`Copying the database ${settings.name}`);
    try {
      copies.set(settings.name, await copyOne(work, settings, { index, folder }));
    } catch (error) {
      if (!(error instanceof Failure) || ports.signal?.aborted === true) {
        await drop().catch(() => undefined);
        throw error;
      }
      lost.set(settings.name, [error.message, error.hint].filter(Boolean).join(" "));
    } finally {
      step.done();
    }
  }
  return {
    addresses: Object.assign(
      {},
      ...[...copies.values()].map(({ scratch, settings }) => variablesFor(scratch, settings.migrations)),
    ) as Record<string, string>,
    async copyForOld(tree) {
      const found: Record<string, string> = {};
      for (const [index, { settings, restore }] of [...copies.values()].entries()) {
        const scratch = await restore({ name: `${scratchName(site.run, index)}_o`, tree });
        others.push(scratch);
        Object.assign(found, variablesFor(scratch, settings.migrations));
      }
      return found;
    },
    async ask(asking, sight) {
      const results: GateResult[] = [];
      const migrations: PhaseMigration[] = [];
      const asked = migrating(asking.request.configuration.databases).filter(
        (one) => one.migrations.leftOut !== true,
      );
      const isAsked = (name: string): boolean => asked.some((one) => one.name === name);
      for (const [name, why] of lost)
        if (isAsked(name))
          results.push({
            name: `migrations: ${name}`,
            mode: "enforce",
            verdict: "error",
            detail: maskSecrets(why),
          });
      const bench = await benchOf(asking, sight);
      for (const [name, copy] of copies) {
        if (!isAsked(name)) continue;
        const { settings } = copy;
        const step = ports.progress.step(`Trying the migrations of ${name}`);
        const { trial, scratch } = await tryMigrations(copy.scratch, settings.migrations, {
          call: callOn(bench, settings.migrations),
          restore: copy.again,
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

/** @throws {Failure} `config`, `unreadable`, `tool` when it cannot be. */
async function copyOne(
  { site, tree }: Work,
  settings: WithMigrations,
  { index, folder }: { readonly index: number; readonly folder: string },
): Promise<Copy> {
  const database = await openDatabase(settings, { root: site.root, environment: process.env });
  const dump = path.join(folder, `database-${index}.dump`);
  await database.dump(dump);
  const { place } = settings;
  const restore: Copy["restore"] = async ({ name, tree: into }) => {
    await site.journal.append({ event: "scratch-database", database: settings.name, name });
    await database.dropScratch(name);
    return database.restoreScratch(dump, {
      name,
      file: path.join(into, place.kind === "sqlite" ? place.file : name),
    });
  };
  const again = (): Promise<Scratch> => restore({ name: scratchName(site.run, index), tree });
  return { settings, scratch: await again(), restore, again };
}

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
