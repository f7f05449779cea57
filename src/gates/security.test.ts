import assert from "node:assert/strict";
import { test } from "node:test";
import type { Finding, FindingChange, Severity, Upgrade } from "../model/index.ts";
import { securityGate } from "./security.ts";

const finding = (
  id: string,
  of: { version?: string; advisory?: string; severity?: Severity; name?: string } = {},
): Finding => ({
  id,
  project: ".",
  ecosystem: "npm",
  package: of.name ?? "a",
  version: of.version ?? "1.0.0",
  purl: "",
  advisory: of.advisory ?? "GHSA-1",
  aliases: [],
  severity: of.severity ?? "high",
  weaknesses: [],
  fixedIn: [],
  scope: "production",
  direct: true,
  paths: [],
  tier: "1-week",
  due: "",
  rule: "",
  inputs: {},
  functions: [],
  waiver: null,
  places: [],
});

const upgrade = (fixes: readonly string[], introduces: readonly string[] = []): Upgrade => ({
  project: ".",
  ecosystem: "npm",
  package: "a",
  from: "1.0.0",
  to: "2.0.0",
  via: "lockfile",
  level: "major",
  direct: true,
  fixes,
  introduces,
  because: [],
});

const change = (parts: Partial<FindingChange>): FindingChange => ({
  fixed: [],
  left: [],
  introduced: [],
  ...parts,
});

for (const { name, upgrades, changed, verdict, detail } of [
  {
    name: "what was promised is gone",
    upgrades: [upgrade(["A"])],
    changed: change({ fixed: [finding("A")] }),
    verdict: "pass",
    detail: /1 → 0 findings, 1 fixed, 0 introduced/,
  },
  {
    name: "it is still there",
    upgrades: [upgrade(["A"])],
    changed: change({ left: [finding("A")] }),
    verdict: "fail",
    detail: /not cleared: A/,
  },
  {
    // Of two versions one is left, and with it the version leaves the id.
    name: "one of two copies is gone, the other one's id has changed",
    upgrades: [upgrade(["A@1"])],
    changed: change({ fixed: [finding("A@1")], left: [finding("A", { version: "1.5.0" })] }),
    verdict: "pass",
    detail: /2 → 1/,
  },
  {
    // A copy that nobody moved now stands beside the new one, under an id with a version.
    name: "a copy stayed behind under another id",
    upgrades: [upgrade(["A", "B"])],
    changed: change({
      fixed: [finding("B", { advisory: "GHSA-2" })],
      left: [finding("A@1.0.0")],
    }),
    verdict: "fail",
    detail: /not cleared: 1 of 2 findings of a/,
  },
  {
    name: "both copies are promised and gone",
    upgrades: [upgrade(["A@1"]), upgrade(["A@2"])],
    changed: change({ fixed: [finding("A@1"), finding("A@2", { version: "2.0.0" })] }),
    verdict: "pass",
    detail: /2 → 0/,
  },
  {
    name: "something high came in",
    upgrades: [upgrade(["A", "B"])],
    changed: change({
      fixed: [finding("A"), finding("B")],
      introduced: [finding("C", { advisory: "GHSA-9", name: "b" })],
    }),
    verdict: "fail",
    detail: /introduced: b 1.0.0 GHSA-9/,
  },
  {
    name: "something low came in",
    upgrades: [upgrade(["A", "B"])],
    changed: change({ fixed: [finding("A"), finding("B")], introduced: [finding("C", { severity: "low" })] }),
    verdict: "warn",
    detail: /1 introduced/,
  },
  {
    name: "something high that the plan named",
    upgrades: [upgrade(["A", "B"], ["GHSA-9 in a@2.0.0"])],
    changed: change({
      fixed: [finding("A"), finding("B")],
      introduced: [finding("C", { advisory: "GHSA-9", version: "2.0.0" })],
    }),
    verdict: "warn",
    detail: /1 introduced/,
  },
])
  test(name, () => {
    const result = securityGate(upgrades, changed, "enforce");
    assert.equal(result.verdict, verdict, result.detail);
    assert.match(result.detail, detail);
  });
