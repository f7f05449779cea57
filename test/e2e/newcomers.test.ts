/** What a plan brings in is asked about before it is proposed: online sources know only of what they were asked. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test, type TestContext } from "node:test";
import type { Plan, Upgrade } from "../../src/model/index.ts";
import { sendJson, serve } from "../support/loopback.ts";
import { must, redress, scratch } from "../support/redress.ts";

/** Flask 2.3 is the first that requires blinker. */
const pins = [
  "flask==2.2.5",
  "werkzeug==2.3.8",
  "jinja2==3.1.6",
  "markupsafe==2.1.5",
  "itsdangerous==2.2.0",
  "click==8.1.8",
];

const modified = "2025-01-01T00:00:00Z";
interface Osv {
  readonly id: string;
  readonly modified: string;
  readonly published: string;
  readonly severity: readonly object[];
  readonly affected: readonly {
    readonly package: { readonly ecosystem: string; readonly name: string };
    readonly ranges: readonly object[];
  }[];
}
const record = (id: string, name: string, events: readonly object[]): Osv => ({
  id,
  modified,
  published: modified,
  severity: [{ type: "CVSS_V3", score: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H" }],
  affected: [{ package: { ecosystem: "PyPI", name }, ranges: [{ type: "ECOSYSTEM", events }] }],
});
const records = [
  record("GHSA-aaaa-aaaa-aaaa", "flask", [{ introduced: "0" }, { fixed: "2.3.3" }]),
  record("GHSA-bbbb-bbbb-bbbb", "blinker", [{ introduced: "1.8.0" }]),
];

/** OSV on loopback, a project at `root` that asks it, and what it was asked. */
async function makeProject(t: TestContext): Promise<{ root: string; asked: string[] }> {
  const asked: string[] = [];
  const osvApi = await serve(t, (request, response, body) => {
    if (request.url === "/v1/querybatch") {
      const { queries } = JSON.parse(body) as { queries: { package: { name: string } }[] };
      asked.push(...queries.map((one) => one.package.name));
      sendJson(response, {
        results: queries.map(({ package: { name } }) => {
          const known = records.find((one) => one.affected[0]?.package.name === name);
          return known === undefined ? {} : { vulns: [{ id: known.id, modified }] };
        }),
      });
    } else
      sendJson(
        response,
        records.find((one) => one.id === request.url?.split("/").at(-1)),
      );
  });
  const root = scratch(t);
  writeFileSync(path.join(root, "requirements.txt"), `${pins.join("\n")}\n`);
  writeFileSync(
    path.join(root, "redress.yaml"),
    `advisories: { sources: [osv], osvApi: "${osvApi}" }\npolicy: { cooldownDays: 0 }\n`,
  );
  return { root, asked };
}

async function planOf(root: string): Promise<Plan> {
  const made = await redress(["plan", "--json"], { cwd: root, timeoutMs: 180_000 });
  assert.equal(made.code, 1, made.stderr);
  return JSON.parse(made.stdout) as Plan;
}

const newcomerOf = (plan: Plan): Upgrade | undefined =>
  plan.phases.flatMap((phase) => phase.upgrades).find((one) => one.package === "blinker");

test(
  "a newcomer's advisories are learned, planned around and asked for again",
  { timeout: 300_000 },
  async (t) => {
    const { root, asked } = await makeProject(t);
    must(["python3", "-m", "venv", ".venv"], root);
    must([".venv/bin/python", "-m", "pip", "install", "-q", "-r", "requirements.txt"], root);
    const plan = await planOf(root);
    assert.ok(asked.includes("blinker"));
    assert.ok(plan.inputs.asked?.some((one) => one.name === "blinker"));
    assert.match(newcomerOf(plan)?.to ?? "", /^1\.[67]\./, JSON.stringify(plan.phases, null, 1));
    assert.equal(plan.after.findings, 0);

    // The run judges by the plan's snapshot, which holds those answers.
    asked.length = 0;
    const run = await redress(["apply", "--json", "--dry-run", "--yes"], { cwd: root, timeoutMs: 180_000 });
    assert.ok(asked.includes("blinker"));
    assert.equal(run.code, 0, run.stdout + run.stderr);
  },
);

test(
  "where the installer's own choice has a finding, a line holds the newcomer back",
  { timeout: 200_000 },
  async (t) => {
    const { root } = await makeProject(t);
    const plan = await planOf(root);
    const newcomer = newcomerOf(plan);
    assert.match(newcomer?.to ?? "", /^1\.[67]\./, JSON.stringify(plan.phases, null, 1));
    assert.equal(newcomer?.via, "manifest");
    assert.match(newcomer.because.join(" "), /the installer would choose 1\.\d+.* GHSA-bbbb-bbbb-bbbb/);
    assert.equal(plan.after.findings, 0);
    const run = await redress(["apply", "--json", "--files-only", "--yes"], {
      cwd: root,
      timeoutMs: 180_000,
    });
    assert.equal(run.code, 0, run.stdout + run.stderr);
    assert.match(
      readFileSync(path.join(root, "requirements.txt"), "utf8"),
      /^blinker==1\.[67]\.\S*  # added by redress: flask .* requires blinker/m,
    );
  },
);

test(
  "what no line pins and has no finding is told of and left to the installer",
  { timeout: 200_000 },
  async (t) => {
    const root = scratch(t);
    writeFileSync(path.join(root, "requirements.txt"), `${pins.join("\n")}\n`);
    const advisories = path.join(root, "osv.jsonl");
    writeFileSync(advisories, `${JSON.stringify(records[0])}\n`);
    writeFileSync(path.join(root, "redress.yaml"), "policy: { cooldownDays: 0 }\n");
    const made = await redress(["fix", "--json", "--files-only", "--yes", "--advisories", advisories], {
      cwd: root,
      timeoutMs: 180_000,
    });
    assert.equal(made.code, 0, made.stdout + made.stderr);
    const { plan } = JSON.parse(made.stdout) as { plan: Plan };
    assert.equal(newcomerOf(plan), undefined);
    const flask = plan.phases.flatMap((phase) => phase.upgrades).find((one) => one.package === "flask");
    assert.match(flask?.because.join(" ") ?? "", /No line pins what the installer adds .*blinker 1\./);
    assert.doesNotMatch(readFileSync(path.join(root, "requirements.txt"), "utf8"), /blinker/);
  },
);
