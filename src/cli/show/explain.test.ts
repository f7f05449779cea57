import assert from "node:assert/strict";
import { test } from "node:test";
import pc from "picocolors";
import { finding } from "../../../test/support/evidence.ts";
import { componentKey, type Component, type Dependency, type Inventory } from "../../model/index.ts";
import { explainComponent } from "./explain.ts";

const component = (name: string, version: string, direct: boolean): Component => ({
  project: ".",
  ecosystem: "PyPI",
  name,
  version,
  purl: `pkg:pypi/${name}@${version}`,
  scope: "production",
  direct,
  places: [{ path: "requirements.txt", line: 3, source: "lockfile" }],
  requirementsKnown: true,
});
const [app, base, leaf] = [
  component("app", "1.0", true),
  component("base", "2.0", true),
  component("leaf", "3.0", false),
];

const requires = (from: Component | null, to: Component, requirement: string): Dependency => ({
  project: ".",
  from: from === null ? null : componentKey(from),
  name: to.name,
  requirement,
  kind: "production",
  to: componentKey(to),
  satisfied: true,
});

function explain(dependencies: readonly Dependency[], fixedIn: readonly string[]): string[] {
  const inventory: Inventory = {
    projects: [],
    components: [app, base, leaf],
    dependencies: [requires(null, app, "==1.0"), requires(null, base, "==2.0"), ...dependencies],
    unread: [],
    notes: [],
  };
  const findings = ["GHSA-first", "GHSA-second"].map((advisory) =>
    finding({
      ecosystem: "PyPI",
      package: "leaf",
      version: "3.0",
      advisory,
      fixedIn,
      inputs: { severity: "high", "known exploited": "unavailable" },
    }),
  );
  return explainComponent(leaf, findings, {
    inventory,
    plan: undefined,
    known: () => 2,
    colors: pc.createColors(false),
  }).map((line) => line.trim());
}

for (const [what, dependencies, expected] of [
  [
    "all allow it",
    [requires(app, leaf, ">=3"), requires(base, leaf, "<5")],
    "Everything that requires it allows that.",
  ],
  [
    "one forbids it",
    [requires(app, leaf, ">=3"), requires(base, leaf, "<4")],
    "base 2.0 would have to move with it.",
  ],
  [
    "both forbid it",
    [requires(app, leaf, "~=3.0"), requires(base, leaf, "<4")],
    "app 1.0 and base 2.0 would have to move with it.",
  ],
  ["the lockfile does not say", [requires(app, leaf, "")], ""],
] as const)
  test(`what clears a package says who stands in the way: ${what}`, () => {
    const line = explain(dependencies, ["4.0"]).find((one) => one.startsWith("4.0 clears"));
    assert.equal(line, `4.0 clears them all. ${expected}`.trim());
  });

test("an explanation begins with what is most urgent, and tells what is known from what is not", () => {
  const lines = explain([requires(app, leaf, ">=3")], []);
  assert.equal(lines[0], "leaf 3.0 has 2 findings.");
  assert.match(lines[1] ?? "", /^The most urgent is GHSA-first, \w+, due \d{4}-\d\d-\d\d \(/);
  assert.ok(lines.includes("app@1.0 → leaf@3.0"));
  assert.ok(lines.includes("What is known: severity: high."));
  assert.ok(lines.includes("Not known: known exploited."));
  assert.ok(
    lines.some((line) => line.startsWith("No fixed version is declared for GHSA-first, GHSA-second")),
  );
});
