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
  const programs = programsOf(moved.to);
  for (const name of await fs.readdir(programs).catch(() => []))
    await rewrite(path.join(programs, name), (text) => text.replaceAll(moved.from, moved.to));
  const library = path.join(moved.to, "lib");
  for (const version of await fs.readdir(library).catch(() => [])) {
    const packages = path.join(library, version, "site-packages");
    for (const name of await fs.readdir(packages).catch(() => []))
      if (name.endsWith(".pth") || name.startsWith("__editable__"))
        await rewrite(path.join(packages, name), (text) => text.replaceAll(moved.fromRoot, moved.toRoot));
  }
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
