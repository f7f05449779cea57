import assert from "node:assert/strict";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test, type TestContext } from "node:test";
import { disk, type Files } from "./files.ts";
import { Journal, journalFile, readJournal, runFolder } from "./journal.ts";

const run = "run-20250902-100000";
const summary = {
  packages: 0,
  findings: 0,
  waived: 0,
  bySeverity: { critical: 0, high: 0, medium: 0, low: 0, unknown: 0 },
  byTier: { immediate: 0, "24-hours": 0, "1-week": 0, "2-weeks": 0, "1-month": 0, "next-window": 0 },
};
const started = {
  event: "run-started",
  run,
  plan: "plan-1",
  phases: [],
  before: summary,
  dryRun: false,
  filesOnly: false,
} as const;

async function begun(
  t: TestContext,
  files: Files = disk,
): Promise<{ journal: Journal; file: string; root: string }> {
  const root = fs.mkdtempSync(path.join(tmpdir(), "redress-journal-"));
  t.after(() => {
    fs.rmSync(root, { recursive: true });
  });
  fs.mkdirSync(runFolder(root, run), { recursive: true });
  const journal = await Journal.begin({ root, run, files, clock: () => new Date(0) });
  return { journal, file: journalFile(root, run), root };
}

test("what is appended is read back, chained", async (t) => {
  const { journal, file, root } = await begun(t);
  await journal.append(started);
  await journal.append({ event: "note", text: "ä" });
  const again = await Journal.open({ root, run, files: disk, clock: () => new Date(0) });
  await again.append({ event: "resumed" });
  const entries = await readJournal(file);
  assert.deepEqual(
    entries.map((entry) => [entry.seq, entry.event]),
    [
      [1, "run-started"],
      [2, "note"],
      [3, "resumed"],
    ],
  );
});

test("a torn last line is left out, and gone after the next entry", async (t) => {
  const { journal, file, root } = await begun(t);
  await journal.append(started);
  fs.appendFileSync(file, '{"seq":2,"at":"ä');
  assert.equal((await readJournal(file)).length, 1);
  const again = await Journal.open({ root, run, files: disk, clock: () => new Date(0) });
  await again.append({ event: "resumed" });
  assert.equal((await readJournal(file)).length, 2);
});

for (const [what, damage] of [
  ["an edited line", (text: string) => text.replace("first", "other")],
  ["a line taken out", (text: string) => text.split("\n").toSpliced(1, 1).join("\n")],
  ["a line that is not JSON", (text: string) => text.replace('{"seq":2', "{seq:2")],
  ["another beginning", (text: string) => text.replace("run-started", "resumed")],
] as const)
  test(`${what} is damage`, async (t) => {
    const { journal, file } = await begun(t);
    await journal.append(started);
    await journal.append({ event: "note", text: "first" });
    await journal.append({ event: "note", text: "second" });
    fs.writeFileSync(file, damage(fs.readFileSync(file, "utf8")));
    await assert.rejects(readJournal(file), { code: "corrupt" });
  });

test("an append that fails half-way is overwritten by the next", async (t) => {
  let fails = false;
  const files: Files = {
    ...disk,
    append: async (file, text, at) => {
      await disk.append(file, fails ? text.slice(0, 20) : text, at);
      if (fails) throw Object.assign(new Error("no space"), { code: "ENOSPC" });
    },
  };
  const { journal, file } = await begun(t, files);
  await journal.append(started);
  fails = true;
  await assert.rejects(journal.append({ event: "note", text: "a long text that is cut" }), {
    code: "storage",
  });
  fails = false;
  await journal.append({ event: "note", text: "b" });
  assert.deepEqual(
    (await readJournal(file)).map((entry) => entry.event),
    ["run-started", "note"],
  );
});

test("only the name of a run becomes a path", () => {
  assert.throws(() => runFolder("/r", "../../etc"), { code: "usage" });
});
