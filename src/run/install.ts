import * as fs from "node:fs/promises";
import path from "node:path";
import {
  exactList,
  installListArgv,
  installLockfileArgv,
  rebuildArgv,
  uninstallArgv,
  type PythonInstaller,
} from "../managers/index.ts";
import { Failure, normaliseName, type Policy, type Project, type Upgrade } from "../model/index.ts";
import { execute, exists, lastLines, type Programs } from "../system/index.ts";
import { interpreterOf, projectFolder, readBasis } from "./environment.ts";

/** Longest time for one call of an installer. */
const installTimeoutMs = 30 * 60_000;

/** One project's environment in the tree that is worked on, and what may be done to it. */
export interface Installing {
  /** The tree. */
  readonly root: string;
  readonly project: Project;
  /** Absolute path of its virtual environment, or of its `node_modules`. */
  readonly environment: string;
  readonly policy: Policy;
  readonly programs: Programs;
  /** Folder for lists that are handed to the installer. */
  readonly listFolder: string;
  /** Variables of the installer's own. */
  readonly variables: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  /** Told of each call before and after it. */
  readonly watch: {
    before(argv: readonly string[]): Promise<void>;
    after(durationMs: number): Promise<void>;
  };
}

/**
 * Brings a project's environment to what its files now say: of Python the changed packages alone, without dependencies,
 * at exact versions; of npm the lockfile. Foreign code runs only for packages that policy names.
 * @throws {Failure} `tool` with the end of the installer's own words; `cancelled`.
 */
export async function installUpgrades(installing: Installing, upgrades: readonly Upgrade[]): Promise<void> {
  if (installing.project.ecosystem === "npm") {
    await installLockfile(installing);
    return;
  }
  const installer = await installerFor(installing);
  const gone = upgrades.filter((upgrade) => upgrade.to === null).map((upgrade) => upgrade.package);
  if (gone.length > 0) await call(uninstallArgv(installer, gone), installing);
  await installExactly(
    installing,
    // What came along unasked is for other platforms: the plan holds all that this one needs.
    upgrades.filter((one) => one.to !== null && !(one.consequence === true && one.from === null)),
  );
}

/** Installs exact Python versions and nothing else; what policy names may be built from source. */
export async function installExactly(
  installing: Installing,
  wanted: readonly Pick<Upgrade, "package" | "to" | "hashes">[],
): Promise<void> {
  const installer = await installerFor(installing);
  const named = new Set(installing.policy.installScripts.map((name) => normaliseName("PyPI", name)));
  for (const build of [false, true]) {
    const group = wanted.filter((one) => named.has(one.package) === build);
    if (group.length === 0) continue;
    const { text, hashed } = exactList(group);
    const file = path.join(installing.listFolder, `install-${process.pid}.txt`);
    await fs.mkdir(installing.listFolder, { recursive: true });
    await fs.writeFile(file, text, { mode: 0o600 });
    try {
      await call(installListArgv(installer, { file, hashed, build }), installing);
    } finally {
      await fs.rm(file, { force: true });
    }
  }
}

/** The lockfile without scripts, then the scripts of packages that policy names and that are there. */
export async function installLockfile(installing: Installing): Promise<void> {
  const kind = installing.project.manager === "pnpm" ? "pnpm" : "npm";
  const program = installing.programs[kind];
  if (program === undefined)
    throw new Failure(
      "tool",
      `${kind} is not on the PATH`,
      kind === "npm" ? "Install Node with npm." : "Install pnpm.",
    );
  const installer = { kind, program } as const;
  await call(installLockfileArgv(installer, await exists(installing.environment)), installing);
  const named: string[] = [];
  for (const name of installing.policy.installScripts)
    if (isPackageName(name) && (await exists(path.join(installing.environment, name, "package.json"))))
      named.push(name);
  if (named.length > 0) await call(rebuildArgv(installer, named), installing);
}

const isPackageName = (name: string): boolean => /^(?:@[\w.-]+\/)?[\w][\w.-]*$/.test(name);

/** Runs an installer in the project's folder. @throws {Failure} `tool` when it does not end well. */
export async function call(argv: readonly string[], installing: Installing): Promise<void> {
  const { watch, signal } = installing;
  await watch.before(argv);
  const done = await execute(argv, {
    cwd: projectFolder(installing.root, installing.project),
    timeoutMs: installTimeoutMs,
    env: {
      UV_PYTHON_DOWNLOADS: "never",
      PYTHONDONTWRITEBYTECODE: "1",
      PIP_REQUIRE_VIRTUALENV: "false",
      ...installing.variables,
    },
    ...(signal === undefined ? {} : { signal }),
  });
  if (done.code !== 0)
    throw new Failure(
      "tool",
      `${path.basename(argv[0] ?? "")} ${done.timedOut ? "took too long" : `failed with ${done.code === null ? (done.signal ?? "a signal") : `exit code ${done.code}`}`}: ${lastLines(done.stderr.trim() === "" ? done.stdout : done.stderr)}`,
      "Its own words say why.",
    );
  await watch.after(Math.round(done.durationMs));
}

/** uv where it is there; else the environment's own pip; else the pip of the Python that it is based on. */
export async function installerFor({
  programs,
  environment,
  root,
}: Pick<Installing, "programs" | "environment" | "root">): Promise<PythonInstaller> {
  const interpreter = interpreterOf(environment);
  if (programs.uv !== undefined) return { kind: "uv", program: programs.uv, interpreter };
  const hasPip = async (python: string): Promise<boolean> =>
    execute([python, "-I", "-m", "pip", "--version"], { cwd: environment, timeoutMs: 60_000 }).then(
      (done) => done.code === 0,
      () => false,
    );
  if (await hasPip(interpreter)) return { kind: "pip", argv: [interpreter, "-m", "pip"] };
  const { base } = await readBasis(root, environment);
  if (await hasPip(base)) return { kind: "pip", argv: [base, "-m", "pip", "--python", interpreter] };
  throw new Failure(
    "tool",
    "neither uv nor pip is here to install with",
    "Install uv, for instance by pip install uv.",
  );
}
