import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { noEnrichment } from "../../test/support/findings.ts";
import type { ComplianceProfile, Enrichment, Severity } from "../model/index.ts";
import { capByCompliance, type CapFacts } from "./compliance.ts";
import { decideTier } from "./tier.ts";

const seen = "2025-06-01T00:00:00.000Z";
const vectors = {
  "--": "CVSS:3.1/AV:N/AC:H/PR:N/UI:R/S:U/C:L/I:N/A:N",
  "-t": "CVSS:3.1/AV:N/AC:H/PR:N/UI:R/S:U/C:H/I:H/A:H",
  "a-": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:L",
  at: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",
} as const;

const known = (kev: boolean, epss = 0.01): Enrichment => ({
  kev: { state: "known", value: kev, source: "CISA KEV" },
  epss: { state: "known", value: epss, source: "FIRST EPSS" },
});

function facts(
  severity: Severity,
  given: Partial<CapFacts> & { vector?: string; score?: number } = {},
): CapFacts {
  const { vector, score, ...rest } = given;
  return {
    malware: false,
    severity: {
      severity,
      by: "CVSS 3.1",
      ...(vector === undefined ? {} : { vector }),
      ...(score === undefined ? {} : { score }),
    },
    enrichment: known(false),
    exposure: "internal",
    scope: "production",
    functions: [],
    unreachable: false,
    profile: "default",
    hasFix: true,
    firstSeenMs: Date.parse(seen),
    ...rest,
  };
}

/** `low` is due in 90 days by itself, so that every cap below that shows. */
const cap = (profile: ComplianceProfile, given: CapFacts): ReturnType<typeof capByCompliance> =>
  capByCompliance(decideTier(given), [profile], given);

const days = (due: string): number => (Date.parse(due) - Date.parse(seen)) / 86_400_000;

describe("bod-26-04, each row of table 1", () => {
  const rows: readonly (readonly [string, number])[] = [
    // in KEV, exposed, automatable, total impact → days; 90 is the next window
    ["----", 90],
    ["---t", 90],
    ["--a-", 60],
    ["--at", 60],
    ["-e--", 60],
    ["-e-t", 14],
    ["-ea-", 14],
    ["-eat", 3],
    ["k---", 14],
    ["k--t", 14],
    ["k-a-", 14],
    ["k-at", 3],
    ["ke--", 14],
    ["ke-t", 3],
    ["kea-", 3],
    ["keat", 3],
  ];
  for (const [row, expected] of rows)
    test(`${row}: ${expected} days`, () => {
      const given = facts("low", {
        vector: vectors[row.slice(2) as keyof typeof vectors],
        enrichment: known(row.startsWith("k")),
        exposure: row.includes("e") ? "public" : "internal",
      });
      const verdict = { ...decideTier(given), tier: "next-window", rule: "R7" } as const;
      const { due, rule, inputs } = capByCompliance(verdict, ["bod-26-04"], given);
      assert.equal(days(due), expected);
      assert.equal(rule, expected === 90 ? "R7" : "R7+bod-26-04");
      assert.match(
        String(inputs["bod-26-04"]),
        expected === 90 ? /^sets no date/ : new RegExp(`^within ${expected} days`),
      );
    });

  test("an exposure that nobody declared, and a vector that is not there, count as the worse", () => {
    const given = facts("low", { exposure: "undeclared" });
    const { due, inputs } = cap("bod-26-04", given);
    assert.equal(days(due), 3);
    assert.equal(
      inputs["bod-26-04"],
      "within 3 days of detection (not in KEV, exposed, automatable, total impact)",
    );
  });

  test("development is not exposed", () => {
    const given = facts("low", { exposure: "public", scope: "development", vector: vectors.at });
    assert.equal(days(cap("bod-26-04", given).due), 60);
  });
});

describe("fedramp-vdr", () => {
  const likely = known(false, 0.5);
  const rows: readonly (readonly [string, CapFacts, number])[] = [
    [
      "critical, likely, reachable",
      facts("critical", { enrichment: likely, exposure: "public", vector: vectors["--"] }),
      0.5,
    ],
    ["critical, likely", facts("critical", { enrichment: likely }), 1],
    ["critical, not likely: its own week is sooner", facts("critical", {}), 7],
    ["high, likely, reachable", facts("high", { enrichment: likely, exposure: "public" }), 2],
    ["high, nothing known of exploitation", facts("high", { enrichment: noEnrichment }), 8],
    ["unknown counts as high", facts("unknown", { enrichment: likely }), 8],
    ["medium, likely, reachable", facts("medium", { enrichment: likely, exposure: "public" }), 8],
    ["medium, likely", facts("medium", { enrichment: likely }), 16],
    ["medium, not likely: its own month is sooner", facts("medium", {}), 30],
    ["low, likely, reachable", facts("low", { enrichment: likely, exposure: "public" }), 24],
    ["low, not likely: the next window is sooner", facts("low", {}), 90],
  ];
  for (const [name, given, expected] of rows)
    test(`${name}: ${expected} days`, () => {
      assert.equal(days(cap("fedramp-vdr", given).due), expected);
    });
});

describe("pci-4.0.1 and cyber-essentials count from the release", () => {
  const rows: readonly (readonly [ComplianceProfile, string, CapFacts, number, string])[] = [
    [
      "pci-4.0.1",
      "critical, published 25 days ago",
      facts("critical", { published: "2025-05-07T00:00:00Z" }),
      3,
      "R4+pci-4.0.1",
    ],
    [
      "pci-4.0.1",
      "critical, published long ago",
      facts("critical", { published: "2024-01-01T00:00:00Z" }),
      0,
      "R4+pci-4.0.1",
    ],
    [
      "pci-4.0.1",
      "critical, no fix: from detection, its own week is sooner",
      facts("critical", { published: "2024-01-01T00:00:00Z", hasFix: false }),
      7,
      "R4",
    ],
    ["pci-4.0.1", "unknown counts as critical", facts("unknown"), 28, "R7+pci-4.0.1"],
    ["pci-4.0.1", "high is not capped", facts("high", { published: "2024-01-01T00:00:00Z" }), 14, "R5"],
    [
      "cyber-essentials",
      "high, development only",
      facts("high", { scope: "development" }),
      14,
      "R6+cyber-essentials",
    ],
    [
      "cyber-essentials",
      "high, published 10 days ago",
      facts("high", { published: "2025-05-22T00:00:00Z" }),
      4,
      "R5+cyber-essentials",
    ],
    ["cyber-essentials", "a label below its score", facts("medium", { score: 7 }), 14, "R6+cyber-essentials"],
    ["cyber-essentials", "6.9", facts("medium", { score: 6.9 }), 30, "R6"],
    ["cyber-essentials", "no severity is given", facts("unknown"), 14, "R7+cyber-essentials"],
  ];
  for (const [profile, name, given, expected, rule] of rows)
    test(`${profile}: ${name}`, () => {
      const found = cap(profile, given);
      assert.deepEqual([days(found.due), found.rule], [expected, rule]);
    });
});

test("a date within a tier's time takes that tier; one at detection is immediate", () => {
  const tierAfter = (given: CapFacts): string => cap("pci-4.0.1", given).tier;
  assert.equal(tierAfter(facts("critical", { published: "2025-05-07T00:00:00Z" })), "1-week");
  assert.equal(tierAfter(facts("critical", { published: "2025-05-05T00:00:00Z" })), "24-hours");
  assert.equal(tierAfter(facts("critical", { published: "2024-01-01T00:00:00Z" })), "immediate");
});

test("of several profiles the earliest counts, every answer is recorded, and what loosened does not hold against it", () => {
  const given = facts("high", { unreachable: true, exposure: "public", vector: vectors.at });
  const { rule, due, inputs } = capByCompliance(
    decideTier(given),
    ["cyber-essentials", "bod-26-04", "pci-4.0.1"],
    given,
  );
  assert.equal(rule, "R5+unreachable+bod-26-04");
  assert.equal(days(due), 3);
  assert.match(String(inputs["cyber-essentials"]), /^within 14 days of detection/);
  assert.match(String(inputs["pci-4.0.1"]), /^sets no date/);
});

test("without profiles nothing changes", () => {
  const given = facts("high");
  const verdict = decideTier(given);
  assert.deepEqual(capByCompliance(verdict, [], given), { ...verdict, due: "2025-06-15T00:00:00.000Z" });
});
