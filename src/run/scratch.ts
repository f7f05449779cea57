import { randomBytes } from "node:crypto";
import * as fs from "node:fs/promises";
import path from "node:path";
import { Failure, reasonOf } from "../model/index.ts";
import { cacheFolder, exists, processSpace } from "../system/index.ts";
import type { Files } from "./files.ts";
import type { Journal } from "./journal.ts";
import { diskOf, freeBytesAt, sizeOf } from "./survey-folder.ts";

/** Folders that tools make anew, and those that are no part of the application. */
const leftOut = new Set([
  ".git",
  ".hg",
  ".svn",
  ".redress",
  "node_modules",
  "__pycache__",
  ".pytest_cache",
  ".mypy_cache",
  ".ruff_cache",
  ".cache",
  ".tox",
  ".nox",
]);

/** What a copy of a tree leaves out: caches, version control, and every environment that is named or usual. */
export function outside(environments: ReadonlySet<string>): (relative: string, isFolder: boolean) => boolean {
  return (relative, isFolder) => {
    const name = path.basename(relative);
    return (
      isFolder &&
      (leftOut.has(name) || name === ".venv" || environments.has(relative.split(path.sep).join("/")))
    );
  };
}

const markerFile = ".redress-scratch";

/** Makes a scratch folder, named in the journal before it exists. @throws {Failure} `storage` */
export async function makeScratch(
  base: string | undefined,
  { files, journal, run }: { files: Files; journal: Journal; run: string },
): Promise<string> {
  const parent = path.resolve(base ?? path.join(cacheFolder(), "scratch"));
  const folder = path.join(parent, `${run}-${randomBytes(4).toString("hex")}`);
  await journal.append({ event: "scratch-making", folder });
  try {
    await files.makeFolder(folder);
    await files.write(path.join(folder, markerFile), run, 0o600);
    // Without its mark nobody may remove the folder any more.
    await files.sync(folder);
  } catch (error) {
    await files.remove(folder).catch(() => undefined);
    throw new Failure(
      "storage",
      `cannot make a scratch folder in ${parent}: ${reasonOf(error)}`,
      "Free space or fix permissions, or point XDG_CACHE_HOME to a folder that can be written.",
      { cause: error },
    );
  }
  return folder;
}

/**
 * Removes the scratch folders that a run left; only such as the run itself has marked, since a journal found in a
 * foreign tree could name any folder.
 */
export async function removeScratch({
  files,
  journal,
  run,
}: {
  files: Files;
  journal: Journal;
  run: string;
}): Promise<void> {
  const gone = new Set(
    journal.entries.flatMap((entry) => (entry.event === "scratch-removed" ? [entry.folder] : [])),
  );
  for (const entry of [...journal.entries]) {
    if (entry.event !== "scratch-making" || gone.has(entry.folder)) continue;
    const { folder } = entry;
    const isNamed = path.isAbsolute(folder) && new RegExp(`^${run}-[0-9a-f]{8}$`).test(path.basename(folder));
    if (isNamed && (await isOurs(folder, { files, run }))) {
      await files.remove(folder);
      await files.sync(path.dirname(folder));
    }
    await journal.append({ event: "scratch-removed", folder });
  }
}

/** Marked by the run; or with nothing in it but perhaps a part of the mark, where it was killed while marking. */
async function isOurs(folder: string, { files, run }: { files: Files; run: string }): Promise<boolean> {
  const mark = await files.read(path.join(folder, markerFile)).catch(() => undefined);
  if (mark?.toString() === run) return true;
  const lying = await files.look(folder);
  return lying?.kind === "folder" && (await files.list(folder)).every((name) => name === markerFile);
}

/**
 * Removes the scratch folders in which package managers wrote for a plan, where the process that made them is dead:
 * those of other containers stay, since nothing can be known of their processes.
 */
export async function removeDeadSettlements(files: Files, base = cacheFolder()): Promise<void> {
  const parent = path.join(base, "scratch");
  const space = await processSpace();
  for (const name of await files.list(parent)) {
    const [, pid, where] = /^settle-(\d+)-(\d+)-[A-Za-z0-9]{6}$/.exec(name) ?? [];
    // What cannot be removed costs space, not safety.
    if (pid !== undefined && where === space && !isRunning(Number(pid)))
      await files.remove(path.join(parent, name)).catch(() => undefined);
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}

/** Slack for logs, lists and file systems' own needs. */
const slackBytes = 64e6;

export interface SpaceNeed {
  /** The real project. */
  readonly root: string;
  /** Of Python and of npm, relative to the root. */
  readonly environments: readonly { readonly path: string; readonly ecosystem: "PyPI" | "npm" }[];
  readonly scratchParent: string;
  /** Of the tree without its environments: a second one shares those with the first. */
  readonly copies: 1 | 2;
  readonly promotes: boolean;
}

/**
 * Checks that a rehearsal, and the promotion after it, find room: copies and environments at full size, though
 * installers mostly link.
 * @throws {Failure} `storage` saying how much is missing where.
 */
export async function requireSpace(need: SpaceNeed): Promise<void> {
  const skip = outside(new Set(need.environments.map((one) => one.path)));
  const sizes = need.environments.map((one) => ({
    ...one,
    sizeBytes: sizeOf(path.join(need.root, one.path)),
  }));
  const scratchBytes =
    slackBytes + need.copies * sizeOf(need.root, skip) + sizes.reduce((sum, one) => sum + one.sizeBytes, 0);
  // A clone of a Python environment shares its content; node_modules are copied, or installed anew beside the old.
  const promotionBytes = need.promotes
    ? slackBytes +
      sizes.reduce(
        (sum, one) => sum + (one.ecosystem === "npm" ? one.sizeBytes : Math.ceil(one.sizeBytes / 10)),
        0,
      )
    : 0;
  let scratch = path.resolve(need.scratchParent);
  while (!(await exists(scratch))) scratch = path.dirname(scratch);
  const shared = diskOf(scratch) === diskOf(need.root);
  requireFree(scratch, scratchBytes + (shared ? promotionBytes : 0));
  if (!shared) requireFree(need.root, promotionBytes);
}

function requireFree(folder: string, needBytes: number): void {
  const freeBytes = freeBytesAt(folder);
  if (freeBytes < needBytes)
    throw new Failure(
      "storage",
      `the run needs ${gigabytes(needBytes)} GB at ${folder}, ${gigabytes(freeBytes)} GB are free`,
      "Free space, or point XDG_CACHE_HOME to a larger disk.",
    );
}

const gigabytes = (bytes: number): string => (bytes / 1e9).toFixed(1);

/** The tree and its copy, by both names where the tree lies behind a link: where absolute links are to lead. */
export async function copiesOf(root: string, tree: string): Promise<{ from: string; to: string }[]> {
  return [...new Set([root, await fs.realpath(root)])].map((from) => ({ from, to: tree }));
}
