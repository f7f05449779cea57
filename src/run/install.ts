import * as fs from "node:fs/promises";
import path from "node:path";
import { Failure, type Policy, type Project, type Upgrade } from "../model/index.ts";
import { execute, type Programs } from "../system/index.ts";
import { baseInterpreter, environmentPath, interpreterOf, projectFolder } from "./environment.ts";
import { lastLines } from "./mask.ts";

/** Installs of gigabytes take minutes on slow lines. */
const installTimeoutMs = 20 * 60_000;

export interface Installing {
  readonly root: string;
  readonly project: Project;
  readonly upgrades: readonly Upgrade[];
  readonly policy: Policy;
  readonly programs: Programs;
  /** Told before each program is started. */
  readonly before: (argv: readonly string[]) => Promise<void>;
  readonly signal?: AbortSignal;
}

/**
 * Brings a project's environment to what its files now say: the changed packages alone for Python, `npm ci` for npm.
 * Install scripts run only for packages that the policy names.
 * @throws {Failure} `tool` with the end of the installer's own words.
 */
export async function installUpgrades(installing: Installing): Promise<void> {
  if (installing.project.ecosystem === "npm") await installNpm(installing);
  else await installPython(installing);
}

async function run(argv: readonly string[], cwd: string, { before, signal }: Installing): Promise<void> {
  await before(argv);
  const done = await execute(argv, {
    cwd,
    timeoutMs: installTimeoutMs,
    env: { UV_PYTHON_DOWNLOADS: "never", PYTHONDONTWRITEBYTECODE: "1" },
    ...(signal === undefined ? {} : { signal }),
  });
  if (done.code !== 0)
    throw new Failure(
      "tool",
      `${path.basename(argv[0] ?? "")} ${argv[1] ?? ""} ${done.timedOut ? "took too long" : `failed with exit code ${done.code ?? done.signal ?? "?"}`}:\n${lastLines(done.stderr || done.stdout)}`,
      "Its own message says why; nothing of the project is left changed.",
    );
}

async function installNpm(installing: Installing): Promise<void> {
  const { programs, project, policy, root } = installing;
  if (programs.npm === undefined)
    throw new Failure("tool", "npm is not on the PATH", "Install Node with npm.");
  const folder = projectFolder(root, project);
  await run(
    [programs.npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"],
    folder,
    installing,
  );
  const named: string[] = [];
  for (const name of policy.installScripts)
    if (
      await fs.stat(path.join(folder, "node_modules", name)).then(
        (stat) => stat.isDirectory(),
        () => false,
      )
    )
      named.push(name);
  if (named.length > 0)
    await run([programs.npm, "rebuild", "--ignore-scripts=false", ...named], folder, installing);
}

async function installPython(installing: Installing): Promise<void> {
  const { root, project, upgrades, policy, programs } = installing;
  const environment = environmentPath(root, project);
  if (environment === undefined) return;
  const gone = upgrades.filter((upgrade) => upgrade.to === null).map((upgrade) => upgrade.package);
  const wanted = upgrades.filter((upgrade) => upgrade.to !== null);
  const target = programs.uv === undefined ? await pipFor(root, environment, programs) : [programs.uv, "pip"];
  const where = programs.uv === undefined ? [] : ["--python", interpreterOf(environment)];
  if (gone.length > 0)
    await run(
      [...target, "uninstall", ...where, ...(programs.uv === undefined ? ["-y"] : []), ...gone],
      root,
      installing,
    );
  // What may be built from source is installed apart, since building runs the package's own code.
  const built = wanted.filter((upgrade) => policy.installScripts.includes(upgrade.package));
  for (const [group, flags] of [
    [wanted.filter((upgrade) => !built.includes(upgrade)), ["--only-binary", ":all:"]],
    [built, []],
  ] as const) {
    if (group.length === 0) continue;
    const list = path.join(await fs.mkdtemp(path.join(environment, ".redress-")), "requirements.txt");
    const lines = group.map(requirementLine);
    await fs.writeFile(list, `${lines.join("\n")}\n`);
    try {
      const hashes = lines.every((line) => line.includes("--hash=")) ? ["--require-hashes"] : [];
      await run(
        [...target, "install", ...where, "--no-deps", ...flags, ...hashes, "-r", list],
        root,
        installing,
      );
    } finally {
      await fs.rm(path.dirname(list), { recursive: true, force: true });
    }
  }
}

/** `name==version` with the digests that the index gave, so that nothing else can be installed. */
function requirementLine({ package: name, to, hashes }: Upgrade): string {
  const digests = (hashes ?? []).flatMap((hash) => {
    const hex = /^(?:sha256[:-])?([0-9a-f]{64})$/.exec(hash)?.[1];
    return hex === undefined ? [] : [`--hash=sha256:${hex}`];
  });
  return [`${name}==${to ?? ""}`, ...digests].join(" ");
}

/** pip for an environment: its own where it has one, else that of the base interpreter. */
async function pipFor(root: string, environment: string, programs: Programs): Promise<string[]> {
  const own = interpreterOf(environment);
  const has = await execute([own, "-m", "pip", "--version"], { cwd: root, timeoutMs: 60_000 });
  if (has.code === 0) return [own, "-m", "pip"];
  const base = await baseInterpreter(root, environment).catch(() => programs.python);
  if (base === undefined)
    throw new Failure("tool", "neither uv nor pip is here", "Install uv: pip install uv.");
  return [base, "-m", "pip", "--python", own];
}

/** Makes an environment for a project that has none, from its files; for trying out, never for the real project. */
export async function makeEnvironment(installing: Installing, environment: string): Promise<void> {
  const { root, project, programs } = installing;
  if (project.ecosystem === "npm") {
    await installNpm(installing);
    return;
  }
  const python = project.target.python?.split(".").slice(0, 2).join(".");
  const entry = project.files[0] ?? "";
  if (programs.uv === undefined) {
    if (programs.python === undefined)
      throw new Failure("tool", "there is no python3 on the PATH", "Install Python.");
    await run([programs.python, "-m", "venv", environment], root, installing);
    await run(
      [interpreterOf(environment), "-m", "pip", "install", "--only-binary", ":all:", "-r", entry],
      root,
      installing,
    );
    return;
  }
  await run(
    [programs.uv, "venv", "--quiet", ...(python === undefined ? [] : ["--python", python]), environment],
    root,
    installing,
  );
  await run(
    [
      programs.uv,
      "pip",
      "install",
      "--python",
      interpreterOf(environment),
      "--only-binary",
      ":all:",
      "-r",
      entry,
    ],
    root,
    installing,
  );
}
