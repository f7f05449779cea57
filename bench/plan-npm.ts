/**
 * Plans the npm projects of the corpus and prints what each plan leaves, and its time beside that of npm itself making the
 * same project's lockfile anew. Reads `../shared` beside the repository and the registry that npm is configured for; run
 * `node bench/plan-npm.ts [PROJECT:PROFILE …] [--seconds N]`, twice for warm caches. `--seconds` is the search's limit.
 */
import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { openAdvisories } from "../src/advisories/index.ts";
import { findFindings, makeJudge } from "../src/findings/index.ts";
import { takeInventory } from "../src/inventory/index.ts";
import type { Finding, Profile, Severity } from "../src/model/index.ts";
import { planNpm, type ProjectPlan } from "../src/plan/index.ts";
import { npmReleases } from "../src/releases/index.ts";
import { configuration as defaultConfiguration } from "../test/support/findings.ts";

const shared = path.join(import.meta.dirname, "..", "..", "shared", "data");
const advisories = path.join(shared, "advisories", "npm.jsonl");
const projects = [
  "node-express-realworld",
  "full-stack-fastapi-2024/frontend",
  "saleor",
  "nodegoat",
  "nodejs-goof",
  "paperless-ngx-2022/src-ui",
  "central-ledger",
  "uptime-kuma",
];
const weights: Record<Severity, number> = { critical: 10, high: 5, medium: 2, low: 1, unknown: 2 };
const configuration = defaultConfiguration({ policy: { cooldownDays: 0 }, advisories: [advisories] });

const weigh = (findings: readonly Finding[]): number =>
  findings.reduce((sum, one) => sum + weights[one.severity], 0);

const { values: flags, positionals: asked } = parseArgs({
  options: { seconds: { type: "string" } },
  allowPositionals: true,
});

const rebuilt = new Map<string, string>();

/** Seconds in which npm makes the lockfile from the manifest alone; in words where it refuses to. */
function rebuild(name: string): string {
  const known = rebuilt.get(name);
  if (known !== undefined) return known;
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "redress-bench-"));
  try {
    fs.cpSync(path.join(shared, "corpus", name), folder, { recursive: true });
    const quietly = [
      "--package-lock-only",
      "--ignore-scripts",
      "--no-audit",
      "--no-fund",
      "--prefer-offline",
    ];
    for (const legacy of [[], ["--legacy-peer-deps"]]) {
      fs.rmSync(path.join(folder, "package-lock.json"), { force: true });
      const started = performance.now();
      const { status } = spawnSync("npm", ["install", ...quietly, ...legacy], {
        cwd: folder,
        timeout: 600_000,
      });
      const seconds = ((performance.now() - started) / 1000).toFixed(1);
      rebuilt.set(name, status === 0 ? `${seconds}${legacy.length > 0 ? " (legacy peers)" : ""}` : "refused");
      if (status === 0) break;
    }
    return rebuilt.get(name) ?? "";
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
}

function proofOf({ optimal, bestOf }: ProjectPlan): string {
  if (optimal) return "proven";
  return bestOf === undefined ? "open" : `best of ${bestOf}`;
}

async function planOne(name: string, profile: Profile): Promise<void> {
  const root = path.join(shared, "corpus", name);
  const now = new Date().toISOString();
  const inventory = await takeInventory({ root });
  const base = await openAdvisories({ sources: [advisories], packages: inventory.components });
  try {
    const judge = makeJudge({
      lookup: (ecosystem, one) => base.lookup(ecosystem, one),
      enrichment: (ids) => base.enrichment(ids),
      configuration,
      firstSeen: () => undefined,
      now,
    });
    for (const project of inventory.projects) {
      if (project.ecosystem !== "npm") continue;
      const all = findFindings(inventory, judge, configuration).filter((one) => one.project === project.path);
      const source = await npmReleases({ target: project.target, root });
      const started = performance.now();
      const plan = await planNpm(
        {
          ...{ inventory, findings: all, judge, configuration, profile, sourceFor: () => source, now },
          ...(flags.seconds === undefined ? {} : { timeLimitMs: Number(flags.seconds) * 1000 }),
        },
        project,
      );
      const seconds = ((performance.now() - started) / 1000).toFixed(1);
      const ids = new Set(plan.unfixed.map((one) => one.finding));
      const left = all.filter((one) => ids.has(one.id));
      const upgrades = plan.phases.flatMap((phase) => phase.upgrades);
      const names = new Set(upgrades.map((one) => one.package)).size;
      console.log(
        `| ${name} | ${profile} | ${all.length}/${weigh(all)} | ${left.length}/${weigh(left)} | ${names} | ` +
          `${plan.cost.slice(6).join("/")} | ${proofOf(plan)} | ${plan.phases.length} | ${seconds} | ${rebuild(name)} |`,
      );
    }
  } finally {
    base.close();
  }
}

if (!fs.existsSync(advisories))
  console.log(`skipped: ${path.relative(process.cwd(), advisories)} is not there`);
else {
  console.log(
    "| project | profile | before | left | names | overridden/majors/dev majors/new/distance | search | phases | s | npm, s |",
  );
  console.log("|---|---|---|---|---|---|---|---|---|---|");
  for (const one of asked.length > 0 ? asked : projects.flatMap((name) => [`${name}:safe`, `${name}:full`])) {
    const [name = "", profile] = one.split(":");
    await planOne(name, profile === "full" ? "full" : "safe");
  }
  console.log(
    `peak memory of all of them in one process: ${Math.round(process.resourceUsage().maxRSS / 1024)} MB`,
  );
}
