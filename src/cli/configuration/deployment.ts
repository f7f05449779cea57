import type {
  Command,
  DatabaseSettings,
  Deployment,
  MaintenanceWindow,
  StageSettings,
  StageTarget,
  Tier,
} from "../../model/index.ts";
import { normalise, readDuration, splitWords } from "./load-configuration.ts";
import type { ConfigurationFile } from "./schema.ts";
import { parseWindow } from "./windows.ts";

/** How long a command of a stage or a migration may take where nothing is said. */
const usualTimeout = "30m";

/** How and when what was rehearsed is put in place, with the defaults: the project itself, at any time, unwatched. */
export function readDeployment(file: ConfigurationFile): Deployment {
  const { approvals } = file;
  const written = (file.stages ?? []).map(readStage);
  const own = written.find((stage) => stage.target.kind === "project");
  const project: StageSettings = {
    name: own?.name ?? "project",
    target: { kind: "project" },
    approve: own?.approve ?? false,
    soakMs: own !== undefined && own.soakMs > 0 ? own.soakMs : readDuration(file.watch ?? "0s"),
    windows: own !== undefined && own.windows.length > 0 ? own.windows : readWindows(file.windows),
  };
  return {
    approvals: {
      tiers: (approvals?.tiers ?? []) as Tier[],
      majors: approvals?.majors ?? false,
      separation: approvals?.separation ?? false,
    },
    // What is deployed lies in the project: without a place of its own it comes first.
    stages:
      own === undefined ? [project, ...written] : written.map((stage) => (stage === own ? project : stage)),
    watchIntervalMs: readDuration(file.watchInterval ?? "10s"),
  };
}

type StageFile = NonNullable<ConfigurationFile["stages"]>[number];

function readStage(file: StageFile): StageSettings {
  return {
    name: file.name,
    target: readTarget(file),
    approve: file.approve ?? false,
    soakMs: readDuration(file.soak ?? "0s"),
    windows: readWindows(file.windows),
  };
}

function readTarget(file: StageFile): StageTarget {
  if (file.folder !== undefined) return { kind: "folder", folder: normalise(file.folder) };
  if (file.command === undefined) return { kind: "project" };
  const command = (words: string | string[]): Command => ({
    argv: argvOf(words),
    cwd: normalise(file.cwd ?? "."),
    timeoutMs: readDuration(file.timeout ?? usualTimeout),
  });
  return {
    kind: "command",
    command: command(file.command),
    ...(file.undo === undefined ? {} : { undo: command(file.undo) }),
  };
}

const argvOf = (words: string | string[]): string[] =>
  typeof words === "string" ? splitWords(words) : words;

const readWindows = (texts: readonly string[] = []): MaintenanceWindow[] =>
  texts.flatMap((text) => parseWindow(text) ?? []);

/** The databases of the application. */
export function readDatabases(file: ConfigurationFile): DatabaseSettings[] {
  return (file.databases ?? []).map(({ name, file: place, url = "", migrations }) => ({
    name,
    place:
      place === undefined
        ? { kind: "postgresql", variable: url }
        : { kind: "sqlite", file: normalise(place) },
    ...(migrations === undefined
      ? {}
      : {
          migrations: {
            tool: migrations.tool,
            cwd: normalise(migrations.cwd ?? "."),
            timeoutMs: readDuration(migrations.timeout ?? usualTimeout),
            variable: migrations.variable ?? (url === "" ? "DATABASE_URL" : url),
            commands: {
              ...(migrations.status === undefined ? {} : { status: argvOf(migrations.status) }),
              ...(migrations.up === undefined ? {} : { up: argvOf(migrations.up) }),
              ...(migrations.down === undefined ? {} : { down: argvOf(migrations.down) }),
            },
          },
        }),
  }));
}
