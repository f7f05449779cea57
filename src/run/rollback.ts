import path from "node:path";
import { Failure, type Inventory, type Run } from "../model/index.ts";
import { sha256, type Clock, type Progress } from "../system/index.ts";
import { placeInside, type Site } from "./backup.ts";
import { disk, type Files } from "./files.ts";
import { foldJournal, isUnfinished, standing } from "./fold.ts";
import { digestEnvironments } from "./inputs.ts";
import { Journal, runFolder } from "./journal.ts";
import { takeLock } from "./lock.ts";
import { undoDatabaseOf, type DatabaseUndo } from "./migrations.ts";
import { undoStages, type StageUndo } from "./put-back.ts";
import { readJournals, type RecordedRun } from "./read-runs.ts";
import { undoPhase } from "./undo-phase.ts";

/** What going back needs; no advisories, so that nothing of theirs can stand in its way. */
export interface UndoPorts {
  readonly inventory: (root: string) => Promise<Inventory>;
  readonly clock: Clock;
  readonly progress: Progress;
  /** The stages as configured; absent: what was put on stages is not taken back. */
  readonly stages?: StageUndo;
  /** The databases as configured; absent: what was migrated cannot be put back. */
  readonly databases?: Pick<DatabaseUndo, "settings" | "restore">;
  /** Absent: the disk. */
  readonly files?: Files;
}

export interface RollbackRequest {
  readonly root: string;
  /** Absent: the newest run with something to undo. */
  readonly run?: string;
  /** Back to before this phase; absent: before the whole run. */
  readonly phase?: number;
  /** Also where files or environments were changed since; what they are now is kept beside the run. */
  readonly force?: boolean;
}

interface Step {
  readonly run: string;
  readonly phase: number;
}

/**
 * Puts the project back to before a run or one of its phases, undoing what came on top first, newest to oldest.
 * @throws {Failure} `usage` when there is nothing to undo; `changed` when files or environments were changed since;
 * `conflict` when a run was cut short; `locked`; `corrupt` when a phase cannot be put back whole.
 */
export async function rollback(request: RollbackRequest, ports: UndoPorts): Promise<Run> {
  const { root } = request;
  const files = ports.files ?? disk;
  const free = await takeLock(root, "rollback");
  try {
    const recorded = await readJournals(root, files);
    refuseUnfinished(recorded);
    const { target, steps } = chooseSteps(recorded, request);
    const changed = await changedSince(request, steps, { recorded, ports });
    if (changed.length > 0 && request.force !== true)
      throw new Failure(
        "changed",
        `changed since the run: ${changed.join(", ")}`,
        "Keep what you need and use --force: a copy of what is there now is kept beside the run.",
      );
    let result: Run | undefined;
    for (const run of new Set(steps.map((step) => step.run))) {
      const phases = steps.filter((step) => step.run === run).map((step) => step.phase);
      const journal = await Journal.open({ root, run, files, clock: ports.clock });
      const site = siteFor({ root, run, files, journal }, ports);
      const kept = await keepCopies(site, changed);
      await journal.append({ event: "rollback-started", phases, kept });
      result = await finishRollback(site, ports, { phases, keep: changed.length > 0 });
    }
    if (result === undefined) throw new Failure("internal", `${target} had nothing to undo`);
    return result;
  } finally {
    await free();
  }
}

/** A run's site with its databases, as far as the configuration knows them. */
export function siteFor(site: Omit<Site, "undoDatabase">, { databases, inventory }: UndoPorts): Site {
  return databases === undefined
    ? site
    : { ...site, undoDatabase: undoDatabaseOf(site, { ...databases, inventory }) };
}

/** Runs that have begun and not ended must be closed before anything else touches the project. */
export function refuseUnfinished(recorded: readonly RecordedRun[]): void {
  const torn = recorded.find(({ entries }) => isUnfinished(entries));
  if (torn !== undefined)
    throw new Failure(
      "conflict",
      `${torn.run} was cut short`,
      "Run redress resume first: it puts the project in order.",
    );
}

function chooseSteps(
  recorded: readonly RecordedRun[],
  request: RollbackRequest,
): { target: string; steps: readonly Step[] } {
  const undoable = recorded.filter(({ entries }) => standing(entries).length > 0);
  const at =
    request.run === undefined ? undoable.length - 1 : undoable.findIndex(({ run }) => run === request.run);
  const target = undoable[at];
  if (target === undefined)
    throw new Failure(
      "usage",
      request.run === undefined ? "no run has anything to undo" : `${request.run} has nothing to undo`,
      "See redress status.",
    );
  const steps = undoable
    .slice(at)
    .reverse()
    .flatMap(({ run, entries }) =>
      standing(entries)
        .filter((phase) => run !== target.run || phase >= (request.phase ?? 1))
        .map((phase) => ({ run, phase })),
    );
  if (!steps.some((step) => step.run === target.run))
    throw new Failure(
      "usage",
      `phase ${request.phase ?? 1} of ${target.run} is not in`,
      "See redress status.",
    );
  return { target: target.run, steps };
}

/** Undoes phases, newest first, and ends the run; also what `resume` goes on with after a crash. */
export async function finishRollback(
  site: Site,
  ports: UndoPorts,
  { phases, keep }: { phases: readonly number[]; keep: boolean },
): Promise<Run> {
  for (const phase of phases) {
    const step = ports.progress.step(`Undoing phase ${phase} of ${site.run}`);
    await undoPhase(site, {
      phase,
      reason: "rollback asked for",
      keep,
    }).finally(() => {
      step.done();
    });
  }
  const left = standing(site.journal.entries);
  if (left.length === 0) await undoStages(site, ports.stages);
  await site.journal.append({
    event: "run-ended",
    state: "rolled-back",
    reason:
      left.length === 0
        ? "rolled back to before the run, checked byte for byte"
        : `rolled back to before phase ${Math.min(...phases)}, checked byte for byte; phase ${left.join(", ")} stands`,
  });
  return foldJournal(site.journal.entries);
}

/** What is no more as the newest of the steps left it: files by their digest, environments by what they hold. */
async function changedSince(
  { root }: RollbackRequest,
  steps: readonly Step[],
  { recorded, ports }: { recorded: readonly RecordedRun[]; ports: UndoPorts },
): Promise<string[]> {
  const entriesOf = (run: string) => recorded.find((one) => one.run === run)?.entries ?? [];
  const left = new Map<string, string>();
  for (const { run, phase } of [...steps].reverse())
    for (const entry of entriesOf(run))
      if (entry.event === "phase-done" && entry.phase === phase)
        for (const file of entry.files) left.set(file.path, file.sha256);
  const changed: string[] = [];
  for (const [name, digest] of left) {
    const content = await (ports.files ?? disk).read(await placeInside(root, name)).catch(() => undefined);
    if (content === undefined || sha256(content) !== digest) changed.push(name);
  }
  const [newest] = steps;
  const done = entriesOf(newest?.run ?? "").findLast(
    (entry) => entry.event === "phase-done" && entry.phase === newest?.phase,
  );
  if (done?.event !== "phase-done" || done.environments.length === 0) return changed;
  const inventory = await ports.inventory(root);
  const now = new Map(digestEnvironments(inventory).map((one) => [one.project, one.sha256]));
  for (const { project, sha256: then } of done.environments)
    if (now.get(project) !== then) changed.push(`the environment of ${project}`);
  return changed;
}

/** Copies edited files into the run's folder; gives where, relative to the root. */
async function keepCopies({ root, run, files }: Site, changed: readonly string[]): Promise<string[]> {
  const kept: string[] = [];
  for (const name of changed) {
    const content = await files.read(path.resolve(root, name)).catch(() => undefined);
    if (content === undefined) continue;
    const copy = path.join(runFolder(root, run), "kept", sha256(content).slice(0, 12), path.basename(name));
    await files.makeFolder(path.dirname(copy));
    await files.write(copy, content, 0o600);
    kept.push(path.relative(root, copy).split(path.sep).join("/"));
  }
  return kept;
}
