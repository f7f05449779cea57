import assert from "node:assert/strict";
import { test } from "node:test";
import pc from "picocolors";
import { finding, scanOf } from "../../../test/support/evidence.ts";
import type { Finding, Scan } from "../../model/index.ts";
import { showScan } from "./scan.ts";

const colors = pc.createColors(false);

function show(scan: Scan, by: "package" | "finding" = "package"): string[] {
  return showScan(scan, { by, colors, verdict: { met: false, broken: ["high: 1 of 0"] } })
    .split("\n")
    .map((line) => line.replace(/ {2,}/g, "  ").trimEnd());
}

const aiohttp = (given: Partial<Finding>): Finding =>
  finding({ package: "aiohttp", version: "3.9.3", functions: [], ...given });

const mixed = [
  aiohttp({ severity: "high", tier: "2-weeks", rule: "R5", due: "2025-09-16T00:00:00Z", fixedIn: ["3.9.4"] }),
  aiohttp({
    severity: "medium",
    tier: "1-month",
    rule: "R6",
    due: "2025-10-02T00:00:00Z",
    fixedIn: ["3.12.14", "4.0.0"],
  }),
  aiohttp({ severity: "low", tier: "next-window", rule: "R7", fixedIn: ["3.10.11"] }),
  finding({ package: "ecdsa", version: "0.19.1", tier: "2-weeks", rule: "R5", functions: [], fixedIn: [] }),
];

test("a package stands once, under its most urgent tier, with the version that clears all of it", () => {
  const lines = show(scanOf(mixed));
  const start = lines.findIndex((line) => line.startsWith("2 weeks"));
  assert.deepEqual(lines.slice(start, start + 3), [
    "2 weeks  due 2025-09-02 to 2025-09-16",
    "  aiohttp 3.9.3  1 high, 1 medium, 1 low  fixed in 3.12.14  R5",
    "  ecdsa 0.19.1  1 high  no fix declared  R5",
  ]);
  assert.ok(!lines.some((line) => /^(1 month|Next window) {2}/.test(line)));
  assert.ok(lines.includes("2 within 2 weeks · 1 within 1 month · 1 in the next window"));
});

test("what has no fix beside what has one is counted", () => {
  const lines = show(scanOf([...mixed.slice(0, 1), aiohttp({ tier: "2-weeks", fixedIn: [] })]));
  assert.ok(lines.some((line) => line.includes("fixed in 3.9.4, 1 with no fix declared")));
});

test("that sources disagree is said beside the package too", () => {
  const disputed = { disagreements: ["PYSEC-1 (osv) does not count 3.9.3 as affected"] };
  const [high, medium] = mixed;
  assert.ok(high !== undefined && medium !== undefined);
  const lineOf = (findings: readonly Finding[]): string | undefined =>
    show(scanOf(findings)).find((line) => line.startsWith("  aiohttp"));
  assert.match(lineOf([{ ...high, ...disputed }, medium]) ?? "", /R5 · sources disagree on 1 of 2$/);
  assert.match(lineOf([{ ...high, ...disputed }]) ?? "", /R5 · sources disagree$/);
  assert.match(lineOf([high, medium]) ?? "", /R5$/);
});

test("by finding, each stands in its own tier", () => {
  const lines = show(scanOf(mixed), "finding");
  assert.ok(lines.some((line) => line.startsWith("1 month  due 2025-10-02")));
  assert.equal(lines.filter((line) => line.startsWith("  aiohttp 3.9.3")).length, 3);
});

for (const [what, newest, asOf, expected] of [
  ["a day", "2025-09-01T16:30:00Z", undefined, undefined],
  ["30 hours", "2025-09-01T10:10:00Z", undefined, "30 hours"],
  ["12 days", "2025-08-21T00:00:00Z", undefined, "12 days"],
  ["old, with --as-of", "2020-01-01T00:00:00Z", "2020-01-02T00:00:00Z", undefined],
] as const)
  test(`a source of ${what} ${expected === undefined ? "passes" : "is warned of"}`, () => {
    const scan = scanOf([]);
    const sources = scan.snapshot.sources.map((source) => ({ ...source, newest }));
    const lines = show({
      ...scan,
      snapshot: { ...scan.snapshot, sources },
      ...(asOf === undefined ? {} : { asOf }),
    });
    const warning = lines.find((line) => line.includes(" old: "));
    assert.equal(
      warning,
      expected && `advisories.jsonl is ${expected} old: what was published since is not seen`,
    );
  });

test("the age from which a source is warned of is the configuration's, and dates ahead are said", () => {
  const scan = scanOf([]);
  const sources = scan.snapshot.sources.map((source) => ({
    ...source,
    newest: "2025-08-21T00:00:00Z",
    ahead: 2,
  }));
  const shown = (staleAfterHours: number): string[] =>
    showScan(
      { ...scan, snapshot: { ...scan.snapshot, sources } },
      { by: "package", colors, verdict: { met: true, broken: [] }, staleAfterHours },
    )
      .split("\n")
      .filter((line) => /old:|future/.test(line));
  const ahead = "advisories.jsonl dates 2 records in the future; those dates do not count for its age";
  assert.deepEqual(shown(14 * 24), [ahead]);
  assert.deepEqual(shown(24), [
    "advisories.jsonl is 12 days old: what was published since is not seen",
    ahead,
  ]);
});

test("text from outside reaches the terminal without control characters", () => {
  const text = showScan(
    scanOf([finding({ package: "a\u001b[2J", version: "1\u0007", fixedIn: ["2\u202e"] })]),
    {
      by: "package",
      colors,
      verdict: { met: true, broken: [] },
    },
  );
  assert.ok(!/[\u0007\u001b\u202e]/.test(text));
});
