import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { component, configuration, inventory, lookupIn, noEnrichment } from "../../test/support/findings.ts";
import { shared, withoutShared } from "../../test/support/redress.ts";
import { normaliseName, type Ecosystem, type Finding } from "../model/index.ts";
import { findFindings, makeJudge } from "./index.ts";

const read = (file: string): string => readFileSync(path.join(shared, "data", file), "utf8");

interface Expected {
  readonly name: string;
  readonly version: string;
  readonly id: string;
  readonly aliases: readonly string[];
}

interface Case {
  readonly ecosystem: Ecosystem;
  readonly packages: string;
  readonly separator: "==" | "@";
  readonly advisories: string;
  readonly asOf?: string;
}

function findingsOf({ ecosystem, packages, separator, advisories, asOf }: Case): readonly Finding[] {
  const components = read(packages)
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => {
      const at = line.lastIndexOf(separator);
      const name = normaliseName(ecosystem, line.slice(0, at));
      return component({ ecosystem, name, version: line.slice(at + separator.length).trim() });
    });
  const judge = makeJudge({
    lookup: lookupIn(read(advisories)),
    enrichment: () => noEnrichment,
    configuration: configuration(),
    firstSeen: () => undefined,
    now: "2026-11-23T00:00:00Z",
    ...(asOf === undefined ? {} : { asOf }),
  });
  return findFindings(inventory(components), judge, configuration());
}

/** Expected pairs that no finding matches by id or alias, and findings that no expected pair matches. */
function differences(findings: readonly Finding[], expected: readonly Expected[], ecosystem: Ecosystem) {
  const matches = (finding: Finding, one: Expected): boolean =>
    finding.package === normaliseName(ecosystem, one.name) &&
    finding.version === one.version &&
    [one.id, ...one.aliases].some((id) => id === finding.advisory || finding.aliases.includes(id));
  return {
    missing: expected.filter((one) => !findings.some((finding) => matches(finding, one))),
    beyond: findings.filter((finding) => !expected.some((one) => matches(finding, one))),
  };
}

const mingus = {
  ecosystem: "PyPI",
  separator: "==",
  advisories: "cases/mingus/advisories.jsonl",
  asOf: "2025-09-02",
} as const;

for (const [name, findings, packages] of [
  ["before", 37, 20],
  ["after", 31, 17],
] as const)
  test(
    `mingus ${name}: exactly the ${findings} recorded findings in ${packages} packages`,
    { skip: withoutShared },
    () => {
      const found = findingsOf({ ...mingus, packages: `cases/mingus/environment-${name}.txt` });
      const expected = JSON.parse(read(`cases/mingus/expected-${name}.json`)) as Expected[];
      assert.deepEqual(differences(found, expected, "PyPI"), { missing: [], beyond: [] });
      assert.deepEqual([found.length, new Set(found.map((one) => one.package)).size], [findings, packages]);
    },
  );

test("mingus on Linux: 35 findings in 19 packages", { skip: withoutShared }, () => {
  const found = findingsOf({ ...mingus, packages: "cases/mingus/environment-linux-cp311.txt" });
  assert.deepEqual([found.length, new Set(found.map((one) => one.package)).size], [35, 19]);
});

test(
  "npm-osv-scanner-a: 43 of osv-scanner's 44, the other narrowed upstream since",
  { skip: withoutShared },
  () => {
    const found = findingsOf({
      ecosystem: "npm",
      separator: "@",
      packages: "cases/npm-osv-scanner-a/packages.txt",
      advisories: "advisories/npm.jsonl",
    });
    const expected = JSON.parse(read("cases/npm-osv-scanner-a/expected-osv-scanner.json")) as Expected[];
    const { missing, beyond } = differences(found, expected, "npm");
    assert.equal(expected.length, 44);
    assert.deepEqual(
      missing.map((one) => one.id),
      ["GHSA-qj83-cq47-w5f8"],
    );
    // The rest was published after the reports of 2026-04-13.
    const early = findingsOf({
      ecosystem: "npm",
      separator: "@",
      packages: "cases/npm-osv-scanner-a/packages.txt",
      advisories: "advisories/npm.jsonl",
      asOf: "2026-04-13",
    });
    const unexplained = beyond.filter(({ id }) => early.some((one) => one.id === id));
    assert.deepEqual(unexplained, []);
  },
);

test("helpdesk backend: 66 findings in 15 packages as of 2025-10-13", { skip: withoutShared }, () => {
  const found = findingsOf({
    ecosystem: "PyPI",
    separator: "==",
    packages: "cases/helpdesk/backend/requirements.txt",
    advisories: "cases/helpdesk/advisories.jsonl",
    asOf: "2025-10-13",
  });
  assert.deepEqual([found.length, new Set(found.map((one) => one.package)).size], [66, 15]);
});
