import type { Stats } from "node:fs";
import * as fs from "node:fs/promises";
import path from "node:path";
import { Failure } from "../model/index.ts";
import { exists, isInside, replaceFile, sha256, syncFolder } from "../system/index.ts";
import { runFolder, type Journal, type JournalLine } from "./journal.ts";
import { removeFolder } from "./remove-folder.ts";

/** A path of the project as an absolute one; the plan's and the journal's paths are not trusted to stay inside. */
export async function placeInside(root: string, relative: string): Promise<string> {
  const file = path.resolve(root, relative);
  if (path.isAbsolute(relative) || !isInside(root, file) || file === path.resolve(root))
    throw new Failure(
      "corrupt",
      `${relative} does not lie inside the project`,
      "The plan or the journal was changed by hand.",
    );
  // A link on the way could lead out although the text does not. What is not there yet cannot be a link.
  let folder = path.dirname(file);
  while (!(await exists(folder))) folder = path.dirname(folder);
  if (!isInside(await fs.realpath(root), await fs.realpath(folder)))
    throw new Failure(
      "corrupt",
      `${relative} leads out of the project through a link`,
      "Replace the link by a folder.",
    );
  return file;
}

const contentFile = (root: string, run: string, digest: string): string =>
  path.join(runFolder(root, run), "backup", "files", digest);

interface Saving {
  readonly root: string;
  readonly run: string;
  readonly phase: number;
  readonly journal: Journal;
  /** What the file must hold: SHA-256; `null` for no such file. */
  readonly expected: string | null;
}

/**
 * Puts a file's content into the run's backup, under its digest, and says so in the journal.
 * @throws {Failure} `changed` when it does not hold what was planned for; `storage`.
 */
export async function saveFile(relative: string, saving: Saving): Promise<void> {
  const { root, run, phase, journal, expected } = saving;
  const file = await placeInside(root, relative);
  const stat = await fs.lstat(file).catch(() => undefined);
  if (stat?.isFile() === false)
    throw new Failure("storage", `${relative} is not a regular file`, "Replace the link by the file itself.");
  const content = stat === undefined ? undefined : await fs.readFile(file);
  const digest = content === undefined ? null : sha256(content);
  if (digest !== expected)
    throw new Failure("changed", `${relative} was edited while the plan was rehearsed`, "Make a new plan.");
  if (content !== undefined && digest !== null) {
    const kept = contentFile(root, run, digest);
    if (!(await exists(kept))) await replaceFile(kept, content);
  }
  await journal.append({
    event: "file-saved",
    phase,
    path: relative,
    sha256: digest,
    mode: stat === undefined ? 0 : stat.mode & 0o7777,
    uid: stat?.uid ?? 0,
    gid: stat?.gid ?? 0,
    mtimeMs: stat?.mtimeMs ?? 0,
  });
}

/** Gives a file's new content in one step; mode and owner stay. A file that holds it already is left alone. */
export async function writeFile(root: string, relative: string, text: string): Promise<void> {
  const file = await placeInside(root, relative);
  const stat = await fs.lstat(file).catch(() => undefined);
  if (stat?.isFile() === true && (await fs.readFile(file)).equals(Buffer.from(text))) return;
  await replaceFile(file, text);
  if (stat !== undefined) await giveTo(file, stat);
}

/** As root a file that is written anew would be root's. */
async function giveTo(file: string, owner: Pick<Stats, "uid" | "gid">): Promise<void> {
  const stat = await fs.lstat(file);
  if (stat.uid !== owner.uid || stat.gid !== owner.gid) await fs.lchown(file, owner.uid, owner.gid);
}

type Saved = Extract<JournalLine, { event: "file-saved" }>;
type Swapped = Extract<JournalLine, { event: "environment-swapping" }>;

/**
 * Puts back what a phase touched, from the last to the first; doing it again changes nothing.
 * @throws {Failure} `corrupt` when the backup does not hold what the journal says.
 */
export async function undoPhase(
  root: string,
  run: string,
  phase: number,
  entries: readonly JournalLine[],
): Promise<void> {
  const own = entries.filter((entry) => "phase" in entry && entry.phase === phase).reverse();
  for (const entry of own) {
    if (entry.event === "file-saved") await restoreFile(root, run, entry);
    else if (entry.event === "environment-swapping") await restoreEnvironment(root, entry);
  }
}

async function restoreFile(root: string, run: string, saved: Saved): Promise<void> {
  const file = await placeInside(root, saved.path);
  await removeUnfinished(file);
  if (saved.sha256 === null) {
    await fs.rm(file, { force: true });
    return;
  }
  const content = await fs.readFile(contentFile(root, run, saved.sha256)).catch((error: unknown) => {
    throw new Failure(
      "corrupt",
      `the backup of ${saved.path} is missing`,
      "Restore the file from version control.",
      { cause: error },
    );
  });
  if (sha256(content) !== saved.sha256)
    throw new Failure(
      "corrupt",
      `the backup of ${saved.path} was changed`,
      "Restore the file from version control.",
    );
  const stat = await fs.lstat(file).catch(() => undefined);
  // A link that was put there since is replaced, not followed.
  const isThere = stat?.isFile() === true && sha256(await fs.readFile(file)) === saved.sha256;
  if (!isThere) await replaceFile(file, content, saved.mode);
  await giveTo(file, saved);
  await fs.chmod(file, saved.mode);
  await fs.utimes(file, saved.mtimeMs / 1000, saved.mtimeMs / 1000);
}

/** Removes what a write that was cut short left beside its file (`replaceFile` names it so). */
async function removeUnfinished(file: string): Promise<void> {
  const prefix = `.${path.basename(file)}.redress-`;
  for (const name of await fs.readdir(path.dirname(file)).catch(() => []))
    if (name.startsWith(prefix) && /^\d+-\d+$/.test(name.slice(prefix.length)))
      await fs.rm(path.join(path.dirname(file), name), { force: true });
}

async function restoreEnvironment(root: string, swapped: Swapped): Promise<void> {
  const place = await placeInside(root, swapped.path);
  if (swapped.old === null) {
    await removeFolder(place);
    return;
  }
  const old = await placeInside(root, swapped.old);
  const discarded = `${old}.discarded`;
  if (await exists(old)) {
    // Two renames rather than a long removal: the application is without its environment for a moment only.
    await removeFolder(discarded);
    if (await exists(place)) await fs.rename(place, discarded);
    await fs.rename(old, place);
    await syncFolder(path.dirname(place));
    await syncFolder(path.dirname(old));
  }
  await removeFolder(discarded);
  if (swapped.fresh !== null) await removeFolder(await placeInside(root, swapped.fresh));
}

/** Names what a phase touched and is not as it was saved: content and mode of files, environments by their place. */
export async function changedSinceSaved(
  root: string,
  phase: number,
  entries: readonly JournalLine[],
): Promise<string[]> {
  const wrong: string[] = [];
  for (const entry of entries) {
    if (!("phase" in entry) || entry.phase !== phase) continue;
    if (entry.event === "file-saved" && !(await isAsSaved(root, entry))) wrong.push(entry.path);
    if (entry.event === "environment-swapping" && !(await isBack(root, entry))) wrong.push(entry.path);
  }
  return wrong;
}

async function isAsSaved(root: string, saved: Saved): Promise<boolean> {
  const file = await placeInside(root, saved.path);
  const stat = await fs.lstat(file).catch(() => undefined);
  if (stat === undefined || saved.sha256 === null) return stat === undefined && saved.sha256 === null;
  return (
    stat.isFile() && (stat.mode & 0o7777) === saved.mode && sha256(await fs.readFile(file)) === saved.sha256
  );
}

async function isBack(root: string, { path: relative, old }: Swapped): Promise<boolean> {
  const isThere = await exists(await placeInside(root, relative));
  return old === null ? !isThere : isThere && !(await exists(await placeInside(root, old)));
}
