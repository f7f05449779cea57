/**
 * Fixes the npm projects of the corpus with both profiles and has the shared judge compare the results with those of
 * other tools. Runs the harness in `../shared/peers` (its README says what it needs: Python, npm and osv-scanner on the
 * PATH or named by OSV_SCANNER) one project at a time. Run `npm run bench:efficacy [-- PROJECT…]`; WORK names the
 * folder for copies.
 */
import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import path from "node:path";
import { accepted, bestPeers, readPeers, weigh, type Counts, type Peer } from "./peers.ts";

const here = path.join(import.meta.dirname, "..", "..");
const shared = path.join(here, "..", "shared");
const peers = path.join(shared, "peers");
const work = path.resolve(process.env["WORK"] ?? path.join(os.tmpdir(), "redress-efficacy"));
const scanner = process.env["OSV_SCANNER"] ?? "osv-scanner";
const timeoutSeconds = 1200;

const projects = [
  "node-express-realworld",
  "full-stack-fastapi-2024/frontend",
  "saleor",
  "nodegoat",
  "nodejs-goof",
  "paperless-ngx-2022/src-ui",
  "central-ledger",
  "uptime-kuma",
  "uptime-kuma (legacy-peer-deps)",
];

interface Row {
  readonly run: { readonly exit: number | string; readonly seconds: number };
  readonly judge?: {
    readonly before: Counts;
    readonly after: Counts;
    readonly introduced: number;
    readonly changed: number;
    readonly direct_major: readonly string[];
    readonly direct_down: readonly string[];
    readonly accept: {
      readonly ci: boolean | null;
      readonly ci_optional_only?: boolean;
      readonly relock_moves?: number;
      readonly ls_problems?: number | null;
    };
  };
}

function start(argv: readonly string[], cwd: string): void {
  const done = spawnSync(argv[0] ?? "", argv.slice(1), { cwd, stdio: ["ignore", "ignore", "inherit"] });
  if (done.error !== undefined) throw done.error;
}

/** Runs the harness on one project with both profiles. */
function judgeProject(name: string): void {
  const legacy = name.endsWith("(legacy-peer-deps)");
  const node = process.execPath;
  const command = (profile: string): string =>
    [
      `${node} ${path.join(here, "src", "cli", "main.ts")} fix --files-only --yes --quiet --profile ${profile}`,
      `--advisories ${path.join(shared, "data", "advisories", "npm.jsonl")} --config ${path.join(work, "redress.yaml")}`,
    ].join(" ");
  start(
    [
      ...["python3", "run_efficacy.py", "npm", "--jobs", "1", "--timeout", `${timeoutSeconds}`],
      ...["--work", folderOf(name), "--db", path.join(work, "db"), "--port", "1", "--osv-scanner", scanner],
      ...["--extra", `redress-safe=${command("safe")}`, "--extra", `redress-full=${command("full")}`],
      ...["--only", "none", "redress-safe", "redress-full"],
      ...["--projects", name.replace(/ \(.*$/, ""), ...(legacy ? ["--legacy-peer-deps"] : [])],
    ],
    peers,
  );
}

const folderOf = (name: string): string =>
  path.join(work, name.endsWith("(legacy-peer-deps)") ? "npm-legacy" : "npm");
const keyOf = (name: string): string => name.replace(/ \(.*$/, "").replaceAll("/", "__");

function rowOf(name: string, tool: string): Row | undefined {
  const file = path.join(folderOf(name), "results", `npm.${keyOf(name)}.${tool}.json`);
  return fs.existsSync(file) ? (JSON.parse(fs.readFileSync(file, "utf8")) as Row) : undefined;
}

/** What Redress itself says is left of the plan that it made. */
function claimOf(name: string, tool: string): number | undefined {
  const folder = path.join(folderOf(name), keyOf(name), tool, ".redress", "plans");
  for (const file of fs.existsSync(folder) ? fs.readdirSync(folder) : []) {
    const plan = JSON.parse(fs.readFileSync(path.join(folder, file), "utf8")) as {
      after?: { findings?: number };
      plan?: { after?: { findings?: number } };
    };
    const found = (plan.plan ?? plan).after?.findings;
    if (found !== undefined && !file.endsWith(".scan.json")) return found;
  }
  return undefined;
}

function print(name: string, best: Peer | undefined): void {
  for (const tool of ["redress-safe", "redress-full"]) {
    const row = rowOf(name, tool);
    const judge = row?.judge;
    if (row === undefined || judge === undefined) {
      console.log(`| ${name} | ${tool.slice(8)} | no result | | | | | | | |`);
      continue;
    }
    const { before, after, accept } = judge;
    const claim = claimOf(name, tool);
    console.log(
      `| ${name} | ${tool.slice(8)} | ${before.pairs}/${weigh(before)} | ${after.pairs}/${weigh(after)} | ` +
        `${claim === undefined ? "–" : claim === after.pairs ? "equal" : `**${claim}**`} | ` +
        `${best === undefined ? "none" : `${best.left}/${best.weight} (${best.tool}, ${best.breaking} breaking)`} | ` +
        `${judge.direct_major.length}, ${judge.direct_down.length} | ${judge.changed} | ${judge.introduced} | ` +
        `${accepted(accept)}, ${accept.relock_moves ?? "–"}, ${accept.ls_problems ?? "–"} | ${row.run.seconds} |`,
    );
  }
}

if (!fs.existsSync(peers)) console.log("skipped: ../shared/peers is not there");
else if (spawnSync(scanner, ["--version"]).error !== undefined)
  console.log(`skipped: ${scanner} cannot be started; name it by OSV_SCANNER`);
else {
  fs.mkdirSync(work, { recursive: true });
  // Release dates of mirrors cannot be trusted, and the other tools wait for nothing either.
  fs.writeFileSync(path.join(work, "redress.yaml"), "policy: { cooldownDays: 0 }\n");
  if (!fs.existsSync(path.join(work, "db")))
    start(
      ["python3", "build_osv_db.py", path.join(shared, "data", "advisories"), path.join(work, "db")],
      peers,
    );
  const best = bestPeers(readPeers(fs.readFileSync(path.join(peers, "results.md"), "utf8")));
  const asked = process.argv.slice(2);
  const chosen = asked.length === 0 ? projects : projects.filter((name) => asked.includes(name));
  console.log(
    "| project | profile | before | left/weight | claimed | best accepted peer | breaking, older | names changed | introduced | npm ci, relock moves, ls problems | s |",
  );
  console.log("|---|---|---|---|---|---|---|---|---|---|---|");
  for (const name of chosen) {
    judgeProject(name);
    print(name, best.get(name));
  }
}
