/** Migrations in a run, on the synthetic project with a SQLite database and a tool of a few lines. */
import assert from "node:assert/strict";
import * as fs from "node:fs";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test, type TestContext } from "node:test";
import type { DatabaseSettings, Person, Run } from "../../src/model/index.ts";
import {
  applyPlan,
  approve,
  disk,
  readJournal,
  readRuns,
  resume,
  rollback,
  type ApplyRequest,
  type Files,
  type RunPorts,
  type UndoPorts,
} from "../../src/run/index.ts";
import type { Progress } from "../../src/system/index.ts";
import { digestTree, makeSynthetic, type Synthetic } from "./synthetic-project.ts";

const reviewer: Person = { name: "Reviewer", account: "reviewer" };

/** Adds a column for each version of `b` above 1.0 that requirements.txt pins; goes back by the name of the migration. */
const tool = `import { readFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
const database = new DatabaseSync(process.env.APP_DATABASE.slice("sqlite:///".length));
const [verb, target, oneWay] = process.argv.slice(2);
const names = () => database.prepare("SELECT name FROM done ORDER BY name").all().map((row) => row.name);
if (verb === "status") console.log(names().join("\\n"));
const wanted = readFileSync("requirements.txt", "utf8").includes("b==1.5");
if (verb === "up" && wanted && !names().includes("0002"))
  database.exec("BEGIN; ALTER TABLE ticket ADD COLUMN owner text; INSERT INTO done VALUES ('0002'); COMMIT");
if (verb === "down") {
  if (target === "never") { console.error("IrreversibleError"); process.exit(3); }
  if (names().includes("0002") && target !== "0002")
    database.exec("BEGIN; ALTER TABLE ticket DROP COLUMN owner; DELETE FROM done WHERE name = '0002'; COMMIT");
}
`;

interface WithDatabase extends Synthetic {
  readonly databases: readonly DatabaseSettings[];
  ask(more?: Partial<ApplyRequest>): ApplyRequest;
  undoing(restore?: boolean): UndoPorts;
  content(): string;
}

async function withDatabase(t: TestContext, kind: "reversible" | "irreversible"): Promise<WithDatabase> {
  const project = await makeSynthetic();
  t.after(() => {
    fs.rmSync(project.folder, { recursive: true });
  });
  const file = path.join(project.root, "app.sqlite3");
  const open = new DatabaseSync(file);
  open.exec(
    "CREATE TABLE ticket (id integer, title text); INSERT INTO ticket VALUES (1, 'one'); CREATE TABLE done (name text); INSERT INTO done VALUES ('0001')",
  );
  open.close();
  const script = path.join(project.folder, "tools", "migrate.mjs");
  fs.writeFileSync(script, tool);
  const node = [process.execPath, "--no-warnings", script];
  const databases: DatabaseSettings[] = [
    {
      name: "main",
      place: { kind: "sqlite", file: "app.sqlite3" },
      migrations: {
        tool: "commands",
        cwd: ".",
        timeoutMs: 10_000,
        variable: "APP_DATABASE",
        commands: {
          status: [...node, "status"],
          up: [...node, "up"],
          down: [...node, "down", kind === "reversible" ? "{target}" : "never"],
        },
      },
    },
  ];
  return {
    ...project,
    databases,
    ask: (more = {}) => {
      const request = project.request(more);
      return { ...request, configuration: { ...request.configuration, databases } };
    },
    undoing: (restore = false) => ({ ...project.ports(), databases: { settings: databases, restore } }),
    content: () => {
      const database = new DatabaseSync(file, { readOnly: true });
      const rows = database.prepare("SELECT * FROM ticket").all();
      const done = database.prepare("SELECT name FROM done ORDER BY name").all();
      database.close();
      return JSON.stringify([rows, done]);
    },
  };
}

/** Ports of a run that is stopped when the second phase, migrated by then, is checked on the real project. */
function portsThatStop(project: Synthetic): RunPorts & UndoPorts {
  const stop = new AbortController();
  const ports = project.ports({ signal: stop.signal });
  const step: Progress["step"] = (name) => {
    if (name === "Checking Phase 2 (promotion)") stop.abort();
    return ports.progress.step(name);
  };
  return { ...ports, progress: { ...ports.progress, step } };
}

const states = (run: Run): string => `${run.state}: ${run.phases.map((phase) => phase.state).join(", ")}`;

test("a reversible migration goes up with its phase and comes back with the rollback", async (t) => {
  const project = await withDatabase(t, "reversible");
  const [before, content] = [filesOf(project), project.content()];
  const run = await applyPlan(project.ask(), project.ports());
  assert.equal(states(run), "done: done, done", run.reason);
  const gate = (phase: number) => run.phases[phase]?.gates.find((one) => one.name === "migrations: main");
  assert.equal(gate(0)?.detail, "nothing to migrate");
  assert.match(gate(1)?.detail ?? "", /up, down and up again on a copy in \d+ ms: 0002/);
  assert.match(project.content(), /"owner":null/);
  const saved = (await readJournal(path.join(project.root, run.journal))).find(
    (entry) => entry.event === "database-saved",
  );
  assert.deepEqual(
    saved?.event === "database-saved" ? saved.tables.map(({ name, rows }) => [name, rows]) : [],
    [
      ["done", 1],
      ["ticket", 1],
    ],
  );
  await rollback({ root: project.root }, project.undoing());
  assert.equal(project.content(), content);
  assert.equal(filesOf(project), before);
});

/** The tree without the database, whose pages may differ where its rows do not. */
function filesOf(project: Synthetic): string {
  const file = path.join(project.root, "app.sqlite3");
  const aside = path.join(project.folder, "aside");
  fs.renameSync(file, aside);
  const digest = digestTree(project.root);
  fs.renameSync(aside, file);
  return digest;
}

test("a phase that fails after its migration takes the migration back as well", async (t) => {
  const project = await withDatabase(t, "reversible");
  const [before, content] = [filesOf(project), project.content()];
  const run = await applyPlan(project.ask(), portsThatStop(project));
  assert.equal(states(run), "rolled-back: done, rolled-back", run.reason);
  assert.equal(project.content(), content);
  await rollback({ root: project.root }, project.undoing());
  assert.equal(filesOf(project), before);
});

test("an irreversible migration asks first, turns automatic rollback off, and its backup can be put back", async (t) => {
  const project = await withDatabase(t, "irreversible");
  const [before, content] = [filesOf(project), project.content()];
  const waiting = await applyPlan(project.ask(), project.ports());
  assert.equal(states(waiting), "needs-person: done, rehearsed");
  assert.match(
    waiting.reason ?? "",
    /migration of main cannot be undone, and automatic rollback will be off/,
  );
  const gate = waiting.phases[1]?.gates.find((one) => one.name === "migrations: main");
  assert.equal(gate?.verdict, "warn");
  assert.match(gate.detail, /irreversible \(.*needs an approval, and automatic rollback is off/);
  await approve({ root: project.root, by: reviewer }, project.ports());

  const run = await applyPlan(project.ask(), portsThatStop(project));
  assert.equal(states(run), "needs-person: needs-person", run.reason);
  assert.match(run.reason ?? "", /phase 2 stays as it is: automatic rollback is off/);
  assert.match(run.hint ?? "", /--restore-databases/);
  assert.match(project.content(), /"owner":null/);
  await assert.rejects(resume({ root: project.root }, project.undoing()), { code: "corrupt" });
  const { run: put } = await resume({ root: project.root }, project.undoing(true));
  assert.equal(put.state, "rolled-back");
  assert.equal(project.content(), content);
  await rollback({ root: project.root }, project.undoing());
  assert.equal(filesOf(project), before);
});

test("killed at every entry from the backup to the commit: database and files go back together", async (t) => {
  const project = await withDatabase(t, "reversible");
  const [before, content] = [filesOf(project), project.content()];
  await applyPlan(project.ask({ phases: [1] }), project.ports());
  const middle = filesOf(project);
  let cases = 0;
  for (let at = 1; ; at++) {
    let isPromoting = false;
    let written = 0;
    const files: Files = {
      ...disk,
      append: async (file, text, place) => {
        if (isPromoting && ++written > at) throw new Error("killed");
        await disk.append(file, text, place);
        if (text.includes('"event":"phase-started"')) isPromoting = true;
      },
      rename: async (from, to) => {
        if (isPromoting && written > at) throw new Error("killed");
        await disk.rename(from, to);
      },
    };
    const run = await applyPlan(project.ask(), project.ports({ files })).catch(() => undefined);
    assert.notEqual(run?.state, "done", "the commit is met before the end");
    await resume({ root: project.root }, project.undoing());
    const left = (await readRuns(project.root)).at(-1);
    assert.notEqual(left?.state, "needs-person", `entry ${at}`);
    if (left?.phases[0]?.state === "done") break;
    assert.equal(filesOf(project), middle, `entry ${at}`);
    assert.equal(project.content(), content, `entry ${at}`);
    cases++;
  }
  t.diagnostic(`${cases} cases`);
  assert.ok(cases >= 10, String(cases));
  assert.notEqual(before, middle);
});

test("what gates start in the rehearsal finds the copy of the database, never the real one", async (t) => {
  const project = await withDatabase(t, "reversible");
  const write = `
    const { DatabaseSync } = require("node:sqlite");
    const database = new DatabaseSync(process.env.APP_DATABASE.slice("sqlite:///".length));
    database.exec("UPDATE ticket SET title = 'changed'");
    const [{ title }] = database.prepare("SELECT title FROM ticket").all();
    process.exit(title === "changed" ? 0 : 1);`;
  const request = project.ask();
  const commands = [
    {
      name: "writes",
      argv: [process.execPath, "--no-warnings", "-e", write],
      cwd: ".",
      timeoutMs: 10_000,
      mode: "enforce",
    },
  ] as const;
  const configuration = { ...request.configuration, commands };
  const run = await applyPlan({ ...request, configuration }, project.ports());
  assert.equal(states(run), "done: done, done", run.reason);
  const gate = run.phases[0]?.gates.find((one) => one.name === "command: writes");
  assert.equal(gate?.verdict, "pass", gate?.detail);
  assert.match(project.content(), /"title":"one"/);
});

test("a database that is not there is an error of its gate; the others are asked, and nothing goes in", async (t) => {
  const project = await withDatabase(t, "reversible");
  fs.rmSync(path.join(project.root, "app.sqlite3"));
  const before = digestTree(project.root);
  const run = await applyPlan(project.ask(), project.ports());
  assert.equal(run.state, "rolled-back", run.reason);
  const gates = run.phases[0]?.gates ?? [];
  assert.equal(gates.find((one) => one.name === "versions")?.verdict, "pass");
  assert.equal(gates.find((one) => one.name === "migrations: main")?.verdict, "error");
  assert.match(run.reason ?? "", /app\.sqlite3/);
  assert.equal(digestTree(project.root), before);
});
