/** `npm run demo`: Redress on a real application, from a fresh copy to the report. */
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { findProgram, findPrograms } from "../src/system/index.ts";

const repository = path.join(import.meta.dirname, "..");
const redress = path.join(repository, "dist", "cli", "main.js");

function show(what: string, argv: readonly string[], cwd: string): number {
  const [program = "", ...args] = argv;
  process.stdout.write(`\n$ ${what}\n`);
  const { status, error } = spawnSync(program, args, {
    cwd,
    stdio: "inherit",
    env: { ...process.env, UV_PYTHON_DOWNLOADS: "never" },
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

const started = performance.now();
const { uv } = await findPrograms();
if (uv === undefined) throw new Error("uv is missing: run this through npm run demo");
const scratch = mkdtempSync(path.join(tmpdir(), "redress-demo-"));
const application = path.join(scratch, "mingus");
cpSync(path.join(repository, "examples", "mingus"), application, { recursive: true });
process.stdout.write(
  `A copy of examples/mingus, a personal-finance API with 42 pinned packages, in ${application}\n`,
);

const python = await findPython();
if (
  show("uv venv .venv", [uv, "venv", "--quiet", "--python", python, ".venv"], application) !== 0 ||
  show(
    "uv pip install -r requirements.txt",
    [uv, "pip", "install", "--quiet", "-r", "requirements.txt"],
    application,
  ) !== 0
)
  throw new Error("the example's environment could not be built");

const status = show("redress fix", [process.execPath, redress, "fix", "--yes"], application);
const reports = path.join(application, ".redress", "reports");
process.stdout.write(
  `\nredress fix ended with exit code ${status} after ${((performance.now() - started) / 1000).toFixed(0)} s in all.\n`,
);
if (existsSync(reports)) {
  process.stdout.write("Where to look:\n");
  for (const name of readdirSync(reports).sort()) process.stdout.write(`  ${path.join(reports, name)}\n`);
}
process.stdout.write(`Undo it with: cd ${application} && node ${redress} rollback\n`);
process.exitCode = status;
