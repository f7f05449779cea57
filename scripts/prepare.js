// Makes a fresh clone ready: dependencies, the built command, uv. Plain JavaScript, because it must run on any Node
// from 20 on before anything is installed. Does only what is missing.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { homedir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));

function run(what, program, args) {
  console.error(`preparing: ${what}`);
  const { status, error } = spawnSync(program, args, { cwd: root, stdio: ["ignore", "inherit", "inherit"] });
  if (status === 0) return;
  console.error(`preparing: ${what} failed${error ? `: ${error.message}` : ` (exit ${status})`}`);
  process.exit(1);
}

/** The newest change below a folder, in ms. */
function newest(folder) {
  return Math.max(
    0,
    ...readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => statSync(path.join(entry.parentPath ?? entry.path, entry.name)).mtimeMs),
  );
}

const lock = createHash("sha256")
  .update(readFileSync(path.join(root, "package-lock.json")))
  .digest("hex");
const mark = path.join(root, "node_modules", ".prepared");
if (!existsSync(mark) || readFileSync(mark, "utf8") !== lock) {
  run("dependencies (npm ci)", "npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"]);
  writeFileSync(mark, lock);
}

const entry = path.join(root, "dist", "cli", "main.js");
if (!existsSync(entry) || newest(path.join(root, "src")) > statSync(entry).mtimeMs)
  run("build", "npm", ["run", "--silent", "build"]);
const link = path.join(root, "node_modules", ".bin", "redress");
if (!existsSync(link)) symlinkSync(path.join("..", "..", "dist", "cli", "main.js"), link);

// uv, from the package index that pip is configured for, in Redress' own tools environment.
const onPath = (process.env.PATH ?? "")
  .split(path.delimiter)
  .some((folder) => existsSync(path.join(folder, "uv")));
const tools = path.join(process.env.XDG_CACHE_HOME ?? path.join(homedir(), ".cache"), "redress", "tools");
if (!onPath && !existsSync(path.join(tools, "bin", "uv"))) {
  mkdirSync(path.dirname(tools), { recursive: true });
  run("a Python environment for uv", "python3", ["-m", "venv", tools]);
  run("uv", path.join(tools, "bin", "python"), [
    "-m",
    "pip",
    "install",
    "--quiet",
    "--disable-pip-version-check",
    "uv",
  ]);
}

// PostgreSQL for the tests of databases: only where it can be installed at all; without it those tests say so.
const hasPostgres = existsSync("/usr/lib/postgresql") || process.env.REDRESS_NO_APT;
if (
  !hasPostgres &&
  process.getuid?.() === 0 &&
  existsSync("/usr/bin/apt-get") &&
  process.argv[2] === "tests"
) {
  console.error("preparing: PostgreSQL (apt-get install postgresql)");
  const quiet = { stdio: "ignore", env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" } };
  const install = ["install", "-y", "--no-install-recommends", "postgresql"];
  if (spawnSync("apt-get", install, quiet).status !== 0) {
    spawnSync("apt-get", ["update"], quiet);
    if (spawnSync("apt-get", install, quiet).status !== 0)
      console.error("preparing: PostgreSQL cannot be installed; its tests are skipped");
  }
}
