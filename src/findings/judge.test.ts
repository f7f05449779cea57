import assert from "node:assert/strict";
import { test } from "node:test";
import { configuration, noEnrichment, record } from "../../test/support/findings.ts";
import type { Advisory, Waiver } from "../model/index.ts";
import { makeJudge, type JudgeRequest } from "./judge.ts";

const now = "2025-09-02T12:00:00Z";
const affects = (fixed: string): Advisory["affected"] => [
  {
    ecosystem: "PyPI",
    name: "a",
    ranges: [{ type: "ECOSYSTEM", events: [{ introduced: "0" }, { fixed }] }],
    versions: [],
  },
];

function judgeOf(records: readonly Advisory[], given: Partial<JudgeRequest> = {}) {
  return makeJudge({
    lookup: (ecosystem, name) => (ecosystem === "PyPI" && name === "a" ? records : []),
    enrichment: () => noEnrichment,
    configuration: configuration(),
    firstSeen: () => undefined,
    now,
    ...given,
  });
}

const at = (version: string) =>
  ({ project: ".", ecosystem: "PyPI", name: "a", version, scope: "production" }) as const;

test("one hit for records that alias each other, with what they disagree on", () => {
  const judge = judgeOf([
    record({
      id: "PYSEC-1",
      aliases: ["CVE-1"],
      affected: affects("1.5"),
      weaknesses: ["CWE-79"],
      source: "pypa",
    }),
    record({
      id: "GHSA-1",
      aliases: ["CVE-1"],
      affected: affects("2.0"),
      summary: "words",
      weaknesses: ["CWE-400", "CWE-79", "CWE-20"],
      severity: [{ type: "CVSS_V3", score: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H" }],
    }),
    record({ id: "OSV-1", aliases: ["CVE-1"], affected: affects("x.y") }),
  ]);
  const [hit, ...others] = judge.hits(at("1.7"));
  assert.deepEqual(others, []);
  assert.equal(hit?.advisory, "GHSA-1");
  assert.deepEqual(hit.aliases, ["CVE-1", "OSV-1", "PYSEC-1"]);
  assert.deepEqual(hit.fixedIn, ["2.0"]);
  assert.deepEqual(hit.weaknesses, ["CWE-20", "CWE-79", "CWE-400"]);
  assert.deepEqual(
    [hit.severity, hit.score, hit.summary, hit.tier, hit.rule],
    ["high", 7.5, "words", "2-weeks", "R5"],
  );
  assert.deepEqual(hit.disagreements, [
    "OSV-1 (test) has a range that cannot be read: introduced 0, fixed x.y",
    "PYSEC-1 (pypa) does not count 1.7 as affected",
  ]);
  assert.deepEqual(judge.hits(at("1.0"))[0]?.fixedIn, ["1.5", "2.0"]);
  assert.deepEqual(judge.hits(at("2.0")), []);
  assert.deepEqual(judge.unreadable, [{ advisory: "OSV-1", range: "introduced 0, fixed x.y" }]);
});

for (const [name, dates, asOf, expected] of [
  ["published by then", { published: "2025-09-01T00:00:00Z" }, "2025-09-02", true],
  ["published on the day", { published: "2025-09-02T23:00:00Z" }, "2025-09-02", true],
  ["published later", { published: "2025-09-03T00:00:00Z" }, "2025-09-02", false],
  ["published at no known time", {}, "2025-09-02", false],
  ["published at no readable time", { published: "soon" }, "2025-09-02", false],
  ["published at no known time, no day asked for", {}, undefined, true],
  [
    "modified later",
    { published: "2025-01-01T00:00:00Z", modified: "2026-01-01T00:00:00Z" },
    "2025-09-02",
    true,
  ],
  [
    "withdrawn by then",
    { published: "2025-01-01T00:00:00Z", withdrawn: "2025-09-01T00:00:00Z" },
    "2025-09-02",
    false,
  ],
  [
    "withdrawn later",
    { published: "2025-01-01T00:00:00Z", withdrawn: "2025-09-04T00:00:00Z" },
    "2025-09-02",
    true,
  ],
  ["withdrawn before now", { withdrawn: "2025-09-01T00:00:00Z" }, undefined, false],
  ["withdrawal still to come", { withdrawn: "2025-09-03T00:00:00Z" }, undefined, true],
  ["withdrawn at no readable time", { withdrawn: "yes" }, undefined, false],
] as const)
  test(`${name}: ${expected ? "counts" : "does not count"}`, () => {
    const judge = judgeOf(
      [record({ ...dates, affected: affects("2.0") })],
      asOf === undefined ? {} : { asOf },
    );
    assert.equal(judge.hits(at("1.0")).length, expected ? 1 : 0);
  });

test("a withdrawn record does not join groups", () => {
  const judge = judgeOf([
    record({ id: "GHSA-1", aliases: ["CVE-1"], affected: affects("2.0") }),
    record({ id: "GHSA-2", aliases: ["CVE-2"], affected: affects("2.0") }),
    record({
      id: "GHSA-3",
      aliases: ["CVE-1", "CVE-2"],
      withdrawn: "2020-01-01T00:00:00Z",
      affected: affects("2.0"),
    }),
  ]);
  assert.deepEqual(
    judge.hits(at("1.0")).map((hit) => hit.advisory),
    ["GHSA-1", "GHSA-2"],
  );
});

test("deadlines run from the first detection under any id, never from after now", () => {
  const given = [record({ id: "GHSA-1", aliases: ["CVE-1"], affected: affects("2.0"), label: "HIGH" })];
  const due = (seen: Readonly<Record<string, string>>): string | undefined =>
    judgeOf(given, { firstSeen: (key) => seen[`${key.project}|${key.package}|${key.advisory}`] }).hits(
      at("1.0"),
    )[0]?.due;
  assert.equal(due({}), "2025-09-16T12:00:00.000Z");
  assert.equal(due({ ".|a|GHSA-1": "2025-08-01T00:00:00Z" }), "2025-08-15T00:00:00.000Z");
  assert.equal(
    due({ ".|a|CVE-1": "2025-07-01T00:00:00Z", ".|a|GHSA-1": "2025-08-01T00:00:00Z" }),
    "2025-07-15T00:00:00.000Z",
  );
  assert.equal(due({ ".|a|GHSA-1": "2026-01-01T00:00:00Z" }), "2025-09-16T12:00:00.000Z");
  assert.equal(due({ ".|a|GHSA-1": "what" }), "2025-09-16T12:00:00.000Z");
});

test("malware, by any id of the group, is immediate", () => {
  const judge = judgeOf([
    record({ id: "GHSA-1", aliases: ["MAL-2025-1"], affected: affects("2.0"), label: "LOW" }),
  ]);
  const [hit] = judge.hits({ ...at("1.0"), scope: "development" });
  assert.deepEqual([hit?.tier, hit?.rule, hit?.due], ["immediate", "R1", "2025-09-02T12:00:00.000Z"]);
});

test("exposure comes from the nearest project of the configuration, enrichment by every id", () => {
  const asked: (readonly string[])[] = [];
  const given = [record({ id: "GHSA-1", aliases: ["CVE-1"], affected: affects("2.0"), label: "HIGH" })];
  const judge = judgeOf(given, {
    enrichment: (ids) => {
      asked.push(ids);
      return { ...noEnrichment, epss: { state: "known", value: 0.2, source: "epss" } };
    },
    configuration: configuration({
      projects: [
        { path: ".", exposure: "internal" },
        { path: "web", exposure: "public" },
        { path: "web/admin", exposure: "internal" },
      ],
    }),
  });
  const ruleIn = (project: string): string | undefined => judge.hits({ ...at("1.0"), project })[0]?.rule;
  assert.deepEqual(["web", "web/admin", "web/dev.txt", "website", "."].map(ruleIn), [
    "R4",
    "R5",
    "R4",
    "R5",
    "R5",
  ]);
  assert.deepEqual(asked, [["GHSA-1", "CVE-1"]]);
});

const waiver: Waiver = {
  finding: "CVE-1:a",
  reason: "never called",
  justification: "code_not_reachable",
  by: "ann",
  expires: "2025-09-02",
  madeAt: "2025-08-01T00:00:00Z",
};

test("a recorded analysis that the code is unreachable loosens by one while it holds", () => {
  const given = [record({ id: "GHSA-1", aliases: ["CVE-1"], affected: affects("2.0"), label: "HIGH" })];
  const rule = (waivers: readonly Waiver[]): string | undefined =>
    judgeOf(given, { configuration: configuration({ waivers }) }).hits(at("1.0"))[0]?.rule;
  assert.equal(rule([waiver]), "R5+unreachable");
  assert.equal(rule([{ ...waiver, expires: "2025-09-01" }]), "R5");
  assert.equal(rule([{ ...waiver, justification: "protected_at_perimeter" }]), "R5");
});

test("asks for the records of a package once, and remembers each version", () => {
  let lookups = 0;
  const judge = judgeOf([], {
    lookup: () => {
      lookups++;
      return [record({ affected: affects("2.0") })];
    },
  });
  const first = judge.hits(at("1.0"));
  assert.equal(judge.hits(at("1.0")), first);
  judge.hits(at("1.1"));
  assert.equal(lookups, 1);
});
