import path from "node:path";
import { takeInventory } from "../../inventory/index.ts";
import { Failure, type Project } from "../../model/index.ts";
import { exists, replaceFile } from "../../system/index.ts";
import type { Exit } from "../program.ts";
import { rootOf, terminalFor, type CommonOptions } from "../setting.ts";

/** `redress init` */
export async function run(
  [place]: readonly string[],
  options: CommonOptions,
  signal: AbortSignal,
): Promise<Exit> {
  const terminal = terminalFor(options);
  const { root } = await rootOf([place ?? "."]);
  const file = path.join(root, "redress.yaml");
  if (await exists(file))
    throw new Failure("config", `there is a redress.yaml already in ${root}`, "Edit it, or remove it first.");
  const inventory = await takeInventory({ root, progress: terminal.progress, signal });
  const tests = await guessTests(root, inventory.projects);
  await replaceFile(file, configurationText(inventory.projects, tests));
  if (options.json === true)
    terminal.print(JSON.stringify({ schemaVersion: 1, file, projects: inventory.projects }, null, 2));
  else {
    terminal.print(`Wrote ${file} with ${inventory.projects.length} projects.`);
    terminal.note("Next: name your business functions in it, then redress scan.");
  }
  return 0;
}

interface GuessedTest {
  readonly name: string;
  readonly command: string;
  readonly cwd: string;
}

/** Test commands that the files of a project suggest; offered as comments, since nobody has confirmed them. */
async function guessTests(root: string, projects: readonly Project[]): Promise<GuessedTest[]> {
  const tests: GuessedTest[] = [];
  for (const project of projects) {
    const folder = path.extname(project.path) === ".txt" ? path.posix.dirname(project.path) : project.path;
    const names = project.ecosystem === "npm" ? ["package.json"] : ["pytest.ini", "tests", "conftest.py"];
    for (const name of names)
      if (await exists(path.join(root, folder, name))) {
        tests.push(
          project.ecosystem === "npm"
            ? { name: "npm test", command: "npm test", cwd: folder }
            : { name: "pytest", command: "python -m pytest -q", cwd: folder },
        );
        break;
      }
  }
  return tests;
}

function configurationText(projects: readonly Project[], tests: readonly GuessedTest[]): string {
  const lines = ["# How Redress treats this project. docs/configuration.md describes every key.", ""];
  lines.push("projects:");
  if (projects.length === 0) lines[lines.length - 1] = "projects: []";
  for (const project of projects)
    lines.push(
      `  - path: ${JSON.stringify(project.path)}  # ${project.manager}: ${project.files[0] ?? ""}`,
      "    exposure: internal  # public when it can be reached from the internet: tightens deadlines",
    );
  lines.push(
    "",
    "# Business functions: their packages' findings are due sooner, and reports name what an upgrade touches.",
    "# functions:",
    "#   payments:",
    "#     packages: [requests]",
    "#     criticality: highest   # low, medium, high or highest",
    "#     atMost: immediate      # never due later than this tier",
    "#     reason: card data passes here",
    "#     tests: [python -m pytest -q tests/payments]  # must still pass",
    "",
    "policy:",
    "  profile: default        # or severity-only",
    "  # compliance: [cyber-essentials]  # dates no later than bod-26-04, pci-4.0.1, fedramp-vdr, cyber-essentials allow",
    "  cooldownDays: 7         # no younger releases, except for what is due immediately",
    "  allowMajor: true",
    "  allowOverrides: same-major  # npm: none, same-major or any",
    "  installScripts: []      # npm packages whose install scripts may run",
    "",
    "# Packages that may not move, or not reach a version.",
    "# pinned:",
    '#   - { package: numpy, below: "2", reason: binary interface of another package }',
    "",
    "# What may be left in the end.",
    'criteria: { critical: 0, high: 0, medium: "<5" }',
    "",
    "# Commands that must succeed in rehearsal. They are run as written, in the project's own environment.",
    ...(tests.length === 0
      ? ["# gates:", "#   tests:", "#     - { name: unit, command: python -m pytest -q }"]
      : ["# gates:", "#   tests:"]),
    ...tests.map(
      (test) =>
        `#     - { name: ${JSON.stringify(test.name)}, command: ${JSON.stringify(test.command)}, cwd: ${JSON.stringify(test.cwd)} }`,
    ),
    "#   license: { deny: [AGPL-3.0-or-later] }  # of what changes; SPDX ids",
    "#   processes:                              # started in rehearsal, {port} is a free one",
    '#     web: { command: "uvicorn app:app --port {port}", ready: { path: /health } }',
    "#   health: [{ process: web, path: /health }]",
    "#   performance:                            # old against new; 5 % worse passes, 20 % fails",
    "#     measures: [{ name: list, http: web, path: / }, { name: startup, startup: web }]",
    "",
    "# Where advisories come from when --advisories is not given: files, folders, osv, npm, pypi.",
    "# advisories: [osv]",
    "# CISA's and FIRST's catalogues, where advisories update may not fetch them.",
    "# enrichment: { kev: known_exploited_vulnerabilities.json, epss: epss_scores.csv.gz }",
    "",
    "# contacts: { security: security@example.org }",
  );
  return `${lines.join("\n")}\n`;
}
