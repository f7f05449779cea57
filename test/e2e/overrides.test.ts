/** Overrides that a project has already: kept, moved on where they are still needed, taken out where they are not. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test, type TestContext } from "node:test";
import type { Plan } from "../../src/model/index.ts";
import { must, redress, scratch } from "../support/redress.ts";

const published = "2025-01-01T00:00:00Z";
const advisoryOn = (name: string, fixed: string): object => ({
  id: `GHSA-${name.slice(0, 4)}-aaaa-aaaa`,
  modified: published,
  published,
  severity: [{ type: "CVSS_V3", score: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H" }],
  affected: [
    {
      package: { ecosystem: "npm", name },
      ranges: [{ type: "SEMVER", events: [{ introduced: "0" }, { fixed }] }],
    },
  ],
});

interface Made {
  readonly root: string;
  readonly manifest: () => string;
  readonly plan: (policy: string) => Promise<Plan>;
}

function make(t: TestContext, manifest: string, advisory: object): Made {
  const root = scratch(t);
  const file = path.join(root, "package.json");
  writeFileSync(file, manifest);
  must(["npm", "install", "--package-lock-only", "--no-audit", "--no-fund"], root);
  writeFileSync(path.join(root, "osv.jsonl"), `${JSON.stringify(advisory)}\n`);
  return {
    root,
    manifest: () => readFileSync(file, "utf8"),
    async plan(policy) {
      writeFileSync(path.join(root, "redress.yaml"), `advisories: [osv.jsonl]\npolicy: ${policy}\n`);
      const ran = await redress(["plan", "--json"], { cwd: root });
      assert.ok(ran.code !== null && ran.code < 2, ran.stderr);
      return JSON.parse(ran.stdout) as Plan;
    },
  };
}

const crossing = `{
  "name": "crossing",
  "version": "1.0.0",
  "dependencies": { "css-select": "2.1.0" },
  "overrides": { "nth-check": "2.0.0" }
}
`;

test("a rule that is still needed moves on in its place; where policy forbids it, the reason names it", async (t) => {
  const made = make(t, crossing, advisoryOn("nth-check", "2.0.1"));
  const kept = await made.plan("{ cooldownDays: 0, allowOverrides: none }");
  assert.deepEqual([kept.phases, kept.unfixed.map((one) => one.reason)], [[], ["policy"]]);

  const plan = await made.plan("{ cooldownDays: 0 }");
  assert.deepEqual(
    plan.phases.flatMap((phase) => phase.upgrades).map((one) => [one.package, one.from, one.to, one.via]),
    [["nth-check", "2.0.0", "2.0.1", "override"]],
  );
  assert.deepEqual(plan.broken, [], "what the project overrides on purpose is not broken");
  const done = await redress(["apply", "--files-only", "--yes"], { cwd: made.root });
  assert.equal(done.code, 0, done.stdout + done.stderr);
  assert.equal(made.manifest(), crossing.replace('"2.0.0"', '"2.0.1"'));
  assert.deepEqual((await made.plan("{ cooldownDays: 0 }")).phases, []);
});

const spare = `{
  "name": "spare",
  "version": "1.0.0",
  "dependencies": { "mkdirp": "0.5.5" },
  "overrides": { "minimist": "1.2.5" }
}
`;

test("a rule that the requirement itself can do without is taken out", async (t) => {
  const made = make(t, spare, advisoryOn("minimist", "1.2.6"));
  await made.plan("{ cooldownDays: 0, allowOverrides: none }");
  const locked = readFileSync(path.join(made.root, "package-lock.json"), "utf8");
  const done = await redress(["apply", "--files-only", "--yes"], { cwd: made.root });
  assert.equal(done.code, 0, done.stdout + done.stderr);
  assert.doesNotMatch(made.manifest(), /overrides/);
  assert.match(readFileSync(path.join(made.root, "package-lock.json"), "utf8"), /"version": "1\.2\.[678]"/);

  // Put back by hand, behind the record's back: the way out is named, and works.
  writeFileSync(path.join(made.root, "package.json"), spare);
  writeFileSync(path.join(made.root, "package-lock.json"), locked);
  const again = await redress(["apply", "--files-only", "--yes"], { cwd: made.root });
  assert.equal(again.code, 2);
  const [, run = ""] = /redress rollback (run-\S+) --force/.exec(again.stderr) ?? [];
  assert.equal((await redress(["rollback", run, "--force"], { cwd: made.root })).code, 0);
  assert.equal((await redress(["apply", "--files-only", "--yes"], { cwd: made.root })).code, 0);
  assert.doesNotMatch(made.manifest(), /overrides/);
});
