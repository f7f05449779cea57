import * as fs from "node:fs/promises";
import path from "node:path";
import { Failure, type Inventory, type Run } from "../model/index.ts";
import {
  cacheFolder,
  isInside,
  replaceFile,
  sha256File,
  type Clock,
  type Progress,
} from "../system/index.ts";
import { changedSinceSaved, placeInside, undoPhase } from "./backup.ts";
import { foldJournal } from "./fold.ts";
import { digestEnvironments } from "./inputs.ts";
import { Journal, journalFile, readJournal, runFolder, type JournalLine } from "./journal.ts";
import { isLocked, takeLock } from "./lock.ts";

/** What going back needs; no advisories, so that nothing of theirs can stand in its way. */
export interface UndoPorts {
  inventory(root: string): Promise<Inventory>;
  readonly clock: Clock;
  readonly progress: Progress;
}

/** Puts a phase back and checks it byte for byte, each step in the journal. */
export async function undoRecorded(
  work: { readonly journal: Journal; readonly run: string; readonly root: string },
  phase: number,
  reason: string,
): Promise<void> {
  const { journal, run, root } = work;
  await journal.append({ event: "undoing", phase, reason });
  await undoPhase(root, run, phase, journal.entries);
  const wrong = await changedSinceSaved(root, phase, journal.entries);
  if (wrong.length > 0)
    throw new Failure(
      "corrupt",
      `could not put back ${wrong.join(", ")}`,
      `The saved contents lie in ${runFolder(".", run)}/backup.`,
    );
  await journal.append({ event: "undone", phase });
}

/** Every run of a project, oldest first. A damaged journal is a run that needs a person. */
export async function readRuns(root: string): Promise<Run[]> {
  const names = (await fs.readdir(path.join(root, ".redress", "runs")).catch(() => []))
    .filter((name) => name.startsWith("run-"))
    .sort();
  const runs: Run[] = [];
  for (const name of names) {
    const entries = await readJournal(journalFile(root, name)).catch((error: unknown) => {
      if (error instanceof Failure) return error;
      throw error;
    });
    if (entries instanceof Failure) runs.push(damagedRun(name, entries));
    else if (entries.length > 0) runs.push(foldJournal(entries));
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

/** Phases of a journal that stand: done and not undone. */
function standing(entries: readonly JournalLine[]): number[] {
  const done = new Set<number>();
  for (const entry of entries) {
    if (entry.event === "phase-done") done.add(entry.phase);
    if (entry.event === "undone") done.delete(entry.phase);
  }
  return [...done].sort((a, b) => b - a);
}

/** Phases that were begun and neither finished nor put back. */
function open(entries: readonly JournalLine[]): number[] {
  const begun = new Set<number>();
  for (const entry of entries) {
    if (entry.event === "phase-started" || entry.event === "undoing") begun.add(entry.phase);
    if (entry.event === "phase-done" || entry.event === "undone") begun.delete(entry.phase);
  }
  return [...begun].sort((a, b) => b - a);
}

export interface RollbackRequest {
  readonly root: string;
  /** Absent: the newest run with something to undo. */
  readonly run?: string;
  /** Back to before this phase; absent: before the whole run. */
  readonly phase?: number;
  /** Also where files were edited since; a copy of them is kept. */
  readonly force?: boolean;
}

/**
 * Puts the project back to before a run or one of its phases, undoing later runs first, newest to oldest.
 * @throws {Failure} `usage` when there is nothing to undo; `changed` when files or environments were changed since.
 */
export async function rollback(request: RollbackRequest, ports: UndoPorts): Promise<Run> {
  const { root } = request;
  const free = await takeLock(root, "rollback");
  try {
    const runs = await readRuns(root);
    const journals = new Map<string, JournalLine[]>();
    for (const { run } of runs) journals.set(run, await readJournal(journalFile(root, run)));
    const undoable = runs.filter(({ run }) => standing(journals.get(run) ?? []).length > 0);
    const target =
      request.run === undefined ? undoable.at(-1) : undoable.find(({ run }) => run === request.run);
    if (target === undefined)
      throw new Failure(
        "usage",
        request.run === undefined ? "no run has anything to undo" : `${request.run} has nothing to undo`,
        "See redress status.",
      );
    const later = undoable.slice(undoable.indexOf(target)).reverse();
    const steps = later.flatMap(({ run }) =>
      standing(journals.get(run) ?? [])
        .filter((phase) => run !== target.run || phase >= (request.phase ?? 1))
        .map((phase) => ({ run, phase })),
    );
    if (steps.length === 0)
      throw new Failure(
        "usage",
        `phase ${request.phase ?? ""} of ${target.run} is not in`,
        "See redress status.",
      );
    await requireUntouched(request, steps, { journals, ports });
    for (const { run, phase } of steps) await undoOne({ root, run, phase }, ports);
    return foldJournal(await readJournal(journalFile(root, target.run)));
  } finally {
    await free();
  }
}

async function undoOne(
  { root, run, phase }: { root: string; run: string; phase: number },
  ports: UndoPorts,
): Promise<void> {
  const journal = await Journal.open(root, run, ports.clock);
  try {
    const step = ports.progress.step(`Undoing phase ${phase} of ${run}`);
    await undoRecorded({ journal, run, root }, phase, "rollback asked for");
    const left = standing(journal.entries);
    await journal.append({
      event: "run-ended",
      state: "rolled-back",
      reason: left.length === 0 ? "rolled back to before the run" : `rolled back to before phase ${phase}`,
    });
    step.done();
  } finally {
    await journal.close();
  }
}

/** The newest phase's files and environments must be as it left them; older ones follow from it. */
async function requireUntouched(
  { root, force }: RollbackRequest,
  steps: readonly { run: string; phase: number }[],
  { journals, ports }: { journals: ReadonlyMap<string, readonly JournalLine[]>; ports: UndoPorts },
): Promise<void> {
  const left = new Map<string, string>();
  for (const { run, phase } of [...steps].reverse())
    for (const entry of journals.get(run) ?? [])
      if (entry.event === "phase-done" && entry.phase === phase)
        for (const file of entry.files) left.set(file.path, file.sha256);
  const edited: string[] = [];
  for (const [name, digest] of left) {
    const file = await placeInside(root, name);
    const found = await sha256File(file).catch(() => null);
    if (found !== digest) edited.push(name);
  }
  const [newest] = steps;
  const done = (journals.get(newest?.run ?? "") ?? []).find(
    (entry) => entry.event === "phase-done" && entry.phase === newest?.phase,
  );
  const moved: string[] = [];
  if (done?.event === "phase-done" && done.environments.length > 0) {
    const now = new Map(
      digestEnvironments(await ports.inventory(root)).map((one) => [one.project, one.sha256]),
    );
    for (const { project, sha256 } of done.environments)
      if (now.get(project) !== sha256) moved.push(`the environment of ${project}`);
  }
  if (edited.length + moved.length === 0) return;
  if (force !== true)
    throw new Failure(
      "changed",
      `changed since the run: ${[...edited, ...moved].join(", ")}`,
      "Keep what you need and use --force: a copy of the files is kept.",
    );
  for (const name of edited) {
    const content = await fs.readFile(path.join(root, name)).catch(() => undefined);
    if (content !== undefined)
      await replaceFile(path.join(root, ".redress", "kept", `${Date.now()}`, name), content);
  }
}

/** What `resume` did. */
export interface Resumed {
  readonly run: Run;
  readonly did: "nothing" | "undid";
  readonly detail: string;
}

/**
 * After a crash: a phase that was begun and not finished is put back, scratch folders are removed, the run is closed.
 * What had been finished stands.
 * @throws {Failure} `locked` while the run is alive; `usage` when there is no run.
 */
export async function resume(
  request: { readonly root: string; readonly run?: string },
  ports: UndoPorts,
): Promise<Resumed> {
  const { root } = request;
  if (await isLocked(root))
    throw new Failure("locked", "a run is at work on this project", "Wait until it has ended.");
  const free = await takeLock(root, "resume");
  try {
    const runs = await readRuns(root);
    const torn = runs.filter((run) => run.state === "running");
    const chosen =
      request.run === undefined ? (torn.at(-1) ?? runs.at(-1)) : runs.find(({ run }) => run === request.run);
    if (chosen === undefined) throw new Failure("usage", "there is no run to resume", "See redress status.");
    const entries = await readJournal(journalFile(root, chosen.run));
    const unfinished = open(entries);
    if (chosen.state !== "running" && unfinished.length === 0)
      return { run: chosen, did: "nothing", detail: `${chosen.run} had ended: ${chosen.state}` };
    return { ...(await close(root, chosen.run, { unfinished, ports })), did: "undid" };
  } finally {
    await free();
  }
}

async function close(
  root: string,
  run: string,
  { unfinished, ports }: { unfinished: readonly number[]; ports: UndoPorts },
): Promise<{ run: Run; detail: string }> {
  const journal = await Journal.open(root, run, ports.clock);
  try {
    for (const phase of unfinished)
      await undoRecorded({ journal, run, root }, phase, "cut short; put back by resume");
    for (const entry of journal.entries)
      if (entry.event === "scratch" && isInside(path.join(cacheFolder(), "scratch"), entry.folder))
        await fs.rm(entry.folder, { recursive: true, force: true });
    const stand = standing(journal.entries);
    const detail = [
      unfinished.length === 0
        ? "it was cut short before the project was touched"
        : `phase ${unfinished.join(", ")} was put back`,
      stand.length === 0 ? "" : `phase ${[...stand].reverse().join(", ")} stands`,
    ]
      .filter(Boolean)
      .join("; ");
    await journal.append({
      event: "run-ended",
      state: "rolled-back",
      reason: `cut short: ${detail}`,
      hint: "Run redress apply again.",
    });
    return { run: foldJournal(journal.entries), detail };
  } finally {
    await journal.close();
  }
}
