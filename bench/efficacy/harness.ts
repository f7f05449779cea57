/**
 * What both halves of the efficacy bench share: each project of the corpus is fixed with both profiles by the harness in
 * `../shared/peers` (its README says what it needs), one at a time, and a table sets what its judge says of the results
 * beside the best that other tools reached.
 */
import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import path from "node:path";
import { bestPeers, readPeers, weigh, type Counts, type Peer } from "./peers.ts";

const repository = path.join(import.meta.dirname, "..", "..");
const shared = path.join(repository, "..", "shared");
const peers = path.join(shared, "peers");
const work = path.resolve(process.env["WORK"] ?? path.join(os.tmpdir(), "redress-efficacy"));
const database = path.join(work, "db");
const scanner = process.env["OSV_SCANNER"] ?? "osv-scanner";
const profiles = ["safe", "full"] as const;

/** What the shared judge says of one result; how acceptance is told differs by ecosystem. */
export interface Judged<Accept> {
  readonly before: Counts;
  readonly after: Counts;
  readonly introduced: number;
  readonly changed: number;
  readonly added: number;
  readonly direct_major: readonly string[];
  readonly direct_down: readonly string[];
  readonly accept: Accept;
}

interface Row<Accept> {
  readonly run: { readonly exit: number | string; readonly seconds: number };
  readonly judge?: Judged<Accept>;
}

/** One project as it is put to the harness and to Redress. */
export interface Subject {
  /** By what it is asked for and shown. */
  readonly name: string;
  /** Its name in the tables recorded of other tools. */
  readonly recorded: string;
  /** Its name in the file names of the harness. */
  readonly key: string;
  /** The folder of its copies, below the work folder. */
  readonly folder: string;
  readonly timeoutSeconds: number;
  /** What the harness is told beside the tools: the project, and how it is judged. */
  readonly options: readonly string[];
  /** redress.yaml, for this project. */
  readonly configuration: string;
  /** What `redress fix` is given beside it. */
  readonly paths: readonly string[];
}

/** One half: the projects of an ecosystem, and the two columns that differ. */
export interface Half<Accept> {
  readonly kind: "npm" | "python";
  readonly subjects: readonly Subject[];
  /** File names below the shared advisories. */
  readonly advisories: readonly string[];
  readonly changedTitle: string;
  readonly acceptedTitle: string;
  readonly tellChanged: (judged: Judged<Accept>) => string;
  readonly tellAccepted: (accept: Accept) => string;
}

function start(argv: readonly string[]): void {
  const [program = "", ...args] = argv;
  const done = spawnSync(program, args, { cwd: peers, stdio: ["ignore", "ignore", "inherit"] });
  if (done.error !== undefined) throw done.error;
}

/** Makes what the runs need; the reason why there can be none, if any. */
export function prepare(): string | undefined {
  if (!fs.existsSync(peers)) return "../shared/peers is not there";
  if (spawnSync(scanner, ["--version"]).error !== undefined)
    return `${scanner} cannot be started; name it by OSV_SCANNER`;
  fs.mkdirSync(work, { recursive: true });
  if (!fs.existsSync(database))
    start(["python3", "build_osv_db.py", path.join(shared, "data", "advisories"), database]);
  return undefined;
}

/** Fixes the projects named, or all, has them judged and prints a table; nothing where the half has none of them. */
export function measure<Accept>(half: Half<Accept>, asked: readonly string[]): void {
  const chosen = half.subjects.filter(({ name }) => asked.length === 0 || asked.includes(name));
  if (chosen.length === 0) return;
  const recorded = fs.readFileSync(path.join(peers, "results.md"), "utf8");
  const best = bestPeers(readPeers(recorded, half.kind === "npm" ? "npm" : "Python"));
  const titles = [
    ...["project", "profile", "before", "left/weight", "claimed", "best accepted peer", "breaking, older"],
    ...[half.changedTitle, "introduced", half.acceptedTitle, "s"],
  ];
  console.log(`\n| ${titles.join(" | ")} |\n|${titles.map(() => "---|").join("")}`);
  for (const subject of chosen) {
    judgeProject(half, subject);
    for (const profile of profiles) print(half, { subject, profile, best: best.get(subject.recorded) });
  }
}

/** Runs the harness on one project with both profiles. */
function judgeProject<Accept>({ kind, advisories }: Half<Accept>, subject: Subject): void {
  const configuration = path.join(work, `redress-${kind}-${subject.key}.yaml`);
  fs.writeFileSync(configuration, subject.configuration);
  const command = (profile: string): string =>
    [
      ...[process.execPath, path.join(repository, "src", "cli", "main.ts"), "fix", ...subject.paths],
      ...["--files-only", "--yes", "--quiet", "--profile", profile, "--config", configuration],
      ...advisories.flatMap((file) => ["--advisories", path.join(shared, "data", "advisories", file)]),
    ].join(" ");
  start([
    ...["python3", "run_efficacy.py", kind, "--jobs", "1", "--timeout", String(subject.timeoutSeconds)],
    ...["--work", path.join(work, subject.folder), "--db", database, "--port", "1", "--osv-scanner", scanner],
    ...profiles.flatMap((profile) => ["--extra", `redress-${profile}=${command(profile)}`]),
    ...["--only", "none", ...profiles.map((profile) => `redress-${profile}`), ...subject.options],
  ]);
}

function print<Accept>(
  { kind, tellChanged, tellAccepted }: Half<Accept>,
  { subject, profile, best }: { subject: Subject; profile: string; best: Peer | undefined },
): void {
  const { name, key } = subject;
  const folder = path.join(work, subject.folder);
  const file = path.join(folder, "results", `${kind}.${key}.redress-${profile}.json`);
  const row = fs.existsSync(file) ? (JSON.parse(fs.readFileSync(file, "utf8")) as Row<Accept>) : undefined;
  if (row?.judge === undefined) {
    console.log(`| ${name} | ${profile} | no result |${" |".repeat(8)}`);
    return;
  }
  const { judge, run } = row;
  const claim = claimOf(path.join(folder, key, `redress-${profile}`));
  const cells = [
    ...[name, profile],
    ...[judge.before, judge.after].map((counts) => `${counts.pairs}/${weigh(counts)}`),
    claim === undefined ? "–" : claim === judge.after.pairs ? "equal" : `**${claim}**`,
    best === undefined ? "none" : `${best.left}/${best.weight} (${best.tool}, ${best.breaking} breaking)`,
    `${judge.direct_major.length}, ${judge.direct_down.length}`,
    ...[tellChanged(judge), judge.introduced, tellAccepted(judge.accept), run.seconds],
  ];
  console.log(`| ${cells.join(" | ")} |`);
}

/** What Redress itself says is left of the plan that it made in a copy. */
function claimOf(copy: string): number | undefined {
  const plans = path.join(copy, ".redress", "plans");
  for (const file of fs.existsSync(plans) ? fs.readdirSync(plans) : []) {
    if (file.endsWith(".scan.json")) continue;
    const plan = JSON.parse(fs.readFileSync(path.join(plans, file), "utf8")) as {
      readonly after?: { readonly findings?: number };
    };
    if (plan.after?.findings !== undefined) return plan.after.findings;
  }
  return undefined;
}
