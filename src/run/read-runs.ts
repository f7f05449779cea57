import path from "node:path";
import { Failure, reasonOf, type Run } from "../model/index.ts";
import { disk, type Files } from "./files.ts";
import { foldJournal } from "./fold.ts";
import { journalFile, readJournal, runName } from "./journal.ts";
import type { JournalLine } from "./journal-event.ts";

/** A run with the journal that it is the fold of. */
export interface RecordedRun {
  readonly run: string;
  readonly entries: readonly JournalLine[];
}

/** Names of a project's runs, oldest first. */
async function namesOfRuns(root: string, files: Files): Promise<string[]> {
  const names = (await files.list(path.join(root, ".redress", "runs"))).filter((name) => runName.test(name));
  // Of two in one second the later has a number: `run-20250902-161000-2`.
  const key = (name: string): string => {
    const [, day = "", time = "", number = "1"] = name.split("-");
    return `${day}${time}${number.padStart(6, "0")}`;
  };
  return names.sort((a, b) => (key(a) < key(b) ? -1 : 1));
}

/**
 * The journals of a project's runs, oldest first. One that holds no entry belongs to a run that was killed before it
 * began anything.
 * @throws {Failure} `corrupt` when one is damaged.
 */
export async function readJournals(root: string, files: Files = disk): Promise<RecordedRun[]> {
  const recorded: RecordedRun[] = [];
  for (const run of await namesOfRuns(root, files)) {
    const file = journalFile(root, run);
    if ((await files.look(file)) === undefined) continue;
    const entries = await readJournal(file, files);
    if (entries.length > 0) recorded.push({ run, entries });
  }
  return recorded;
}

/** Every run of a project, oldest first. A damaged journal is a run that needs a person. */
export async function readRuns(root: string): Promise<Run[]> {
  const runs: Run[] = [];
  for (const run of await namesOfRuns(root, disk)) {
    const file = journalFile(root, run);
    if ((await disk.look(file)) === undefined) continue;
    try {
      const entries = await readJournal(file);
      if (entries.length > 0) runs.push(foldJournal(entries));
    } catch (error) {
      // A journal that another tool wrote may chain well and make no sense.
      const failure =
        error instanceof Failure
          ? error
          : new Failure(
              "corrupt",
              `${file} cannot be understood: ${reasonOf(error)}`,
              "Compare it with a copy.",
            );
      runs.push(damagedRun(run, failure));
    }
  }
  return runs;
}

function damagedRun(run: string, failure: Failure): Run {
  return {
    schemaVersion: 1,
    run,
    plan: "",
    state: "needs-person",
    startedAt: "",
    phases: [],
    backup: [],
    journal: `.redress/runs/${run}/journal.jsonl`,
    reason: failure.message,
    hint: failure.hint,
  };
}
