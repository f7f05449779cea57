import * as fs from "node:fs/promises";
import path from "node:path";
import { Failure, reasonOf, type Phase } from "../model/index.ts";
import { sha256File } from "../system/index.ts";
import { saveFile, placeInside } from "./backup.ts";
import { judgePhase, makeChanges, textsOf, type Work } from "./carry-out.ts";
import { cloneFolder } from "./clone-folder.ts";
import { digestEnvironments } from "./inputs.ts";
import { stops } from "./gates.ts";
import { sha256 } from "../system/index.ts";
import type { Sight } from "./ports.ts";
import { undoRecorded } from "./undo.ts";

/** Why a phase did not stand; absent when all did. */
export interface Promoted {
  readonly done: number;
  readonly reason?: string;
}

/**
 * Repeats the rehearsed phases on the real project under backup; a phase that fails is put back and ends it.
 * @throws {Failure} `corrupt` when putting back fails too.
 */
export async function promote(work: Work, phases: readonly Phase[], start: Sight): Promise<Promoted> {
  let before = start;
  let done = 0;
  for (const phase of phases) {
    work.ports.progress.line(`Promoting ${phase.name}`);
    await work.journal.append({ event: "phase-started", phase: phase.number });
    try {
      work.ports.signal?.throwIfAborted();
      before = await promotePhase(work, phase, before);
      done++;
    } catch (error) {
      const reason = `phase ${phase.number} did not hold in promotion: ${reasonOf(error)}`;
      work.ports.progress.line(`${reason}; putting it back`);
      await undoRecorded(work, phase.number, reason);
      return { done, reason };
    }
  }
  return { done };
}

async function promotePhase(work: Work, phase: Phase, before: Sight): Promise<Sight> {
  const { journal, root, run } = work;
  for (const [file, text] of textsOf(work, phase)) {
    await saveFile(file, { root, run, phase: phase.number, journal });
    await journal.append({ event: "file-replacing", phase: phase.number, path: file, sha256: sha256(text) });
  }
  if (work.request.filesOnly !== true) await swapEnvironments(work, phase);
  await makeChanges(work, phase);
  const outcome = await judgePhase(work, phase, { before, baselines: new Map() });
  if (!outcome.held)
    throw new Failure(
      "conflict",
      outcome.gates
        .filter(stops)
        .map((gate) => `${gate.name}: ${gate.detail}`)
        .join("; "),
    );
  const files = [];
  for (const file of textsOf(work, phase).keys())
    files.push({ path: file, sha256: await sha256File(await placeInside(root, file)) });
  await journal.append({
    event: "phase-done",
    phase: phase.number,
    versions: outcome.versions,
    after: outcome.sight.summary,
    files,
    environments: digestEnvironments(outcome.sight.inventory),
  });
  return outcome.sight;
}

/**
 * Renames each environment that the phase changes into the backup and puts a clone in its place (npm makes its own
 * anew). The clone shares file contents until they are replaced, which is how installers write.
 */
async function swapEnvironments(
  { request, ports, journal, root, run, projects }: Work,
  phase: Phase,
): Promise<void> {
  const changed = projects.filter(
    (project) =>
      project.environment !== undefined && phase.upgrades.some((upgrade) => upgrade.project === project.path),
  );
  for (const project of changed) {
    const place = project.environment ?? "";
    const kept = path.posix.join(
      ".redress/runs",
      run,
      "backup/environments",
      `phase-${phase.number}`,
      place.replaceAll("/", "__"),
    );
    const fresh = project.ecosystem === "npm" ? null : `${kept}.new`;
    const step = ports.progress.step(`Backing up ${place}`);
    await fs.mkdir(path.dirname(path.join(request.root, kept)), { recursive: true });
    await journal.append({
      event: "environment-swapping",
      phase: phase.number,
      path: place,
      old: kept,
      fresh,
    });
    if (fresh !== null)
      await cloneFolder({
        from: path.join(root, place),
        to: path.join(root, fresh),
        how: "link",
        ...(ports.signal === undefined ? {} : { signal: ports.signal }),
      });
    await fs.rename(path.join(root, place), path.join(root, kept));
    if (fresh !== null) await fs.rename(path.join(root, fresh), path.join(root, place));
    step.done();
  }
}
