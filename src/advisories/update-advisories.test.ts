import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { test, type TestContext } from "node:test";
import { randomBytes } from "node:crypto";
import { serve } from "../../test/support/loopback.ts";
import { makeZip } from "../../test/support/make-zip.ts";
import {
  describeAdvisories,
  openAdvisories,
  updateAdvisories,
  type Endpoints,
  type Update,
} from "./index.ts";

const record = (id: string, more: object = {}): string =>
  JSON.stringify({
    id,
    modified: "2025-01-01T00:00:00Z",
    affected: [{ package: { ecosystem: "npm", name: "left" }, versions: ["1.0.0"] }],
    ...more,
  });
const archive = (...ids: string[]): Buffer =>
  makeZip(ids.map((id) => ({ name: `${id}.json`, text: record(id) })));
const kev = JSON.stringify({
  dateReleased: "2025-06-01T00:00:00Z",
  vulnerabilities: [{ cveID: "CVE-2025-1000", dateAdded: "2025-05-01" }],
});

const pieceBytes = 20_000;

/** What a bucket of files serves, and what it has been asked. */
interface Bucket {
  zip: Buffer;
  etag: string | undefined;
  ranges: boolean;
  /** Ends a transfer after so many pieces. */
  piecesLeft: number;
  readonly asked: string[];
}

interface Place {
  readonly bucket: Bucket;
  readonly folder: string;
  readonly endpoints: Partial<Endpoints>;
  readonly update: () => Promise<Update | undefined>;
  readonly ids: () => Promise<string[]>;
}

async function open(context: TestContext, zip: Buffer): Promise<Place> {
  const bucket: Bucket = { zip, etag: '"1"', ranges: true, piecesLeft: Infinity, asked: [] };
  const base = await serve(context, (request, response) => {
    if (request.url !== "/npm/all.zip") {
      response.statusCode = request.url === "/kev" ? 200 : 404;
      response.end(kev);
      return;
    }
    const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "");
    bucket.asked.push(request.headers.range ?? "whole");
    if (bucket.etag !== undefined) response.setHeader("etag", bucket.etag);
    if (bucket.etag !== undefined && request.headers["if-none-match"] === bucket.etag) {
      response.writeHead(304).end();
      return;
    }
    if (bucket.piecesLeft-- <= 0) {
      response.writeHead(500).end();
      return;
    }
    const condition = request.headers["if-range"];
    if (range === null || !bucket.ranges || (condition !== undefined && condition !== bucket.etag)) {
      response.end(bucket.zip);
      return;
    }
    const [first, last] = [Number(range[1]), Math.min(Number(range[2]), bucket.zip.length - 1)];
    response.writeHead(206, { "content-range": `bytes ${first}-${last}/${bucket.zip.length}` });
    response.end(bucket.zip.subarray(first, last + 1));
  });
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), "redress-update-"));
  context.after(() => fs.rm(folder, { recursive: true, force: true }));
  const endpoints = { osvExports: base, kev: `${base}/kev`, epss: `${base}/epss` };
  const clock = (): Date => new Date("2025-06-02T00:00:00Z");
  const request = { cacheFolder: folder, endpoints, clock, retries: 0, pieceBytes };
  return {
    bucket,
    folder,
    endpoints,
    update: async () => (await updateAdvisories({ ...request, ecosystems: ["npm"] }))[0],
    ids: async () => {
      const opened = await openAdvisories({
        ...request,
        sources: [],
        offline: true,
        packages: [{ ecosystem: "npm", name: "left", version: "1.0.0" }],
      });
      const ids = opened.lookup("npm", "left").map((one) => one.id);
      opened.close();
      return ids;
    },
  };
}

/** An archive of more than three pieces: what a record says at length does not pack. */
function largeArchive(): Buffer {
  const noise = Array.from({ length: 3 }, (_, n) => ({
    name: `N-${n}.json`,
    text: record(`N-${n}`, { noise: randomBytes(pieceBytes * 0.75).toString("base64") }),
  }));
  return makeZip([...noise, { name: "A-1.json", text: record("A-1") }]);
}

test("exports are fetched, become the default source, and are not fetched again unchanged", async (context) => {
  const { update, ids, bucket, folder, endpoints } = await open(context, archive("A-1", "A-2"));
  const first = await update();
  assert.deepEqual([first?.outcome, first && "records" in first && first.records], ["replaced", 2]);
  assert.deepEqual(await ids(), ["A-1", "A-2"]);
  assert.equal((await update())?.outcome, "unchanged");
  bucket.zip = archive("A-3");
  bucket.etag = '"2"';
  assert.equal((await update())?.outcome, "replaced");
  assert.deepEqual(await ids(), ["A-3"]);
  const described = await describeAdvisories({
    sources: [],
    cacheFolder: folder,
    endpoints,
    clock: () => new Date("2025-06-02T06:00:00Z"),
  });
  assert.deepEqual(
    described.sources.map(({ id, records, ageHours, fetchedAt }) => [id, records, ageHours, fetchedAt]),
    [
      ["osv export npm", 1, 6, "2025-06-02T00:00:00.000Z"],
      ["kev", 1, 6, "2025-06-02T00:00:00.000Z"],
    ],
  );
});

test("what fails is said for each file, and the others are fetched", async (context) => {
  const { folder, endpoints } = await open(context, archive("A-1"));
  const updates = await updateAdvisories({ cacheFolder: folder, endpoints, retries: 0 });
  assert.deepEqual(
    updates.map(({ id, outcome }) => [id, outcome]),
    [
      ["osv export npm", "replaced"],
      ["osv export PyPI", "failed"],
      ["kev", "replaced"],
      ["epss", "failed"],
    ],
  );
});

test("an export that is damaged, cut or empty does not replace the one that is kept", async (context) => {
  const { update, ids, bucket } = await open(context, archive("A-1"));
  await update();
  const damaged = makeZip([
    { name: "A-2.json", text: record("A-2") },
    { name: "A-3.json", text: record("A-3"), crc: 1 },
  ]);
  for (const zip of [damaged, archive("A-2").subarray(0, 80), makeZip([]), Buffer.from("<html>")]) {
    bucket.zip = zip;
    bucket.etag = `"${zip.length}"`;
    const seen = await update();
    assert.equal(seen?.outcome, "failed");
    assert.deepEqual(await ids(), ["A-1"]);
  }
});

test("a transfer that was broken off goes on where it stopped", async (context) => {
  const { update, ids, bucket } = await open(context, largeArchive());
  bucket.piecesLeft = 1;
  assert.equal((await update())?.outcome, "failed");
  bucket.piecesLeft = Infinity;
  bucket.asked.length = 0;
  assert.equal((await update())?.outcome, "replaced");
  assert.match(bucket.asked[0] ?? "", /^bytes=20000-/);
  assert.ok((await ids()).includes("A-1"));
});

test("a file that changed meanwhile is fetched from the start", async (context) => {
  const { update, ids, bucket } = await open(context, largeArchive());
  bucket.piecesLeft = 1;
  assert.equal((await update())?.outcome, "failed");
  bucket.piecesLeft = Infinity;
  bucket.zip = archive("B-1");
  bucket.etag = '"2"';
  assert.equal((await update())?.outcome, "replaced");
  assert.deepEqual(await ids(), ["B-1"]);
});

test("servers without ranges, and without validators, are read whole", async (context) => {
  const { update, ids, bucket } = await open(context, largeArchive());
  bucket.ranges = false;
  assert.equal((await update())?.outcome, "replaced");
  bucket.ranges = true;
  bucket.etag = undefined;
  bucket.zip = largeArchive();
  bucket.asked.length = 0;
  assert.equal((await update())?.outcome, "replaced");
  assert.equal(bucket.asked.at(-1), "whole");
  assert.ok((await ids()).includes("A-1"));
});
