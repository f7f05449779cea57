import { Failure, type MigrationSettings } from "../model/index.ts";
import { lastLines, type Execution } from "../system/index.ts";
import type { Database } from "./database.ts";

/** Runs a command of a migration tool in the tree, with the variables given. */
export type CallTool = (
  argv: readonly string[],
  env: Readonly<Record<string, string>>,
) => Promise<Pick<Execution, "code" | "stdout" | "stderr" | "timedOut">>;

/** What is applied of a database, in the tool's own order and names. */
export type Migrated = readonly string[];

/** One kind of tool: what it is called with, and how its answer is read. */
interface Tool {
  readonly form: "url" | "prisma" | "path";
  readonly status?: readonly string[];
  readonly up: readonly string[];
  /** The commands that lead back; `undefined` where the tool has none. */
  down(before: Migrated, after: Migrated): readonly (readonly string[])[] | undefined;
  read(output: string): Migrated;
}

const lines = (output: string): string[] =>
  output
    .split("\n")
    .map((line) => line.trim())
    .filter(Boolean);

const manage = ["python", "manage.py"];

const django: Tool = {
  form: "url",
  status: [...manage, "showmigrations", "--plan"],
  up: [...manage, "migrate", "--noinput"],
  read: (output) => lines(output).flatMap((line) => /^\[X\]\s+(\S+)/.exec(line)?.[1] ?? []),
  // App by app, the one migrated last first: back to its newest migration of before, or to none.
  down(before, after) {
    const fresh = after.filter((one) => !before.includes(one)).reverse();
    const apps = [...new Set(fresh.map((one) => one.split(".", 1)[0] ?? ""))];
    return apps.map((app) => {
      const kept = before.findLast((one) => one.startsWith(`${app}.`))?.slice(app.length + 1) ?? "zero";
      return [...manage, "migrate", app, kept, "--noinput"];
    });
  },
};

const alembic: Tool = {
  form: "url",
  status: ["alembic", "current"],
  up: ["alembic", "upgrade", "head"],
  read: (output) =>
    lines(output).flatMap((line) => /^([0-9A-Za-z_]{1,64})(?: \(.*\))?$/.exec(line)?.[1] ?? []),
  down: (before) => [["alembic", "downgrade", before[0] ?? "base"]],
};

const knex: Tool = {
  form: "path",
  status: ["knex", "migrate:list"],
  up: ["knex", "migrate:latest"],
  read(output) {
    const all = lines(output);
    const end = all.findIndex((line) => /pending migration/i.test(line));
    return (end < 0 ? all : all.slice(0, end)).flatMap((line) => /^(\S+\.[cm]?[jt]s)$/.exec(line)?.[1] ?? []);
  },
  down: (before, after) => after.filter((one) => !before.includes(one)).map(() => ["knex", "migrate:down"]),
};

/** Prisma has no way back: its migrations only go up. */
const prisma: Tool = {
  form: "prisma",
  up: ["prisma", "migrate", "deploy"],
  read: () => [],
  down: () => undefined,
};

/** Whatever the configuration says; without a status nothing is known but the schema. */
const commands: Tool = { form: "url", up: [], read: lines, down: () => undefined };

const tools: Readonly<Record<MigrationSettings["tool"], Tool>> = { django, alembic, knex, prisma, commands };

/** A migration tool for one database. */
export interface MigrationTool {
  /** What is applied; nothing where the tool cannot say. @throws {Failure} `tool` */
  status(database: Database): Promise<Migrated>;
  /** @throws {Failure} `tool` */
  up(database: Database): Promise<void>;
  /** Back to an earlier state. @throws {Failure} `conflict` where there is no way back; `tool` where it fails. */
  down(database: Database, before: Migrated, after: Migrated): Promise<void>;
}

/** The variable by which a tool's configuration, and the application, find a database, with its address. */
export function variablesFor(database: Database, settings: MigrationSettings): Record<string, string> {
  const { form } = tools[settings.tool];
  const read = form === "path" && database.kind === "postgresql" ? "url" : form;
  return { [settings.variable]: database.address(read) };
}

/** The tool that a database's settings name, with the commands that they replace. */
export function migrationTool(settings: MigrationSettings, call: CallTool): MigrationTool {
  const tool = tools[settings.tool];
  const given = settings.commands;
  const run = async (argv: readonly string[], database: Database): Promise<string> => {
    const done = await call(argv, {
      ...variablesFor(database, settings),
      NO_COLOR: "1",
      FORCE_COLOR: "0",
    });
    if (done.code === 0) return done.stdout;
    const why = done.timedOut ? "took too long" : `failed with exit code ${done.code ?? "none"}`;
    throw new Failure("tool", `${argv.join(" ")} ${why}: ${lastLines(`${done.stdout}\n${done.stderr}`, 6)}`);
  };
  return {
    async status(database) {
      const argv = given.status ?? tool.status;
      return argv === undefined ? [] : tool.read(await run(argv, database));
    },
    async up(database) {
      await run(given.up ?? tool.up, database);
    },
    async down(database, before, after) {
      const own = given.down?.map((word) => word.replaceAll("{target}", before.at(-1) ?? ""));
      const steps = own === undefined ? tool.down(before, after) : [own];
      if (steps === undefined)
        throw new Failure("conflict", `${settings.tool} has no way back from a migration`);
      for (const argv of steps) await run(argv, database);
    },
  };
}
