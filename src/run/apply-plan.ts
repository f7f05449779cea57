import * as fs from "node:fs/promises";
import path from "node:path";
import { Failure, reasonOf, type Phase, type Run, type RunState, type SettledPhase } from "../model/index.ts";
import { ensureStateFolder } from "../state/index.ts";
import { foldJournal } from "./fold.ts";
import { verifyInputs } from "./inputs.ts";
import { Journal, runFolder } from "./journal.ts";
import { takeLock } from "./lock.ts";
import { maskSecrets } from "./mask.ts";
import type { ApplyRequest, RunPorts, Sight } from "./ports.ts";
import { promote } from "./promote.ts";
import { rehearse } from "./rehearse.ts";
import { readRuns } from "./undo.ts";
import type { Work } from "./carry-out.ts";

/**
 * Rehearses a plan in a scratch copy, then repeats it on the real project under backup (`docs/run.md`).
 * @throws {Failure} `changed` when the tree is not the one planned for; `locked`; `conflict` when an earlier run was cut
 * short. Anything that goes wrong after the journal began is a run that says so, not an exception.
 */
export async function applyPlan(request: ApplyRequest, ports: RunPorts): Promise<Run> {
  const { root, plan } = request;
  const last = Math.max(0, ...(request.phases ?? plan.phases.map((phase) => phase.number)));
  const phases = plan.phases.filter((phase) => phase.number <= last);
  if (phases.length === 0)
    throw new Failure("usage", "the plan has no such phase", `It has ${plan.phases.length}.`);
  await ensureStateFolder(root);
  const free = await takeLock(root, "apply");
  try {
    const torn = (await readRuns(root)).find((run) => run.state === "running");
    if (torn !== undefined)
      throw new Failure(
        "conflict",
        `${torn.run} was cut short`,
        "Run redress resume first: it puts the project back.",
      );
    const start = await ports.look(root);
    await verifyInputs(root, plan, start.inventory);
    const run = await newRun(root, ports);
    const journal = await Journal.open(root, run, ports.clock);
    try {
      await journal.append({
        event: "run-started",
        run,
        plan: plan.id,
        phases: phases.map(({ number, name }) => ({ number, name })),
        before: start.summary,
        dryRun: request.dryRun === true,
        filesOnly: request.filesOnly === true,
      });
      const end = await carryOut({ request, ports, journal, run, phases, start });
      await journal.append({ event: "run-ended", ...end });
      return foldJournal(journal.entries);
    } finally {
      await journal.close();
    }
  } finally {
    await free();
  }
}

interface CarryingOut {
  readonly request: ApplyRequest;
  readonly ports: RunPorts;
  readonly journal: Journal;
  readonly run: string;
  readonly phases: readonly Phase[];
  readonly start: Sight;
}

interface End {
  readonly state: RunState;
  readonly reason?: string;
  readonly hint?: string;
}

/** The body of a run: whatever is thrown in it ends the run with a reason. */
async function carryOut(given: CarryingOut): Promise<End> {
  const { request, ports, journal, run, phases, start } = given;
  try {
    const involved = new Set(phases.flatMap((phase) => phase.upgrades.map((upgrade) => upgrade.project)));
    const projects = start.inventory.projects.filter((project) => involved.has(project.path));
    const settled = new Map<string, readonly SettledPhase[]>();
    for (const project of projects) {
      const step = ports.progress.step(`Writing the files of ${project.path} with its package manager`);
      const written = await ports.settle(project);
      step.done();
      if (written.state === "refused")
        return {
          state: "rolled-back",
          reason: `${written.by} refused phase ${written.phase}: ${written.detail}`,
          hint: "Make a new plan: the package index has changed since.",
        };
      settled.set(project.path, written.phases);
    }
    const work: Omit<Work, "root" | "stage"> = { request, ports, journal, run, projects, settled };
    // Files alone are confirmed by their package manager; there is nothing to install and so nothing to rehearse.
    const rehearsed = request.filesOnly === true ? { phases } : await rehearse(work, phases);
    const reason = "reason" in rehearsed ? rehearsed.reason : undefined;
    if (request.dryRun === true || rehearsed.phases.length === 0)
      return reason === undefined
        ? { state: "rehearsed", hint: "Nothing of the project was changed. Next: redress apply." }
        : { state: "rolled-back", reason, hint: "The project was not touched." };
    const promoted = await promote(
      { ...work, root: request.root, stage: "promotion" },
      rehearsed.phases,
      start,
    );
    const failed = promoted.reason ?? reason;
    return failed === undefined
      ? { state: "done" }
      : {
          state: "rolled-back",
          reason: failed,
          hint:
            promoted.done === 0
              ? "The project is as it was."
              : `${promoted.done} of ${phases.length} phases stand.`,
        };
  } catch (error) {
    if (error instanceof Failure && error.code === "corrupt")
      return { state: "needs-person", reason: maskSecrets(error.message), hint: error.hint };
    const hint =
      error instanceof Failure && error.hint !== ""
        ? error.hint
        : "The project is as it was before the phase.";
    return { state: "rolled-back", reason: maskSecrets(reasonOf(error)), hint };
  }
}

/** An id that sorts by time: `run-20250902-161000`, with a number where two begin in one second. */
async function newRun(root: string, ports: RunPorts): Promise<string> {
  const stamp = ports.clock().toISOString().slice(0, 19).replace(/[-:]/g, "").replace("T", "-");
  for (let number = 1; ; number++) {
    const run = number === 1 ? `run-${stamp}` : `run-${stamp}-${number}`;
    const folder = runFolder(root, run);
    await fs.mkdir(path.dirname(folder), { recursive: true });
    const made = await fs.mkdir(folder).then(
      () => true,
      () => false,
    );
    if (made) return run;
  }
}
