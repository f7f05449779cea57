import { Failure, reasonOf } from "../model/index.ts";
import { maskSecrets } from "../system/index.ts";
import { isRestored, restoreFile, type Site } from "./backup.ts";
import { runFolder } from "./journal.ts";
import type { Entry, JournalEvent, SavedFile, Swap } from "./journal-event.ts";
import { isEnvironmentRestored, restoreEnvironment, sweep } from "./swap.ts";

export interface Undoing {
  readonly phase: number;
  readonly reason: string;
  /** Keeps the environments that make way, where someone may have changed them by hand. */
  readonly keep?: boolean;
}

/**
 * Puts back what a phase touched, last to first, and checks it byte for byte. All of it follows from what the journal
 * already says, and each step can be repeated: a journal that cannot be written does not keep the project from being
 * put back, it is only completed later (`resume`).
 * @throws {Failure} `corrupt` when something cannot be put back; `storage` when it is, but could not be recorded.
 */
export async function undoPhase(site: Site, undoing: Undoing): Promise<void> {
  const { phase } = undoing;
  const { files: saved, swaps } = touchedBy(site, phase);
  let unrecorded: unknown;
  const record = async (event: JournalEvent): Promise<void> => {
    if (unrecorded !== undefined) return;
    await site.journal.append(event).catch((error: unknown) => {
      unrecorded = error;
    });
  };
  await record({ event: "undoing", phase, reason: maskSecrets(undoing.reason) });
  await undoMigrations(site, phase, record);
  const problems: string[] = [];
  const restore = async (path: string, act: () => Promise<boolean>): Promise<void> => {
    await record({ event: "restoring", phase, path });
    try {
      await act();
      await record({ event: "restored", phase, path });
    } catch (error) {
      // The others are put back nevertheless.
      problems.push(`${path}: ${reasonOf(error)}`);
    }
  };
  for (const swap of [...swaps].reverse()) await restore(swap.path, () => restoreEnvironment(site, swap));
  for (const file of [...saved].reverse()) await restore(file.path, () => restoreFile(site, file));
  for (const file of saved)
    if (!(await isRestored(site, file))) problems.push(`${file.path} is not as it was`);
  for (const swap of swaps)
    if (!(await isEnvironmentRestored(site, swap)))
      problems.push(`${swap.path} is not as it was: files in it were written to`);
  if (problems.length > 0)
    throw new Failure(
      "corrupt",
      `phase ${phase} could not be put back: ${problems.join("; ")}`,
      `Mend the cause and run redress resume. What was saved lies in ${runFolder(".", site.run)}/backup.`,
    );
  await sweep(site, undoing.keep !== true);
  await record({ event: "undone", phase });
  if (unrecorded !== undefined)
    throw new Failure(
      "storage",
      `phase ${phase} is put back, but the journal cannot be written: ${reasonOf(unrecorded)}`,
      "Mend the cause and run redress resume, which completes the record.",
      { cause: unrecorded },
    );
}

/**
 * Takes migrations back while the environment that made them is in place; where that fails nothing else is put back,
 * since the old versions may not work on the new schema.
 */
async function undoMigrations(
  { journal, undoDatabase }: Site,
  phase: number,
  record: (event: JournalEvent) => Promise<void>,
): Promise<void> {
  const open = new Map<string, Entry<"migrating">>();
  for (const entry of journal.entries) {
    if (entry.event === "migrating" && entry.phase === phase) open.set(entry.database, entry);
    if (entry.event === "migrated-back" && entry.phase === phase) open.delete(entry.database);
  }
  for (const entry of [...open.values()].reverse()) {
    const { database } = entry;
    try {
      if (undoDatabase === undefined)
        throw new Failure("config", `the database ${database} is not known to this command`);
      await record({ event: "migrated-back", phase, database, how: await undoDatabase(entry) });
    } catch (error) {
      const hint = error instanceof Failure ? error.hint : "";
      throw new Failure(
        "corrupt",
        `phase ${phase} stays as it is: ${maskSecrets(reasonOf(error))}`,
        hint === "" ? "Mend the cause and run redress resume." : hint,
        { cause: error },
      );
    }
  }
}

/** What a phase has touched, in order, by the journal. */
export function touchedBy(
  { journal }: Pick<Site, "journal">,
  phase: number,
): { files: SavedFile[]; swaps: Swap[] } {
  const files = new Map<string, SavedFile>();
  const swaps: Swap[] = [];
  for (const entry of journal.entries) {
    // The first of a path counts: it is how the file was before the phase.
    if (entry.event === "file-saved" && entry.phase === phase && !files.has(entry.path))
      files.set(entry.path, entry);
    if (entry.event === "environment-swapping" && entry.phase === phase) swaps.push(entry);
  }
  return { files: [...files.values()], swaps };
}
