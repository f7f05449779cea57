import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { makeSigner, memoryFiles, redactions, runEvents, runMaterial } from "../../test/support/sealed.ts";
import {
  assembleEvidence,
  evidenceFolder,
  followChain,
  journalName,
  readSealed,
  sealEvidence,
  traceFindings,
  type FindingTrace,
} from "./index.ts";

const runFolder = "/runs/run-20250902-161100";

/** Traces of a subject, as read from a sealed record. */
async function trace(subject: string, material = runMaterial()): Promise<FindingTrace[]> {
  const files = memoryFiles();
  await sealEvidence({ runFolder, material, redactions, signer: makeSigner(), files });
  const read = await readSealed(evidenceFolder(runFolder), files);
  assert.equal(read.state, "whole");
  const text = (name: string) => Buffer.from(read.files.get(name) ?? "").toString("utf8");
  const evidence = await assembleEvidence(text);
  assert.ok(evidence !== undefined);
  return traceFindings(subject, {
    evidence,
    journal: followChain(text(journalName)).lines,
    checkpoint: read.statement.checkpoint,
  });
}

describe("traceFindings", () => {
  let fixed: FindingTrace | undefined;
  before(async () => {
    [fixed] = await trace("CVE-2024-1135");
  });

  it("finds a finding by its id, advisory, alias or package", async () => {
    for (const name of ["RF-0000000001", "ghsa-w3h3-4rj7-4ph4", "gunicorn"])
      assert.deepEqual(
        (await trace(name)).map((one) => one.finding.id),
        ["RF-0000000001"],
        name,
      );
    assert.deepEqual(await trace("left-pad"), []);
  });

  it("tells when it was first seen and by which advisories, and by which the run judged it", () => {
    assert.equal(fixed?.detected.at, "2025-09-01T08:00:00.000Z");
    assert.equal(fixed.detected.snapshot, "9".repeat(64));
    assert.equal(fixed.detected.judgedBy.digest, "d".repeat(64));
  });

  it("tells the change with the digests of files and archives", () => {
    assert.equal(fixed?.change?.upgrade.to, "22.0.0");
    assert.deepEqual(fixed.change.files, [
      { path: "requirements.txt", before: "a".repeat(64), after: "b".repeat(64) },
    ]);
    assert.deepEqual(fixed.change.integrity, [`sha256:${"c".repeat(64)}`]);
  });

  it("tells the gates with their numbers, and when it was seen gone", () => {
    assert.deepEqual(
      fixed?.gates.map((gate) => [gate.name, gate.verdict, gate.stage, gate.samples?.[0]]),
      [["tests: unit", "pass", "rehearsal", 12]],
    );
    assert.equal(fixed.verified?.committedAt, "2025-09-02T16:11:04.000Z");
    assert.equal(fixed.verified.snapshot, "d".repeat(64));
    assert.equal(fixed.decision.ranBy, "J. Doe");
  });

  it("says why one is left, and verifies nothing that was not changed", async () => {
    const [left] = await trace("ecdsa");
    assert.equal(left?.left?.reason, "no-fix");
    assert.deepEqual([left.change, left.verified, left.gates], [undefined, undefined, []]);
  });

  it("verifies nothing that other advisories judged, that is still there, or that was put back", async () => {
    const material = runMaterial();
    const { after, before: start, run } = material.evidence;
    assert.ok(after !== undefined && run !== undefined);
    const variants = [
      { ...material.evidence, after: { ...after, snapshot: { ...after.snapshot, digest: "0".repeat(64) } } },
      { ...material.evidence, after: start },
      {
        ...material.evidence,
        run: { ...run, phases: run.phases.map((one) => ({ ...one, state: "rolled-back" as const })) },
      },
    ];
    for (const evidence of variants)
      assert.equal((await trace("gunicorn", { ...material, evidence }))[0]?.verified, undefined);
    const [unended] = await trace(
      "gunicorn",
      runMaterial(runEvents.filter((one) => one.event !== "phase-done")),
    );
    assert.equal(unended?.verified, undefined);
  });

  it("tells who accepted it until when", async () => {
    const material = runMaterial();
    const waiver = {
      finding: "RF-0000000002",
      reason: "internal use",
      justification: "requires_environment",
      by: "J. Doe",
      expires: "2026-01-01",
      madeAt: "2025-09-01T00:00:00Z",
    };
    const { before: start } = material.evidence;
    const findings = start.findings.map((one) => (one.id === waiver.finding ? { ...one, waiver } : one));
    const evidence = { ...material.evidence, before: { ...start, findings } };
    assert.deepEqual((await trace("ecdsa", { ...material, evidence }))[0]?.accepted, waiver);
  });
});
