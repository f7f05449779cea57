import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { test } from "node:test";
import { makeZip, type MadeEntry } from "../../test/support/make-zip.ts";
import { readZip } from "./zip.ts";

async function read(bytes: Buffer, maxEntryBytes = 1000): Promise<{ entries: string[]; problems: string[] }> {
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), "redress-zip-"));
  const file = path.join(folder, "a.zip");
  await fs.writeFile(file, bytes);
  const handle = await fs.open(file, "r");
  const [entries, problems]: [string[], string[]] = [[], []];
  try {
    await readZip(handle, {
      sizeBytes: bytes.length,
      wants: (name) => name.endsWith(".json"),
      maxEntryBytes,
      onEntry: (name, content) => entries.push(`${name}=${content.toString()}`),
      onProblem: (name, reason) => problems.push(`${name}: ${reason}`),
    });
  } finally {
    await handle.close();
    await fs.rm(folder, { recursive: true });
  }
  return { entries, problems };
}

const good = { name: "b.json", text: "{}" };

test("entries are read whatever their names, and only those wanted", async () => {
  const read1 = await read(
    makeZip([{ name: "../../etc/a.json", text: "[1]" }, { name: "x.txt", text: "no" }, good]),
  );
  assert.deepEqual(read1, { entries: ["../../etc/a.json=[1]", "b.json={}"], problems: [] });
});

const refused: [string, MadeEntry, RegExp, number?][] = [
  ["a wrong checksum", { name: "a.json", text: "[1]", crc: 1 }, /checksum/],
  ["more than declared", { name: "a.json", text: "x".repeat(500), sizeBytes: 10 }, /a\.json/],
  ["less than declared", { name: "a.json", text: "x", sizeBytes: 10 }, /size or checksum/],
  ["a large entry", { name: "a.json", text: "x".repeat(1001) }, /largest record/],
  ["an encrypted entry", { name: "a.json", text: "x", flags: 1 }, /encrypted/],
  ["an unknown method", { name: "a.json", text: "x", method: 12 }, /unknown method/],
  ["the ratio of a bomb", { name: "a.json", text: " ".repeat(3_000_000) }, /multiple/, 5_000_000],
];
for (const [name, entry, reason, most] of refused)
  test(`${name} is refused and the rest is read`, async () => {
    const { entries, problems } = await read(makeZip([entry, good]), most);
    assert.deepEqual(entries, ["b.json={}"]);
    assert.equal(problems.length, 1);
    assert.match(problems[0] ?? "", reason);
  });

test("control characters of a name do not reach messages", async () => {
  const { problems } = await read(makeZip([{ name: "a\u001b[2J\n.json", text: "x", crc: 1 }]));
  assert.match(problems.join(), /^a\?\[2J\?\.json: /);
});

test("overlapping entries, damaged directories and cut files are refused as a whole", async () => {
  await assert.rejects(read(makeZip([good, { ...good, offset: 0 }])), /overlap/);
  const whole = makeZip([good]);
  await assert.rejects(read(whole.subarray(0, whole.length - 1)), /end like a ZIP/);
  await assert.rejects(read(Buffer.from("PK")), /end like a ZIP/);
  const outside = Buffer.from(whole);
  outside.writeUInt32LE(0xfffffff0, whole.length - 6);
  await assert.rejects(read(outside), /outside/);
  const damaged = Buffer.from(whole);
  damaged.writeUInt8(0, whole.length - 22 - 52);
  await assert.rejects(read(damaged), /directory is damaged/);
});
