import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { finding, runEvidence, scanOf } from "../../test/support/evidence.ts";
import { describeComparison } from "./describe-comparison.ts";
import { describeHistory } from "./describe-history.ts";
import { foldHistory, type Past } from "./history.ts";
import { documentAsMarkdown } from "./markdown.ts";

const past = (given: Partial<Past> = {}): Past => ({
  now: "2025-10-20T00:00:00.000Z",
  scans: [{ ...scanOf([finding()]), scannedAt: "2025-08-30T00:00:00.000Z" }],
  evidence: [runEvidence()],
  firstSeen: () => "2025-08-31T16:12:00.000Z",
  waivers: [],
  ...given,
});

describe("history", () => {
  it("orders every look and counts what runs fixed, in time or late", () => {
    const history = foldHistory(past());
    assert.deepEqual(
      history.points.map((point) => [point.what, point.summary.findings]),
      [
        ["scan", 1],
        ["before run-20250902-161100", 2],
        ["after run-20250902-161100", 1],
      ],
    );
    assert.equal(history.meanDays.high, 2);
    assert.equal(history.meanDays.low, null);
    // Due at the start of the day on whose afternoon it was fixed; the other is still open.
    assert.deepEqual(history.deadlines, { met: 0, missed: 1, overdue: 1 });
  });

  it("counts nothing that was not seen: no first sight, no change, another state", () => {
    assert.equal(foldHistory(past({ firstSeen: () => undefined })).meanDays.high, null);
    const made = runEvidence();
    const phases = made.run?.phases.map((phase) => ({ ...phase, state: "rolled-back" as const })) ?? [];
    const undone = { ...made, ...(made.run === undefined ? {} : { run: { ...made.run, phases } }) };
    assert.deepEqual(foldHistory(past({ evidence: [undone] })).remediated, []);
  });

  it("shows waivers that end within 30 days, and those that just ended", () => {
    const waiver = (expires: string): Past["waivers"][number] => ({
      finding: `until ${expires}`,
      reason: "r",
      justification: "code_not_reachable",
      by: "J. Doe",
      expires,
      madeAt: "2025-01-01T00:00:00.000Z",
    });
    const waivers = ["2025-01-01", "2025-10-10", "2025-11-10", "2026-05-01"].map(waiver);
    const text = documentAsMarkdown(describeHistory(foldHistory(past({ waivers }))));
    assert.match(text, /until 2025-10-10 \|.*expired/);
    assert.match(text, /until 2025-11-10 \|.*ends soon/);
    assert.doesNotMatch(text, /until 2025-01-01|until 2026-05-01/);
  });

  it("says that nothing is kept", () => {
    const text = documentAsMarkdown(describeHistory(foldHistory(past({ scans: [], evidence: [] }))));
    assert.match(text, /No scan or run is kept here\./);
  });

  it("compares two runs where they differ", () => {
    const one = runEvidence();
    const other = { ...one, after: scanOf([]) };
    const text = documentAsMarkdown(describeComparison(one, other));
    assert.match(text, /\| Findings \| 2 \| 1 \| 2 \| 0 \|/);
    assert.match(text, /\*\*ecdsa\*\* 0\.19\.1 \|.*the first only/);
  });
});
