import assert from "node:assert/strict";
import * as fs from "node:fs";
import path from "node:path";
import { test } from "node:test";

const source = fs.readFileSync(path.join(import.meta.dirname, "journal-event.ts"), "utf8");
const document = fs.readFileSync(path.join(import.meta.dirname, "../../docs/run.md"), "utf8");
const events = [...source.matchAll(/readonly event: "([a-z-]+)"/g)].map(([, name = ""]) => name);

test("docs/run.md names every event of the journal, and its table no other", () => {
  assert.ok(events.length > 30, String(events.length));
  const named = new Set([...document.matchAll(/`([a-z-]+)`/g)].map(([, name = ""]) => name));
  assert.deepEqual(
    events.filter((event) => !named.has(event)),
    [],
  );
  const rows = document
    .split("\n## ")[0]
    ?.split("\n")
    .filter((line) => /^\|(?! step|---)/.test(line));
  const inTable = (rows ?? []).flatMap((row) => {
    const [, , journal = ""] = row.split("|");
    return [...journal.matchAll(/`([a-z-]+)`/g)].map(([, name = ""]) => name);
  });
  assert.ok(inTable.length > 20, String(inTable.length));
  assert.deepEqual(
    inTable.filter((name) => !events.includes(name)),
    [],
  );
});
