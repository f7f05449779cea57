import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as os from "node:os";
import path from "node:path";
import { test, type TestContext } from "node:test";
import { Failure, type ReleaseSource } from "../../src/model/index.ts";
import { pypiReleases } from "../../src/releases/index.ts";
import { openLoopbackIndex, type LoopbackIndex, type LoopbackOptions } from "./loopback-index.ts";

const target = { python: "3.11.7", platform: "linux-x64" };

interface Opened {
  readonly index: LoopbackIndex;
  readonly folder: string;
  readonly source: ReleaseSource;
  readonly again: (options?: { offline?: boolean; minutesLater?: number }) => Promise<ReleaseSource>;
}

async function open(t: TestContext, options: Partial<LoopbackOptions> = {}): Promise<Opened> {
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), "redress-releases-"));
  const index = await openLoopbackIndex({ form: "json", ranges: true, beside: false, ...options });
  t.after(async () => {
    await index.close();
    await fs.rm(folder, { recursive: true, force: true });
  });
  const url =
    options.credentials === undefined ? index.url : index.url.replace("//", `//${options.credentials}@`);
  const again: Opened["again"] = async ({ offline = false, minutesLater = 0 } = {}) =>
    pypiReleases({
      target,
      root: folder,
      cacheFolder: folder,
      offline,
      environment: { HOME: folder, PIP_INDEX_URL: url, PIP_CONFIG_FILE: "/dev/null" },
      clock: () => new Date(Date.now() + minutesLater * 60_000),
    });
  return { index, folder, source: await again(), again };
}

async function releasesOf(source: ReleaseSource, name: string) {
  const list = await source.releases(name);
  assert.ok(list.state === "known", JSON.stringify(list));
  return list.releases;
}

async function unknownReason(source: ReleaseSource, name: string, version: string): Promise<string> {
  const answer = await source.requirements(name, version);
  assert.ok(answer.state === "unknown", JSON.stringify(answer));
  return answer.reason;
}

for (const form of ["json", "html"] as const)
  for (const ranges of [true, false])
    for (const beside of [true, false])
      test(`pypi, ${form}, ${ranges ? "parts" : "whole files"}, metadata ${beside ? "beside" : "inside"}`, async (t) => {
        const { source, index } = await open(t, { form, ranges, beside });

        const plain = await releasesOf(source, "Plain");
        assert.deepEqual(
          plain.map((one) => [one.version, one.usable, one.hashes.length]),
          [
            ["1.0", "wheel", 1],
            ["2.0", "wheel", 1],
          ],
        );
        assert.match(plain[0]?.hashes[0] ?? "", /^sha256:[0-9a-f]{64}$/);
        assert.equal(plain[1]?.publishedAt, form === "json" ? "2024-01-02T00:00:00Z" : undefined);

        const pulled = await releasesOf(source, "pulled");
        assert.deepEqual(
          pulled.map((one) => one.yanked),
          ["breaks <things>", undefined],
        );

        const other = await releasesOf(source, "other_target");
        assert.deepEqual(
          other.map((one) => [one.version, one.usable, one.requiresRuntime]),
          [
            ["1.0", "no", undefined],
            ["2.0", "no", ">=3.12"],
            ["3.0", "wheel", ">=3.8"],
          ],
        );

        const two = await source.requirements("plain", "2.0");
        assert.ok(two.state === "known", JSON.stringify(two));
        assert.deepEqual(two.requires, [
          { name: "other-dep", range: ">=1.0", kind: "production", extras: ["fast", "x-y"] },
          { name: "tool", range: "<3", kind: "production", marker: 'extra == "dev"' },
          { name: "loc", range: "", kind: "production", url: "https://a.example/l.whl" },
        ]);
        assert.match(two.from, beside ? /beside plain-2\.0/ : /^METADATA of plain-2\.0/);

        index.sent = 0;
        const large = await source.requirements("large", "1.0");
        assert.deepEqual(large.state === "known" && large.requires.map((one) => one.name), ["plain"]);
        if (beside) assert.ok(index.sent < 1000, `${index.sent} bytes for a metadata file`);
        else if (ranges) assert.ok(index.sent < 20_000, `${index.sent} bytes of a 300 kB wheel`);

        assert.deepEqual(
          (await releasesOf(source, "source")).map((one) => one.usable),
          ["sdist", "sdist", "sdist"],
        );
        assert.match(await unknownReason(source, "source", "1.0"), /only when built/);
        const fixed = await source.requirements("source", "2.0");
        assert.deepEqual(fixed.state === "known" && [fixed.from, fixed.requires[0]?.name], [
          "PKG-INFO of source-2.0.tar.gz",
          "plain",
        ]);
        assert.match(await unknownReason(source, "source", "3.0"), /only when built/);
      });

test("pypi: of a huge wheel nothing is fetched where the server serves no parts", async (t) => {
  const { source, index } = await open(t, { ranges: false });
  assert.match(await unknownReason(source, "huge", "1.0"), /serves no parts of files/);
  assert.ok(index.sent < 4 * 1024 * 1024, `${index.sent} bytes were sent`);
});

test("pypi: a package or version that is not there is an answer", async (t) => {
  const { source } = await open(t);
  assert.deepEqual(await source.releases("absent"), {
    state: "unknown",
    name: "absent",
    reason: "the package index knows no absent",
  });
  assert.match(await unknownReason(source, "absent", "1.0"), /knows no absent/);
  assert.match(await unknownReason(source, "plain", "9.9"), /lists no version 9\.9/);
});

test("pypi: listed but not fetchable, cut short or damaged is an answer", async (t) => {
  const { source } = await open(t);
  assert.equal((await releasesOf(source, "faulty")).length, 3);
  assert.match(await unknownReason(source, "faulty", "1.0"), /listed but cannot be fetched: .* answers 404/);
  assert.match(await unknownReason(source, "faulty", "2.0"), /cannot be read/);
  assert.match(await unknownReason(source, "faulty", "3.0"), /does not end like a ZIP/);
});

test("pypi: an index in trouble is told apart from a package that is not there", async (t) => {
  const { source } = await open(t);
  const failing = await source.releases("failing");
  assert.match(failing.state === "unknown" ? failing.reason : "", /answers 500/);
  const garbled = await source.releases("garbled");
  assert.match(garbled.state === "unknown" ? garbled.reason : "", /cannot be read/);
  const newer = await source.releases("newer");
  assert.match(newer.state === "unknown" ? newer.reason : "", /version "2\.0" of the simple API/);
  await assert.rejects(
    source.releases("torn"),
    (error) => error instanceof Failure && error.code === "unavailable",
  );
});

test("pypi: what is immutable is asked for once, pages are revalidated, offline asks nothing", async (t) => {
  const { source, index, again } = await open(t);
  await source.requirements("plain", "2.0");
  const before = index.log.length;
  const warm = await again();
  assert.equal((await warm.requirements("plain", "2.0")).state, "known");
  assert.equal(index.log.length, before, index.log.slice(before).join());
  const later = await again({ minutesLater: 60 });
  assert.equal((await later.requirements("plain", "2.0")).state, "known");
  assert.deepEqual(index.log.slice(before), ["GET /simple/plain/ 304"]);
  await index.close();
  const offline = await again({ offline: true, minutesLater: 10_000 });
  assert.equal((await offline.requirements("plain", "2.0")).state, "known");
  assert.match(await unknownReason(offline, "plain", "1.0"), /not in the cache/);
  const unseen = await offline.releases("large");
  assert.match(unseen.state === "unknown" ? unseen.reason : "", /not in the cache/);
  await assert.rejects((await again()).releases("large"), /no answer from/);
});

test("pypi: credentials are used, and neither shown nor stored", async (t) => {
  const { source, folder, index } = await open(t, { credentials: "who:pass-w0rd" });
  assert.equal((await source.requirements("plain", "2.0")).state, "known");
  const wrong = await pypiReleases({
    target,
    root: folder,
    cacheFolder: path.join(folder, "other"),
    environment: { HOME: folder },
    indexUrls: [index.url.replace("//", "//who:wr0ng@")],
  });
  const refused = await wrong.releases("plain");
  assert.match(refused.state === "unknown" ? refused.reason : "", /refused \(401\)/);
  assert.doesNotMatch(JSON.stringify(refused), /wr0ng|who/);
  for (const entry of await fs.readdir(folder, { recursive: true, withFileTypes: true }))
    if (entry.isFile())
      assert.doesNotMatch(await fs.readFile(path.join(entry.parentPath, entry.name), "utf8"), /pass-w0rd/);
});
