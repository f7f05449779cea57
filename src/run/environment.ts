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

/** What an environment says of itself in `pyvenv.cfg`. */
export interface EnvironmentBasis {
  /** The interpreter that it is based on. */
  readonly base: string;
  readonly systemPackages: boolean;
}

/**
 * What an environment is based on.
 * @throws {Failure} `tool` when it does not say, or the interpreter is gone or lies inside the project, where whoever
 * wrote the project could have put it.
 */
export async function readBasis(root: string, environment: string): Promise<EnvironmentBasis> {
  const settings = await fs.readFile(path.join(environment, "pyvenv.cfg"), "utf8").catch(() => "");
  const home = /^home\s*=\s*(.+)$/m.exec(settings)?.[1]?.trim();
  const name = path.basename(environment);
  if (home === undefined || !path.isAbsolute(home))
    throw new Failure(
      "tool",
      `${name} does not say which Python it is based on`,
      "Make the environment anew.",
    );
  const [, minor] = /^version(?:_info)?\s*=\s*(\d+\.\d+)/m.exec(settings) ?? [];
  for (const program of [
    ...(minor === undefined ? [] : [`python${minor}`]),
    "python3",
    "python",
    "python.exe",
  ]) {
    const base = path.join(home, program);
    if (!(await exists(base))) continue;
    for (const place of [base, await fs.realpath(base)])
      if (isInside(await fs.realpath(root), place))
        throw new Failure(
          "tool",
          `${name} is based on a Python inside the project: ${place}`,
          "Base it on one outside.",
        );
    return { base, systemPackages: /^include-system-site-packages\s*=\s*true/im.test(settings) };
  }
  throw new Failure(
    "tool",
    `the Python of ${name} is gone: ${home}`,
    "Install it again, or make the environment anew.",
  );
}

/**
 * Makes a copied environment speak of its new place: the first lines of its programs, the activation scripts, and path
 * files that lead into the project.
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
      if (name.endsWith(".pth") || name.endsWith(".egg-link") || name.startsWith("__editable__"))
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

/** The folder that a project's commands run in. */
export function projectFolder(root: string, project: Project): string {
  return path.join(root, path.dirname(project.files[0] ?? "."));
}
