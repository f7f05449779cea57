import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import * as fs from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { test, type TestContext } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { makeZip } from "../../test/support/make-zip.ts";
import { Failure } from "../model/index.ts";
import type { AdvisoryBase } from "./advisory-base.ts";
import type { AdvisoryRequest } from "./advisory-request.ts";
import { openAdvisories } from "./open-advisories.ts";

const record = (id: string, name: string, more: object = {}): object => ({
  id,
  modified: "2025-01-01T00:00:00Z",
  affected: [
    {
      package: { ecosystem: "npm", name },
      ranges: [{ type: "SEMVER", events: [{ introduced: "0" }, { fixed: "2.0.0" }] }],
    },
  ],
  ...more,
});
const lines = (...records: (object | string)[]): string =>
  records.map((one) => `${typeof one === "string" ? one : JSON.stringify(one)}\n`).join("");

async function scratch(context: TestContext): Promise<string> {
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), "redress-advisories-"));
  context.after(() => fs.rm(folder, { recursive: true, force: true }));
  return folder;
}

async function within<T>(request: AdvisoryRequest, use: (base: AdvisoryBase) => T): Promise<T> {
  const base = await openAdvisories(request);
  try {
    return use(base);
  } finally {
    base.close();
  }
}

const idsOf = (base: AdvisoryBase, name: string): string[] => base.lookup("npm", name).map((one) => one.id);
const indexFiles = async (folder: string): Promise<string[]> =>
  (await fs.readdir(path.join(folder, "advisories", "index"))).map((name) =>
    path.join(folder, "advisories", "index", name),
  );

const one = record("A-1", "left", { aliases: ["CVE-2025-1000"] });
const two = record("A-2", "left", { aliases: ["CVE-2025-1000"], modified: "2025-03-01T00:00:00Z" });
const three = record("A-3", "right", { withdrawn: "2025-02-01T00:00:00Z" });

const forms: [string, string, string | Buffer][] = [
  ["a JSONL file", "a.jsonl", lines(one, two, three)],
  [
    "JSONL without a last line break, with a mark and CRLF",
    "a.jsonl",
    `\uFEFF${lines(one, two, three).trim().replaceAll("\n", "\r\n")}`,
  ],
  ["JSONL by another name", "a.json", lines(one, two, three)],
  ["JSONL in UTF-16", "a.jsonl", Buffer.from(`\uFEFF${lines(one, two, three)}`, "utf16le")],
  ["a JSON list", "a.json", JSON.stringify([one, two, three], null, 2)],
  ["a JSON list on one line", "a.json", JSON.stringify([one, two, three])],
  ["an answer with vulns", "a.json", JSON.stringify({ vulns: [one, two, three] })],
  [
    "a zip",
    "all.zip",
    makeZip([one, two, three].map((text, n) => ({ name: `A-${n}.json`, text: JSON.stringify(text) }))),
  ],
];
for (const [name, file, content] of forms)
  test(`${name} is read, records unmerged and withdrawn ones kept`, async (context) => {
    const folder = await scratch(context);
    await fs.writeFile(path.join(folder, file), content);
    await within({ sources: [path.join(folder, file)], cacheFolder: folder }, (base) => {
      assert.deepEqual(base.unread, []);
      assert.deepEqual(idsOf(base, "left"), ["A-1", "A-2"]);
      assert.equal(base.lookup("npm", "right")[0]?.withdrawn, "2025-02-01T00:00:00Z");
      assert.equal(base.lookup("npm", "right")[0]?.source, file);
      assert.deepEqual(base.lookup("PyPI", "left"), []);
      assert.deepEqual(base.lookup("npm", "__proto__"), []);
      const [source] = base.snapshot.sources;
      assert.deepEqual([source?.records, source?.newest], [3, "2025-03-01T00:00:00Z"]);
    });
  });

test("a date in the future does not make a source newer than it is, and is counted", async (context) => {
  const folder = await scratch(context);
  const file = path.join(folder, "a.jsonl");
  const late = {
    ...(JSON.parse(JSON.stringify(one)) as object),
    id: "A-9",
    modified: "2199-01-01T00:00:00Z",
  };
  await fs.writeFile(file, lines(one, two, three, late));
  await within({ sources: [file], cacheFolder: folder }, (base) => {
    const [source] = base.snapshot.sources;
    assert.deepEqual([source?.records, source?.newest, source?.ahead], [4, "2025-03-01T00:00:00Z", 1]);
  });
});

test("a folder is read with its folders; what cannot be read is named and the rest used", async (context) => {
  const folder = await scratch(context);
  const source = path.join(folder, "osv");
  await fs.mkdir(path.join(source, "npm"), { recursive: true });
  await fs.writeFile(path.join(source, "npm", "A-1.json"), JSON.stringify(one, null, 2));
  await fs.writeFile(path.join(source, "bad.json"), "{");
  await fs.writeFile(
    path.join(source, "some.jsonl"),
    lines(two, "<<<<<<< HEAD", { id: "A-9", affected: [{}] }, three),
  );
  await fs.writeFile(path.join(source, "cut.zip"), "PK");
  await within({ sources: [source], cacheFolder: path.join(folder, "cache") }, (base) => {
    assert.deepEqual(idsOf(base, "left").sort(), ["A-1", "A-2"]);
    assert.deepEqual(idsOf(base, "right"), ["A-3"]);
    assert.deepEqual(
      base.unread.map(({ path: where, line }) => [where, line]),
      [
        ["osv/bad.json", undefined],
        ["osv/cut.zip", undefined],
        ["osv/some.jsonl", 2],
      ],
    );
    assert.deepEqual(base.leftOut, { gitRanges: 0, noPackage: 1 });
  });
});

test("a single file that cannot be read is a failure with a hint", async (context) => {
  const folder = await scratch(context);
  await fs.writeFile(path.join(folder, "a.zip"), "PK nothing");
  await fs.mkdir(path.join(folder, "empty"));
  for (const source of ["absent.jsonl", "a.zip", "empty"])
    await assert.rejects(
      openAdvisories({ sources: [path.join(folder, source)], cacheFolder: path.join(folder, "c", source) }),
      (error) => error instanceof Failure && error.code === "unreadable" && error.hint !== "",
      source,
    );
});

test("an unchanged file is not read again, a changed one is", async (context) => {
  const folder = await scratch(context);
  const [source, other] = [path.join(folder, "a.jsonl"), path.join(folder, "b.jsonl")];
  const request = { sources: [source], cacheFolder: folder };
  await fs.writeFile(source, lines(one));
  await fs.writeFile(other, lines(three));
  await wait(2100);
  const digest = await within(request, (base) => base.snapshot.sources[0]?.digest ?? "");
  const [name = ""] = await fs.readdir(path.join(folder, "advisories", "known"));
  const otherDigest = await within(
    { ...request, sources: [other] },
    (base) => base.snapshot.sources[0]?.digest ?? "",
  );
  // Only who does not read the file believes that its content is the other's.
  const pointer = path.join(folder, "advisories", "known", name);
  const text = await fs.readFile(pointer, "utf8");
  assert.ok(text.includes(digest));
  await fs.writeFile(pointer, text.replace(digest, otherDigest));
  await within(request, (base) => {
    assert.deepEqual([idsOf(base, "left"), idsOf(base, "right")], [[], ["A-3"]]);
  });
  await fs.appendFile(source, lines(two));
  await within(request, (base) => {
    assert.deepEqual([idsOf(base, "left"), idsOf(base, "right")], [["A-1", "A-2"], []]);
  });
});

test("the same facts give the same digest wherever they lie and in whatever order", async (context) => {
  const folder = await scratch(context);
  await fs.mkdir(path.join(folder, "b"));
  const files = ["a.jsonl", "c.jsonl", "b/a.jsonl"].map((name) => path.join(folder, name));
  await fs.writeFile(files[0] ?? "", lines(one));
  await fs.writeFile(files[1] ?? "", lines(two));
  await fs.writeFile(files[2] ?? "", lines(one));
  const digestOf = (...sources: (string | undefined)[]): Promise<string> =>
    within(
      { sources: sources.map((source) => source ?? ""), cacheFolder: folder },
      (base) => base.snapshot.digest,
    );
  assert.equal(await digestOf(files[0], files[1]), await digestOf(files[1], files[2]));
  assert.notEqual(await digestOf(files[0]), await digestOf(files[1]));
  await within({ sources: [files[0] ?? "", files[2] ?? ""], cacheFolder: folder }, (base) => {
    assert.deepEqual(
      base.snapshot.sources.map((source) => source.id),
      [`${path.basename(folder)}/a.jsonl`, "b/a.jsonl"],
    );
  });
});

test("an index damaged anywhere, cut, or of another format never gives another answer", async (context) => {
  const folder = await scratch(context);
  const source = path.join(folder, "a.jsonl");
  const many = Array.from({ length: 40 }, (_, n) => record(`A-${n}`, `package-${n}`));
  await fs.writeFile(source, lines(...many));
  const packages = many.map((_, n) => ({ ecosystem: "npm" as const, name: `package-${n}`, version: "1" }));
  const request = { sources: [source], cacheFolder: folder, packages };
  const expected = many.map((_, n) => `A-${n}`);
  const answer = (base: AdvisoryBase): string[] => packages.flatMap(({ name }) => idsOf(base, name));
  assert.deepEqual(await within(request, answer), expected);
  const [file = ""] = await indexFiles(folder);
  const whole = await fs.readFile(file);
  for (let at = 0; at < whole.length; at += 487) {
    const damaged = Buffer.from(whole);
    damaged.writeUInt8(damaged.readUInt8(at) ^ 0x55, at);
    await fs.writeFile(file, damaged);
    assert.deepEqual(await within(request, answer), expected, `byte ${at}`);
  }
  for (const content of [
    whole.subarray(0, 8192),
    whole.subarray(0, whole.length - 1),
    Buffer.alloc(0),
    Buffer.from("x".repeat(9000)),
  ]) {
    await fs.writeFile(file, content);
    assert.deepEqual(await within(request, answer), expected);
  }
  const text = Buffer.from(whole.toString("latin1").replace(/"format":\d+/, '"format":0'), "latin1");
  assert.notDeepEqual(text, whole);
  await fs.writeFile(file, text);
  assert.deepEqual(await within(request, answer), expected);
});

test("a look-up in an index that was damaged later fails, and the next opening builds it again", async (context) => {
  const folder = await scratch(context);
  const source = path.join(folder, "a.jsonl");
  await fs.writeFile(source, lines(one));
  const request = { sources: [source], cacheFolder: folder };
  await within(request, () => undefined);
  const [file = ""] = await indexFiles(folder);
  const text = (await fs.readFile(file)).toString("latin1").replace('"id":"A-1"', '"id":"B-1"');
  await fs.writeFile(file, Buffer.from(text, "latin1"));
  const base = await openAdvisories(request);
  assert.throws(
    () => base.lookup("npm", "left"),
    (error) => error instanceof Failure && error.code === "corrupt",
  );
  base.close();
  assert.deepEqual(await within(request, (again) => idsOf(again, "left")), ["A-1"]);
});

test("a build that is killed leaves nothing that is trusted, and the next one clears up", async (context) => {
  const folder = await scratch(context);
  const source = path.join(folder, "a.jsonl");
  const many = Array.from({ length: 40_000 }, (_, n) => record(`A-${n}`, `package-${n}`));
  await fs.writeFile(source, lines(...many));
  const code = `const { openAdvisories } = await import(${JSON.stringify(path.join(import.meta.dirname, "index.ts"))});
    await openAdvisories({ sources: [${JSON.stringify(source)}], cacheFolder: ${JSON.stringify(folder)},
      progress: { line() {}, step: () => ({ update: () => process.kill(process.pid, "SIGKILL"), done() {} }) } });`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", code], { stdio: "ignore" });
  const signal = await new Promise((resolve) =>
    child.once("exit", (_, name) => {
      resolve(name);
    }),
  );
  assert.equal(signal, "SIGKILL");
  assert.match((await indexFiles(folder)).join(), /building-/);
  await within({ sources: [source], cacheFolder: folder }, (base) => {
    assert.equal(base.snapshot.sources[0]?.records, many.length);
    assert.deepEqual(idsOf(base, "package-39999"), ["A-39999"]);
  });
  assert.doesNotMatch((await indexFiles(folder)).join(), /building-/);
});

test("a signal stops a build and leaves no file", async (context) => {
  const folder = await scratch(context);
  await fs.writeFile(path.join(folder, "a.jsonl"), lines(one));
  await assert.rejects(
    openAdvisories({
      sources: [path.join(folder, "a.jsonl")],
      cacheFolder: folder,
      signal: AbortSignal.abort(),
    }),
    (error) => error instanceof Failure && error.code === "cancelled",
  );
  assert.deepEqual(await indexFiles(folder), []);
});

test("offline with nothing kept is a failure that says what to do", async (context) => {
  const folder = await scratch(context);
  const packages = [{ ecosystem: "npm" as const, name: "left", version: "1.0.0" }];
  for (const request of [{ sources: [], packages }, { sources: [] }, { sources: ["osv"], packages }])
    await assert.rejects(
      openAdvisories({ ...request, cacheFolder: folder, offline: true }),
      (error) =>
        error instanceof Failure && error.code === "unavailable" && /advisories update/.test(error.hint),
    );
});

test("the shared records are all read", async (context) => {
  const data = path.join(import.meta.dirname, "..", "..", "..", "shared", "data", "advisories");
  if (!(await fs.stat(data).catch(() => undefined))) {
    context.skip("the shared data is not beside the repository");
    return;
  }
  const folder = await scratch(context);
  const names = ["npm.jsonl", "npm-malware.jsonl", "pypi.jsonl", "pypi-ghsa.jsonl"];
  await within({ sources: names.map((name) => path.join(data, name)), cacheFolder: folder }, (base) => {
    assert.deepEqual(
      base.snapshot.sources.map((source) => source.records),
      [5977, 640, 7080, 77],
    );
    assert.deepEqual(base.unread, []);
    assert.deepEqual(base.leftOut, { gitRanges: 0, noPackage: 0 });
  });
});
