import * as fs from "node:fs/promises";
import path from "node:path";
import { Failure } from "../model/index.ts";
import { isInside, sha256 } from "../system/index.ts";
import { move, type Files } from "./files.ts";
import { runFolder, type Journal } from "./journal.ts";
import type { Entry, SavedFile } from "./journal-event.ts";

/** Where the acts of a run take place and are written down. */
export interface Site {
  /** Absolute path of the real project. */
  readonly root: string;
  readonly run: string;
  readonly files: Files;
  readonly journal: Journal;
  /** Takes a migration back; absent where databases are not known. Gives in words how. */
  readonly undoDatabase?: (entry: Entry<"migrating">) => Promise<string>;
}

/**
 * A path of the project as an absolute one; neither the plan's nor the journal's paths are trusted to stay inside.
 * @throws {Failure} `corrupt` when it leads out of the project, by its text or through a link.
 */
export async function placeInside(root: string, relative: string): Promise<string> {
  const file = path.resolve(root, relative);
  if (
    path.isAbsolute(relative) ||
    relative.includes("\0") ||
    !isInside(root, file) ||
    file === path.resolve(root)
  )
    throw new Failure(
      "corrupt",
      `${relative} does not lie inside the project`,
      "The plan or the journal was changed by hand.",
    );
  const folder = await fs.realpath(path.dirname(file)).catch(() => undefined);
  if (folder !== undefined && !isInside(await fs.realpath(root), folder))
    throw new Failure(
      "corrupt",
      `${relative} leads out of the project through a link`,
      "Replace the link by a folder.",
    );
  return file;
}

/** Where a run keeps a file's content, by its digest. */
export function contentFile(root: string, run: string, digest: string): string {
  return path.join(runFolder(root, run), "backup", "files", digest);
}

/** Things of a run that are on their way to or from the project; on the project's own disk, so that a rename will do. */
export function passageFolder(root: string, run: string): string {
  return path.join(runFolder(root, run), "passage");
}

/** A file to be written. */
export interface Change {
  /** Relative to the root. */
  readonly path: string;
  readonly text: string;
  /** SHA-256 of what it must hold until then; `null`: there must be no such file. */
  readonly expected: string | null;
}

/**
 * Puts a file's content into the run's backup, under its digest, and says so in the journal.
 * @throws {Failure} `storage` when it is a link or no file, or cannot be written; `changed` when it does not hold what
 * the rehearsal began with.
 */
async function saveFile(site: Site, phase: number, { path: relative, expected }: Change): Promise<SavedFile> {
  const { root, files, journal } = site;
  const file = await placeInside(root, relative);
  const lying = await files.look(file);
  if (lying !== undefined && lying.kind !== "file")
    throw new Failure(
      "storage",
      `${relative} is a ${lying.kind}, not a regular file`,
      "Redress does not write through links: put the file itself there, or name its true place as the project.",
    );
  let saved: SavedFile = { path: relative, sha256: null, mode: 0, mtimeMs: 0, owner: 0, group: 0 };
  if (lying !== undefined) {
    const content = await files.read(file);
    const { mode, mtimeMs, owner, group } = lying;
    saved = { path: relative, sha256: sha256(content), mode, mtimeMs, owner, group };
    await keepContent(site, { digest: sha256(content), content, mode });
  }
  if (saved.sha256 !== expected)
    throw new Failure("changed", `${relative} was edited while the plan was rehearsed`, "Make a new plan.");
  await journal.append({ event: "file-saved", phase, ...saved });
  return saved;
}

async function keepContent(
  { root, run, files }: Site,
  { digest, content, mode }: { digest: string; content: Uint8Array; mode: number },
): Promise<void> {
  const kept = contentFile(root, run, digest);
  const known = await files.read(kept).catch(() => undefined);
  if (known !== undefined && sha256(known) === digest) return;
  await files.makeFolder(path.dirname(kept));
  await files.write(`${kept}.new`, content, mode);
  await move(files, `${kept}.new`, kept);
}

/** Replaces a file of the project in one step, under the mode and owner that it had. */
export async function putFile(
  site: Pick<Site, "root" | "run" | "files">,
  content: string | Uint8Array,
  as: SavedFile,
): Promise<void> {
  const { root, run, files } = site;
  const file = await placeInside(root, as.path);
  const fresh = path.join(passageFolder(root, run), sha256(as.path).slice(0, 16));
  await files.makeFolder(path.dirname(fresh));
  await files.write(fresh, content, as.sha256 === null ? 0o644 : as.mode);
  if (as.sha256 !== null) {
    const lying = await files.look(fresh);
    if (lying !== undefined && (lying.owner !== as.owner || lying.group !== as.group))
      // Only a privileged user can give files away; the content and the mode are right either way.
      await files.setOwner(fresh, as.owner, as.group).catch(() => undefined);
  }
  await files.makeFolder(path.dirname(file));
  await move(files, fresh, file);
}

/** Saves a file, then writes its new text, each act in the journal. */
export async function replaceSaved(site: Site, phase: number, change: Change): Promise<void> {
  const saved = await saveFile(site, phase, change);
  await site.journal.append({
    event: "file-replacing",
    phase,
    path: change.path,
    sha256: sha256(change.text),
  });
  await putFile(site, change.text, saved);
  await site.journal.append({ event: "file-replaced", phase, path: change.path });
}

/** Puts a saved file back; doing it again changes nothing. @throws {Failure} `corrupt` when the backup is not whole. */
export async function restoreFile(
  site: Pick<Site, "root" | "run" | "files">,
  saved: SavedFile,
): Promise<boolean> {
  const { root, run, files } = site;
  const file = await placeInside(root, saved.path);
  if (saved.sha256 === null) {
    if ((await files.look(file)) === undefined) return false;
    await files.remove(file);
    await files.sync(path.dirname(file));
    return true;
  }
  const lying = await files.look(file);
  const present = lying?.kind === "file" ? await files.read(file) : undefined;
  if (present !== undefined && sha256(present) === saved.sha256 && lying?.mode === saved.mode) {
    if (lying.mtimeMs !== saved.mtimeMs) await files.setTime(file, saved.mtimeMs);
    return false;
  }
  const content = await files.read(contentFile(root, run, saved.sha256)).catch(() => undefined);
  if (content === undefined || sha256(content) !== saved.sha256)
    throw new Failure(
      "corrupt",
      `the backup of ${saved.path} is ${content === undefined ? "missing" : "not what was saved"}`,
      "Restore that file from version control.",
    );
  try {
    await putFile(site, content, saved);
  } catch {
    // A full disk cannot take a copy, but the backup itself has the right bytes and a rename needs no room.
    await move(files, contentFile(root, run, saved.sha256), file);
  }
  await files.setTime(file, saved.mtimeMs);
  return true;
}

/** Whether a file is again as it was saved, to the byte. */
export async function isRestored(
  { root, files }: Pick<Site, "root" | "files">,
  saved: SavedFile,
): Promise<boolean> {
  const content = await files.read(await placeInside(root, saved.path)).catch(() => undefined);
  return (content === undefined ? null : sha256(content)) === saved.sha256;
}
