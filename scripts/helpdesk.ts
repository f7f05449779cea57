import { spawnSync } from "node:child_process";
import { cpSync } from "node:fs";
import path from "node:path";
import { findProgram, findPrograms } from "../src/system/index.ts";
import { startPostgres } from "../test/support/postgres.ts";

/** `small`: without torch and transformers, a few hundred MB; `full`: with them, several GB. */
export type HelpdeskProfile = "small" | "full";

/** The example, installed and with its database, as it was before anything was remediated. */
export interface Helpdesk {
  readonly root: string;
  /** What Redress and the application need in their environment. */
  readonly variables: Readonly<Record<string, string>>;
  /** Rows of the database, in words that can be compared. */
  content(): string;
  /** Why there is no database, where there is none. */
  readonly missing?: string;
  stop(): void;
}

/**
 * Flags of `fix` for the small profile: without the gates that take minutes, without that of the classifier, which is not
 * there, and without the phase that is only wished for.
 */
export const smallFlags = [
  ...["--phase", "3"],
  ...["--without", "performance", "command", "tests: classification"],
] as const;

const example = path.join(import.meta.dirname, "..", "examples", "helpdesk");

/**
 * Copies the example, installs both its projects, and fills a database of its own with 1,000 tickets, one migration
 * behind the code. Without PostgreSQL everything but the database is there.
 * @throws {Error} when a step fails
 */
export async function makeHelpdesk(request: {
  readonly folder: string;
  readonly profile: HelpdeskProfile;
  readonly say: (what: string) => void;
}): Promise<Helpdesk> {
  const { folder, profile, say } = request;
  const root = path.join(folder, "helpdesk");
  cpSync(example, root, {
    recursive: true,
    filter: (file) => !/(?:node_modules|\.venv|build|__pycache__|\.sqlite3|\.redress|profiles)$/.test(file),
  });
  if (profile === "full")
    cpSync(path.join(example, "profiles", "full.txt"), path.join(root, "backend", "requirements.txt"));
  const uv = (await findPrograms()).uv ?? "";
  const python = path.join(root, "backend", ".venv", "bin", "python");
  const backend = path.join(root, "backend");
  run([uv, "venv", "--quiet", "--python", await findPython(), ".venv"], backend, say);
  run([uv, "pip", "install", "--quiet", "--python", python, "-r", "requirements.txt"], backend, say);
  run(
    ["npm", "ci", "--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund", "--loglevel=error"],
    path.join(root, "frontend"),
    say,
  );
  const cluster = startPostgres();
  if ("reason" in cluster)
    return { root, variables: {}, missing: cluster.reason, content: () => "", stop: () => undefined };
  try {
    cluster.query("postgres", "CREATE DATABASE helpdesk");
    const variables = { HELPDESK_DATABASE: cluster.address("helpdesk") };
    const manage = (...words: string[]): void => {
      run([python, "manage.py", ...words], backend, say, variables);
    };
    // One behind: the migration that the next deployment would bring anyway.
    manage("migrate", "--verbosity", "0", "contenttypes");
    manage("migrate", "--verbosity", "0", "auth");
    manage("migrate", "--verbosity", "0", "tickets", "0001");
    manage("fill", "--tickets", "1000");
    return {
      root,
      variables,
      content: () =>
        cluster.query(
          "helpdesk",
          "SELECT md5(string_agg(t::text, '|' ORDER BY id)) FROM tickets_ticket t; SELECT app, name FROM django_migrations ORDER BY app, name",
        ),
      stop: () => {
        cluster.stop();
      },
    };
  } catch (error) {
    cluster.stop();
    throw error;
  }
}

/** A CPython that the pins have wheels for. */
async function findPython(): Promise<string> {
  for (const name of ["python3.11", "python3.10"]) {
    const file = await findProgram(name);
    // A version manager's shim may answer to a name that it has no interpreter for.
    if (file !== undefined && spawnSync(file, ["-c", ""]).status === 0) return file;
  }
  throw new Error("the helpdesk's pins need Python 3.11 or 3.10: install one of them");
}

function run(
  argv: readonly string[],
  cwd: string,
  say: (what: string) => void,
  variables: Readonly<Record<string, string>> = {},
): void {
  const [program = "", ...args] = argv;
  say([path.basename(program), ...args].join(" "));
  const { status, error, stderr } = spawnSync(program, args, {
    cwd,
    encoding: "utf8",
    stdio: ["ignore", "ignore", "pipe"],
    env: { ...process.env, UV_PYTHON_DOWNLOADS: "never", PYTHONDONTWRITEBYTECODE: "1", ...variables },
  });
  if (status !== 0)
    throw new Error(`${path.basename(program)} failed: ${error?.message ?? stderr.slice(-2000)}`);
}
