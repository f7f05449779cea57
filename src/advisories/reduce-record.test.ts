import assert from "node:assert/strict";
import { test } from "node:test";
import { reduceRecord } from "./reduce-record.ts";

const range = { type: "ECOSYSTEM", events: [{ introduced: "0" }, { fixed: "2" }] };
const django = { package: { ecosystem: "PyPI", name: "Django_Rest.Framework" }, ranges: [range] };

test("a record becomes an advisory of the model", () => {
  const { advisory, problems } = reduceRecord({
    id: "GHSA-x",
    aliases: ["CVE-1", "GHSA-x", 7],
    published: "2024-01-02T00:00:00Z",
    modified: "2024-01-03T00:00:00Z",
    withdrawn: "2024-02-03T00:00:00Z",
    summary: "A\n hole",
    affected: [django],
    severity: [
      { type: "CVSS_V3", score: "CVSS:3.1/AV:N" },
      { type: "Ubuntu", score: "high" },
    ],
    references: [{ url: "https://advisories.example/1" }, { url: "javascript:alert(1)" }],
    database_specific: { severity: "MODERATE", cwe_ids: ["CWE-79", "x"], cwes: [{ cweId: "CWE-80" }] },
  });
  assert.deepEqual(problems, []);
  assert.deepEqual(advisory, {
    id: "GHSA-x",
    aliases: ["CVE-1"],
    published: "2024-01-02T00:00:00Z",
    modified: "2024-01-03T00:00:00Z",
    withdrawn: "2024-02-03T00:00:00Z",
    summary: "A hole",
    affected: [{ ecosystem: "PyPI", name: "django-rest-framework", ranges: [range], versions: [] }],
    severity: [{ type: "CVSS_V3", score: "CVSS:3.1/AV:N" }],
    label: "MODERATE",
    weaknesses: ["CWE-79", "CWE-80"],
    references: ["https://advisories.example/1"],
  });
});

const packageOf = (ecosystem: string, name: string): object => ({
  package: { ecosystem, name },
  ranges: [range],
});

const kept: [string, unknown, { packages?: string[]; problems?: RegExp[]; gitRanges?: number }][] = [
  ["npm names stay as written", packageOf("npm", "@A/b_C"), { packages: ["@A/b_C"] }],
  ["other ecosystems are left out", packageOf("Maven", "a:b"), { packages: [] }],
  ["an ecosystem may carry a suffix", packageOf("PyPI:3", "a"), { packages: ["a"] }],
  ["git ranges without a package", { ranges: [{ type: "GIT", events: [] }] }, { packages: [], gitRanges: 1 }],
  [
    "git ranges beside others",
    { ...django, ranges: [{ type: "GIT" }, range] },
    { packages: ["django-rest-framework"], gitRanges: 1 },
  ],
  ["a package without a name", { package: { ecosystem: "npm" } }, { packages: [], problems: [/no name/] }],
  [
    "a name with a line break",
    packageOf("npm", "a\nb\t1"),
    { packages: [], problems: [/name that is none/] },
  ],
  ["an entry that is no object", 7, { packages: [], problems: [/affected\[0\] is not an object/] }],
  [
    "an unknown type of range",
    { ...django, ranges: [{ type: "MAGIC", events: [] }, range] },
    { packages: ["django-rest-framework"], problems: [/ranges\[0\] has an unknown type/] },
  ],
  ["versions that are none", { ...django, versions: ["1", 2] }, { problems: [/versions is not a list/] }],
  ["versions that are no list", { ...django, versions: "1" }, { problems: [/versions is not a list/] }],
  ["versions that are null", { ...django, versions: null }, { problems: [/versions is not a list/] }],
  ["a prototype for a name", packageOf("npm", "__proto__"), { packages: ["__proto__"] }],
];

for (const [name, affected, expected] of kept)
  test(`affected: ${name}`, () => {
    const { advisory, problems, gitRanges } = reduceRecord({ id: "X-1", affected: [affected] });
    if (expected.packages)
      assert.deepEqual(
        (advisory?.affected ?? []).map((one) => one.name),
        expected.packages,
      );
    assert.equal(problems.length, expected.problems?.length ?? 0, problems.join());
    for (const [at, pattern] of (expected.problems ?? []).entries())
      assert.match(problems[at] ?? "", pattern);
    assert.equal(gitRanges, expected.gitRanges ?? 0);
  });

test("a range with one bad event is not used in part", () => {
  const events = [{ introduced: "1" }, { fixed: 2 }];
  const { advisory, problems } = reduceRecord({
    id: "X-1",
    affected: [{ ...django, ranges: [{ type: "SEMVER", events }, range] }],
  });
  assert.deepEqual(advisory?.affected[0]?.ranges, [range]);
  assert.match(problems.join(), /X-1: affected\[0\]\.ranges\[0\]\.events\[1\] is not an event/);
});

test("two fields in one event both count", () => {
  const events = [{ introduced: "1", fixed: "3" }];
  const { advisory } = reduceRecord({
    id: "X-1",
    affected: [{ ...django, ranges: [{ type: "SEMVER", events }] }],
  });
  assert.deepEqual(advisory?.affected[0]?.ranges[0]?.events, [{ introduced: "1" }, { fixed: "3" }]);
});

test("what is no record says so", () => {
  for (const value of [null, 1, "x", [], {}, { id: "" }, { id: 7, affected: [django] }]) {
    const { advisory, problems } = reduceRecord(value);
    assert.equal(advisory, undefined);
    assert.match(problems.join(), /no id/);
  }
});

test("a date that is none is named and dropped", () => {
  const { advisory, problems } = reduceRecord({ id: "X-1", affected: [django], published: "soon" });
  assert.equal(advisory?.published, undefined);
  assert.match(problems.join(), /published is not a time/);
});
