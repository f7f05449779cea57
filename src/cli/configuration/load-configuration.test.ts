import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, it, type TestContext } from "node:test";
import { Failure } from "../../model/index.ts";
import { readFailOn } from "../fail-on.ts";
import { loadConfiguration, parse, readCriteria, splitWords } from "./load-configuration.ts";

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

  it("refuses aliases with their line", async () => {
    const text = "contacts: { ops: &one ops@desk.example }\nfunctions:\n  pay: { packages: *one }";
    await assert.rejects(parse(text, "redress.yaml"), (error) => {
      assert.match(String(error), /line 3: \*one: write out/);
      return true;
    });
  });

  it("reports broken YAML with its line", async () => {
    await assert.rejects(parse("a: [1,\nb: }", "redress.yaml"), (error: Failure) =>
      /line 2/.test(error.message),
    );
  });

  it("does not follow brackets without end", async () => {
    const began = performance.now();
    await assert.rejects(parse(`a: ${"[".repeat(50_000)}`, "redress.yaml"), { code: "config" });
    assert.ok(performance.now() - began < 2000);
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

describe("advisories, enrichment and compliance", () => {
  const load = async (
    context: TestContext,
    text: string,
  ): Promise<Awaited<ReturnType<typeof loadConfiguration>>> => {
    const root = mkdtempSync(path.join(tmpdir(), "redress-configuration-"));
    context.after(() => {
      rmSync(root, { recursive: true, force: true });
    });
    writeFileSync(path.join(root, "redress.yaml"), text);
    return loadConfiguration(root);
  };

  it("takes a list of sources, or sources with addresses of OSV", async (context) => {
    assert.deepEqual((await load(context, "advisories: [osv, a.jsonl]")).advisories, ["osv", "a.jsonl"]);
    const { advisories, osv } = await load(
      context,
      "advisories: { sources: [osv], osvApi: http://127.0.0.1:1/osv }",
    );
    assert.deepEqual([advisories, osv], [["osv"], { osvApi: "http://127.0.0.1:1/osv" }]);
  });

  it("takes the age from which a source is warned of, in hours or days", async (context) => {
    const hours = async (text: string): Promise<number | undefined> =>
      (await load(context, text)).staleAfterHours;
    assert.equal(await hours("advisories: { staleAfter: 12h }"), 12);
    assert.equal(await hours("advisories: { staleAfter: 7d }"), 168);
    assert.equal(await hours("advisories: [osv]"), undefined);
    await assert.rejects(hours("advisories: { staleAfter: soon }"), /line 1: advisories/);
  });

  it("refuses an address with credentials", async (context) => {
    await assert.rejects(
      load(context, "advisories: { osvApi: https://me:secret@osv.example }"),
      (error: Failure) => {
        assert.match(error.message, /line 1: advisories/);
        assert.doesNotMatch(error.message, /secret/);
        return true;
      },
    );
  });

  it("keeps where the catalogues are out of the policy's digest, and compliance in it", async (context) => {
    const plain = await load(context, "policy: {}");
    const enriched = await load(context, "policy: {}\nenrichment: { kev: kev.json }");
    assert.equal(enriched.digest, plain.digest);
    assert.deepEqual(enriched.enrichment, { kev: "kev.json" });
    const bound = await load(context, "policy: { compliance: [bod-26-04, cyber-essentials] }");
    assert.notEqual(bound.digest, plain.digest);
    assert.deepEqual(bound.policy.compliance, ["bod-26-04", "cyber-essentials"]);
  });

  it("refuses a profile that there is not", async (context) => {
    await assert.rejects(load(context, "policy: { compliance: [pci] }"), /line 1: policy\.compliance\.0/);
  });
});
