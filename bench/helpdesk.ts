/**
 * Where the time of one whole `redress fix` on examples/helpdesk goes, step by step, and how much of it is Redress' own:
 * the time in which no program that it started was running (looked up twenty times a second, Linux), and the processor time
 * of its process. `node bench/helpdesk.ts [small|full]`; `small`
 * leaves the gates out that the demo leaves out. Needs `npm run build`.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import os from "node:os";
import path from "node:path";
import type { JournalLine } from "../src/run/index.ts";
import { makeHelpdesk, smallFlags } from "../scripts/helpdesk.ts";

const command = path.join(import.meta.dirname, "..", "dist", "cli", "main.js");
const profile = process.argv[2] === "full" ? "full" : "small";
const folder = fs.mkdtempSync(path.join(os.tmpdir(), "redress-bench-"));
const say = (text: string): void => void process.stdout.write(`${text}\n`);
const seconds = (ms: number): string => (ms / 1000).toFixed(1).padStart(7);

const usage = path.join(folder, "usage.cjs");
const usageOut = path.join(folder, "usage.json");
fs.writeFileSync(
  usage,
  `process.on("exit", () => { const { userCPUTime, systemCPUTime } = process.resourceUsage();
    if (process.argv[1] === ${JSON.stringify(command)})
      require("node:fs").writeFileSync(${JSON.stringify(usageOut)}, JSON.stringify(userCPUTime + systemCPUTime)); });`,
);

/** Whether a process has a child just now; database servers, which stand beside the whole run, are none. */
function hasChildren(pid: number): boolean {
  const read = (file: string): string => {
    try {
      return fs.readFileSync(`/proc/${file}`, "utf8");
    } catch {
      return "";
    }
  };
  // A child belongs to the thread that started it.
  const threads = fs.existsSync(`/proc/${pid}/task`) ? fs.readdirSync(`/proc/${pid}/task`) : [];
  return threads
    .flatMap((thread) => read(`${pid}/task/${thread}/children`).trim().split(" "))
    .some((child) => child !== "" && read(`${child}/comm`).trim() !== "postgres");
}

/** What the time up to an entry of the journal was spent on. */
function stepOf(entry: JournalLine): string {
  switch (entry.event) {
    case "gate": {
      const [kind = ""] = entry.result.name.split(": ");
      return `gate ${kind}, ${entry.stage}`;
    }
    case "baseline":
      return "tests on the old versions";
    case "installed":
      return "installing";
    case "environment-swapped":
      return "copying environments";
    case "migrated":
    case "migrated-back":
    case "database-saved":
    case "scratch-database":
      return "databases";
    default:
      return `other (${entry.event})`;
  }
}

const began = performance.now();
const desk = await makeHelpdesk({ folder, profile, say: () => undefined });
say(`set-up of the application          ${seconds(performance.now() - began)} s`);
try {
  const without = profile === "small" ? smallFlags : [];
  const started = Date.now();
  const child = spawn(
    process.execPath,
    ["--require", usage, command, "fix", "--as-of", "2025-10-13", "--yes", "--quiet", ...without],
    {
      cwd: desk.root,
      stdio: ["ignore", "ignore", "pipe"],
      env: { ...process.env, UV_PYTHON_DOWNLOADS: "never", ...desk.variables },
    },
  );
  let stderr = "";
  child.stderr.on("data", (text: Buffer) => (stderr += text.toString()));
  const looks = { alone: 0, all: 0 };
  const looking = setInterval(() => {
    looks.all++;
    if (child.pid !== undefined && !hasChildren(child.pid)) looks.alone++;
  }, 50);
  const [status] = (await once(child, "close")) as [number | null];
  clearInterval(looking);
  const wallMs = Date.now() - started;
  if (status !== 0) throw new Error(`redress fix ended with ${status}: ${stderr.slice(-2000)}`);
  const runs = path.join(desk.root, ".redress", "runs");
  const [run = ""] = fs.readdirSync(runs);
  const entries = fs
    .readFileSync(path.join(runs, run, "journal.jsonl"), "utf8")
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as JournalLine);
  const steps = new Map<string, number>();
  let before = started;
  for (const entry of entries) {
    const at = Date.parse(entry.at);
    const step = entry.event === "run-started" ? "scan and plan" : stepOf(entry);
    steps.set(step, (steps.get(step) ?? 0) + at - before);
    before = at;
  }
  steps.set("evidence and reports", started + wallMs - before);
  for (const [step, ms] of [...steps].sort((a, b) => b[1] - a[1]))
    say(`${step.padEnd(34)} ${seconds(ms)} s  ${((ms / wallMs) * 100).toFixed(1).padStart(5)} %`);
  const ownMs = Number(fs.readFileSync(usageOut, "utf8")) / 1000;
  say(`${"the whole of redress fix".padEnd(34)} ${seconds(wallMs)} s`);
  const alone = looks.alone / looks.all;
  say(
    `${"Redress alone, no program running".padEnd(34)} ${seconds(alone * wallMs)} s  ${(alone * 100).toFixed(1).padStart(5)} %`,
  );
  say(
    `${"Redress' own processor time".padEnd(34)} ${seconds(ownMs)} s  ${((ownMs / wallMs) * 100).toFixed(1).padStart(5)} %`,
  );
} finally {
  desk.stop();
  fs.rmSync(folder, { recursive: true, force: true });
}
