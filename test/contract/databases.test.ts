/** One suite over the kinds of database: backups proven by restoring them, migrations tried on scratch copies. */
import assert from "node:assert/strict";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, describe, test } from "node:test";
import {
  backUp,
  migrateDown,
  migrateUp,
  openDatabase,
  tryMigrations,
  type CallTool,
  type Database,
} from "../../src/databases/index.ts";
import type { MigrationSettings } from "../../src/model/index.ts";
import { startPostgres } from "../support/postgres.ts";

interface Kind {
  readonly skip?: string;
  make(): Promise<{ database: Database; run: (sql: string) => void; others: () => string[] }>;
}

const folder = fs.mkdtempSync(path.join(tmpdir(), "redress-databases-"));
let number = 0;
const start = `CREATE TABLE ticket (id integer PRIMARY KEY, title text, weight real);
INSERT INTO ticket VALUES (1, 'one', 0.5), (2, 'it''s "two"', NULL), (3, '⚡', 3.25);
CREATE TABLE "odd ""name" (a text);
CREATE TABLE done (name text PRIMARY KEY);`;

const sqlite: Kind = {
  make: async () => {
    const file = `app-${++number}.sqlite3`;
    const run = (sql: string): void => {
      const open = new DatabaseSync(path.join(folder, file));
      open.exec(sql);
      open.close();
    };
    run("PRAGMA journal_mode = WAL");
    run(start);
    const database = await openDatabase(
      { name: "main", place: { kind: "sqlite", file } },
      { root: folder, environment: {} },
    );
    return { database, run, others: () => [] };
  },
};

const cluster = startPostgres();
const postgresql: Kind = {
  ...("reason" in cluster ? { skip: cluster.reason } : {}),
  make: async () => {
    assert.ok(!("reason" in cluster));
    const name = `app${++number}`;
    cluster.query("postgres", `CREATE DATABASE ${name}`);
    const run = (sql: string): void => void cluster.query(name, sql);
    run(start);
    const database = await openDatabase(
      { name: "main", place: { kind: "postgresql", variable: "APP_DATABASE" } },
      { root: folder, environment: { APP_DATABASE: cluster.address(name) } },
    );
    const others = (): string[] =>
      cluster
        .query("postgres", "SELECT datname FROM pg_database WHERE datname LIKE 'redress%'")
        .split("\n")
        .filter(Boolean);
    return { database, run, others };
  },
};

after(() => {
  if (!("reason" in cluster)) cluster.stop();
  fs.rmSync(folder, { recursive: true });
});

/** A tool of commands that are statements of SQL, so that what is tested is ours. */
function toolOf(statements: Readonly<Record<string, string>>, settings: Partial<MigrationSettings> = {}) {
  const migrations: MigrationSettings = {
    tool: "commands",
    cwd: ".",
    timeoutMs: 10_000,
    variable: "APP",
    commands: { status: ["status"], up: ["up"], down: ["down", "{target}"] },
    ...settings,
  };
  const call: CallTool = (argv, env) => {
    const [verb = ""] = argv;
    const address = env["APP"] ?? "";
    const answer = (stdout: string) => Promise.resolve({ code: 0, stdout, stderr: "", timedOut: false });
    try {
      if (address.startsWith("sqlite:///")) {
        const open = new DatabaseSync(address.slice("sqlite:///".length));
        if (verb === "status") {
          const rows = open.prepare("SELECT name FROM done ORDER BY name").all() as { name: string }[];
          return answer(rows.map((row) => row.name).join("\n"));
        }
        open.exec(statements[verb] ?? "");
        open.close();
        return answer("");
      }
      assert.ok(!("reason" in cluster));
      const database = new URL(address).pathname.slice(1);
      return answer(
        cluster.query(
          database,
          verb === "status" ? "SELECT name FROM done ORDER BY name" : (statements[verb] ?? ""),
        ),
      );
    } catch (error) {
      return Promise.resolve({ code: 1, stdout: "", stderr: String(error), timedOut: false });
    }
  };
  return { migrations, call };
}

const up = "ALTER TABLE ticket ADD COLUMN owner text; INSERT INTO done VALUES ('0002');";
const down = "ALTER TABLE ticket DROP COLUMN owner; DELETE FROM done WHERE name = '0002';";
const place = (): { name: string; file: string } => ({
  name: `redress_test_${++number}`,
  file: path.join(folder, `scratch-${number}`),
});

for (const [name, kind] of Object.entries({ sqlite, postgresql }))
  describe(name, { skip: kind.skip ?? false }, () => {
    test("a backup is restored once and equal in rows and checksums", async () => {
      const { database, others } = await kind.make();
      const proof = await backUp(database, {
        file: path.join(folder, `backup-${++number}`),
        scratch: place(),
      });
      assert.deepEqual(
        proof.tables.map(({ name: table, rows }) => [table.replace("public.", ""), rows]).sort(),
        [
          ["done", 0],
          ['odd "name', 0],
          ["ticket", 3],
        ],
      );
      assert.match(proof.sha256, /^[0-9a-f]{64}$/);
      assert.deepEqual(others(), [], "the scratch database is gone");
    });

    test("a backup that does not hold what the database does is found", async () => {
      const { database, run } = await kind.make();
      const lying: Database = {
        ...database,
        dump: async (file) => {
          run("UPDATE ticket SET title = 'other' WHERE id = 1");
          await database.dump(file);
          run("UPDATE ticket SET title = 'one' WHERE id = 1");
        },
      };
      await assert.rejects(
        backUp(lying, { file: path.join(folder, `backup-${++number}`), scratch: place() }),
        {
          code: "corrupt",
          message: /differs from the database in (?:public\.)?ticket/,
        },
      );
    });

    for (const [what, statements, outcome, why] of [
      ["that can be undone", { up, down }, "reversible", undefined],
      [
        "whose down leaves a column",
        { up, down: "DELETE FROM done WHERE name = '0002';", again: "" },
        "failed",
        /already exists|duplicate/,
      ],
      ["whose down fails", { up, down: "DROP TABLE nowhere;" }, "irreversible", /nowhere/],
      ["whose up fails", { up: "ALTER TABLE nowhere ADD COLUMN a text;", down }, "failed", /nowhere/],
      ["that is none", { up: "", down }, "nothing", undefined],
      [
        "whose down leaves another schema",
        {
          up: "CREATE TABLE IF NOT EXISTS extra (a text); INSERT INTO done VALUES ('0002');",
          down: "DELETE FROM done WHERE name = '0002';",
        },
        "irreversible",
        /another schema/,
      ],
    ] as const)
      test(`a migration ${what}`, async () => {
        const { database, others } = await kind.make();
        const dump = path.join(folder, `dump-${++number}`);
        await database.dump(dump);
        const at = place();
        const { migrations, call } = toolOf(statements);
        let scratch = await database.restoreScratch(dump, at);
        const restore = async () => {
          await scratch.drop();
          return database.restoreScratch(dump, at);
        };
        const before = await database.schema();
        const tried = await tryMigrations(scratch, migrations, { call, restore });
        scratch = tried.scratch;
        assert.equal(tried.trial.outcome, outcome, JSON.stringify(tried.trial));
        if (why !== undefined) assert.match("why" in tried.trial ? tried.trial.why : "", why);
        assert.equal(await database.schema(), before, "the database itself is only read");
        await scratch.drop();
        assert.deepEqual(others(), []);
      });

    test("up and back leave rows and schema as they were; back again changes nothing", async () => {
      const { database } = await kind.make();
      const { migrations, call } = toolOf({ up, down });
      const [schema, rows] = [await database.schema(), await database.survey()];
      const { before, after: applied } = await migrateUp(database, migrations, call);
      assert.deepEqual([before, applied], [[], ["0002"]]);
      assert.notEqual(await database.schema(), schema);
      await migrateDown(database, migrations, { call, before });
      assert.equal(await database.schema(), schema);
      assert.deepEqual(await database.survey(), rows);
    });

    test("a backup takes the place of what is there, also of tables that came later", async () => {
      const { database, run } = await kind.make();
      const dump = path.join(folder, `dump-${++number}`);
      await database.dump(dump);
      const [schema, rows] = [await database.schema(), await database.survey()];
      run(up);
      run("CREATE TABLE later (a text); DELETE FROM ticket WHERE id = 1;");
      await database.restoreInPlace(dump);
      assert.equal(await database.schema(), schema);
      assert.deepEqual(await database.survey(), rows);
    });
  });

test("an address that is none, or a variable that is not set, is refused without showing it", async () => {
  const settings = { name: "main", place: { kind: "postgresql", variable: "APP_DATABASE" } } as const;
  for (const environment of [{}, { APP_DATABASE: "mysql://root:hunter2@db/app" }])
    await assert.rejects(openDatabase(settings, { root: folder, environment }), (error: Error) => {
      assert.doesNotMatch(error.message, /hunter2/);
      return /APP_DATABASE|postgresql:\/\//.test(error.message);
    });
});
