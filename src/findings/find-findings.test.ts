import assert from "node:assert/strict";
import { test } from "node:test";
import { component, configuration, inventory, noEnrichment, record } from "../../test/support/findings.ts";
import {
  componentKey,
  type Component,
  type Configuration,
  type Dependency,
  type Waiver,
} from "../model/index.ts";
import { findFindings } from "./find-findings.ts";
import { makeJudge } from "./judge.ts";

/** Every package whose name begins with `bad` has one open advisory, high, fixed in 9. */
function judgeFor(given: Configuration, now = "2025-09-02T12:00:00Z") {
  return makeJudge({
    lookup: (ecosystem, name) =>
      name.startsWith("bad")
        ? [
            record({
              id: `GHSA-${name}`,
              aliases: [`CVE-${name}`],
              label: name.endsWith("low") ? "LOW" : "HIGH",
              affected: [
                {
                  ecosystem,
                  name,
                  ranges: [{ type: "SEMVER", events: [{ introduced: "0" }, { fixed: "9.0.0" }] }],
                  versions: [],
                },
              ],
            }),
          ]
        : [],
    enrichment: () => noEnrichment,
    configuration: given,
    firstSeen: () => undefined,
    now,
  });
}

const plain = configuration();
const edge = (from: Component, to: Component): Dependency => ({
  project: from.project,
  from: componentKey(from),
  name: to.name,
  requirement: "",
  kind: "production",
  to: componentKey(to),
  satisfied: true,
});

test("the most urgent first, then by package; ids survive upgrades", () => {
  const parts = [
    component({ name: "bad-low", version: "1.0.0" }),
    component({ name: "good", version: "1.0.0" }),
    component({ name: "bad-b", version: "1.0.0" }),
    component({ name: "bad-a", version: "1.0.0", scope: "development" }),
  ];
  const found = findFindings(inventory(parts), judgeFor(plain), plain);
  assert.deepEqual(
    found.map((one) => one.package),
    ["bad-b", "bad-a", "bad-low"],
  );
  const moved = parts.map((one) => ({ ...one, version: "2.0.0" }));
  const after = findFindings(inventory(moved), judgeFor(plain), plain);
  assert.deepEqual(
    after.map((one) => one.id),
    found.map((one) => one.id),
  );
  assert.ok(found.every((one) => /^RF-[0-9a-f]{10}$/.test(one.id)));
  assert.equal(new Set(found.map((one) => one.id)).size, 3);
});

test("several versions of a package in a project have ids of their own", () => {
  const parts = [
    component({ ecosystem: "npm", name: "bad", version: "1.0.0" }),
    component({ ecosystem: "npm", name: "bad", version: "2.0.0" }),
    component({ ecosystem: "npm", name: "bad", version: "2.0.0", project: "other" }),
  ];
  const found = findFindings(inventory(parts), judgeFor(plain), plain);
  assert.equal(new Set(found.map((one) => one.id)).size, 3);
  const alone = findFindings(inventory(parts.slice(1)), judgeFor(plain), plain);
  const idIn = (list: typeof found, project: string): string | undefined =>
    list.find((one) => one.project === project && one.version === "2.0.0")?.id;
  assert.equal(idIn(found, "other"), idIn(alone, "other"));
  assert.notEqual(idIn(found, "."), idIn(alone, "."));
});

test("paths lead from direct dependencies, the shortest first, at most five, cycles and all", () => {
  const bad = component({ name: "bad", version: "1.0.0", direct: false });
  const middle = component({ name: "middle", version: "1.0.0", direct: false });
  const roots = ["a", "b", "c", "d", "e", "f"].map((name) => component({ name, version: "1.0.0" }));
  const [a, b, ...rest] = roots as [Component, Component, ...Component[]];
  const dependencies = [
    edge(a, middle),
    edge(middle, bad),
    edge(bad, middle),
    edge(b, bad),
    edge(a, b),
    ...rest.map((one) => edge(one, middle)),
    { ...edge(a, bad), from: null },
    { ...edge(a, bad), to: null },
  ];
  const [found] = findFindings(inventory([...roots, middle, bad], dependencies), judgeFor(plain), plain);
  assert.deepEqual(found?.paths, [
    ["b@1.0.0", "bad@1.0.0"],
    ["a@1.0.0", "b@1.0.0", "bad@1.0.0"],
    ["c@1.0.0", "middle@1.0.0", "bad@1.0.0"],
    ["d@1.0.0", "middle@1.0.0", "bad@1.0.0"],
    ["e@1.0.0", "middle@1.0.0", "bad@1.0.0"],
  ]);
  assert.equal(found.direct, false);
});

test("a direct component is a path by itself, one that nothing leads to has none", () => {
  const direct = component({ name: "bad-1", version: "1.0.0" });
  const lost = component({ name: "bad-2", version: "1.0.0", direct: false });
  const found = findFindings(inventory([direct, lost]), judgeFor(plain), plain);
  assert.deepEqual(
    found.map((one) => one.paths),
    [[["bad-1@1.0.0"]], []],
  );
});

const waiver = (given: Partial<Waiver>): Waiver => ({
  finding: "GHSA-bad",
  reason: "accepted",
  justification: "protected_by_mitigating_control",
  by: "ann",
  expires: "2025-09-02",
  madeAt: "2025-08-01T00:00:00Z",
  ...given,
});

test("waivers attach by finding, advisory or advisory and package, until the end of their last day", () => {
  const parts = inventory([component({ name: "bad", version: "1.0.0" })]);
  const id = findFindings(parts, judgeFor(plain), plain)[0]?.id ?? "";
  for (const [given, holds] of [
    [waiver({}), true],
    [waiver({ finding: id }), true],
    [waiver({ finding: "CVE-bad" }), true],
    [waiver({ finding: "GHSA-bad:Bad" }), true],
    [waiver({ finding: "GHSA-bad:other" }), false],
    [waiver({ finding: "GHSA-other" }), false],
    [waiver({ expires: "2025-09-01" }), false],
    [waiver({ expires: "never" }), false],
  ] as const) {
    const settings = configuration({ waivers: [given] });
    const [found] = findFindings(parts, judgeFor(settings), settings);
    assert.deepEqual(found?.waiver, holds ? given : null, JSON.stringify(given));
  }
});

test("business functions are named, and cap", () => {
  const settings = configuration({
    functions: [
      { name: "payments", packages: ["Bad_A", "x"], criticality: "high", atMost: "immediate" },
      { name: "mail", packages: ["bad-b"], criticality: "low" },
    ],
  });
  const parts = ["bad-a", "bad-b"].map((name) => component({ name, version: "1.0.0" }));
  const found = findFindings(inventory(parts), judgeFor(settings), settings);
  assert.deepEqual(
    found.map(({ functions, rule, due }) => [functions, rule, due]),
    [
      [["payments"], "R5+atMost", "2025-09-02T12:00:00.000Z"],
      [["mail"], "R5", "2025-09-16T12:00:00.000Z"],
    ],
  );
});
