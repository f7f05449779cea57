/** `npm run demo [-- mingus|helpdesk]`: Redress on a real application, from a fresh copy to the report. */
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { findProgram, findPrograms } from "../src/system/index.ts";
import { makeHelpdesk, smallFlags } from "./helpdesk.ts";

const repository = path.join(import.meta.dirname, "..");
const redress = path.join(repository, "dist", "cli", "main.js");

interface Demo {
  readonly root: string;
  readonly fix: readonly string[];
  readonly variables: Readonly<Record<string, string>>;
  /** Ends what it had started. */
  readonly stop: () => void;
}

const demos: Readonly<Record<string, (scratch: string) => Promise<Demo>>> = { mingus, helpdesk };

const say = (text: string): void => void process.stdout.write(`${text}\n`);

const quoted = (word: string): string => (word.includes(" ") ? `"${word}"` : word);

function show(
  what: string,
  argv: readonly string[],
  at: { readonly cwd: string; readonly variables?: Readonly<Record<string, string>> },
): number {
  const [program = "", ...args] = argv;
  say(`\n$ ${what}`);
  const { status, error } = spawnSync(program, args, {
    cwd: at.cwd,
    stdio: "inherit",
    env: { ...process.env, UV_PYTHON_DOWNLOADS: "never", ...at.variables },
  });
  if (error !== undefined) process.stderr.write(`${error.message}\n`);
  return status ?? 1;
}

/** A CPython that the example's pins have wheels for. */
async function findPython(): Promise<string> {
  for (const name of ["python3.11", "python3.12", "python3.10"]) {
    const file = await findProgram(name);
    // A version manager's shim may answer to a name that it has no interpreter for.
    if (file !== undefined && spawnSync(file, ["-c", ""]).status === 0) return file;
  }
  return (await findProgram("python3")) ?? "python3";
}

async function mingus(scratch: string): Promise<Demo> {
  const { uv } = await findPrograms();
  if (uv === undefined) throw new Error("uv is missing: run this through npm run demo");
  const root = path.join(scratch, "mingus");
  cpSync(path.join(repository, "examples", "mingus"), root, { recursive: true });
  say(`A copy of examples/mingus, a personal-finance API with 42 pinned packages, in ${root}`);
  const make = ["--quiet", "--python", await findPython(), ".venv"];
  const install = ["install", "-r", "requirements.txt"];
  if (
    show("uv venv .venv", [uv, "venv", ...make], { cwd: root }) !== 0 ||
    show(["uv", "pip", ...install].join(" "), [uv, "pip", ...install, "--quiet"], { cwd: root }) !== 0
  )
    throw new Error("the example's environment could not be built");
  return { root, fix: ["fix", "--yes"], variables: {}, stop: () => undefined };
}

/** Without what takes minutes; `npm run acceptance -- helpdesk` asks every gate. */
async function helpdesk(scratch: string): Promise<Demo> {
  say(
    `A copy of examples/helpdesk, a Django backend and a React frontend with a database, in ${path.join(scratch, "helpdesk")}`,
  );
  const desk = await makeHelpdesk({
    folder: scratch,
    profile: "small",
    say: (what) => {
      say(`$ ${what}`);
    },
  });
  if (desk.missing !== undefined) say(`Without a database: ${desk.missing}`);
  const { root, variables } = desk;
  return {
    root,
    variables,
    fix: ["fix", "--as-of", "2025-10-13", "--yes", ...smallFlags],
    stop: () => {
      desk.stop();
    },
  };
}

const started = performance.now();
const [name = "mingus"] = process.argv.slice(2);
const make = Object.hasOwn(demos, name) ? demos[name] : undefined;
if (make === undefined)
  throw new Error(`there is no demo ${name}; there are: ${Object.keys(demos).join(", ")}`);
const { root, fix, variables, stop } = await make(mkdtempSync(path.join(tmpdir(), "redress-demo-")));
try {
  const status = show(`redress ${fix.map(quoted).join(" ")}`, [process.execPath, redress, ...fix], {
    cwd: root,
    variables,
  });
  const seconds = ((performance.now() - started) / 1000).toFixed(0);
  say(`\nredress fix ended with exit code ${status} after ${seconds} s in all.`);
  const reports = path.join(root, ".redress", "reports");
  if (existsSync(reports)) {
    say("Where to look:");
    for (const file of readdirSync(reports).sort()) say(`  ${path.join(reports, file)}`);
  }
  if (Object.keys(variables).length === 0) say(`Undo it with: cd ${root} && node ${redress} rollback`);
  process.exitCode = status;
} finally {
  stop();
}
