import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { test, type TestContext } from "node:test";
import { gzipSync } from "node:zlib";
import type { Enrichment } from "../model/index.ts";
import { openAdvisories } from "./open-advisories.ts";

const kev = {
  dateReleased: "2025-06-01T10:00:00.000Z",
  vulnerabilities: [
    { cveID: "CVE-2025-1000", dateAdded: "2025-05-20" },
    { cveID: "CVE-2025-2000", dateAdded: "2025-06-01" },
  ],
};
const epss = `#model_version:v2025.03.14,score_date:2025-06-01T00:00:00+0000
cve,epss,percentile
CVE-2025-1000,0.91234,0.99
CVE-2025-1001,0.00043,0.1
`;

interface Asking {
  readonly now?: string;
  readonly asOf?: string;
  readonly kev?: string;
  readonly epss?: string | Buffer;
}

async function ask(
  context: TestContext,
  asking: Asking,
  ids: readonly string[],
): Promise<Enrichment & { unread: readonly { path: string; reason: string }[]; sources: string[] }> {
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), "redress-enrich-"));
  context.after(() => fs.rm(folder, { recursive: true, force: true }));
  const files = { kev: path.join(folder, "kev.json"), epss: path.join(folder, "epss.csv") };
  if (asking.kev !== undefined) await fs.writeFile(files.kev, asking.kev);
  if (asking.epss !== undefined) await fs.writeFile(files.epss, asking.epss);
  const base = await openAdvisories({
    sources: [],
    packages: [],
    cacheFolder: folder,
    clock: () => new Date(asking.now ?? "2025-06-03T00:00:00Z"),
    ...(asking.kev === undefined ? {} : { kev: files.kev }),
    ...(asking.epss === undefined ? {} : { epss: files.epss }),
    ...(asking.asOf === undefined ? {} : { asOf: asking.asOf }),
  });
  try {
    return {
      ...base.enrichment(ids),
      unread: base.unread,
      sources: base.snapshot.sources.map((source) => source.id),
    };
  } finally {
    base.close();
  }
}

const both = { kev: JSON.stringify(kev), epss };
const cases: [string, Asking, string[], { kev: string; epss: string }][] = [
  ["listed, under any id", both, ["GHSA-x", "cve-2025-1000"], { kev: "known true", epss: "known 0.91234" }],
  [
    "the higher of two scores",
    both,
    ["CVE-2025-1001", "CVE-2025-1000"],
    { kev: "known true", epss: "known 0.91234" },
  ],
  [
    "not listed is known, not scored is not",
    both,
    ["CVE-2025-3"],
    { kev: "known false", epss: "unavailable" },
  ],
  ["no CVE at all", both, ["GHSA-x"], { kev: "known false", epss: "unavailable" }],
  ["no files", {}, ["CVE-2025-1000"], { kev: "unavailable", epss: "unavailable" }],
  [
    "gzip",
    { ...both, epss: gzipSync(epss) },
    ["CVE-2025-1001"],
    { kev: "known false", epss: "known 0.00043" },
  ],
  [
    "older than a week",
    { ...both, now: "2025-06-08T10:00:01Z" },
    ["CVE-2025-1000"],
    { kev: "stale true", epss: "stale 0.91234" },
  ],
  [
    "without a date of its own",
    { kev: JSON.stringify({ vulnerabilities: [] }), epss: "cve,epss\nCVE-2025-1000,0.5\n" },
    ["CVE-2025-1000"],
    { kev: "stale false", epss: "stale 0.5" },
  ],
  [
    "as of a day before it was listed",
    { ...both, asOf: "2025-05-31T23:59:59Z" },
    ["CVE-2025-2000"],
    { kev: "known false", epss: "unavailable" },
  ],
];
for (const [name, asking, ids, expected] of cases)
  test(`enrichment: ${name}`, async (context) => {
    const seen = await ask(context, asking, ids);
    const shown = (known: { state: string; value?: unknown }): string =>
      "value" in known ? `${known.state} ${String(known.value)}` : known.state;
    assert.deepEqual({ kev: shown(seen.kev), epss: shown(seen.epss) }, expected);
    assert.deepEqual(seen.unread, []);
  });

test("files that are something else leave it unavailable and are named", async (context) => {
  for (const [kevText, epssText] of [
    ["{", "id,score\n"],
    ["[]", ""],
    ["{}", "\u0000"],
  ] as const) {
    const seen = await ask(context, { kev: kevText, epss: epssText }, ["CVE-2025-1000"]);
    assert.deepEqual([seen.kev.state, seen.epss.state], ["unavailable", "unavailable"]);
    assert.deepEqual(seen.unread.map((one) => one.path).sort(), ["epss", "kev"]);
  }
});

test("entries that cannot be read are counted, and the files are part of the snapshot", async (context) => {
  const wrong = { ...kev, vulnerabilities: [...kev.vulnerabilities, { cveID: "x" }, null] };
  const seen = await ask(context, { kev: JSON.stringify(wrong), epss: `${epss}CVE-2025-5,often,1\n` }, []);
  assert.deepEqual(seen.sources, ["kev", "epss"]);
  assert.deepEqual(seen.unread, [
    { path: "kev", reason: "2 entries cannot be read" },
    { path: "epss", reason: "1 entries cannot be read" },
  ]);
});
