import { Failure, type Run, type RunState } from "../model/index.ts";
import { disk } from "./files.ts";
import { foldJournal, isOnTrial, isUnfinished, openPhases, standing } from "./fold.ts";
import { Journal } from "./journal.ts";
import type { JournalLine } from "./journal-event.ts";
import { endLeftProcesses } from "./left-processes.ts";
import { takeLock } from "./lock.ts";
import { readJournals } from "./read-runs.ts";
import { finishRollback, siteFor, type UndoPorts } from "./rollback.ts";
import { putBackAll } from "./put-back.ts";
import { dropScratchDatabases } from "./migrations.ts";
import { removeDeadSettlements, removeScratch } from "./scratch.ts";
import { sweep } from "./swap.ts";
import { undoPhase } from "./undo-phase.ts";

/** What `resume` did. */
export interface Resumed {
  readonly run: Run;
  readonly did: "nothing" | "finished" | "undid";
  /** Which and why, in words. */
  readonly detail: string;
}

/**
 * After a crash: decides by the journal. A rollback that had begun is finished; a phase that was begun and not committed
 * is put back; what had been committed stands; scratch folders are removed and the run is closed.
 * @throws {Failure} `locked` while the run is alive; `usage` when there is no such run; `corrupt` when its journal is
 * damaged or a phase cannot be put back whole.
 */
export async function resume(
  request: { readonly root: string; readonly run?: string },
  ports: UndoPorts,
): Promise<Resumed> {
  const { root } = request;
  const files = ports.files ?? disk;
  const free = await takeLock(root, "resume");
  try {
    await removeDeadSettlements(files);
    const recorded = await readJournals(root, files);
    const chosen =
      request.run === undefined
        ? (recorded.findLast(({ entries }) => isUnfinished(entries)) ?? recorded.at(-1))
        : recorded.find(({ run }) => run === request.run);
    if (chosen === undefined)
      throw new Failure("usage", `there is no run ${request.run ?? "to resume"}`, "See redress status.");
    const { run } = chosen;
    const journal = await Journal.open({ root, run, files, clock: ports.clock });
    const site = siteFor({ root, run, files, journal }, ports);
    if (isUnfinished(chosen.entries)) return await close(site, ports);
    // A scratch folder that could not be removed then may be removable now.
    await removeScratch(site);
    const folded = foldJournal(journal.entries);
    return { run: folded, did: "nothing", detail: `${run} had ended: ${folded.state}` };
  } finally {
    await free();
  }
}

async function close(site: Parameters<typeof finishRollback>[0], ports: UndoPorts): Promise<Resumed> {
  const { journal } = site;
  await endLeftProcesses(site.root, site.run);
  await dropScratchDatabases(site, ports.databases?.settings ?? []);
  const rolling = interruptedRollback(journal.entries);
  const open = openPhases(journal.entries);
  await journal.append({ event: "resumed" });
  if (rolling !== undefined) {
    const run = await finishRollback(site, ports, { phases: open, keep: rolling.kept.length > 0 });
    return { run, did: "finished", detail: `the rollback that had begun is finished: ${run.reason ?? ""}` };
  }
  const onTrial = isOnTrial(journal.entries);
  if (onTrial) await putBackAll(site, ports.stages, "cut short while it was on trial");
  else
    for (const phase of open) await undoPhase(site, { phase, reason: "cut short before it was committed" });
  await sweep(site, true);
  await removeScratch(site);
  const { state, did, detail } = onTrial ? putBackOnTrial : judge(journal.entries, open);
  await journal.append({
    event: "run-ended",
    state,
    reason: `cut short: ${detail}`,
    ...(state === "rolled-back"
      ? { hint: "Run redress apply again; make a new plan first where a phase stands." }
      : {}),
  });
  return { run: foldJournal(journal.entries), did, detail };
}

/** Phases and stages that were being watched or deployed stand or fall together. */
const putBackOnTrial = {
  state: "rolled-back",
  did: "undid",
  detail:
    "it was cut short while stages or the watch had not come to an end, so everything of it is put back",
} as const;

function interruptedRollback(entries: readonly JournalLine[]) {
  const last = entries.findLast((entry) => entry.event === "rollback-started" || entry.event === "run-ended");
  return last?.event === "rollback-started" ? last : undefined;
}

/** What a run that was cut short amounts to. */
function judge(
  entries: readonly JournalLine[],
  undone: readonly number[],
): { state: RunState; did: Resumed["did"]; detail: string } {
  const [first] = entries;
  const numbers = first?.event === "run-started" ? first.phases.map((phase) => phase.number) : [];
  const stand = standing(entries).reverse();
  const standText = stand.length === 0 ? "" : `; phase ${stand.join(", ")} stands`;
  if (undone.length > 0)
    return {
      state: "rolled-back",
      did: "undid",
      detail: `phase ${undone.join(", ")} was begun and not committed, and is put back${standText}`,
    };
  if (stand.length === numbers.length)
    return {
      state: "done",
      did: "finished",
      detail: "every phase had been committed; only the end was missing",
    };
  const held = entries.filter((entry) => entry.event === "phase-rehearsed" && entry.held).length;
  if (first?.event === "run-started" && first.dryRun && held === numbers.length)
    return {
      state: "rehearsed",
      did: "finished",
      detail: "every phase had been rehearsed; only the end was missing",
    };
  return {
    state: "rolled-back",
    did: "undid",
    detail:
      stand.length === 0
        ? "nothing of the project had been touched"
        : `no phase was half done${standText}, the later ones were not begun`,
  };
}
