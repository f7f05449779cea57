import { Failure, reasonOf, type StageSettings } from "../model/index.ts";
import { maskSecrets } from "../system/index.ts";
import type { Site } from "./backup.ts";
import { openPhases, standing, standingStages } from "./fold.ts";
import { undoStage, type FolderUndo } from "./stages.ts";
import { undoPhase } from "./undo-phase.ts";

/** What going back through stages needs. */
export interface StageUndo {
  /** As configured; what a journal names is never executed. */
  readonly stages: readonly StageSettings[];
  readonly undoIn: FolderUndo;
}

/**
 * Puts everything of a run back: its phases, newest first, then what stages were given, newest first, so that an undo
 * command finds the project as it was. Can be repeated after a crash.
 * @throws {Failure} `corrupt` naming what could not be put back; the rest is.
 */
export async function putBackAll(site: Site, undo: StageUndo | undefined, reason: string): Promise<void> {
  const { journal } = site;
  const phases = [...new Set([...openPhases(journal.entries), ...standing(journal.entries)])].sort(
    (a, b) => b - a,
  );
  const stages = standingStages(journal.entries);
  await journal.append({ event: "putting-back", phases, stages, reason: maskSecrets(reason) });
  for (const phase of phases) await undoPhase(site, { phase, reason });
  await undoStages(site, undo);
}

/** Takes back what stages were given, newest first. @throws {Failure} `corrupt` naming those that still have it. */
export async function undoStages(site: Site, undo: StageUndo | undefined): Promise<void> {
  const { journal } = site;
  const problems: string[] = [];
  for (const name of standingStages(journal.entries)) {
    await journal.append({ event: "stage-undoing", name });
    const stage = undo?.stages.find((one) => one.name === name);
    try {
      if (undo === undefined || stage === undefined)
        throw new Failure("config", `stage ${name} stands no more in the configuration`);
      const detail = await undoStage(site, stage, undo.undoIn);
      await journal.append({ event: "stage-undone", name, detail: maskSecrets(detail) });
    } catch (error) {
      problems.push(`${name}: ${reasonOf(error)}`);
    }
  }
  if (problems.length > 0)
    throw new Failure(
      "corrupt",
      `the project is as it was, but stages could not be taken back: ${problems.join("; ")}`,
      "Take them back by hand, or mend the cause and run redress resume.",
    );
}
