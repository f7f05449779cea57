/**
 * Findings over the corpus equal those of a naive matcher, package by package, and the counts of the data's own table
 * but where the reason is known.
 */
import assert from "node:assert/strict";
import * as fs from "node:fs";
import path from "node:path";
import { after, test } from "node:test";
import type { Finding } from "../../src/model/index.ts";
import { withoutShared } from "../support/redress.ts";
import { matchNaively, readRecords } from "./naive-matcher.ts";
import { advisoryFiles, data, openCorpus } from "./scanned-corpus.ts";

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

if (withoutShared !== false) {
  test("corpus", { skip: withoutShared }, () => undefined);
} else {
  const records = readRecords(advisoryFiles);
  const corpus = await openCorpus();
  after(() => {
    corpus.close();
  });
  const table = readTable();

  test("the table has every project of the corpus", () => {
    assert.deepEqual(
      corpus.projects.filter((project) => !table.has(project)),
      [],
    );
  });
  for (const project of corpus.projects)
    test(`${project}: findings are the naive matcher's and the table's`, async () => {
      const { inventory, findings } = await corpus.scan(project);
      assert.deepEqual(sorted(byComponent(findings)), sorted(matchNaively(inventory.components, records)));
      for (const row of table.get(project) ?? [])
        assert.deepEqual(countIn(row.file, findings), expectedOf(project, row));
    });
}
