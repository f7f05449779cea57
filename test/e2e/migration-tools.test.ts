/** The real migration tools on a real PostgreSQL: what they print is read rightly, up, down and up again. */
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import * as fs from "node:fs";
import { homedir, tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import {
  openDatabase,
  tryMigrations,
  type CallTool,
  type MigrationTrial,
} from "../../src/databases/index.ts";
import type { MigrationSettings } from "../../src/model/index.ts";
import { execute } from "../../src/system/index.ts";
import { startPostgres } from "../support/postgres.ts";

const folder = fs.mkdtempSync(path.join(tmpdir(), "redress-tools-"));
const python = path.join(folder, "venv", "bin");
const cluster = startPostgres();
let skipPython: string | undefined;

before(() => {
  const own = path.join(homedir(), ".cache", "redress", "tools", "bin", "uv");
  const uv = fs.existsSync(own) ? own : "uv";
  for (const args of [
    ["venv", "-q", path.join(folder, "venv")],
    [
      "pip",
      "install",
      "-q",
      "--python",
      path.join(python, "python"),
      "django<6",
      "alembic",
      "psycopg[binary]",
    ],
  ]) {
    const { status, stderr } = spawnSync(uv, args, {
      encoding: "utf8",
      env: { ...process.env, UV_PYTHON_DOWNLOADS: "never" },
    });
    if (status !== 0) skipPython = `Django and Alembic cannot be installed: ${stderr}`.slice(0, 300);
  }
});

after(() => {
  if (!("reason" in cluster)) cluster.stop();
  fs.rmSync(folder, { recursive: true, force: true });
});

function write(files: Readonly<Record<string, string>>): string {
  const root = fs.mkdtempSync(path.join(folder, "project-"));
  for (const [name, text] of Object.entries(files)) {
    fs.mkdirSync(path.dirname(path.join(root, name)), { recursive: true });
    fs.writeFileSync(path.join(root, name), text);
  }
  return root;
}

let number = 0;

/** Tries the migrations of a project on a scratch copy of a database that its first migrations made. */
async function tryOn(
  root: string,
  tool: MigrationSettings["tool"],
  prepare: readonly string[],
  programs = python,
): Promise<{ trial: MigrationTrial; left: string }> {
  assert.ok(!("reason" in cluster));
  const name = `app${++number}`;
  cluster.query("postgres", `CREATE DATABASE ${name}`);
  const address = cluster.address(name);
  const env = { ...process.env, PATH: `${programs}:${process.env["PATH"] ?? ""}`, DATABASE_URL: address };
  const [program = "", ...args] = prepare;
  if (program !== "") execFileSync(program, args, { cwd: root, env, stdio: "pipe" });
  const settings: MigrationSettings = {
    tool,
    cwd: ".",
    timeoutMs: 60_000,
    variable: "DATABASE_URL",
    commands: {},
  };
  const call: CallTool = (argv, extra) =>
    execute(argv, { cwd: root, timeoutMs: 60_000, env: { PATH: env.PATH, ...extra } });
  const database = await openDatabase(
    { name: "main", place: { kind: "postgresql", variable: "DATABASE_URL" } },
    { root, environment: { DATABASE_URL: address } },
  );
  const dump = path.join(folder, `${name}.dump`);
  await database.dump(dump);
  const at = { name: `redress_${name}`, file: "" };
  let scratch = await database.restoreScratch(dump, at);
  const restore = async () => {
    await scratch.drop();
    return database.restoreScratch(dump, at);
  };
  const tried = await tryMigrations(scratch, settings, { call, restore });
  scratch = tried.scratch;
  await scratch.drop();
  return {
    trial: tried.trial,
    left: cluster.query("postgres", "SELECT count(*) FROM pg_database WHERE datname LIKE 'redress%'"),
  };
}

const djangoFiles = (operation: string): Record<string, string> => ({
  "manage.py": `import os, sys
from django.core.management import execute_from_command_line
os.environ["DJANGO_SETTINGS_MODULE"] = "settings"
execute_from_command_line(sys.argv)
`,
  "settings.py": `import os
from urllib.parse import urlsplit, parse_qs
url = urlsplit(os.environ["DATABASE_URL"])
DATABASES = {"default": {"ENGINE": "django.db.backends.postgresql", "NAME": url.path[1:], "USER": url.username,
             "HOST": parse_qs(url.query)["host"][0]}}
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth", "tickets"]
SECRET_KEY = "for the test"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
`,
  "tickets/__init__.py": "",
  "tickets/models.py": "",
  "tickets/migrations/__init__.py": "",
  "tickets/migrations/0001_initial.py": `from django.db import migrations, models
class Migration(migrations.Migration):
    operations = [migrations.CreateModel("Ticket", [("id", models.BigAutoField(primary_key=True)),
                                                    ("title", models.CharField(max_length=80))])]
`,
  "tickets/migrations/0002_next.py": `from django.db import migrations, models
def nothing(apps, schema): pass
class Migration(migrations.Migration):
    dependencies = [("tickets", "0001_initial")]
    operations = [${operation}]
`,
});

for (const [what, operation, outcome] of [
  [
    "a column",
    'migrations.AddField("Ticket", "owner", models.CharField(max_length=80, null=True))',
    "reversible",
  ],
  ["code without a way back", "migrations.RunPython(nothing)", "irreversible"],
] as const)
  test(`Django: ${what} is ${outcome}`, { timeout: 120_000 }, async (t) => {
    if ("reason" in cluster) {
      t.skip(cluster.reason);
      return;
    }
    if (skipPython !== undefined) {
      t.skip(skipPython);
      return;
    }
    const root = write(djangoFiles(operation));
    const { trial, left } = await tryOn(root, "django", [
      "python",
      "manage.py",
      "migrate",
      "tickets",
      "0001_initial",
      "--noinput",
    ]);
    assert.equal(trial.outcome, outcome, JSON.stringify(trial));
    const applied = "applied" in trial ? trial.applied : [];
    assert.ok(applied.includes("tickets.0002_next"), applied.join());
    if (trial.outcome === "irreversible") assert.match(trial.why, /IrreversibleError/);
    // Apps that had nothing applied come in, and go again to zero.
    assert.ok(
      applied.some((one) => one.startsWith("auth.")),
      applied.join(),
    );
    assert.equal(left, "0");
  });

const revision = (id: string, down: string | null, body: string): string => `"""${id}"""
from alembic import op
import sqlalchemy as sa
revision = "${id}"
down_revision = ${down === null ? "None" : `"${down}"`}
${body}
`;

test("Alembic: up, down and up again", { timeout: 120_000 }, async (t) => {
  if ("reason" in cluster) {
    t.skip(cluster.reason);
    return;
  }
  if (skipPython !== undefined) {
    t.skip(skipPython);
    return;
  }
  const root = write({
    "alembic.ini": "[alembic]\nscript_location = migrations\n",
    "migrations/env.py": `import os
from alembic import context
from sqlalchemy import create_engine
engine = create_engine(os.environ["DATABASE_URL"].replace("postgresql://", "postgresql+psycopg://"))
with engine.connect() as connection:
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()
`,
    "migrations/script.py.mako": "",
    "migrations/versions/a1.py": revision(
      "a1",
      null,
      'def upgrade(): op.create_table("ticket", sa.Column("id", sa.Integer))\ndef downgrade(): op.drop_table("ticket")',
    ),
    "migrations/versions/b2.py": revision(
      "b2",
      "a1",
      'def upgrade(): op.add_column("ticket", sa.Column("owner", sa.Text))\ndef downgrade(): op.drop_column("ticket", "owner")',
    ),
  });
  const { trial, left } = await tryOn(root, "alembic", ["alembic", "upgrade", "a1"]);
  assert.equal(trial.outcome, "reversible", JSON.stringify(trial));
  assert.deepEqual("applied" in trial ? trial.applied : [], ["b2"]);
  assert.equal(left, "0");
});

test("Knex: up, down and up again", { timeout: 120_000 }, async (t) => {
  if ("reason" in cluster) {
    t.skip(cluster.reason);
    return;
  }
  const root = write({
    "package.json": '{"private":true,"dependencies":{"knex":"^3","pg":"^8"}}',
    "knexfile.js": `const url = new URL(process.env.DATABASE_URL);
module.exports = { client: "pg", connection: { host: url.searchParams.get("host"), user: url.username,
  database: url.pathname.slice(1) }, migrations: { directory: "./migrations" } };
`,
    "migrations/1_first.js": `exports.up = (knex) => knex.schema.createTable("ticket", (table) => table.integer("id"));
exports.down = (knex) => knex.schema.dropTable("ticket");
`,
    "migrations/2_owner.js": `exports.up = (knex) => knex.schema.alterTable("ticket", (table) => table.text("owner"));
exports.down = (knex) => knex.schema.alterTable("ticket", (table) => table.dropColumn("owner"));
`,
  });
  const installed = spawnSync("npm", ["install", "--no-audit", "--no-fund", "--ignore-scripts"], {
    cwd: root,
    encoding: "utf8",
  });
  if (installed.status !== 0) {
    t.skip(`Knex cannot be installed: ${installed.stderr.slice(0, 200)}`);
    return;
  }
  const { trial, left } = await tryOn(
    root,
    "knex",
    ["knex", "migrate:up"],
    path.join(root, "node_modules", ".bin"),
  );
  assert.equal(trial.outcome, "reversible", JSON.stringify(trial));
  assert.deepEqual("applied" in trial ? trial.applied : [], ["2_owner.js"]);
  assert.equal(left, "0");
});
