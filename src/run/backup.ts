import * as fs from "node:fs/promises";
import path from "node:path";
import { Failure } from "../model/index.ts";
import { exists, isInside, replaceFile, sha256 } from "../system/index.ts";
import { runFolder, type Journal, type JournalLine } from "./journal.ts";

/** A path of the project as an absolute one; the plan's and the journal's paths are not trusted to stay inside. */
export async function placeInside(root: string, relative: string): Promise<string> {
  const file = path.resolve(root, relative);
  if (path.isAbsolute(relative) || !isInside(root, file) || file === root)
    throw new Failure(
      "corrupt",
      `${relative} does not lie inside the project`,
      "The plan or the journal was changed by hand.",
    );
  // A link on the way could lead out although the text does not.
  const folder = await fs.realpath(path.dirname(file)).catch(() => path.dirname(file));
  if (!isInside(await fs.realpath(root), folder) && (await exists(path.dirname(file))))
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
}

/** Puts a file's content into the run's backup, under its digest, and says so in the journal. */
export async function saveFile(relative: string, { root, run, phase, journal }: Saving): Promise<void> {
  const file = await placeInside(root, relative);
  if (!(await exists(file))) {
    await journal.append({ event: "file-saved", phase, path: relative, sha256: null, mode: 0, mtimeMs: 0 });
    return;
  }
  const stat = await fs.lstat(file);
  if (!stat.isFile())
    throw new Failure("storage", `${relative} is not a regular file`, "Replace the link by the file itself.");
  const content = await fs.readFile(file);
  const digest = sha256(content);
  const kept = contentFile(root, run, digest);
  if (!(await exists(kept))) await replaceFile(kept, content);
  await journal.append({
    event: "file-saved",
    phase,
    path: relative,
    sha256: digest,
    mode: stat.mode & 0o7777,
    mtimeMs: stat.mtimeMs,
  });
}

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

async function restoreFile(
  root: string,
  run: string,
  saved: Extract<JournalLine, { event: "file-saved" }>,
): Promise<void> {
  const file = await placeInside(root, saved.path);
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
  const present = await fs.readFile(file).catch(() => undefined);
  if (present === undefined || sha256(present) !== saved.sha256) await replaceFile(file, content, saved.mode);
  await fs.chmod(file, saved.mode);
  await fs.utimes(file, saved.mtimeMs / 1000, saved.mtimeMs / 1000);
}

async function restoreEnvironment(
  root: string,
  swapped: Extract<JournalLine, { event: "environment-swapping" }>,
): Promise<void> {
  const [place, old] = [await placeInside(root, swapped.path), await placeInside(root, swapped.old)];
  if (await exists(old)) {
    await fs.rm(place, { recursive: true, force: true });
    await fs.rename(old, place);
  }
  if (swapped.fresh !== null)
    await fs.rm(await placeInside(root, swapped.fresh), { recursive: true, force: true });
}

/** Whether every file that a phase saved has its saved content again; names those that have not. */
export async function changedSinceSaved(
  root: string,
  phase: number,
  entries: readonly JournalLine[],
): Promise<string[]> {
  const wrong: string[] = [];
  for (const entry of entries) {
    if (entry.event !== "file-saved" || entry.phase !== phase) continue;
    const content = await fs.readFile(await placeInside(root, entry.path)).catch(() => undefined);
    if ((content === undefined ? null : sha256(content)) !== entry.sha256) wrong.push(entry.path);
  }
  return wrong;
}
