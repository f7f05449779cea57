/** One npm project of the corpus through the whole line: plan, rehearse, promote, roll back to the byte. */
import assert from "node:assert/strict";
import { copyFileSync, existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import type { Plan, Run, Scan } from "../../src/model/index.ts";
import { must, redress, scratch, shared, withoutShared } from "../support/redress.ts";

const corpus = path.join(shared, "data", "corpus", "node-express-realworld");
const advisories = ["--advisories", path.join(shared, "data", "advisories", "npm.jsonl")];

/** Findings that the planner's documented prototype left in this project without a breaking move. */
const floor = 6;

test(
  "node-express-realworld: safe plan, promoted and rolled back",
  { skip: withoutShared, timeout: 900_000 },
  async (t) => {
    const root = scratch(t);
    copyFileSync(path.join(corpus, "package.json"), path.join(root, "package.json"));
    // The recorded addresses name no real registry: npm fills them in from its own configuration.
    const lock = readFileSync(path.join(corpus, "package-lock.json"), "utf8").replace(
      /^\s*"resolved": "[^"]*",\n/gm,
      "",
    );
    writeFileSync(path.join(root, "package-lock.json"), lock);
    must(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], root);
    const versions = (): string =>
      readdirSync(path.join(root, "node_modules"))
        .filter((name) => existsSync(path.join(root, "node_modules", name, "package.json")))
        .map(
          (name) =>
            `${name}@${(JSON.parse(readFileSync(path.join(root, "node_modules", name, "package.json"), "utf8")) as { version: string }).version}`,
        )
        .join("\n");
    const before = {
      manifest: readFileSync(path.join(root, "package.json")),
      lock: readFileSync(path.join(root, "package-lock.json")),
      versions: versions(),
    };

    const scan = JSON.parse((await redress(["scan", "--json", ...advisories], { cwd: root })).stdout) as Scan;
    assert.equal(scan.summary.findings, 76);

    const long = { cwd: root, timeoutMs: 500_000 };
    const planned = await redress(["plan", "--json", "--profile", "safe", ...advisories], long);
    const plan = JSON.parse(planned.stdout) as Plan;
    assert.equal(planned.code, 1, planned.stderr);
    const upgrades = plan.phases.flatMap((phase) => phase.upgrades);
    assert.ok(!upgrades.some((upgrade) => upgrade.direct && upgrade.level === "major"));
    assert.ok(plan.after.findings <= floor, `${plan.after.findings} findings left`);

    // The first two phases are enough to install for real: they clear most, and each is a whole clean installation.
    const applied = await redress(["apply", "--json", "--yes", "--phase", "2", ...advisories], long);
    const run = JSON.parse(applied.stdout) as Run;
    assert.equal(run.state, "done", applied.stderr);
    const after = JSON.parse(
      (await redress(["scan", "--json", ...advisories], { cwd: root })).stdout,
    ) as Scan;
    assert.equal(after.summary.findings, plan.phases[1]?.after.findings, "the plan's claim is what is found");
    assert.equal(applied.code, after.summary.bySeverity.critical + after.summary.bySeverity.high > 0 ? 1 : 0);
    assert.notEqual(versions(), before.versions);
    must(["npm", "ci", "--dry-run", "--ignore-scripts", "--no-audit", "--no-fund"], root);

    const back = await redress(["rollback", "--json"], { cwd: root });
    assert.equal(back.code, 0, back.stderr);
    assert.deepEqual(readFileSync(path.join(root, "package.json")), before.manifest);
    assert.deepEqual(readFileSync(path.join(root, "package-lock.json")), before.lock);
    assert.equal(versions(), before.versions);
  },
);
