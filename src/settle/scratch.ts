import * as fs from "node:fs/promises";
import path from "node:path";
import { Failure, reasonOf } from "../model/index.ts";
import { cacheFolder, processSpace } from "../system/index.ts";

/**
 * Gives `work` an empty folder of its own in Redress' cache folder, and removes it afterwards.
 * @throws {Failure} `storage` when it cannot be made.
 */
export async function inScratch<T>(
  base: string | undefined,
  work: (folder: string) => Promise<T>,
): Promise<T> {
  const parent = path.join(base ?? cacheFolder(), "scratch");
  let folder: string;
  try {
    await fs.mkdir(parent, { recursive: true, mode: 0o700 });
    folder = await fs.mkdtemp(path.join(parent, `settle-${await ownMark()}-`));
  } catch (error) {
    throw new Failure(
      "storage",
      `cannot make a scratch folder in ${parent}: ${reasonOf(error)}`,
      "Free space or fix permissions, or set XDG_CACHE_HOME to a folder that can be written.",
      { cause: error },
    );
  }
  try {
    return await work(folder);
  } finally {
    await fs.rm(folder, { recursive: true, force: true, maxRetries: 2 }).catch(() => undefined);
  }
}

/** Whose a scratch folder is: a process' number and what it counts in, so that `resume` knows those of dead ones. */
async function ownMark(): Promise<string> {
  return `${process.pid}-${await processSpace()}`;
}

/** Writes texts by relative path under a folder. */
export async function writeTexts(folder: string, texts: ReadonlyMap<string, string>): Promise<void> {
  for (const [relative, text] of texts) {
    const file = path.join(folder, relative);
    await fs.mkdir(path.dirname(file), { recursive: true });
    await fs.writeFile(file, text);
  }
}
