import path from "node:path";
import { Failure, reasonOf } from "../model/index.ts";
import type { Clock } from "../system/index.ts";
import type { Files } from "./files.ts";
import { runFolder, runName } from "./journal.ts";

/**
 * Makes the folder of a run and gives its id, which sorts by time: `run-20250902-161000`, with a number where two begin in
 * one second.
 * @throws {Failure} `storage`
 */
export async function newRun(root: string, clock: Clock, files: Files): Promise<string> {
  const now = clock().toISOString().slice(0, 19).replace(/[-:]/g, "").replace("T", "-");
  const taken = new Set(await files.list(path.join(root, ".redress", "runs")));
  // Runs are undone in the order of their names, which must hold also where the clock went back.
  const stamps = [...taken].filter((name) => runName.test(name)).map((name) => name.slice(4, 19));
  const stamp = [now, ...stamps].sort().at(-1) ?? now;
  let run = `run-${stamp}`;
  for (let number = 2; taken.has(run); number++) run = `run-${stamp}-${number}`;
  try {
    await files.makeFolder(runFolder(root, run));
  } catch (error) {
    throw new Failure(
      "storage",
      `cannot make a folder for the run: ${reasonOf(error)}`,
      "Free space or fix permissions in the project's folder.",
      { cause: error },
    );
  }
  return run;
}
