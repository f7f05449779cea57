import assert from "node:assert/strict";
import * as fs from "node:fs";
import path from "node:path";
import { test } from "node:test";

/** Which room may import which (`docs/architecture.md`). `cli` is the composition root and may import all. */
const mayImport: Record<string, readonly string[]> = {
  model: [],
  versions: ["model"],
  cvss: [],
  system: ["model"],
  managers: ["model", "versions"],
  state: ["model", "system"],
  inventory: ["model", "system", "managers"],
  advisories: ["model", "system", "cvss"],
  releases: ["model", "system", "versions"],
  findings: ["model", "versions", "cvss"],
  plan: ["model", "versions"],
  settle: ["model", "versions", "system", "managers", "releases"],
  gates: ["model", "system"],
  databases: ["model", "system"],
  run: ["model", "system", "managers", "state", "gates", "databases"],
  evidence: ["model"],
  seal: ["model", "system"],
};
const pipeline = Object.keys(mayImport);
/** Node's modules that act on the world; every other room goes through `system`. */
const effects = /^node:(fs|child_process|http|https|net|os|process|timers|worker_threads|sqlite)/;
/** Rooms, besides `system`, that hold a resource of their own kind, and why. */
const ownEffects: Record<string, readonly string[]> = {
  advisories: ["node:sqlite", "node:fs", "node:fs/promises"], // the on-disk index
  releases: ["node:http", "node:fs/promises"], // the cache; the view is a server
  settle: ["node:fs/promises"], // scratch folders
  inventory: ["node:fs", "node:fs/promises"], // the walk and thousands of small reads, quickest synchronously
  state: ["node:fs/promises"], // no link may stand in the folder's place
  gates: ["node:fs/promises"], // reports of tests, metadata of what is installed
  run: ["node:fs/promises", "node:fs"], // the transaction
  seal: ["node:fs/promises"], // keys: modes, and a name that is made once
  databases: ["node:sqlite", "node:fs/promises"], // SQLite itself; scratch files
  plan: ["node:worker_threads"], // the solver runs beside the main thread
};

const source = path.join(import.meta.dirname, "..", "src");

function* filesOf(folder: string): Generator<string> {
  for (const entry of fs.readdirSync(folder, { withFileTypes: true })) {
    const file = path.join(folder, entry.name);
    if (entry.isDirectory()) yield* filesOf(file);
    else if (entry.name.endsWith(".ts")) yield file;
  }
}

const roomOf = (file: string): string => {
  const [first = ""] = path.relative(source, file).split(path.sep);
  return first;
};

function allowed(room: string, target: string): boolean {
  if (room === target || room === "cli") return true;
  if (room === "pipeline") return pipeline.includes(target);
  return mayImport[room]?.includes(target) ?? false;
}

test("rooms import only what the table allows, and only through index.ts", () => {
  const wrong: string[] = [];
  for (const file of filesOf(source)) {
    const room = roomOf(file);
    const isTest = file.endsWith(".test.ts");
    for (const [, specifier = ""] of fs
      .readFileSync(file, "utf8")
      .matchAll(/(?:from|import)\s*\(?\s*"([^"]+)"/g)) {
      const where = `${path.relative(source, file)} imports ${specifier}`;
      if (specifier.startsWith(".")) {
        const target = path.resolve(path.dirname(file), specifier);
        if (!target.startsWith(source + path.sep)) {
          if (!isTest) wrong.push(`${where}: outside src/`);
          continue;
        }
        const other = roomOf(target);
        if (other === room) continue;
        if (!allowed(room, other) && !isTest) wrong.push(`${where}: ${room} may not use ${other}`);
        else if (path.relative(source, target) !== path.join(other, "index.ts") && !isTest)
          wrong.push(`${where}: enter ${other} through its index.ts`);
      } else if (effects.test(specifier) && room !== "system" && room !== "cli" && !isTest) {
        if (!(ownEffects[room] ?? []).includes(specifier)) wrong.push(`${where}: effects belong to system`);
      }
    }
  }
  assert.deepEqual(wrong, []);
});

test("every room of the table exists and there is none beside it", () => {
  const rooms = fs
    .readdirSync(source, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name);
  assert.deepEqual(rooms.sort(), [...pipeline, "pipeline", "cli"].sort());
});

/** What the examples and the recorded cases are made of: nothing may be done for one of them alone. */
const ofCases =
  /helpdesk|mingus|django|\btorch|transformers|pillow|twilio|gunicorn|simplejwt|react|webpack|svgr|nth-check|postcss/i;
/** Django's migrations are one of the tools that `databases:` can name. */
const migrationTool = /"django"|const django: Tool|\bdjango, alembic/;

test("the sources name no case, nor what the cases are made of", () => {
  const named: string[] = [];
  for (const file of filesOf(source)) {
    if (file.endsWith(".test.ts")) continue;
    for (const [index, line] of fs.readFileSync(file, "utf8").split("\n").entries())
      if (ofCases.test(line) && !migrationTool.test(line))
        named.push(`${path.relative(source, file)}:${index + 1}: ${line.trim()}`);
  }
  assert.deepEqual(named, []);
});
