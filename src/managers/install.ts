import type { Upgrade } from "../model/index.ts";

/** What installs Python packages into an environment: uv, or a pip by its argument vector. */
export type PythonInstaller =
  | { readonly kind: "uv"; readonly program: string; readonly interpreter: string }
  /** `argv` runs pip against the environment, e.g. `[ENV/bin/python, -m, pip]`. */
  | { readonly kind: "pip"; readonly argv: readonly string[] };

/** Makes an empty virtual environment; pip is put into it only where pip will be the installer. */
export function makeEnvironmentArgv(request: {
  readonly uv?: string;
  /** Absolute path of the interpreter that it is based on. */
  readonly base: string;
  readonly folder: string;
  readonly systemPackages: boolean;
}): string[] {
  const system = request.systemPackages ? ["--system-site-packages"] : [];
  return request.uv === undefined
    ? [request.base, "-I", "-m", "venv", ...system, request.folder]
    : [request.uv, "venv", "--quiet", "--no-project", "--python", request.base, ...system, request.folder];
}

/** Installs exactly what a requirements file lists and nothing that it does not. */
export function installListArgv(
  installer: PythonInstaller,
  list: { readonly file: string; readonly hashed: boolean; readonly build: boolean },
): string[] {
  return [
    ...pipOf(installer, "install"),
    "--no-deps",
    ...(list.build ? [] : ["--only-binary", ":all:"]),
    ...(list.hashed ? ["--require-hashes"] : []),
    "-r",
    list.file,
  ];
}

/** Installs a project's requirements file with everything that it needs, for an environment that did not exist. */
export function installManifestArgv(installer: PythonInstaller, file: string): string[] {
  return [...pipOf(installer, "install"), "--only-binary", ":all:", "-r", file];
}

/** Removes packages; absent ones are no error to either tool. */
export function uninstallArgv(installer: PythonInstaller, names: readonly string[]): string[] {
  return [...pipOf(installer, "uninstall"), ...(installer.kind === "pip" ? ["--yes"] : []), ...names];
}

function pipOf(installer: PythonInstaller, command: string): string[] {
  return installer.kind === "uv"
    ? [installer.program, "pip", command, "--quiet", "--python", installer.interpreter]
    : [...installer.argv, command, "--quiet", "--disable-pip-version-check", "--no-input"].filter(
        (word) => command === "install" || word !== "--no-input",
      );
}

/** What installs a Node project's lockfile: npm or pnpm by its program. */
export interface NodeInstaller {
  readonly kind: "npm" | "pnpm";
  readonly program: string;
}

/**
 * The exact installation of a lockfile, with no package's script and no code of the project's run; promotion finds in the
 * installer's cache what rehearsal fetched. npm makes a folder anew with `ci`; in one that is there it changes what
 * differs and, with `--no-save`, writes neither manifest nor lockfile (npm, "npm install").
 */
export function installLockfileArgv({ kind, program }: NodeInstaller, isThere: boolean): string[] {
  return kind === "npm"
    ? [
        program,
        ...(isThere ? ["install", "--no-save"] : ["ci"]),
        ...["--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund", "--loglevel=error"],
      ]
    : [
        program,
        ...["install", "--frozen-lockfile", "--ignore-scripts", "--ignore-pnpmfile", "--prefer-offline"],
        // pnpm would otherwise fetch the version of itself that the manifest names, or ask before it begins.
        ...["--config.manage-package-manager-versions=false", "--config.confirm-modules-purge=false"],
        // What nothing links to any more would otherwise lie about for a week.
        ...["--config.modules-cache-max-age=0", "--reporter=append-only"],
      ];
}

/** Runs the install scripts of packages that policy names. */
export function rebuildArgv({ kind, program }: NodeInstaller, names: readonly string[]): string[] {
  return kind === "npm"
    ? [program, "rebuild", "--ignore-scripts=false", "--no-audit", "--no-fund", "--loglevel=error", ...names]
    : [program, "rebuild", ...names, "--config.manage-package-manager-versions=false"];
}

/**
 * A requirements file of exact versions, with the SHA-256 of the archives where every one of them is known (pip, "Hash
 * checking mode", takes all or none).
 */
export function exactList(wanted: readonly Pick<Upgrade, "package" | "to" | "hashes">[]): {
  readonly text: string;
  readonly hashed: boolean;
} {
  const digests = wanted.map(({ hashes }) =>
    (hashes ?? []).flatMap((hash) => /^(?:sha256[:-])?([0-9a-f]{64})$/.exec(hash)?.[1] ?? []),
  );
  const hashed = wanted.length > 0 && digests.every((known) => known.length > 0);
  const lines = wanted.map((one, index) =>
    [
      `${one.package}==${one.to ?? ""}`,
      ...(hashed ? (digests[index] ?? []).map((digest) => `--hash=sha256:${digest}`) : []),
    ].join(" "),
  );
  return { text: `${lines.join("\n")}\n`, hashed };
}
