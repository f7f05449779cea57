/** Versions that the team asks for, in a project of the real registry: a phase of their own, which can be left out. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import type { Plan } from "../../src/model/index.ts";
import { must, redress, scratch } from "../support/redress.ts";

const published = "2025-01-01T00:00:00Z";
const advisory = {
  id: "GHSA-aaaa-aaaa-aaaa",
  modified: published,
  published,
  severity: [{ type: "CVSS_V3", score: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H" }],
  affected: [
    {
      package: { ecosystem: "npm", name: "semver" },
      ranges: [{ type: "SEMVER", events: [{ introduced: "0" }, { fixed: "7.5.2" }] }],
    },
  ],
};

const configuration = `advisories: { sources: [osv.jsonl] }
policy: { cooldownDays: 0 }
requests:
  - { package: ms, to: 2.1.3, reason: the new release of the team's own library needs it }
  - { package: is-number, to: 99.0.0 }
  - { package: lru-cache, to: 10.0.0 }
  - { package: left-pad, to: 1.3.0 }
`;

test("requests: met where they can be, refused with the reason, declined by --phase", async (t) => {
  const root = scratch(t);
  const at = (file: string): string => path.join(root, file);
  writeFileSync(
    at("package.json"),
    JSON.stringify({
      name: "asking",
      version: "1.0.0",
      dependencies: { ms: "2.0.0", semver: "7.5.0", "is-number": "6.0.0" },
    }),
  );
  must(["npm", "install", "--package-lock-only", "--no-audit", "--no-fund"], root);
  writeFileSync(at("osv.jsonl"), `${JSON.stringify(advisory)}\n`);
  writeFileSync(at("redress.yaml"), configuration);
  const lockedAt = (name: string): string | undefined => {
    const { packages } = JSON.parse(readFileSync(at("package-lock.json"), "utf8")) as {
      packages: Record<string, { version?: string }>;
    };
    return packages[`node_modules/${name}`]?.version;
  };
  const planned = async (): Promise<Plan> => {
    const ran = await redress(["plan", "--json"], { cwd: root });
    assert.ok(ran.code !== null && ran.code < 2, ran.stderr);
    return JSON.parse(ran.stdout) as Plan;
  };

  const plan = await planned();
  assert.deepEqual(
    plan.phases.map((phase) => [phase.requested === true, phase.upgrades.map((one) => one.package)]),
    [
      [false, ["semver"]],
      [true, ["ms"]],
    ],
  );
  const asked = plan.phases[1]?.upgrades[0];
  assert.equal(asked?.to, "2.1.3");
  assert.deepEqual(asked.fixes, []);
  assert.match(asked.because.join(" "), /own library needs it.*clears no finding/);
  const outcomeOf = (of: Plan, name: string): string => {
    const found = of.requests?.find((one) => one.package === name);
    return `${found?.state ?? "not told"}: ${found?.detail ?? ""} ${found?.conflicts.join(" ") ?? ""}`;
  };
  assert.match(outcomeOf(plan, "ms"), /^planned/);
  assert.match(outcomeOf(plan, "is-number"), /^impossible.*the registry lists no is-number 99\.0\.0/);
  assert.match(outcomeOf(plan, "lru-cache"), /^impossible.*semver 7\.5\.\d+ requires lru-cache@/);
  assert.match(outcomeOf(plan, "left-pad"), /^impossible.*not there/);

  const first = await redress(["apply", "--phase", "1", "--files-only", "--yes"], { cwd: root });
  assert.equal(first.code, 0, first.stdout + first.stderr);
  assert.notEqual(lockedAt("semver"), "7.5.0");
  assert.equal(lockedAt("ms"), "2.0.0", "what was asked for was left out");

  assert.deepEqual(
    (await planned()).phases.map((phase) => phase.requested),
    [true],
  );
  const rest = await redress(["apply", "--files-only", "--yes"], { cwd: root });
  assert.equal(rest.code, 0, rest.stdout + rest.stderr);
  assert.equal(lockedAt("ms"), "2.1.3");

  const last = await planned();
  assert.deepEqual(last.phases, []);
  assert.match(outcomeOf(last, "ms"), /^already/);
});
