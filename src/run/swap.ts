import path from "node:path";
import { Failure } from "../model/index.ts";
import { passageFolder, placeInside, type Site } from "./backup.ts";
import type { CloneRequest } from "./clone-folder.ts";
import { move } from "./files.ts";
import { runFolder } from "./journal.ts";
import type { Swap } from "./journal-event.ts";
import { fingerprintOf } from "./survey-folder.ts";

/** Where an environment goes that must make way while another is put back. */
const discardFolder = (root: string, run: string): string => path.join(runFolder(root, run), "discard");

/** An environment that a phase is about to change. */
export interface Swapping {
  /** Relative to the root. */
  readonly path: string;
  readonly phase: number;
  /** How a clone is made that takes its place for the installer to work on; absent: the installer makes it anew. */
  readonly clone?: CloneRequest["how"];
  readonly signal?: AbortSignal;
}

/**
 * Renames an environment into the backup and, where asked, puts a clone in its place. The real folder is never written
 * to, so that going back is a rename.
 * @throws {Failure} `storage` when it is a link or lies on another disk than the project's state.
 */
export async function swapEnvironment(site: Site, swapping: Swapping): Promise<Swap> {
  const { root, run, files, journal } = site;
  const place = await placeInside(root, swapping.path);
  const lying = await files.look(place);
  if (lying !== undefined && lying.kind !== "folder")
    throw new Failure(
      "storage",
      `${swapping.path} is a ${lying.kind}, not a folder`,
      "An environment behind a link cannot be swapped in one step: put it into the project, or apply --files-only.",
    );
  const name = swapping.path.replaceAll("/", "__");
  const old = `.redress/runs/${run}/backup/environments/phase-${swapping.phase}/${name}`;
  const fresh =
    swapping.clone !== undefined && lying !== undefined
      ? path.join(passageFolder(root, run), `environment-${name}`)
      : null;
  const swap: Swap = {
    path: swapping.path,
    old,
    fresh: fresh === null ? null : path.relative(root, fresh).split(path.sep).join("/"),
    fingerprint: lying === undefined ? null : fingerprintOf(place),
  };
  await journal.append({ event: "environment-swapping", phase: swapping.phase, ...swap });
  if (lying !== undefined) {
    if (fresh !== null && swapping.clone !== undefined) {
      await files.remove(fresh);
      await files.makeFolder(path.dirname(fresh));
      await files.clone({
        from: place,
        to: fresh,
        how: swapping.clone,
        ...(swapping.signal === undefined ? {} : { signal: swapping.signal }),
      });
    }
    const kept = path.join(root, old);
    await files.makeFolder(path.dirname(kept));
    await move(files, place, kept);
    if (fresh !== null) await move(files, fresh, place);
  }
  await journal.append({ event: "environment-swapped", phase: swapping.phase, path: swapping.path });
  return swap;
}

/**
 * What a clone of an environment may share with it: the content of what no installer writes into. What one does change
 * in the course of an upgrade (programs, metadata, path files), and what tools keep beside the packages under names with
 * a dot (npm's hidden lockfile, caches of builds), is copied.
 */
export function sharing(relative: string): "link" | "copy" {
  const parts = relative.split(path.sep);
  const isOwn =
    parts[0] === "bin" ||
    parts[0] === "Scripts" ||
    parts.length === 1 ||
    parts.some((part) => part.startsWith(".") || /\.(?:dist-info|egg-info|pth|egg-link)$/.test(part));
  return isOwn ? "copy" : "link";
}

/** Puts an environment back by a rename; doing it again changes nothing. Gives whether anything was done. */
export async function restoreEnvironment(site: Omit<Site, "journal">, swap: Swap): Promise<boolean> {
  const { root, run, files } = site;
  const [place, old] = [await placeInside(root, swap.path), await placeInside(root, swap.old)];
  const isKept = (await files.look(old)) !== undefined;
  // Without a kept folder the real one never left its place, or is back already.
  const mustGo = swap.fingerprint === null || isKept;
  let did = false;
  if (mustGo && (await files.look(place)) !== undefined) {
    const folder = discardFolder(root, run);
    await files.makeFolder(folder);
    const names = new Set(await files.list(folder));
    let number = 1;
    while (names.has(String(number))) number++;
    await move(files, place, path.join(folder, String(number)));
    did = true;
  }
  if (isKept) {
    await move(files, old, place);
    did = true;
  }
  return did;
}

/** Whether an environment is the folder that was renamed away, and nobody has written into it since. */
export async function isEnvironmentRestored(
  { root, files }: Omit<Site, "journal">,
  swap: Swap,
): Promise<boolean> {
  const place = await placeInside(root, swap.path);
  if (swap.fingerprint === null) return (await files.look(place)) === undefined;
  return (await files.look(place)) !== undefined && fingerprintOf(place) === swap.fingerprint;
}

/** Whether a kept environment is untouched: the proof that the installer replaced files and wrote into none. */
export function isKeptUntouched(root: string, swap: Swap): boolean {
  return swap.fingerprint === null || fingerprintOf(path.join(root, swap.old)) === swap.fingerprint;
}

/** Removes what is on no way any more; `discarded` also what made way for a restored environment. */
export async function sweep(site: Omit<Site, "journal">, discarded: boolean): Promise<void> {
  const { root, run, files } = site;
  // Left-overs cost space, not safety; resume tries again.
  await files.remove(passageFolder(root, run)).catch(() => undefined);
  if (discarded) await files.remove(discardFolder(root, run)).catch(() => undefined);
}
