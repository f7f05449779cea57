import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as os from "node:os";
import path from "node:path";
import { test, type TestContext } from "node:test";
import { openCache, type CacheKey } from "./cache.ts";

const key: CacheKey = { kind: "test-1", index: "https://registry.example/simple/", name: "../../etc/passwd" };

async function scratch(t: TestContext): Promise<string> {
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), "redress-cache-"));
  t.after(async () => {
    await fs.rm(folder, { recursive: true, force: true });
  });
  return folder;
}

test("an immutable value is made once, then never asked for again, by anyone", async (t) => {
  const folder = await scratch(t);
  let made = 0;
  const make = async (): Promise<{ n: number }> => Promise.resolve({ n: ++made });
  const cache = openCache({ folder });
  const both = await Promise.all([cache.immutable(key, make), cache.immutable(key, make)]);
  assert.deepEqual(both, [{ n: 1 }, { n: 1 }]);
  assert.deepEqual(await openCache({ folder }).immutable(key, make), { n: 1 });
  assert.equal(made, 1);
});

test("what is not known this time is not stored", async (t) => {
  const cache = openCache({ folder: await scratch(t) });
  assert.equal(await cache.immutable<number>(key, async () => Promise.resolve(undefined)), undefined);
  assert.equal(await cache.immutable(key, async () => Promise.resolve(7)), 7);
});

test("a document is believed for its time, then revalidated", async (t) => {
  const folder = await scratch(t);
  let now = Date.parse("2026-01-01T00:00:00Z");
  const cache = openCache({ folder, trustMinutes: 5, clock: () => new Date(now) });
  const asked: Record<string, string>[] = [];
  const first = async (validators: Readonly<Record<string, string>>) => {
    asked.push({ ...validators });
    return Promise.resolve({ state: "new", value: "a", etag: '"1"', lastModified: "yesterday" } as const);
  };
  assert.equal(await cache.document(key, first), "a");
  now += 4 * 60_000;
  assert.equal(await cache.document(key, first), "a");
  assert.deepEqual(asked, [{}]);
  now += 2 * 60_000;
  const same = async (validators: Readonly<Record<string, string>>) => {
    asked.push({ ...validators });
    return Promise.resolve({ state: "same" } as const);
  };
  assert.equal(await cache.document(key, same), "a");
  assert.deepEqual(asked[1], { "if-none-match": '"1"', "if-modified-since": "yesterday" });
  now += 4 * 60_000;
  assert.equal(await cache.document(key, same), "a");
  now += 60 * 60_000;
  const none = async () => Promise.resolve({ state: "none" } as const);
  assert.equal(await cache.document<string>(key, none), undefined, "nothing old is passed off as new");
  now -= 60 * 60_000;
  assert.equal(await cache.document(key, same), "a");
  assert.equal(asked.length, 2, "a revalidated document is believed again");
});

test("offline answers from what is stored only, whatever its age", async (t) => {
  const folder = await scratch(t);
  const never = async (): Promise<never> => Promise.reject(new Error("asked"));
  const offline = openCache({ folder, offline: true, clock: () => new Date(9e12) });
  assert.equal(await offline.immutable<string>(key, never), undefined);
  assert.equal(await offline.document<string>({ ...key, name: "d" }, never), undefined);
  const online = openCache({ folder });
  await online.immutable(key, async () => Promise.resolve("x"));
  await online.document({ ...key, name: "d" }, async () => Promise.resolve({ state: "new", value: "y" }));
  assert.equal(await offline.immutable<string>(key, never), "x");
  assert.equal(await offline.document<string>({ ...key, name: "d" }, never), "y");
});

test("a torn entry counts as absent; names stay inside the folder; nothing else is left", async (t) => {
  const folder = await scratch(t);
  await openCache({ folder }).immutable(key, async () => Promise.resolve("x"));
  const files = (await fs.readdir(folder, { recursive: true, withFileTypes: true })).filter((e) =>
    e.isFile(),
  );
  assert.equal(files.length, 1);
  const [file] = files;
  assert.ok(file);
  assert.match(file.name, /^[0-9a-f]{62}\.json$/);
  await fs.writeFile(path.join(file.parentPath, file.name), '{"fetchedAt": 1, "val');
  assert.equal(
    await openCache({ folder }).immutable<string>(key, async () => Promise.resolve("again")),
    "again",
  );
});

test("an unwritable folder and an entry over the bound cost only time", async (t) => {
  const folder = await scratch(t);
  await fs.writeFile(path.join(folder, "releases"), "in the way");
  assert.equal(await openCache({ folder }).immutable(key, async () => Promise.resolve("x")), "x");
  const other = await scratch(t);
  const large = "x".repeat(17 * 1024 * 1024);
  assert.equal(await openCache({ folder: other }).immutable(key, async () => Promise.resolve(large)), large);
  assert.deepEqual(await fs.readdir(other), []);
});
