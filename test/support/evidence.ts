import {
  severities,
  tiers,
  type Evidence,
  type Finding,
  type Scan,
  type Summary,
} from "../../src/model/index.ts";

/** A finding for documents, with what the test is about put in. */
export function finding(given: Partial<Finding> = {}): Finding {
  return {
    id: "RF-0000000001",
    project: ".",
    ecosystem: "PyPI",
    package: "gunicorn",
    version: "21.2.0",
    purl: "pkg:pypi/gunicorn@21.2.0",
    advisory: "GHSA-w3h3-4rj7-4ph4",
    aliases: ["CVE-2024-1135"],
    severity: "high",
    score: 8.2,
    weaknesses: ["CWE-444"],
    fixedIn: ["22.0.0"],
    scope: "production",
    direct: true,
    paths: [["gunicorn@21.2.0"]],
    tier: "immediate",
    due: "2025-09-02T00:00:00.000Z",
    rule: "R5+atMost",
    inputs: { severity: "high" },
    functions: ["payments"],
    waiver: null,
    places: [{ path: "requirements.txt", line: 3 }],
    ...given,
  };
}

/** Counts of findings, made in the plainest way. */
export function summaryOf(findings: readonly Finding[]): Summary {
  const open = findings.filter((one) => one.waiver === null);
  return {
    packages: new Set(open.map((one) => `${one.project}|${one.package}`)).size,
    findings: open.length,
    waived: findings.length - open.length,
    bySeverity: Object.fromEntries(
      severities.map((severity) => [severity, open.filter((one) => one.severity === severity).length]),
    ) as Summary["bySeverity"],
    byTier: Object.fromEntries(
      tiers.map((tier) => [tier, open.filter((one) => one.tier === tier).length]),
    ) as Summary["byTier"],
  };
}

/** A scan with these findings. */
export function scanOf(findings: readonly Finding[]): Scan {
  return {
    schemaVersion: 1,
    tool: { name: "redress", version: "0.0.0" },
    scannedAt: "2025-09-02T16:10:00.000Z",
    snapshot: {
      digest: "d".repeat(64),
      sources: [{ id: "advisories.jsonl", records: 16, newest: null, digest: "e".repeat(64) }],
    },
    projects: [{ path: ".", ecosystem: "PyPI", manager: "pip", components: 42, direct: 10 }],
    findings,
    unread: [],
    notes: [],
    summary: summaryOf(findings),
  };
}

/** The evidence of a run that fixed one of two findings. */
export function runEvidence(): Evidence {
  const left = finding({
    id: "RF-0000000002",
    package: "ecdsa",
    version: "0.19.1",
    advisory: "GHSA-wj6h-64fc-37mp",
    fixedIn: [],
    tier: "1-month",
    functions: [],
  });
  const [before, after] = [scanOf([finding(), left]), scanOf([left])];
  return {
    schemaVersion: 1,
    kind: "run",
    madeAt: "2025-09-02T16:12:00.000Z",
    before,
    after,
    plan: {
      schemaVersion: 1,
      id: "plan-0123456789",
      madeAt: "2025-09-02T16:11:00.000Z",
      profile: "full",
      inputs: {
        files: [{ path: "requirements.txt", sha256: "a".repeat(64) }],
        environments: [],
        snapshot: "d".repeat(64),
        policy: "b".repeat(64),
        tool: "redress 0.0.0",
        targets: [],
      },
      before: before.summary,
      after: after.summary,
      optimal: true,
      cost: [1],
      costNames: ["left"],
      phases: [
        {
          number: 1,
          name: "Phase 1",
          tier: "immediate",
          due: "2025-09-02T00:00:00.000Z",
          upgrades: [
            {
              project: ".",
              ecosystem: "PyPI",
              package: "gunicorn",
              from: "21.2.0",
              to: "22.0.0",
              via: "lockfile",
              level: "major",
              direct: true,
              fixes: ["RF-0000000001"],
              introduces: [],
              because: ["clears GHSA-w3h3-4rj7-4ph4"],
            },
          ],
          after: after.summary,
        },
      ],
      unfixed: [
        {
          finding: "RF-0000000002",
          reason: "no-fix",
          detail: "no release is free of it",
          conflicts: [],
          advice: "watch for a release",
        },
      ],
      broken: [],
      skipped: [],
      confirmed: [{ project: ".", by: "uv 0.13.9", detail: "the pins resolve to themselves" }],
    },
    run: {
      schemaVersion: 1,
      run: "run-20250902-161100",
      plan: "plan-0123456789",
      state: "done",
      startedAt: "2025-09-02T16:11:00.000Z",
      endedAt: "2025-09-02T16:12:00.000Z",
      phases: [
        {
          number: 1,
          name: "Phase 1",
          state: "done",
          gates: [{ name: "tests", mode: "enforce", verdict: "missing", detail: "no tests are configured" }],
          versions: [{ project: ".", package: "gunicorn", planned: "22.0.0", observed: "22.0.0" }],
          before: before.summary,
          after: after.summary,
        },
      ],
      backup: [{ path: "requirements.txt", sha256: "a".repeat(64) }],
      journal: ".redress/runs/run-20250902-161100/journal.jsonl",
    },
    criteria: { critical: 0, high: 0 },
    functions: [{ name: "payments", packages: ["gunicorn"], criticality: "highest" }],
    contacts: { security: "security@example.org" },
    tests: [],
  };
}
