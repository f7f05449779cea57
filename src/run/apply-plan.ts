import {
  Failure,
  reasonOf,
  type Phase,
  type Project,
  type Run,
  type RunState,
  type SettledPhase,
  type Wait,
} from "../model/index.ts";
import { requireProjects } from "../gates/index.ts";
import { maskSecrets, sha256, type Progress } from "../system/index.ts";
import { placeInside, type Site } from "./backup.ts";
import { nameOf } from "./carry-out.ts";
import { ensureStateFolder } from "../state/index.ts";
import { disk } from "./files.ts";
import { addressesOf } from "./migrations.ts";
import { choosePhases } from "./choose-phases.ts";
import { foldJournal, standing } from "./fold.ts";
import { keyOf } from "./holdings.ts";
import { verifyInputs } from "./inputs.ts";
import { wantedScripts } from "./install-scripts.ts";
import { Journal } from "./journal.ts";
import { takeLock } from "./lock.ts";
import { newRun } from "./new-run.ts";
import type { ApplyRequest, RunPorts, Sight } from "./ports.ts";
import { deploy, plainDeployment } from "./deploy.ts";
import { readJournals, type RecordedRun } from "./read-runs.ts";
import { rehearse, type HeldPhase, type Staging } from "./rehearse.ts";
import { refuseUnfinished, siteFor } from "./rollback.ts";
import { removeScratch } from "./scratch.ts";
import { undoElsewhere } from "./undo-elsewhere.ts";

/**
 * Rehearses a plan in a scratch copy, then repeats it on the real project under backup (`docs/run.md`).
 * @throws {Failure} `changed` when the tree is not the one planned for; `locked`; `conflict` when an earlier run was cut
 * short; `usage` for phases that cannot go in now; `storage` when no journal can be begun. What goes wrong once it has
 * begun is a run that says so, unless the journal itself can no longer be written.
 */
export async function applyPlan(request: ApplyRequest, given: RunPorts): Promise<Run> {
  const { root } = request;
  const ports = { ...given, progress: timed(given.progress) };
  const files = ports.files ?? disk;
  const free = await takeLock(root, "apply");
  try {
    await ensureStateFolder(root);
    const recorded = await readJournals(root, files);
    refuseUnfinished(recorded);
    const { phases, expected } = choosePhases(request, recorded);
    const start = await ports.look(root);
    await verifyInputs(root, expected, start.inventory);
    const verified = new Map(expected.files.map((file) => [file.path, file.sha256]));
    const run = await newRun(root, ports.clock, files);
    const journal = await Journal.begin({ root, run, files, clock: ports.clock });
    await journal.append({
      event: "run-started",
      run,
      plan: request.plan.id,
      phases: phases.map(({ number, name }) => ({ number, name })),
      before: start.summary,
      dryRun: request.dryRun === true,
      filesOnly: request.filesOnly === true,
      ...(request.by === undefined ? {} : { by: request.by }),
    });
    await ports.begun?.(run);
    const end = await carryOut({
      request,
      ports,
      site: siteFor(
        { root, run, files, journal },
        {
          clock: ports.clock,
          progress: ports.progress,
          inventory: async (place) => (await ports.look(place)).inventory,
          databases: { settings: request.configuration.databases ?? [], restore: false },
        },
      ),
      phases,
      start,
      verified,
      recorded,
    });
    await journal.append({ event: "run-ended", ...end });
    return foldJournal(journal.entries);
  } finally {
    await free();
  }
}

/** Lines with the time that has passed, so that a run is watched like a deployment. */
function timed(progress: Progress): Progress {
  const started = performance.now();
  return {
    step: (name) => progress.step(name),
    line: (text) => {
      progress.line(`${text}  [${Math.round((performance.now() - started) / 1000)} s]`);
    },
  };
}

interface CarryingOut {
  readonly request: ApplyRequest;
  readonly ports: RunPorts;
  readonly site: Site;
  readonly phases: readonly Phase[];
  readonly start: Sight;
  /** Digests by path that the tree was checked against. */
  readonly verified: ReadonlyMap<string, string>;
  readonly recorded: readonly RecordedRun[];
}

interface End {
  readonly state: RunState;
  readonly reason?: string;
  readonly hint?: string;
}

const untouched = "The project was not touched.";

/**
 * The body of a run. A failure before promotion ends it with a reason, since nothing was touched by then.
 * @throws {Failure} when the record cannot be completed.
 */
async function carryOut(given: CarryingOut): Promise<End> {
  const { request, ports, site, phases, start } = given;
  try {
    requireProjects(request.configuration, start.inventory);
    const involved = new Set(phases.flatMap((phase) => phase.upgrades.map(keyOf)));
    const projects = start.inventory.projects.filter((project) => involved.has(keyOf(nameOf(project))));
    const settled = await settleAll(projects, ports);
    if ("refusal" in settled) return settled.refusal;
    await noteWhatIsNotRun(given, settled.texts);
    const found = await digestFound(given, settled.texts);
    const databases = await addressesOf(request.root, request.configuration.databases);
    const staging: Staging = { request, ports, site, projects, settled: settled.texts, found, databases };
    const { held, stopped } = phases.length === 0 ? { held: [] } : await rehearse(staging, phases, start);
    if (request.dryRun === true || (held.length === 0 && phases.length > 0)) {
      if (stopped === undefined)
        return { state: "rehearsed", hint: "Nothing of the project was changed. Next: redress apply." };
      return {
        state: stopped.needsPerson ? "needs-person" : "rolled-back",
        reason: stopped.reason,
        hint: untouched,
      };
    }
    return await promoteHeld(given, staging, { held, ...(stopped === undefined ? {} : { stopped }) });
  } catch (error) {
    if (error instanceof PromotionFailure) throw error.failure;
    const wasStopped = ports.signal?.aborted === true;
    const hint = error instanceof Failure ? error.hint : "";
    return {
      state: wasStopped ? "rolled-back" : "failed",
      reason: wasStopped ? "stopped on request during the rehearsal" : maskSecrets(reasonOf(error)),
      hint: [untouched, hint].filter(Boolean).join(" "),
    };
  } finally {
    // Not before the promotion: on file systems that do not reuse at once what was just freed (ext4), making an
    // environment right after an equal one was removed takes several times as long.
    await removeScratch(site).catch(() => {
      ports.progress.line("the scratch copy could not be removed");
    });
  }
}

/** Marks what was thrown once the project may have been touched. */
class PromotionFailure extends Error {
  readonly failure: unknown;
  constructor(failure: unknown) {
    super(reasonOf(failure));
    this.failure = failure;
  }
}

async function promoteHeld(
  given: CarryingOut,
  staging: Staging,
  { held, stopped }: Awaited<ReturnType<typeof rehearse>>,
): Promise<End> {
  const { request, phases, start, recorded } = given;
  try {
    const promoted = await deploy({ staging, held, start, recorded, ...elsewhere(given, held) });
    if (promoted.waits !== undefined) return waitingEnd(given, promoted.waits, promoted.done);
    const reason = promoted.reason ?? stopped?.reason;
    if (reason === undefined)
      return request.filesOnly === true
        ? { state: "done", hint: "Only files were changed: install them, then scan again." }
        : { state: "done" };
    const stand =
      promoted.done === 0
        ? "The project is as it was, byte for byte."
        : `${promoted.done} of ${phases.length} phases stand.`;
    const needsPerson = promoted.reason === undefined && stopped?.needsPerson === true;
    return { state: needsPerson ? "needs-person" : "rolled-back", reason: maskSecrets(reason), hint: stand };
  } catch (error) {
    if (error instanceof Failure && error.code === "corrupt")
      return { state: "needs-person", reason: maskSecrets(error.message), hint: error.hint };
    throw new PromotionFailure(error);
  }
}

/** How the plan is carried out, and undone, in other checkouts: as far as it held here. */
function elsewhere(
  { request, ports, recorded }: CarryingOut,
  held: readonly HeldPhase[],
): Pick<Parameters<typeof deploy>[0], "applyIn" | "undoIn"> {
  const { plan, configuration, root: _, ...same } = request;
  const numbers = held.map(({ phase }) => phase.number);
  for (const { entries } of recorded)
    if (entries[0]?.event === "run-started" && entries[0].plan === plan.id)
      numbers.push(...standing(entries));
  return {
    applyIn: async (root) => {
      if (ports.elsewhere === undefined)
        throw new Failure("internal", "no way to work on another checkout was given");
      return applyPlan(
        {
          ...same,
          root,
          plan,
          configuration: { ...configuration, deployment: plainDeployment },
          phases: [Math.max(...numbers)],
        },
        await ports.elsewhere(root),
      );
    },
    undoIn: undoElsewhere({
      inventory: async (root) => (await ports.look(root)).inventory,
      clock: ports.clock,
      progress: ports.progress,
      ...(ports.files === undefined ? {} : { files: ports.files }),
    }),
  };
}

/** A run that stops for a person or a window; what stands may stay. */
function waitingEnd({ site, phases }: CarryingOut, waits: Wait, done: number): End {
  const stand = done === 0 ? "Nothing was changed so far." : `${done} of ${phases.length} phases stand.`;
  const next =
    waits.for === "approval"
      ? `Next: redress approve ${site.run} --by NAME, then redress resume.`
      : `Next: redress resume${waits.opens === undefined ? "" : ` from ${waits.opens} on`}, or redress apply --outside-window REASON.`;
  return { state: "needs-person", reason: maskSecrets(waits.detail), hint: `${stand} ${next}` };
}

async function settleAll(
  projects: readonly Project[],
  ports: RunPorts,
): Promise<{ texts: Map<string, readonly SettledPhase[]> } | { refusal: End }> {
  const texts = new Map<string, readonly SettledPhase[]>();
  for (const project of projects) {
    const step = ports.progress.step(`Writing the files of ${project.path} with its package manager`);
    const written = await ports.settle(project).finally(() => {
      step.done();
    });
    if (written.state === "refused")
      return {
        refusal: {
          state: "rolled-back",
          reason: maskSecrets(`${written.by} refused phase ${written.phase}: ${written.detail}`),
          hint: `${untouched} Make a new plan: the package index has changed since.`,
        },
      };
    texts.set(keyOf(nameOf(project)), written.phases);
  }
  return { texts };
}

/** Says which foreign code is not executed, and why. */
async function noteWhatIsNotRun(
  { request, ports, site }: CarryingOut,
  settled: ReadonlyMap<string, readonly SettledPhase[]>,
): Promise<void> {
  const { policy, commandsOff } = request.configuration;
  const named = new Set(policy.installScripts);
  const last = [...settled.values()].flatMap((phases) => [...(phases.at(-1)?.files ?? [])]);
  const wanted = wantedScripts(new Map(last)).filter((name) => !named.has(name));
  const notes = [
    ...(commandsOff === true ? ["Nothing that redress.yaml names is executed (--no-commands)."] : []),
    ...(wanted.length === 0 || request.filesOnly === true
      ? []
      : [
          `Install scripts are not run: ${wanted.slice(0, 10).join(", ")}${wanted.length > 10 ? ` and ${wanted.length - 10} more` : ""} want one. Those that policy.installScripts names are run.`,
        ]),
  ];
  for (const text of notes) {
    await site.journal.append({ event: "note", text });
    ports.progress.line(text);
  }
}

/** What the files that will be written hold now: as verified, or, of files that the plan does not name, as they are. */
async function digestFound(
  { site, verified }: CarryingOut,
  settled: ReadonlyMap<string, readonly SettledPhase[]>,
): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const name of [...settled.values()].flat().flatMap((phase) => [...phase.files.keys()])) {
    const known = verified.get(name);
    const file = await placeInside(site.root, name);
    if (known !== undefined) found.set(name, known);
    else if ((await site.files.look(file))?.kind === "file")
      found.set(name, sha256(await site.files.read(file)));
  }
  return found;
}
