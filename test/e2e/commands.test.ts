/** What each command answers and with which exit code, on the example application with its own advisories. */
import assert from "node:assert/strict";
import { cpSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { after, before, describe, it } from "node:test";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { Ajv2020 } from "ajv/dist/2020.js";
import type { Finding, Scan } from "../../src/model/index.ts";
import { redress, repository, type Ran } from "../support/redress.ts";

const example = path.join(repository, "examples", "mingus");
const root = mkdtempSync(path.join(tmpdir(), "redress-commands-"));
const cache = path.join(root, "cache");
const app = path.join(root, "app");
const by = ["--reason", "behind the gateway", "--by", "J. Doe"];
const until = ["--justification", "protected_at_perimeter", "--expires", "2999-12-31"];
const gunicorn = "GHSA-w3h3-4rj7-4ph4";
const dated = ["--as-of", "2025-09-02"];

const run = async (args: readonly string[], cwd = app): Promise<Ran> =>
  redress(args, { cwd, env: { XDG_CACHE_HOME: cache } });

/** Writes a file below the scratch folder and gives its path. */
function write(name: string, text: string): string {
  const file = path.join(root, name);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, text);
  return file;
}

const catalogue = (dateReleased: string): string =>
  JSON.stringify({
    dateReleased,
    vulnerabilities: [{ cveID: "CVE-2024-1135", dateAdded: "2024-12-01" }],
  });

before(() => {
  cpSync(example, app, { recursive: true });
  cpSync(path.join(example, "requirements.txt"), path.join(root, "fresh", "requirements.txt"));
  write("bad.yaml", "policy: { cooldownDays: -1 }\n");
  write("torn/package-lock.json", '{ "lockfileVersion": 3,');
  write("venv/pyvenv.cfg", "home = /usr/bin\nversion = 3.11.7\n");
  write(
    "venv/lib/python3.11/site-packages/gunicorn-21.2.0.dist-info/METADATA",
    "Metadata-Version: 2.1\nName: gunicorn\nVersion: 21.2.0\n",
  );
  write("kev.json", catalogue("2025-09-01T00:00:00Z"));
  write("old-kev.json", catalogue("2025-01-01T00:00:00Z"));
  write("torn-kev.json", "{");
  write(
    "epss.csv",
    "#model_version:v2025.03.14,score_date:2025-09-01T00:00:00+0000\ncve,epss,percentile\nCVE-2024-1135,0.95,0.99\n",
  );
});
after(() => {
  rmSync(root, { recursive: true, force: true });
});

interface Case {
  readonly name: string;
  readonly args: readonly string[];
  readonly exit: number;
  readonly in?: string;
  /** What standard output, or standard error where the command fails, must say. */
  readonly says?: RegExp;
  /** `--json` is not tried: the command writes something, and would be carried out twice. */
  readonly once?: true;
  readonly schema?: "scan";
}

const advisories = ["--advisories", path.join(app, "advisories.jsonl")];
const cases: readonly Case[] = [
  { name: "init", in: "fresh", args: ["init"], exit: 0, says: /Wrote .*redress\.yaml/, once: true },
  { name: "init where one is", in: "fresh", args: ["init"], exit: 2, says: /there is a redress\.yaml/ },
  { name: "scan of a folder", args: ["scan"], exit: 1, says: /16 findings in/, schema: "scan" },
  {
    name: "scan by finding",
    args: ["scan", "--by", "finding"],
    exit: 1,
    says: /RF-[0-9a-f]{10}/,
    schema: "scan",
  },
  {
    name: "scan of a file",
    args: ["scan", "requirements.txt", ...advisories],
    exit: 1,
    says: /gunicorn/,
    schema: "scan",
  },
  {
    name: "scan of a virtual environment",
    in: ".",
    args: ["scan", "venv", ...advisories],
    exit: 1,
    says: /gunicorn/,
    schema: "scan",
  },
  { name: "scan that meets its criteria", args: ["scan", "--fail-on", "none"], exit: 0, schema: "scan" },
  { name: "scan of what is not there", args: ["scan", "nowhere"], exit: 2, says: /there is no nowhere/ },
  {
    name: "scan with a wrong configuration",
    args: ["scan", "--config", "../bad.yaml"],
    exit: 2,
    says: /line 1: policy\.cooldownDays/,
  },
  { name: "scan with a wrong date", args: ["scan", "--as-of", "soon"], exit: 2, says: /not a date/ },
  { name: "an unknown flag", args: ["scan", "--speed"], exit: 2, says: /unknown option/ },
  {
    name: "scan of a file that cannot be read",
    in: "torn",
    args: ["scan", ...advisories],
    exit: 3,
    says: /Not read[\s\S]*package-lock\.json/,
    schema: "scan",
  },
  {
    name: "scan with advisories that are not there",
    args: ["scan", "--advisories", "none.jsonl"],
    exit: 3,
    says: /none\.jsonl/,
  },
  {
    name: "scan with a catalogue that cannot be read",
    args: ["scan", "--kev", "../torn-kev.json"],
    exit: 3,
    says: /Not read[\s\S]*kev/,
    schema: "scan",
  },
  {
    name: "explain of a package",
    args: ["explain", "gunicorn"],
    exit: 0,
    says: /requirements\.txt:7[\s\S]*23\.0\.0 clears them all[\s\S]*CWE-444 HTTP request smuggling[\s\S]*R5 +high in production/,
  },
  { name: "explain of an alias", args: ["explain", "CVE-2024-1135"], exit: 0, says: /gunicorn 21\.2\.0/ },
  {
    name: "explain of a package without findings",
    args: ["explain", "idna"],
    exit: 0,
    says: /idna 3\.10 has no finding[\s\S]*requirements\.txt:31/,
  },
  { name: "verify where nothing is kept", args: ["verify"], exit: 2, says: /no run is kept here/ },
  { name: "verify of what is not there", args: ["verify", "nowhere"], exit: 2, says: /neither a run/ },
  { name: "bundle where nothing is kept", args: ["bundle"], exit: 2, says: /no run is kept here/ },
  { name: "prune without a rule", args: ["prune"], exit: 2, says: /no rule of retention/ },
  { name: "keys that cannot do that", args: ["keys", "melt"], exit: 2, says: /cannot melt/ },
  { name: "keys", args: ["keys"], exit: 0, says: /key [0-9a-f]{64}/ },
  { name: "explain of nothing", args: ["explain", "left-pad"], exit: 2, says: /nothing here is called/ },
  {
    name: "explain with catalogues",
    args: ["explain", gunicorn, ...dated, "--kev", "../kev.json", "--epss", "../epss.csv"],
    exit: 0,
    says: /known exploited: yes \(CISA KEV\); epss: 0\.950 \(FIRST EPSS\)/,
  },
  {
    name: "explain with an old catalogue",
    args: ["explain", gunicorn, ...dated, "--kev", "../old-kev.json"],
    exit: 0,
    says: /known exploited: yes \(stale, CISA KEV\)[^]*Not known: epss/,
  },
  {
    name: "waive of what is not found",
    args: ["waive", "GHSA-0000-0000-0000", ...by, ...until],
    exit: 2,
    says: /no finding here is covered/,
  },
  {
    name: "waive for another package",
    args: ["waive", `${gunicorn}:requests`, ...by, ...until],
    exit: 2,
    says: /no finding here is covered/,
  },
  {
    name: "waive until yesterday",
    args: ["waive", gunicorn, ...by, "--justification", "risk_accepted", "--expires", "2020-01-01"],
    exit: 2,
    says: /has passed/,
  },
  {
    name: "waive until a day that there is not",
    args: ["waive", gunicorn, ...by, "--justification", "risk_accepted", "--expires", "2999-02-30"],
    exit: 2,
    says: /not a date/,
  },
  {
    name: "waive without a proper justification",
    args: ["waive", gunicorn, ...by, "--justification", "later", "--expires", "2999-12-31"],
    exit: 2,
    says: /not a justification/,
  },
  {
    name: "waive by alias and package",
    args: ["waive", "CVE-2024-1135:gunicorn", ...by, ...until],
    exit: 0,
    says: /is waived until[\s\S]*covers gunicorn 21\.2\.0/,
  },
  {
    name: "waive without advisories",
    args: ["waive", gunicorn, ...by, ...until, "--advisories", "none.jsonl"],
    exit: 0,
    says: /was not checked: .*none\.jsonl/,
  },
  {
    name: "scan after that",
    args: ["scan"],
    exit: 1,
    says: /Waived\n.*gunicorn[\s\S]*15 findings/,
    schema: "scan",
  },
  { name: "status", args: ["status"], exit: 1, says: /Runs\n +none[\s\S]*15 findings/ },
  {
    name: "report on a path",
    args: ["report", ".", "--format", "md,json,html", "--out", "../reports"],
    exit: 0,
    says: /\.md\n.*\.json\n.*\.html/,
  },
  { name: "report in no format", args: ["report", ".", "--format", "docx"], exit: 2, says: /no format docx/ },
  { name: "report on no run", args: ["report", "run-20200101-000000"], exit: 2, says: /there is no run/ },
  { name: "advisories info", args: ["advisories", "info"], exit: 0, says: /advisories\.jsonl +16 / },
  {
    name: "advisories info of nothing",
    args: ["advisories", "info", "--advisories", "none.jsonl"],
    exit: 3,
    says: /none\.jsonl/,
  },
  {
    name: "health, offline with nothing cached",
    args: ["health", "--offline"],
    exit: 0,
    says: /Not known[\s\S]*offline/,
  },
];

const validators = new Map(
  (["scan"] as const).map((name) => [
    name,
    new Ajv2020({ strict: false }).compile(
      JSON.parse(readFileSync(path.join(repository, "schemas", `${name}.schema.json`), "utf8")) as object,
    ),
  ]),
);

describe("commands", () => {
  for (const one of cases)
    it(`${one.name}: exit ${one.exit}`, async () => {
      const cwd = path.join(root, one.in ?? "app");
      // A failure tells people and programs at once: on standard error and, with --json, on standard output.
      const asPerson = one.exit === 2 ? undefined : await run(one.args, cwd);
      const asJson = one.once === true ? undefined : await run([...one.args, "--json"], cwd);
      for (const ran of [asPerson, asJson])
        assert.ok(ran === undefined || ran.code === one.exit, JSON.stringify(ran));
      const told = asPerson ?? asJson;
      if (one.says !== undefined) assert.match(`${told?.stdout ?? ""}${told?.stderr ?? ""}`, one.says);
      if (asJson === undefined) return;
      // A command line that is not understood is answered before anyone knows about --json.
      if (/unknown option/.test(asJson.stderr)) return;
      const answer = JSON.parse(asJson.stdout) as { schemaVersion: number; error?: { message: string } };
      assert.equal(answer.schemaVersion, 1);
      if (one.schema === undefined) return;
      const validate = validators.get(one.schema);
      assert.ok(validate?.(answer) === true, JSON.stringify(validate?.errors));
    });

  it("an expired waiver is shown and covers nothing", async () => {
    const waiver = {
      finding: "CVE-2024-35195",
      reason: "later",
      justification: "risk_accepted",
      by: "J. Doe",
      expires: "2024-12-31",
      madeAt: "2024-06-01T00:00:00Z",
    };
    writeFileSync(path.join(app, "redress.waivers.json"), JSON.stringify([waiver]));
    const scan = JSON.parse((await run(["scan", "--json"])).stdout) as Scan;
    assert.match(
      scan.notes[0]?.text ?? "",
      /waiver of CVE-2024-35195 by J\. Doe expired on 2024-12-31; open again: requests 2\.31\.0/,
    );
    assert.equal(scan.summary.waived, 0);
    assert.match((await run(["scan"])).stdout, /expired on 2024-12-31/);
    rmSync(path.join(app, "redress.waivers.json"));
  });

  it("a format that knows no empty document is left out, and that is said", async () => {
    const out = path.join(root, "nothing-found");
    const advisories = write("none/advisories.jsonl", "");
    const args = ["report", ".", "--format", "openvex,csaf", "--out", out, "--advisories", advisories];
    const told = JSON.parse((await run([...args, "--json"])).stdout) as {
      documents: string[];
      notes: string[];
    };
    assert.deepEqual(
      told.documents.map((file) => path.basename(file).replace(/^state-[\d-]+/, "")),
      [".csaf.json"],
    );
    assert.match(told.notes.join(), /^No openvex document: there is nothing to state/);
    assert.deepEqual(
      readdirSync(out),
      told.documents.map((file) => path.basename(file)),
    );
    assert.match((await run(args)).stdout, /\.csaf\.json\nNo openvex document: /);
  });

  it("a report names none of the indexes that the user's clients are configured for", async () => {
    const hosts = ["mirror", "extra", "npm", "scope"].map((name) => `${name}.registry.example`);
    const waiver = {
      finding: gunicorn,
      reason: `mended in our build on ${hosts.join(", ")}; see docs.example`,
      justification: "risk_accepted",
      by: "J. Doe",
      expires: "2999-12-31",
      madeAt: "2024-06-01T00:00:00Z",
    };
    writeFileSync(path.join(app, "redress.waivers.json"), JSON.stringify([waiver]));
    const out = path.join(root, "for-others");
    const told = await redress(["report", ".", "--format", "json", "--out", out, "--json"], {
      cwd: app,
      env: {
        XDG_CACHE_HOME: cache,
        // No simple pages at this one's end: it is hidden all the same.
        PIP_INDEX_URL: "https://reader:secret@mirror.registry.example/python",
        PIP_EXTRA_INDEX_URL: "https://extra.registry.example/simple",
        NPM_CONFIG_USERCONFIG: write(
          "npmrc",
          "registry=https://npm.registry.example/\n@own:registry=https://scope.registry.example/\n",
        ),
        npm_config_registry: "https://npm.registry.example/",
      },
    });
    rmSync(path.join(app, "redress.waivers.json"));
    assert.equal(told.code, 0, told.stderr);
    const [file = ""] = (JSON.parse(told.stdout) as { documents: string[] }).documents;
    const report = readFileSync(file, "utf8");
    assert.match(report, /mended in our build on \*\*\*, \*\*\*, \*\*\*, \*\*\*; see docs\.example/);
    for (const hidden of [...hosts, app, "secret"]) assert.ok(!report.includes(hidden), hidden);
  });

  it("compliance profiles and catalogues of the configuration count", async () => {
    const file = path.join(app, "compliant.yaml");
    writeFileSync(
      file,
      "projects: [{ path: ., exposure: public }]\npolicy: { compliance: [cyber-essentials, bod-26-04] }\nenrichment: { kev: ../kev.json, epss: ../epss.csv }\nadvisories: [advisories.jsonl]\n",
    );
    const scan = JSON.parse(
      (await run(["scan", "--json", "--config", "compliant.yaml", ...dated])).stdout,
    ) as Scan;
    const of = (name: string): Finding | undefined => scan.findings.find((one) => one.advisory === name);
    assert.equal(of(gunicorn)?.rule, "R2");
    assert.match(String(of(gunicorn)?.inputs["bod-26-04"]), /^within 3 days of detection \(in KEV, exposed/);
    assert.deepEqual(
      scan.snapshot.sources.map((source) => source.id),
      ["advisories.jsonl", "kev", "epss"],
    );
    // High, published in 2024: 14 days from the fix are long past.
    assert.equal(of("GHSA-5m98-qgg9-wh84")?.rule, "R5+cyber-essentials");
    assert.equal(of("GHSA-5m98-qgg9-wh84")?.due, "2025-09-02T23:59:59.000Z");
    rmSync(file);
  });
});
