/** `npm run demo -- helpdesk`, as a visitor runs it: the built command on both projects, with a real database. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, rmSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import type { Plan } from "../../src/model/index.ts";
import { findProgram, findPrograms } from "../../src/system/index.ts";
import { repository } from "../support/redress.ts";

const command = path.join(repository, "dist", "cli", "main.js");
const { uv } = await findPrograms();
const skip =
  (uv === undefined && "uv is missing") ||
  ((await findProgram("python3.11")) === undefined &&
    (await findProgram("python3.10")) === undefined &&
    "Python 3.11 and 3.10 are missing") ||
  (!existsSync("/usr/lib/postgresql") && "PostgreSQL's server programs are not installed") ||
  (!existsSync(command) && "the command is not built: npm run build");

test(
  "the helpdesk's demo ends with nothing left to do but what it declined",
  { skip, timeout: 900_000 },
  (t) => {
    const run = (argv: readonly string[], cwd: string) => {
      const started = performance.now();
      const done = spawnSync(process.execPath, argv, {
        cwd,
        encoding: "utf8",
        maxBuffer: 1 << 26,
        // PostgreSQL's sockets must have short paths, which those of the test's own folder are.
        env: { ...process.env, UV_PYTHON_DOWNLOADS: "never" },
      });
      t.diagnostic(
        `${path.basename(argv[0] ?? "")} ${argv[1] ?? ""}: ${((performance.now() - started) / 1000).toFixed(1)} s`,
      );
      return done;
    };
    const demo = run([path.join(repository, "scripts", "demo.ts"), "helpdesk"], repository);
    assert.equal(demo.status, 0, `${demo.stdout.slice(-3000)}\n${demo.stderr.slice(-3000)}`);
    assert.match(demo.stdout, /Findings left: none/);
    assert.match(demo.stdout, /tests: sign-in\s+\d+ ran, none failed/);
    assert.match(demo.stdout, /up, down and up again on a copy in \d+ ms: tickets\.0002_priority/);
    const root = / in (\/\S+)\n/.exec(demo.stdout)?.[1] ?? "";
    t.after(() => {
      rmSync(path.dirname(root), { recursive: true, force: true });
    });
    assert.ok(existsSync(path.join(root, ".redress", "reports")));
    const again = run([command, "plan", "--as-of", "2025-10-13", "--json"], root);
    const { phases } = JSON.parse(again.stdout) as Plan;
    assert.deepEqual(
      phases.map((phase) => phase.requested),
      [true],
      "only what the demo declined is left",
    );
  },
);
