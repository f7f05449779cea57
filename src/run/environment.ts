import * as fs from "node:fs/promises";
import path from "node:path";
import { Failure, type Project } from "../model/index.ts";
import { exists, isInside } from "../system/index.ts";

/** A Python environment's folder of programs. */
export function programsOf(environment: string): string {
  return path.join(environment, process.platform === "win32" ? "Scripts" : "bin");
}

/** The interpreter of a Python environment. */
export function interpreterOf(environment: string): string {
  return path.join(programsOf(environment), process.platform === "win32" ? "python.exe" : "python");
}

/**
 * The interpreter that an environment is based on, from its `pyvenv.cfg` (`home`).
 * @throws {Failure} `tool` when it is gone, or lies inside the project (where a stranger could have put it).
 */
export async function baseInterpreter(root: string, environment: string): Promise<string> {
  const settings = await fs.readFile(path.join(environment, "pyvenv.cfg"), "utf8").catch(() => "");
  const home = /^home\s*=\s*(.+)$/m.exec(settings)?.[1]?.trim();
  if (home === undefined)
    throw new Failure(
      "tool",
      `${environment} does not say which Python it is based on`,
      "Make the environment anew.",
    );
  if (isInside(root, home))
    throw new Failure(
      "tool",
      `${environment} is based on a Python inside the project: ${home}`,
      "Base it on one outside.",
    );
  const [, minor] = /^version(?:_info)?\s*=\s*(\d+\.\d+)/m.exec(settings) ?? [];
  for (const name of [...(minor === undefined ? [] : [`python${minor}`]), "python3", "python", "python.exe"])
    if (await exists(path.join(home, name))) return path.join(home, name);
  throw new Failure(
    "tool",
    `the Python of ${environment} is gone: ${home}`,
    "Install it again, or make the environment anew.",
  );
}

/**
 * Makes a cloned environment speak of its new place: the first lines of its programs, the activation scripts, and path
 * files that lead into the project. Files are written anew, so that a shared one is left alone.
 */
export async function relocateEnvironment(moved: {
  readonly from: string;
  readonly to: string;
  readonly fromRoot: string;
  readonly toRoot: string;
}): Promise<void> {
  // Tools write a path as they were called or with its links resolved.
  const inPrograms = replacePath([moved.from, await fs.realpath(moved.from)], moved.to);
  const inPaths = replacePath([moved.fromRoot, await fs.realpath(moved.fromRoot)], moved.toRoot);
  const programs = programsOf(moved.to);
  for (const name of await fs.readdir(programs).catch(() => []))
    await rewrite(path.join(programs, name), inPrograms);
  const library = path.join(moved.to, "lib");
  for (const version of await fs.readdir(library).catch(() => [])) {
    const packages = path.join(library, version, "site-packages");
    for (const name of await fs.readdir(packages).catch(() => []))
      if (/\.(pth|egg-link)$|^__editable__/.test(name)) await rewrite(path.join(packages, name), inPaths);
  }
}

/** Replaces whole paths in a text, all in one go; `/app` is not found in `/app-two` nor in `/my/app`. */
function replacePath(places: readonly string[], to: string): (text: string) => string {
  const any = places.map((place) => RegExp.escape(place)).join("|");
  const pattern = new RegExp(`(?<![\\w.~+-])(?:${any})(?![\\w.~+-])`, "g");
  return (text) => text.replaceAll(pattern, () => to);
}

/** Programs are scripts of a few kilobytes; anything larger is a binary. */
const mostScriptBytes = 256 * 1024;

async function rewrite(file: string, change: (text: string) => string): Promise<void> {
  const stat = await fs.lstat(file);
  if (!stat.isFile() || stat.size > mostScriptBytes) return;
  const bytes = await fs.readFile(file);
  if (bytes.includes(0)) return;
  const text = bytes.toString("utf8");
  const changed = change(text);
  if (changed === text) return;
  await fs.rm(file);
  await fs.writeFile(file, changed, { mode: stat.mode & 0o7777 });
}

/** Absolute path of a project's environment in some copy of the tree. */
export function environmentPath(root: string, project: Project): string | undefined {
  return project.environment === undefined ? undefined : path.join(root, project.environment);
}

/** The folder that a project's commands run in. */
export function projectFolder(root: string, project: Project): string {
  return path.join(root, path.dirname(project.files[0] ?? "."));
}

/**
 * The folders that hold what is installed for a project, relative to the root: its environment, and with npm
 * workspaces the `node_modules` folders of their own, by the `packages` keys of lockfile texts.
 */
export function installedFolders(project: Project, lockfiles: readonly string[]): string[] {
  if (project.environment === undefined) return [];
  const folders = new Set([project.environment]);
  if (project.ecosystem === "npm")
    for (const key of lockfiles.flatMap(packageKeys)) {
      const [, member] = /^((?!node_modules\/).*?\/)node_modules\//.exec(key) ?? [];
      if (member !== undefined)
        folders.add(path.posix.join(path.posix.dirname(project.environment), member, "node_modules"));
    }
  return [...folders];
}

function packageKeys(lockfile: string): string[] {
  try {
    const { packages } = JSON.parse(lockfile) as { packages?: unknown };
    return packages !== null && typeof packages === "object" ? Object.keys(packages) : [];
  } catch {
    return [];
  }
}

/**
 * An environment is put aside by renaming it: it must be a folder of its own below the root.
 * @throws {Failure} `config` naming the one that is not.
 */
export async function requireFolders(root: string, projects: readonly Project[]): Promise<void> {
  for (const { environment } of projects) {
    if (environment === undefined) continue;
    const stat = await fs.lstat(path.join(root, environment)).catch(() => undefined);
    const isOwn = path.posix.normalize(environment) !== "." && !environment.startsWith("..");
    if (!isOwn || stat?.isDirectory() !== true)
      throw new Failure(
        "config",
        `the environment ${environment} cannot be changed and put back: it is ${isOwn ? "no folder of its own (a link?)" : "not below the project's root"}`,
        "Name another under projects: in redress.yaml, or use --files-only.",
      );
  }
}
