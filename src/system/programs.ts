import { constants } from "node:fs";
import * as fs from "node:fs/promises";
import path from "node:path";
import { cacheFolder } from "./files.ts";

/** Programs of the user's that Redress drives, as absolute paths; absent where not found. */
export interface Programs {
  readonly uv?: string;
  readonly npm?: string;
  readonly pnpm?: string;
  readonly yarn?: string;
  /** Node's own means of starting yarn and pnpm, for what it has fetched before. */
  readonly corepack?: string;
  readonly poetry?: string;
  readonly pipenv?: string;
  /** A CPython for making environments where a project names none. */
  readonly python?: string;
  readonly git?: string;
}

/** Redress' own tools environment, where `uv` is put when the machine has none. */
export function toolsFolder(environment: NodeJS.ProcessEnv = process.env): string {
  return path.join(cacheFolder(environment), "tools");
}

/** The first executable of that name on the PATH. */
export async function findProgram(
  name: string,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<string | undefined> {
  for (const folder of (environment["PATH"] ?? "").split(path.delimiter)) {
    if (!path.isAbsolute(folder)) continue;
    const file = path.join(folder, name);
    if (await isExecutable(file)) return file;
  }
  return undefined;
}

/** The programs of this machine. */
export async function findPrograms(environment: NodeJS.ProcessEnv = process.env): Promise<Programs> {
  const ownUv = path.join(toolsFolder(environment), "bin", "uv");
  const found = {
    uv: (await findProgram("uv", environment)) ?? ((await isExecutable(ownUv)) ? ownUv : undefined),
    npm: await findProgram("npm", environment),
    pnpm: await findProgram("pnpm", environment),
    yarn: await findProgram("yarn", environment),
    corepack: await findProgram("corepack", environment),
    poetry: await findProgram("poetry", environment),
    pipenv: await findProgram("pipenv", environment),
    python: await findProgram("python3", environment),
    git: await findProgram("git", environment),
  };
  return Object.fromEntries(Object.entries(found).filter(([, file]) => file !== undefined));
}

async function isExecutable(file: string): Promise<boolean> {
  const stat = await fs.stat(file).catch(() => undefined);
  if (stat?.isFile() !== true) return false;
  return fs.access(file, constants.X_OK).then(
    () => true,
    () => false,
  );
}
