/** What is left of a plan where the package manager never agrees to one of its phases. */
import assert from "node:assert/strict";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import type { Plan } from "../../src/model/index.ts";
import { findProgram } from "../../src/system/index.ts";
import { must, redress, scratch } from "../support/redress.ts";

const advisory = (id: string, name: string, fixed: string): string =>
  JSON.stringify({
    id,
    modified: "2025-01-01T00:00:00Z",
    published: "2025-01-01T00:00:00Z",
    severity: [{ type: "CVSS_V3", score: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H" }],
    affected: [
      {
        package: { ecosystem: "npm", name },
        ranges: [{ type: "SEMVER", events: [{ introduced: "0" }, { fixed }] }],
      },
    ],
  });

test(
  "phases before one that npm refuses are kept, and the rest says why",
  { timeout: 200_000 },
  async (t) => {
    const root = scratch(t);
    const npm = await findProgram("npm");
    assert.ok(npm !== undefined);
    writeFileSync(
      path.join(root, "package.json"),
      JSON.stringify({
        name: "app",
        version: "1.0.0",
        dependencies: { "is-number": "^6.0.0", minimist: "1.2.5" },
      }),
    );
    must([npm, "install", "--package-lock-only", "--ignore-scripts", "--no-audit", "--no-fund"], root);
    writeFileSync(
      path.join(root, "records.jsonl"),
      `${advisory("GHSA-aaaa-aaaa-aaaa", "minimist", "1.2.6")}\n${advisory("GHSA-bbbb-bbbb-bbbb", "is-number", "7.0.0")}\n`,
    );
    writeFileSync(
      path.join(root, "redress.yaml"),
      "advisories: { sources: [records.jsonl] }\npolicy: { cooldownDays: 0 }\n",
    );
    const plan = async (env: Record<string, string>): Promise<Plan> => {
      const made = await redress(["plan", "--profile", "full", "--json"], {
        cwd: root,
        env,
        timeoutMs: 90_000,
      });
      assert.equal(made.code, 1, made.stderr);
      return JSON.parse(made.stdout) as Plan;
    };
    const namesOf = ({ phases }: Plan): string[][] =>
      phases.map((phase) => phase.upgrades.map((one) => `${one.package} ${one.to ?? ""}`));
    assert.deepEqual(namesOf(await plan({})), [["minimist 1.2.6"], ["is-number 7.0.0"]]);

    const programs = path.join(root, "programs");
    mkdirSync(programs);
    writeFileSync(
      path.join(programs, "npm"),
      `#!/bin/sh\nif grep -q '"is-number": *"^7' package.json 2>/dev/null; then echo "npm error code EWHIM" >&2; exit 1; fi\nexec '${npm}' "$@"\n`,
    );
    chmodSync(path.join(programs, "npm"), 0o755);
    const kept = await plan({ PATH: `${programs}${path.delimiter}${process.env["PATH"] ?? ""}` });
    assert.deepEqual(namesOf(kept), [["minimist 1.2.6"]]);
    assert.equal(kept.confirmed.length, 1);
    assert.equal(kept.optimal, false);
    assert.equal(kept.after.findings, 1);
    assert.equal(kept.unfixed.length, 1);
    assert.match(kept.unfixed[0]?.detail ?? "", /^npm .*refused the plan/);
  },
);
