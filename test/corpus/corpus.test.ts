/**
 * Findings over the corpus equal those of a naive matcher, package by package, and the counts of the data's own table
 * but where the reason is known.
 */
import assert from "node:assert/strict";
import * as fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { openAdvisories } from "../../src/advisories/index.ts";
import { findFindings, makeJudge } from "../../src/findings/index.ts";
import { takeInventory } from "../../src/inventory/index.ts";
import type { Finding } from "../../src/model/index.ts";
import { configuration } from "../support/findings.ts";
import { matchNaively, readRecords } from "./naive-matcher.ts";

const data = path.join(import.meta.dirname, "..", "..", "..", "shared", "data");
const corpus = path.join(data, "corpus");
const target = { python: "3.11.7", node: "20.20.2", platform: "linux-x64" };

interface Row {
  readonly file: string;
  readonly vulnerable: number;
  readonly findings: number;
}

/** Where our counts differ from the table's, and why. */
const explained: Record<string, { vulnerable: number; findings: number; why: string }> = Object.fromEntries(
  ["saleor/requirements.txt", "saleor/requirements_dev.txt"].map((file) => [
    file,
    { vulnerable: -1, findings: -1, why: "zipp 3.8.0 is for Python below 3.10" },
  ]),
);

/** The table of `data/README.md`: `file: kind, packages, vulnerable, findings`. */
function readTable(): Map<string, readonly Row[]> {
  const text = fs.readFileSync(path.join(data, "README.md"), "utf8");
  const rows = text.matchAll(/^\| ([\w-]+) \| [^|]*@[^|]*\| [^|]* \| (.*) \|$/gm);
  return new Map(
    [...rows].map(([, name = "", list = ""]) => [
      name,
      [...list.matchAll(/(?:^|<br>)(\S+): [^<]*?, \d+, (\d+), (\d+)(?=<br>|$)/g)].map(
        ([, file = "", vulnerable, findings]) => ({
          file,
          vulnerable: Number(vulnerable),
          findings: Number(findings),
        }),
      ),
    ]),
  );
}

const packageOf = (finding: Finding): string => `${finding.package}@${finding.version}`;

/** Once for each package and advisory, however many projects include the file. */
function countIn(file: string, findings: readonly Finding[]): Row {
  const own = findings.filter((finding) => finding.places.some((place) => place.path === file));
  return {
    file,
    vulnerable: new Set(own.map(packageOf)).size,
    findings: new Set(own.map((finding) => `${packageOf(finding)} ${finding.advisory}`)).size,
  };
}

function expectedOf(project: string, row: Row): Row {
  const difference = explained[`${project}/${row.file}`];
  return {
    file: row.file,
    vulnerable: row.vulnerable + (difference?.vulnerable ?? 0),
    findings: row.findings + (difference?.findings ?? 0),
  };
}

function byComponent(findings: readonly Finding[]): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const finding of findings) {
    const key = `${finding.project}|${packageOf(finding)}`;
    found.set(key, [...(found.get(key) ?? []), finding.advisory].sort());
  }
  return found;
}

const sorted = (map: Map<string, string[]>): Record<string, string[]> =>
  Object.fromEntries([...map].sort(([a], [b]) => (a < b ? -1 : 1)));

if (!fs.existsSync(corpus)) {
  test("corpus", { skip: "the shared corpus is not on this machine" }, () => undefined);
} else {
  const sources = ["npm", "npm-malware", "pypi", "pypi-ghsa"].map((name) =>
    path.join(data, "advisories", `${name}.jsonl`),
  );
  const records = readRecords(sources);
  const cacheFolder = fs.mkdtempSync(path.join(os.tmpdir(), "redress-corpus-"));
  const base = await openAdvisories({ sources, cacheFolder });
  const judge = makeJudge({
    lookup: (ecosystem, name) => base.lookup(ecosystem, name),
    enrichment: (ids) => base.enrichment(ids),
    configuration: configuration(),
    firstSeen: () => undefined,
    now: "2026-12-31T00:00:00Z",
  });
  after(() => {
    base.close();
    fs.rmSync(cacheFolder, { recursive: true });
  });
  const table = readTable();
  const projects = fs.readdirSync(corpus).sort();

  test("the table has every project of the corpus", () => {
    assert.deepEqual(
      projects.filter((project) => !table.has(project)),
      [],
    );
  });
  for (const project of projects)
    test(`${project}: findings are the naive matcher's and the table's`, async () => {
      const inventory = await takeInventory({ root: path.join(corpus, project), target });
      const findings = findFindings(inventory, judge, configuration());
      assert.deepEqual(sorted(byComponent(findings)), sorted(matchNaively(inventory.components, records)));
      for (const row of table.get(project) ?? [])
        assert.deepEqual(countIn(row.file, findings), expectedOf(project, row));
    });
}
