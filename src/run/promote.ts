import path from "node:path";
import { Failure, reasonOf, type Phase, type Project } from "../model/index.ts";
import { stops } from "../gates/index.ts";
import { sha256 } from "../system/index.ts";
import { passageFolder, placeInside, replaceSaved } from "./backup.ts";
import {
  installPhase,
  judgePhase,
  nameOf,
  readingOf,
  realEnvironments,
  textsOf,
  type Work,
} from "./carry-out.ts";
import type { CloneRequest } from "./clone-folder.ts";
import { differences, holdingsOf, keyOf } from "./holdings.ts";
import { digestEnvironments } from "./inputs.ts";
import type { JournalEvent, Swap } from "./journal-event.ts";
import { backUpDatabases, migrateDatabases } from "./migrations.ts";
import type { Sight } from "./ports.ts";
import type { HeldPhase, Staging } from "./rehearse.ts";
import { isNpmLockfile, modulesFolders } from "./modules-folders.ts";
import { isKeptUntouched, sharing, swapEnvironment, sweep } from "./swap.ts";
import { undoPhase } from "./undo-phase.ts";

/** What came of a promotion. */
export interface Promoted {
  /** Phases that stand. */
  readonly done: number;
  /** Why the next one did not; it is put back. */
  readonly reason?: string;
}

/**
 * Repeats rehearsed phases on the real project under backup. A phase that fails in any way is put back and ends it.
 * @throws {Failure} `corrupt` when putting back fails too; `storage` when the journal can no longer say what happened.
 */
export async function promote(staging: Staging, held: readonly HeldPhase[], start: Sight): Promise<Promoted> {
  const { site, ports, request } = staging;
  const passage = passageFolder(site.root, site.run);
  const work: Work = {
    ...staging,
    stage: "promotion",
    tree: site.root,
    environments: request.filesOnly === true ? new Map() : realEnvironments(site.root, start.inventory),
    listFolder: passage,
    // Swept away with all else on this way before the next phase installs.
    bytecode: path.join(passage, "bytecode"),
  };
  let before = start;
  let done = 0;
  for (const one of held) {
    const { phase } = one;
    ports.progress.line(`Promoting ${phase.name}: ${phase.upgrades.length} changes`);
    const commit: { lost?: unknown } = {};
    try {
      ports.signal?.throwIfAborted();
      await site.journal.append({ event: "phase-started", phase: phase.number });
      before = await promotePhase(work, one, { before, commit });
      done++;
    } catch (error) {
      if (commit.lost !== undefined && !(await site.journal.retract()))
        throw new Failure(
          "storage",
          `phase ${phase.number} is in place, but it is not certain that the journal says so: ${reasonOf(commit.lost)}`,
          "Mend the cause and run redress resume: it keeps the phase or puts it back, as the journal has it.",
          { cause: error },
        );
      const why = ports.signal?.aborted === true ? "stopped on request" : reasonOf(error);
      const reason = `phase ${phase.number} did not hold in promotion: ${why}`;
      ports.progress.line(`${reason.split("\n")[0] ?? ""}; putting it back`);
      await undoPhase(site, { phase: phase.number, reason });
      return { done, reason };
    }
    for (const [file, text] of textsOf(work, phase)) work.found.set(file, sha256(text));
    await sweep(site, true);
  }
  return { done };
}

async function promotePhase(
  work: Work,
  { phase, holdings, migrations }: HeldPhase,
  { before, commit }: { before: Sight; commit: { lost?: unknown } },
): Promise<Sight> {
  const { site, ports } = work;
  await backUpDatabases(work, phase.number, migrations);
  // Environments first: which folders npm will touch stands in the old lockfile too.
  const swaps = await swapAll(work, phase);
  for (const [file, text] of textsOf(work, phase))
    await replaceSaved(site, phase.number, { path: file, text, expected: work.found.get(file) ?? null });
  await installPhase(work, phase);
  ports.signal?.throwIfAborted();
  if (migrations.length > 0) await migrateDatabases(work, phase.number, migrations);
  const { gates, versions, sight } = await judgePhase(work, phase, { before });
  ports.signal?.throwIfAborted();
  const stopping = gates.filter(stops);
  if (stopping.length > 0)
    throw new Failure(
      "conflict",
      stopping.map((gate) => `${gate.name} ${gate.verdict}: ${gate.detail}`).join("; "),
    );
  for (const project of work.projects) {
    const name = nameOf(project);
    const rehearsed = holdings.get(keyOf(name)) ?? { installed: [], locked: [] };
    const differing = differences(rehearsed, holdingsOf(sight.inventory, name), readingOf(work, phase));
    if (differing.length > 0)
      throw new Failure(
        "conflict",
        `the project is not what was rehearsed: ${differing.slice(0, 5).join("; ")}`,
      );
  }
  const files = await digestWritten(work, phase);
  for (const swap of swaps)
    if (!isKeptUntouched(site.root, swap))
      throw new Failure(
        "corrupt",
        `the installer wrote into ${swap.path} as it was before, instead of replacing files`,
      );
  // Installers do not wait for the disk: what they wrote must be there before the journal says that it is.
  for (const swap of swaps)
    if (swap.fingerprint !== null) await site.files.flush(path.join(site.root, swap.path));
  const done: JournalEvent = {
    event: "phase-done",
    phase: phase.number,
    versions,
    after: sight.summary,
    files,
    environments: digestEnvironments(sight.inventory),
  };
  try {
    await site.journal.append(done);
  } catch (error) {
    commit.lost = error;
    throw error;
  }
  return sight;
}

/** Reads the written files back. @throws {Failure} `storage` when one does not hold what was rehearsed. */
async function digestWritten(work: Work, phase: Phase): Promise<{ path: string; sha256: string }[]> {
  const digests: { path: string; sha256: string }[] = [];
  for (const [name, text] of textsOf(work, phase)) {
    const found = sha256(await work.site.files.read(await placeInside(work.site.root, name)));
    if (found !== sha256(text))
      throw new Failure(
        "storage",
        `${name} does not hold what was rehearsed: somebody, or its installer, changed it`,
      );
    digests.push({ path: name, sha256: found });
  }
  return digests;
}

async function swapAll(work: Work, phase: Phase): Promise<Swap[]> {
  const { ports, site } = work;
  const swaps: Swap[] = [];
  for (const project of work.projects) {
    const isChanged = phase.upgrades.some((upgrade) => keyOf(upgrade) === keyOf(nameOf(project)));
    if (!isChanged || !work.environments.has(keyOf(nameOf(project)))) continue;
    for (const folder of await foldersOf(work, project, phase)) {
      // Two projects may share an environment.
      if (swaps.some((swap) => swap.path === folder)) continue;
      const step = ports.progress.step(`Backing up ${folder}`);
      const clone = cloningOf(project);
      swaps.push(
        await swapEnvironment(site, {
          path: folder,
          phase: phase.number,
          ...(clone === undefined ? {} : { clone }),
          ...(ports.signal === undefined ? {} : { signal: ports.signal }),
        }).finally(() => {
          step.done();
        }),
      );
    }
  }
  return swaps;
}

/**
 * How the clone that an installer works on is made. `node_modules` are copied whole: npm itself writes into no file, but
 * tools that people run there later do (compilers that prepare packages, patches), and what is kept must outlast them.
 */
function cloningOf(project: Project): CloneRequest["how"] | undefined {
  if (project.ecosystem === "PyPI") return sharing;
  return project.manager === "npm" ? () => "copy" : undefined;
}

/** The folders that a project's installer fills: for npm also those of its workspaces, which its lockfiles name. */
async function foldersOf(work: Work, project: Project, phase: Phase): Promise<string[]> {
  if (project.ecosystem !== "npm") return [project.environment ?? ""];
  const lockfiles: string[] = [];
  for (const [name, text] of textsOf(work, phase))
    if (isNpmLockfile(name))
      lockfiles.push(
        await work.site.files.read(await placeInside(work.site.root, name)).then(String, () => "{}"),
        text,
      );
  return modulesFolders(project, lockfiles);
}
