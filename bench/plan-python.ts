/**
 * Plans the Python projects of the shared data and prints what each plan reaches and how long it took, beside what a
 * tested prototype reached (`planner-python.md`). Asks the package index that the user's own client is configured
 * for; a second run shows the time with a warm cache. `node bench/plan-python.ts [CASE…]`.
 */
import { existsSync } from "node:fs";
import { copyFile, mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { openAdvisories } from "../src/advisories/index.ts";
import { findFindings, makeJudge } from "../src/findings/index.ts";
import { takeInventory } from "../src/inventory/index.ts";
import type { BusinessFunction, Configuration, Finding, Inventory, Profile } from "../src/model/index.ts";
import { planPython } from "../src/plan/python/index.ts";
import type { ProjectPlan } from "../src/plan/request.ts";
import { pypiReleases } from "../src/releases/index.ts";
import { configuration } from "../test/support/findings.ts";

const data = path.join(import.meta.dirname, "..", "..", "shared", "data");
const every = ["advisories/pypi.jsonl", "advisories/pypi-ghsa.jsonl"];

interface Case {
  readonly name: string;
  readonly file: string;
  readonly advisories: readonly string[];
  readonly asOf?: string;
  readonly urgent?: readonly string[];
  /** Findings before and after, packages changed. */
  readonly prototype: string;
}

const cases: readonly Case[] = [
  {
    name: "mingus",
    file: "cases/mingus/environment-linux-cp311.txt",
    advisories: ["cases/mingus/advisories.jsonl"],
    asOf: "2025-09-02",
    urgent: ["gunicorn", "cryptography", "requests"],
    prototype: "35 → 1, 22 changed",
  },
  {
    name: "helpdesk",
    file: "cases/helpdesk/backend/requirements.txt",
    advisories: ["cases/helpdesk/advisories.jsonl"],
    asOf: "2025-10-13",
    prototype: "66 → 0, 40 changed",
  },
  {
    name: "mingus-all",
    file: "cases/mingus/environment-linux-cp311.txt",
    advisories: every,
    prototype: "230 → 2, 78 changed",
  },
  ...[
    ["taiga-back", "81 → 0, 28 changed"],
    ["defectdojo", "74 → 0, 19 changed"],
    ["netbox", "41 → 0, 9 changed"],
    ["vampi", "7 → 0, 12 changed"],
    ["pygoat", "13 → 0, 3 changed"],
    ["healthchecks", "14 → 0, 2 changed"],
    ["saleor", "118 → 1, 48 changed"],
  ].map(([name = "", prototype = ""]) => ({
    name,
    file: `corpus/${name}/requirements.txt`,
    advisories: every,
    prototype,
  })),
];

function configurationFor(urgent: readonly string[]): Configuration {
  const capped: BusinessFunction = {
    name: "payments",
    packages: urgent,
    criticality: "high",
    atMost: "immediate",
  };
  return configuration({ functions: urgent.length === 0 ? [] : [capped] });
}

interface Outcome {
  readonly inventory: Inventory;
  readonly findings: readonly Finding[];
  readonly plan: ProjectPlan;
  readonly seconds: number;
}

/** The whole way from a file to a plan, in a folder of its own. */
async function planCase(one: Case, profile: Profile): Promise<Outcome> {
  const root = await mkdtemp(path.join(os.tmpdir(), "redress-bench-"));
  try {
    await copyFile(path.join(data, one.file), path.join(root, "requirements.txt"));
    const target = { python: "3.11.7", platform: "linux-x64" };
    const inventory = await takeInventory({ root, target });
    const base = await openAdvisories({
      sources: one.advisories.map((file) => path.join(data, file)),
      ...(one.asOf === undefined ? {} : { asOf: one.asOf }),
    });
    const configuration = configurationFor(one.urgent ?? []);
    const now = new Date().toISOString();
    const judge = makeJudge({
      lookup: (ecosystem, name) => base.lookup(ecosystem, name),
      enrichment: (ids) => base.enrichment(ids),
      configuration,
      firstSeen: () => undefined,
      now,
      ...(one.asOf === undefined ? {} : { asOf: one.asOf }),
    });
    const findings = findFindings(inventory, judge, configuration);
    const project = inventory.projects.find((other) => other.ecosystem === "PyPI");
    if (project === undefined) throw new Error(`${one.file} is no Python project`);
    const source = await pypiReleases({ target: project.target, root });
    const started = performance.now();
    const step = (): { update: (text: string) => void; done: () => void } => ({
      update: (text) => {
        if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${one.name}: ${text}`);
      },
      done: () => {
        if (process.stderr.isTTY) process.stderr.write("\r\u001b[K");
      },
    });
    const plan = await planPython(
      {
        inventory,
        findings,
        judge,
        configuration,
        profile,
        sourceFor: () => source,
        now,
        progress: { step, line: () => undefined },
      },
      project,
    );
    base.close();
    return { inventory, findings, plan, seconds: (performance.now() - started) / 1000 };
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

function show(one: Case, profile: Profile, { inventory, findings, plan, seconds }: Outcome): void {
  const upgrades = plan.phases.flatMap((phase) => phase.upgrades);
  const cleared = upgrades.reduce((sum, upgrade) => sum + upgrade.fixes.length, 0);
  const majors = plan.cost.slice(-4, -2).join("/");
  const fresh = upgrades.filter((upgrade) => upgrade.from === null).length;
  console.log(
    `${one.name} (${inventory.components.length} pins), ${profile}: ${findings.length} → ${findings.length - cleared}, ` +
      `${upgrades.length} changed (${fresh} new), steps ${majors}, ${plan.phases.length} phases, ` +
      `${plan.optimal ? "proven" : "not proven"}, ${seconds.toFixed(1)} s; prototype ${one.prototype}`,
  );
  for (const phase of plan.phases) {
    const clears = phase.upgrades.reduce((sum, upgrade) => sum + upgrade.fixes.length, 0);
    console.log(`  ${phase.tier}: ${phase.upgrades.length} packages, ${clears} findings`);
  }
}

if (!existsSync(data)) console.log("the shared data is not beside the repository: nothing to plan");
else {
  const wanted = process.argv.slice(2);
  for (const one of cases)
    if (wanted.length === 0 || wanted.includes(one.name))
      for (const profile of ["full", "safe"] as const) show(one, profile, await planCase(one, profile));
}
