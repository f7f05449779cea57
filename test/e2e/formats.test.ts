/**
 * What machines read is read back by other people's libraries and held against published schemas. These come from the
 * package indexes into the user's cache; without them (offline) the tests are skipped.
 */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, it } from "node:test";
import { promisify } from "node:util";
import { renderers } from "../../src/evidence/index.ts";
import type { Evidence, Finding } from "../../src/model/index.ts";
import { finding, runEvidence, scanOf } from "../support/evidence.ts";

const run = promisify(execFile);
const caches = path.join(process.env["XDG_CACHE_HOME"] ?? path.join(homedir(), ".cache"), "redress");
const tools = path.join(caches, "test-formats");
const python = path.join(tools, "venv", "bin", "python");
const folder = mkdtempSync(path.join(tmpdir(), "redress-formats-"));

const libraries = [
  "cyclonedx-python-lib[json-validation]==11.12.0",
  "spdx-tools==0.8.5",
  "sarif-pydantic==0.6.1",
  "junitparser==5.0.3",
];

/** Installs the libraries once. Gives the reason where they cannot be had. */
async function prepare(): Promise<string | false> {
  const done = path.join(tools, "ready-1");
  if (existsSync(done)) return false;
  const uv = path.join(homedir(), ".cache", "redress", "tools", "bin", "uv");
  if (!existsSync(uv)) return "uv is not among Redress' tools";
  const options = { timeout: 120_000, env: { ...process.env, UV_PYTHON_DOWNLOADS: "never" } };
  try {
    mkdirSync(tools, { recursive: true });
    await run(uv, ["venv", "--quiet", "--clear", path.join(tools, "venv")], options);
    await run(uv, ["pip", "install", "--quiet", "--python", python, ...libraries], options);
    writeFileSync(path.join(tools, "package.json"), '{ "private": true }\n');
    const npm = [
      "install",
      "--ignore-scripts",
      "--no-audit",
      "--no-fund",
      "@secvisogram/csaf-validator-lib@2",
    ];
    await run("npm", npm, { ...options, cwd: tools });
    writeFileSync(done, "");
    return false;
  } catch (error) {
    return `the libraries cannot be installed here: ${error instanceof Error ? (error.message.split("\n")[0] ?? "") : ""}`;
  }
}

/** Renders all formats below a name. */
async function renderAll(name: string, evidence: Evidence): Promise<string> {
  for (const one of renderers) {
    const document = await one.render(evidence);
    if (document !== undefined) writeFileSync(path.join(folder, `${name}.${one.extension}`), document);
  }
  return path.join(folder, name);
}

const asPython = async (script: string, ...args: string[]): Promise<unknown> =>
  JSON.parse((await run(python, ["-c", script, ...args], { timeout: 60_000 })).stdout) as unknown;

/** Evidence of every kind, and texts that a format might trip over. */
function cases(): Record<string, Evidence> {
  const { plan: _plan, run: _run, after: _after, ...rest } = runEvidence();
  const hostile = "a]]><b>&\"'\u0001\ud800 %zz 包 ‮";
  const waiver = {
    finding: "RF-3",
    reason: hostile,
    justification: "code_not_reachable",
    by: "J. Doe",
    expires: "2026-01-31",
    madeAt: "2025-09-01T00:00:00.000Z",
  };
  const odd = finding({
    id: "RF-3",
    advisory: "OSV-3",
    aliases: [],
    summary: hostile,
    version: "1!2+local",
    waiver,
  });
  return {
    run: runEvidence(),
    empty: { ...rest, kind: "state", before: scanOf([]) },
    odd: { ...rest, kind: "state", before: scanOf([finding(), odd]) },
  };
}

describe("machine-readable formats", { timeout: 240_000 }, () => {
  let reason: string | false = false;
  before(async () => {
    reason = await prepare();
  });
  after(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  for (const [name, evidence] of Object.entries(cases())) {
    const open = (evidence.after ?? evidence.before).findings.length;
    const fixed = evidence.before.findings.length - open;
    it(`${name}: CycloneDX's own library finds it valid and reads every vulnerability`, async (test) => {
      if (reason !== false) {
        test.skip(reason);
        return;
      }
      const file = await renderAll(name, evidence);
      const read = await asPython(
        `import json, sys
from cyclonedx.validation.json import JsonStrictValidator
from cyclonedx.schema import SchemaVersion
from cyclonedx.model.bom import Bom
text = open(sys.argv[1]).read()
error = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
bom = Bom.from_json(json.loads(text))
print(json.dumps([str(error), len(bom.vulnerabilities)]))`,
        `${file}.cdx.json`,
      );
      assert.deepEqual(read, ["None", open + fixed]);
    });

    it(`${name}: spdx-tools finds the SPDX document valid`, async (test) => {
      if (reason !== false) {
        test.skip(reason);
        return;
      }
      const read = await asPython(
        `import json, sys
from spdx_tools.spdx.parser.parse_anything import parse_file
from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document
print(json.dumps([one.validation_message for one in validate_full_spdx_document(parse_file(sys.argv[1]))]))`,
        `${await renderAll(name, evidence)}.spdx.json`,
      );
      assert.deepEqual(read, []);
    });

    it(`${name}: sarif-pydantic and junitparser read every finding`, async (test) => {
      if (reason !== false) {
        test.skip(reason);
        return;
      }
      const file = await renderAll(name, evidence);
      const read = await asPython(
        `import json, sys
from sarif_pydantic import Sarif
from junitparser import JUnitXml
log = Sarif.model_validate_json(open(sys.argv[1]).read())
suites = JUnitXml.fromfile(sys.argv[2])
found = [suite for suite in suites if suite.name == "findings"]
print(json.dumps([len(log.runs[0].results or []), sum(suite.tests for suite in found)]))`,
        `${file}.sarif`,
        `${file}.junit.xml`,
      );
      assert.deepEqual(read, [open, open + fixed]);
    });

    it(`${name}: the CSAF validator finds it valid`, async (test) => {
      if (reason !== false) {
        test.skip(reason);
        return;
      }
      const script = path.join(tools, "validate.mjs");
      writeFileSync(
        script,
        `import { readFileSync } from "node:fs";
import validate from "@secvisogram/csaf-validator-lib/validate.js";
import * as mandatory from "@secvisogram/csaf-validator-lib/mandatoryTests.js";
import { csaf_2_0_strict } from "@secvisogram/csaf-validator-lib/schemaTests.js";
const { tests } = await validate([csaf_2_0_strict, ...Object.values(mandatory)], JSON.parse(readFileSync(process.argv[2], "utf8")));
console.log(JSON.stringify(tests.filter((one) => !one.isValid)));`,
      );
      const { stdout } = await run(
        process.execPath,
        [script, `${await renderAll(name, evidence)}.csaf.json`],
        { timeout: 60_000 },
      );
      assert.deepEqual(JSON.parse(stdout), []);
    });
  }

  it("takes 10,000 findings in every format", async () => {
    const { plan: _plan, run: _run, after: _after, ...rest } = runEvidence();
    const many: Finding[] = Array.from({ length: 10_000 }, (_, index) =>
      finding({ id: `RF-${index}`, package: `package-${index % 3000}`, advisory: `GHSA-${index}` }),
    );
    const evidence: Evidence = { ...rest, kind: "state", before: scanOf(many) };
    for (const renderer of renderers) {
      const { format } = renderer;
      const document = Buffer.from((await renderer.render(evidence)) ?? "");
      if (format === "pdf") assert.match(document.toString("latin1"), /^%PDF-1\.[\s\S]+%%EOF\s*$/);
      else if (format === "github") assert.match(document.toString(), /… and 9950 more/);
      else assert.ok(document.includes("GHSA-9999"), format);
    }
  });
});
