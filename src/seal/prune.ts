import path from "node:path";
import { Failure, type Retention } from "../model/index.ts";
import { sha256, type Clock } from "../system/index.ts";
import { followChain } from "./chain.ts";
import { evidenceFolder, settleFolders } from "./seal-evidence.ts";
import { readSealed } from "./read-evidence.ts";
import type { Prunable } from "./retention.ts";
import type { SealFiles } from "./seal-files.ts";

/** Where it is kept which records went, when and by which rule: `.redress/pruned.jsonl`, chained like a journal. */
export const prunedFile = (root: string): string => path.join(root, ".redress", "pruned.jsonl");

export interface PruneRequest {
  readonly root: string;
  readonly runs: readonly Prunable[];
  readonly rule: Retention;
  readonly by: string;
  readonly clock: Clock;
  readonly files: SealFiles;
}

/** A line of `.redress/pruned.jsonl`. */
export interface PrunedRun {
  readonly seq: number;
  readonly at: string;
  readonly prev: string;
  readonly run: string;
  readonly state: string;
  readonly endedAt: string;
  readonly rule: Retention;
  readonly by: string;
  /** SHA-256 of the run's journal, as it was. */
  readonly journal: string;
  /** SHA-256 of the statement that its last checkpoint signed; `null` where it had none that could be read. */
  readonly statement: string | null;
}

/**
 * Removes the records of runs, each written down before it goes: a record is either there or in the list.
 * @throws {Failure} `corrupt` when the list does not chain; `storage`
 */
export async function pruneRuns(request: PruneRequest): Promise<PrunedRun[]> {
  const { root, runs, rule, by, clock, files } = request;
  const folder = path.join(root, ".redress", "runs");
  // What a kill left half removed.
  for (const name of await files.list(folder))
    if (name.startsWith(".pruned-")) await files.remove(path.join(folder, name));
  const pruned: PrunedRun[] = [];
  for (const { run, state, endedAt } of runs) {
    const place = path.join(folder, run);
    await settleFolders(place, files);
    const sealed = await readSealed(evidenceFolder(place), files);
    const line = await note(request, {
      at: clock().toISOString(),
      run,
      state,
      endedAt,
      rule,
      by,
      journal: sha256(await files.read(path.join(place, "journal.jsonl"))),
      statement: sealed.state === "whole" ? sha256(sealed.signed.payload) : null,
    });
    const going = path.join(folder, `.pruned-${run}`);
    await files.rename(place, going);
    await files.sync(folder);
    await files.remove(going);
    pruned.push(line);
  }
  return pruned;
}

async function note(
  { root, files }: PruneRequest,
  fact: Omit<PrunedRun, "seq" | "prev">,
): Promise<PrunedRun> {
  const file = prunedFile(root);
  const before = (await files.look(file)) === undefined ? "" : (await files.read(file)).toString("utf8");
  const { lines, head, problem } = followChain(before);
  if (problem !== undefined)
    throw new Failure(
      "corrupt",
      `${file}:${problem.line} ${problem.detail}`,
      "The list of pruned records was changed by hand; nothing is removed until it is put right.",
    );
  const line = { seq: lines.length + 1, prev: head, ...fact };
  await files.write(`${file}.new`, `${before}${JSON.stringify(line)}\n`);
  await files.rename(`${file}.new`, file);
  await files.sync(path.dirname(file));
  return line;
}
