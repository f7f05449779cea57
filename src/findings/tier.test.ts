import assert from "node:assert/strict";
import { test } from "node:test";
import { noEnrichment } from "../../test/support/findings.ts";
import type { BusinessFunction, Enrichment, Severity } from "../model/index.ts";
import { decideTier, type TierFacts } from "./tier.ts";

const autoTotal = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H";
const auto = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H";
const total = "CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:U/C:H/I:H/A:H";
const neither = "CVSS:3.1/AV:N/AC:H/PR:N/UI:R/S:U/C:L/I:N/A:N";

function facts(severity: Severity, vector: string | undefined, given: Partial<TierFacts> = {}): TierFacts {
  return {
    malware: false,
    severity: { severity, ...(vector === undefined ? {} : { vector }), by: "CVSS 3.1" },
    enrichment: noEnrichment,
    exposure: "internal",
    scope: "production",
    functions: [],
    unreachable: false,
    profile: "default",
    ...given,
  };
}

const kev: Enrichment = {
  kev: { state: "known", value: true, source: "kev" },
  epss: { state: "unavailable" },
};
const notKev: Enrichment = {
  kev: { state: "known", value: false, source: "kev" },
  epss: { state: "unavailable" },
};
const epss = (value: number): Enrichment => ({
  kev: { state: "unavailable" },
  epss: { state: "stale", value, source: "epss" },
});
const open = { exposure: "public" } as const;
const development = { scope: "development" } as const;

/** One line for each clause of the policy's table, and its neighbours. */
const table: readonly (readonly [string, TierFacts, string, string])[] = [
  ["malware", facts("unknown", undefined, { malware: true, ...development }), "R1", "immediate"],
  ["active, exposed, automatable", facts("low", auto, { enrichment: kev, ...open }), "R2", "immediate"],
  ["active, exposed, total", facts("low", total, { enrichment: kev, ...open }), "R2", "immediate"],
  [
    "active, exposed, nothing known of impact",
    facts("low", undefined, { enrichment: kev, ...open }),
    "R2",
    "immediate",
  ],
  ["active, exposed, neither", facts("low", neither, { enrichment: kev, ...open }), "R4", "1-week"],
  [
    "active by EPSS, production, automatable and total",
    facts("medium", autoTotal, { enrichment: epss(0.91) }),
    "R3",
    "24-hours",
  ],
  ["EPSS of 0.90 is not active", facts("medium", autoTotal, { enrichment: epss(0.9) }), "R6", "1-month"],
  ["critical, exposed, automatable and total", facts("critical", autoTotal, open), "R3", "24-hours"],
  ["critical, exposed, total only", facts("critical", total, open), "R4", "1-week"],
  ["active in production", facts("low", auto, { enrichment: kev }), "R4", "1-week"],
  ["critical in production", facts("critical", autoTotal), "R4", "1-week"],
  ["critical in an optional dependency", facts("critical", autoTotal, { scope: "optional" }), "R4", "1-week"],
  ["high, exposed, likely", facts("high", neither, { enrichment: epss(0.1), ...open }), "R4", "1-week"],
  ["high, exposed, proof of concept", facts("high", `${neither}/E:P`, open), "R4", "1-week"],
  ["high, exposed", facts("high", neither, open), "R5", "2-weeks"],
  ["high in production", facts("high", neither, { enrichment: epss(0.5) }), "R5", "2-weeks"],
  [
    "active in development only",
    facts("low", autoTotal, { enrichment: kev, ...open, ...development }),
    "R5",
    "2-weeks",
  ],
  ["medium, exposed, likely", facts("medium", neither, { enrichment: epss(0.2), ...open }), "R5", "2-weeks"],
  ["medium in production", facts("medium", neither, { enrichment: notKev }), "R6", "1-month"],
  [
    "critical in development only",
    facts("critical", autoTotal, { ...open, ...development }),
    "R6",
    "1-month",
  ],
  ["high in development only", facts("high", auto, development), "R6", "1-month"],
  ["medium in development only", facts("medium", auto, development), "R7", "next-window"],
  ["low in production", facts("low", autoTotal, open), "R7", "next-window"],
  ["unknown severity", facts("unknown", undefined), "R7", "next-window"],
];

for (const [name, given, rule, tier] of table)
  test(`${name}: ${rule}`, () => {
    const found = decideTier(given);
    assert.deepEqual([found.rule, found.tier], [rule, tier]);
  });

const uses = (given: Partial<BusinessFunction>): Partial<TierFacts> => ({
  functions: [{ name: "payments", packages: ["a"], criticality: "medium", ...given }],
});

for (const [name, given, rule, tier] of [
  [
    "highest criticality tightens by one",
    facts("high", neither, uses({ criticality: "highest" })),
    "R5+highest",
    "1-week",
  ],
  ["high criticality does not", facts("high", neither, uses({ criticality: "high" })), "R5", "2-weeks"],
  [
    "nothing is sooner than immediate",
    facts("low", auto, { malware: true, ...uses({ criticality: "highest" }) }),
    "R1",
    "immediate",
  ],
  ["a cap holds", facts("low", neither, uses({ atMost: "immediate" })), "R7+atMost", "immediate"],
  ["a cap never loosens", facts("critical", neither, uses({ atMost: "1-month" })), "R4", "1-week"],
  [
    "tightening, then a cap",
    facts("low", neither, uses({ criticality: "highest", atMost: "1-week" })),
    "R7+highest+atMost",
    "1-week",
  ],
  ["unreachable loosens by one", facts("high", neither, { unreachable: true }), "R5+unreachable", "1-month"],
  [
    "unreachable malware does not loosen",
    facts("high", neither, { unreachable: true, malware: true }),
    "R1",
    "immediate",
  ],
  [
    "a cap holds against unreachable",
    facts("critical", neither, { unreachable: true, ...uses({ atMost: "1-week" }) }),
    "R4+unreachable+atMost",
    "1-week",
  ],
] as const)
  test(name, () => {
    const found = decideTier(given);
    assert.deepEqual([found.rule, found.tier], [rule, tier]);
  });

test("the profile severity-only goes by severity alone", () => {
  for (const [severity, tier] of [
    ["critical", "immediate"],
    ["high", "24-hours"],
    ["medium", "1-week"],
    ["low", "1-month"],
    ["unknown", "1-week"],
  ] as const) {
    const found = decideTier(
      facts(severity, neither, { profile: "severity-only", enrichment: kev, ...open }),
    );
    assert.deepEqual([found.tier, found.rule], [tier, `severity-only:${severity}`]);
  }
  const malware = decideTier(facts("unknown", undefined, { profile: "severity-only", malware: true }));
  assert.deepEqual([malware.tier, malware.rule], ["immediate", "R1"]);
});

test("inputs are words, and what is not known says so", () => {
  assert.deepEqual(decideTier(facts("high", undefined, { exposure: "undeclared" })).inputs, {
    severity: "high (CVSS 3.1)",
    "known exploited": "unavailable",
    epss: "unavailable",
    "proof of concept": "unavailable",
    automatable: "unavailable",
    "total impact": "unavailable",
    exposure: "not declared",
    scope: "production",
  });
  const enrichment: Enrichment = {
    kev: { state: "known", value: false, source: "kev.json", fetchedAt: "2025-09-01T00:00:00Z" },
    epss: { state: "stale", value: 0.4321, source: "epss.csv" },
  };
  const { inputs } = decideTier(
    facts("high", autoTotal, { enrichment, ...uses({ criticality: "highest", atMost: "1-week" }) }),
  );
  assert.equal(inputs["known exploited"], "no (kev.json of 2025-09-01T00:00:00Z)");
  assert.equal(inputs.epss, "0.432 (stale, epss.csv)");
  assert.equal(inputs.automatable, "yes (inferred from CVSS)");
  assert.equal(inputs.functions, "payments (highest, at most 1-week)");
});
