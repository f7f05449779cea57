/**
 * Fixes the Python projects of the corpus with both profiles and has the shared judge compare the results with those of
 * other tools. Runs the harness in `../shared/peers` (its README says what it needs: Python interpreters under
 * ~/.pyenv/versions, uv on the PATH, and osv-scanner there or named by OSV_SCANNER), one project at a time. Run
 * `node bench/efficacy/python.ts [PROJECT…]`; WORK names the folder for copies.
 */
import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import path from "node:path";
import { bestPeers, readPeers, weigh, type Counts, type Peer } from "./peers.ts";

const here = path.join(import.meta.dirname, "..", "..");
const shared = path.join(here, "..", "shared");
const peers = path.join(shared, "peers");
const work = path.resolve(process.env["WORK"] ?? path.join(os.tmpdir(), "redress-efficacy"));
const scanner = process.env["OSV_SCANNER"] ?? "osv-scanner";
const timeoutSeconds = 600;
const profiles = ["full", "safe"];

/** Project, with its file where it is another than requirements.txt, and the Python that it is judged by. */
const projects = [
  ["vampi", "3.10"],
  ["healthchecks", "3.10"],
  ["pygoat", "3.10"],
  ["netbox", "3.10"],
  ["taiga-back", "3.10"],
  ["defectdojo", "3.10"],
  ["saleor", "3.10"],
  ["cla-backend:requirements/base.txt", "3.8"],
] as const;

interface Row {
  readonly run: { readonly exit: number | string; readonly seconds: number };
  readonly judge?: {
    readonly before: Counts;
    readonly after: Counts;
    readonly introduced: number;
    readonly changed: number;
    readonly added: number;
    readonly direct_major: readonly string[];
    readonly direct_down: readonly string[];
    readonly accept: {
      readonly uv: boolean | null;
      readonly unsatisfiable?: boolean;
      readonly resolved?: Counts;
    };
  };
}

/** Runs the harness on one project with both profiles. */
function judgeProject(project: string, python: string): void {
  const configuration = path.join(work, `redress-${python}.yaml`);
  // Release dates of mirrors cannot be trusted, and the other tools wait for nothing either.
  fs.writeFileSync(
    configuration,
    `projects: [{ path: ., python: "${python}" }]\npolicy: { cooldownDays: 0 }\n`,
  );
  const sources = ["pypi.jsonl", "pypi-ghsa.jsonl"].map((file) =>
    path.join(shared, "data", "advisories", file),
  );
  const command = (profile: string): string =>
    [
      `${process.execPath} ${path.join(here, "src", "cli", "main.ts")} fix requirements.txt --files-only --yes`,
      `--quiet --profile ${profile} --config ${configuration}`,
      ...sources.map((source) => `--advisories ${source}`),
    ].join(" ");
  const done = spawnSync(
    "python3",
    [
      ...["run_efficacy.py", "python", "--jobs", "1", "--timeout", `${timeoutSeconds}`, "--port", "1"],
      ...["--work", path.join(work, "python"), "--db", path.join(work, "db"), "--osv-scanner", scanner],
      ...profiles.flatMap((profile) => ["--extra", `redress-${profile}=${command(profile)}`]),
      ...["--only", "none", ...profiles.map((profile) => `redress-${profile}`)],
      ...["--projects", `${project}=${python}`],
    ],
    { cwd: peers, stdio: ["ignore", "ignore", "inherit"] },
  );
  if (done.error !== undefined) throw done.error;
}

/** What Redress itself says is left of the plan that it made. */
function claimOf(folder: string): number | undefined {
  const plans = path.join(folder, ".redress", "plans");
  for (const file of fs.existsSync(plans) ? fs.readdirSync(plans) : []) {
    if (file.endsWith(".scan.json")) continue;
    const read = JSON.parse(fs.readFileSync(path.join(plans, file), "utf8")) as {
      readonly after?: { readonly findings?: number };
    };
    if (read.after?.findings !== undefined) return read.after.findings;
  }
  return undefined;
}

function print(project: string, profile: string, best: Peer | undefined): void {
  const name = project.split(":")[0] ?? project;
  const file = path.join(work, "python", "results", `python.${name}.redress-${profile}.json`);
  const row = fs.existsSync(file) ? (JSON.parse(fs.readFileSync(file, "utf8")) as Row) : undefined;
  if (row?.judge === undefined) {
    console.log(`| ${name} | ${profile} | no result | | | | | | | | |`);
    return;
  }
  const { before, after, accept, ...judge } = row.judge;
  const claim = claimOf(path.join(work, "python", name, `redress-${profile}`));
  const taken = accept.uv === true ? "yes" : accept.unsatisfiable === true ? "**no**" : "no verdict (build)";
  console.log(
    `| ${name} | ${profile} | ${before.pairs}/${weigh(before)} | ${after.pairs}/${weigh(after)} | ` +
      `${claim === undefined ? "–" : claim === after.pairs ? "equal" : `**${claim}**`} | ` +
      `${best === undefined ? "none" : `${best.left}/${best.weight} (${best.tool})`} | ` +
      `${judge.direct_major.length}, ${judge.direct_down.length} | ${judge.changed - judge.added}+${judge.added} | ` +
      `${judge.introduced} | ${taken}, ${accept.resolved?.pairs ?? "–"} | ${row.run.seconds} |`,
  );
}

if (!fs.existsSync(peers)) console.log("skipped: ../shared/peers is not there");
else if (spawnSync(scanner, ["--version"]).error !== undefined)
  console.log(`skipped: ${scanner} cannot be started; name it by OSV_SCANNER`);
else {
  fs.mkdirSync(work, { recursive: true });
  if (!fs.existsSync(path.join(work, "db")))
    spawnSync(
      "python3",
      ["build_osv_db.py", path.join(shared, "data", "advisories"), path.join(work, "db")],
      {
        cwd: peers,
        stdio: "inherit",
      },
    );
  const markdown = fs.readFileSync(path.join(peers, "results.md"), "utf8");
  const best = bestPeers(readPeers(markdown, "Python"));
  const asked = process.argv.slice(2);
  console.log(
    "| project | profile | before | left/weight | claimed | best accepted peer | breaking, older | changed + added | introduced | uv accepts, findings of what it would install | s |",
  );
  console.log("|---|---|---|---|---|---|---|---|---|---|---|");
  for (const [project, python] of projects) {
    if (asked.length > 0 && !asked.includes(project.split(":")[0] ?? project)) continue;
    judgeProject(project, python);
    for (const profile of profiles) print(project, profile, best.get(project));
  }
}
