import * as fs from "node:fs/promises";
import path from "node:path";
import { execute } from "./execute.ts";
import { cacheFolder, isInside, readText, replaceFile, sha256 } from "./files.ts";
import { findProgram } from "./programs.ts";

/**
 * Full version of the user's own `python3`, e.g. `3.11.7`; `undefined` where there is none that says. It is asked once,
 * isolated, and remembered as long as the program at the end of its links, or pyenv's choice, is unchanged. One that lies inside `root`
 * belongs to what is being looked at and is passed over: nothing of that is executed.
 */
export async function userPythonVersion(
  root: string,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<string | undefined> {
  const folders = (environment["PATH"] ?? "").split(path.delimiter);
  const outside = folders.filter((folder) => !isInside(root, folder)).join(path.delimiter);
  const found = await findProgram("python3", { PATH: outside });
  if (found === undefined) return undefined;
  const program = await fs.realpath(found);
  if (isInside(root, program)) return undefined;
  const identity = await identityOf(program, environment);
  if (identity === undefined) return askVersion(found);
  const key = sha256(`${found}\n${identity}`).slice(0, 32);
  const memory = path.join(cacheFolder(environment), "python", key);
  const known = await readText(memory).catch(() => "");
  if (isVersion(known)) return known;
  const version = await askVersion(found);
  // A cache that cannot be written costs the next scan this question again, nothing more.
  if (version !== undefined) await replaceFile(memory, version).catch(() => undefined);
  return version;
}

/** What the answer depends on; `undefined` for a stand-in that may run another Python tomorrow. */
async function identityOf(program: string, environment: NodeJS.ProcessEnv): Promise<string | undefined> {
  const { mtimeMs, size } = await fs.stat(program);
  const own = `${program}\n${mtimeMs}\n${size}`;
  if (/^python[\d.]*$/.test(path.basename(program)) && !(await isScript(program))) return own;
  // pyenv's shim runs what this variable or file names, else what is on the PATH behind it.
  const chosen = await readText(path.join(path.dirname(program), "..", "version")).catch(() => undefined);
  return path.basename(path.dirname(program)) === "shims" && chosen !== undefined
    ? `${own}\n${environment["PYENV_VERSION"] ?? ""}\n${chosen}`
    : undefined;
}

const isVersion = (text: string): boolean => /^\d+\.\d+\.\d+$/.test(text);

async function askVersion(python: string): Promise<string | undefined> {
  const question = "import sys; print('%d.%d.%d' % sys.version_info[:3])";
  const asked = await execute([python, "-I", "-S", "-c", question], {
    cwd: path.parse(python).root,
    timeoutMs: 10_000,
  }).catch(() => undefined);
  const version = asked?.code === 0 ? asked.stdout.trim() : "";
  return isVersion(version) ? version : undefined;
}

async function isScript(program: string): Promise<boolean> {
  const handle = await fs.open(program);
  try {
    const { buffer } = await handle.read(Buffer.alloc(2), 0, 2, 0);
    return buffer.toString("latin1") === "#!";
  } finally {
    await handle.close();
  }
}
