import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { finding, runEvidence, scanOf } from "../../test/support/evidence.ts";
import type { Evidence, Waiver } from "../model/index.ts";
import { renderCsaf } from "./csaf.ts";
import { renderCycloneDx } from "./cyclonedx.ts";
import { renderJunit } from "./junit.ts";
import { renderOpenVex } from "./openvex.ts";
import { renderSarif } from "./sarif.ts";

const waiver = (justification: string): Waiver => ({
  finding: "RF-3",
  reason: "behind the gateway",
  justification,
  by: "J. Doe",
  expires: "2026-01-31",
  madeAt: "2025-09-01T00:00:00.000Z",
});

/** One finding fixed by the run, one left, one harmless, one accepted. */
function evidence(): Evidence {
  const made = runEvidence();
  const waived = [
    finding({ id: "RF-3", advisory: "GHSA-3", aliases: [], waiver: waiver("code_not_reachable") }),
    finding({ id: "RF-4", advisory: "GHSA-4", aliases: [], waiver: waiver("risk_accepted") }),
  ];
  return {
    ...made,
    before: scanOf([...made.before.findings, ...waived]),
    after: scanOf([...(made.after?.findings ?? []), ...waived]),
  };
}

/** Any JSON, entered by names and numbers; what is asked of it is asserted. */
interface Json extends ReadonlyArray<Json> {
  readonly [name: string]: unknown;
}
const parse = (text: string): Json => JSON.parse(text) as Json;

describe("machine formats", () => {
  it("sarif: fingerprints survive line moves, waivers are suppressions", () => {
    const prints = (line: number): unknown => {
      const [run] = parse(
        renderSarif({
          ...runEvidence(),
          after: scanOf([finding({ places: [{ path: "a b/req.txt", line }] })]),
        }),
      )["runs"] as Json;
      const [result] = run?.["results"] as Json;
      const [place] = result?.["locations"] as Json;
      const at = place?.["physicalLocation"] as Json;
      assert.equal((at["region"] as Json)["startLine"], line);
      assert.equal((at["artifactLocation"] as Json)["uri"], "a%20b/req.txt");
      return result?.["partialFingerprints"];
    };
    assert.deepEqual(prints(3), prints(40));
    const [run] = parse(renderSarif(evidence()))["runs"] as Json;
    const results = run?.["results"] as Json;
    assert.deepEqual(
      results.map((one) => [one["ruleId"], (one["suppressions"] as Json | undefined)?.length ?? 0]),
      [
        ["GHSA-wj6h-64fc-37mp", 0],
        ["GHSA-3", 1],
        ["GHSA-4", 1],
      ],
    );
    const rules = ((run?.["tool"] as Json)["driver"] as Json)["rules"] as Json;
    for (const one of results) assert.equal(rules[one["ruleIndex"] as number]?.["id"], one["ruleId"]);
  });

  it("cyclonedx: analyses say what was decided and what the run resolved", () => {
    const bom = parse(renderCycloneDx(evidence()));
    const states = (bom["vulnerabilities"] as Json).map((one) => [
      one["id"],
      (one["analysis"] as Json)["state"],
    ]);
    assert.deepEqual(states, [
      ["GHSA-wj6h-64fc-37mp", "exploitable"],
      ["GHSA-3", "not_affected"],
      ["GHSA-4", "exploitable"],
      ["GHSA-w3h3-4rj7-4ph4", "resolved"],
    ]);
    const refs = new Set((bom["components"] as Json).map((one) => one["bom-ref"]));
    for (const one of (bom["vulnerabilities"] as Json).slice(0, 3))
      for (const { ref } of one["affects"] as { ref: never }[]) assert.ok(refs.has(ref), ref);
    assert.equal((bom["compositions"] as Json)[0]?.["aggregate"], "incomplete", "no inventory was kept");
  });

  it("openvex and csaf: an accepted risk stays affected, a fix names the version read back", () => {
    const statements = parse(renderOpenVex(evidence()) ?? "")["statements"] as Json;
    assert.deepEqual(
      statements.map((one) => [one["status"], (one["products"] as Json)[0]?.["@id"]]),
      [
        ["affected", "pkg:pypi/gunicorn@21.2.0"],
        ["not_affected", "pkg:pypi/gunicorn@21.2.0"],
        ["affected", "pkg:pypi/gunicorn@21.2.0"],
        ["fixed", "pkg:pypi/gunicorn@22.0.0"],
      ],
    );
    const csaf = parse(renderCsaf(evidence()));
    assert.deepEqual(
      (csaf["vulnerabilities"] as Json).map((one) => Object.keys(one["product_status"] as Json)[0]),
      ["known_affected", "known_not_affected", "known_affected", "fixed"],
    );
    const nothing = { ...evidence(), before: scanOf([]), after: scanOf([]) };
    assert.equal((parse(renderCsaf(nothing))["document"] as Json)["category"], "csaf_base");
    assert.equal(renderOpenVex(nothing), undefined, "its schema knows no document without a statement");
  });

  it("junit: a gate without an answer is skipped, never passed", () => {
    const xml = renderJunit(evidence());
    assert.match(xml, /<testsuites name="redress" tests="5" failures="1" errors="0" skipped="3">/);
    assert.match(xml, /name="tests"><skipped message="missing \(enforce\)">/);
  });
});
