import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Failure } from "../../model/index.ts";
import { readFailOn } from "../fail-on.ts";
import { parse, readCriteria, splitWords } from "./load-configuration.ts";

describe("redress.yaml", () => {
  it("reports every problem at once, each with its line", async () => {
    const text = [
      "policy:",
      "  cooldownDays: -1",
      "  speed: fast",
      "functions:",
      "  pay: { packages: [], atMost: soon }",
      "projects: [{ path: ../out }]",
    ].join("\n");
    const failure = await parse(text, "redress.yaml").then(
      () => assert.fail("it was taken"),
      (error: unknown) => error as Failure,
    );
    assert.equal(failure.code, "config");
    for (const place of [
      /line 2: policy\.cooldownDays/,
      /line 3: policy/,
      /line 5: functions\.pay\.packages/,
      /line 5: functions\.pay\.atMost/,
      /line 6: projects\.0\.path/,
    ])
      assert.match(failure.message, place);
  });

  it("reports broken YAML with its line", async () => {
    await assert.rejects(parse("a: [1,\nb: }", "redress.yaml"), (error: Failure) =>
      /line 2/.test(error.message),
    );
  });

  it("does not follow aliases that grow", async () => {
    const bomb = "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n";
    await assert.rejects(parse(bomb, "redress.yaml"));
  });

  it("takes an empty file", async () => {
    assert.deepEqual(await parse("", "redress.yaml"), {});
  });
});

describe("readCriteria", () => {
  const cases: readonly [Record<string, number | string>, object][] = [
    [
      { critical: 0, medium: "<5" },
      { critical: 0, medium: 4 },
    ],
    [{ high: "<=2" }, { high: 2 }],
    [{}, {}],
  ];
  for (const [given, expected] of cases)
    it(JSON.stringify(given), () => {
      assert.deepEqual(readCriteria(given), expected);
    });
});

describe("readFailOn", () => {
  const cases: readonly [string, object][] = [
    ["none", {}],
    ["high", { critical: 0, high: 0 }],
    ["critical<1, medium<=4", { critical: 0, medium: 4 }],
  ];
  for (const [given, expected] of cases)
    it(given, () => {
      assert.deepEqual(readFailOn(given), expected);
    });
  it("refuses what it does not understand", () => {
    assert.throws(() => readFailOn("urgent"), { code: "usage" });
  });
});

describe("splitWords", () => {
  it("groups by quotes and expands nothing", () => {
    assert.deepEqual(splitWords(`python -m pytest -k "a b" '$HOME' *`), [
      "python",
      "-m",
      "pytest",
      "-k",
      "a b",
      "$HOME",
      "*",
    ]);
  });
});
