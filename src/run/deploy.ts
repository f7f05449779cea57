import path from "node:path";
import { Failure, reasonOf, type Deployment, type StageSettings, type Wait } from "../model/index.ts";
import { healthQuestions, type Question } from "../gates/index.ts";
import { approvedOf, reasonToAsk } from "./approvals.ts";
import { passageFolder } from "./backup.ts";
import { benchOf, realEnvironments } from "./carry-out.ts";
import { standing, standingStages } from "./fold.ts";
import type { Sight } from "./ports.ts";
import { promote } from "./promote.ts";
import { putBackAll } from "./put-back.ts";
import type { RecordedRun } from "./read-runs.ts";
import type { HeldPhase, Staging } from "./rehearse.ts";
import { removeScratch } from "./scratch.ts";
import { deployStage, type FolderApply, type FolderUndo } from "./stages.ts";
import { sweep } from "./swap.ts";
import { watch } from "./watch.ts";
import { isAllowed, nextOpening } from "./windows.ts";

/** The project itself, at once, asking nobody. */
export const plainDeployment: Deployment = {
  approvals: { tiers: [], majors: false, separation: false },
  stages: [{ name: "project", target: { kind: "project" }, approve: false, soakMs: 0, windows: [] }],
  watchIntervalMs: 10_000,
};

/** What is put in place, and what came before. */
export interface Deploying {
  readonly staging: Staging;
  readonly held: readonly HeldPhase[];
  readonly start: Sight;
  readonly recorded: readonly RecordedRun[];
  readonly applyIn: FolderApply;
  readonly undoIn: FolderUndo;
}

/** What came of it. */
export interface Deployed {
  /** Phases of this run that stand. */
  readonly done: number;
  /** Why something did not hold; it is put back. */
  readonly reason?: string;
  /** What a person or time must give before it goes on. */
  readonly waits?: Wait;
}

/**
 * Goes through the stages in order: waits for approvals and windows, puts the phases in place, watches. What fails puts
 * everything of this run back.
 * @throws {Failure} `corrupt` when putting back fails too; `storage` when the journal can no longer say what happened.
 */
export async function deploy(deploying: Deploying): Promise<Deployed> {
  const { staging, recorded } = deploying;
  const { request, site, ports } = staging;
  const { stages } = request.configuration.deployment ?? plainDeployment;
  const over = stagesOver(recorded, request.plan.id);
  for (const stage of request.filesOnly === true ? stages.filter(isProject) : stages) {
    if (over.has(stage.name)) continue;
    const waits = await waitFor(deploying, stage);
    if (waits !== undefined) return { done: standing(site.journal.entries).length, waits };
    const failed = isProject(stage)
      ? await promoteProject(deploying, stage)
      : await tryStage(deploying, stage);
    if (failed === undefined) continue;
    if ("waits" in failed) return failed;
    if (failed.isPutBack) return { done: standing(site.journal.entries).length, reason: failed.reason };
    ports.progress.line(`${failed.reason.split("\n")[0] ?? ""}; putting everything back`);
    await putBackAll(site, { stages, undoIn: deploying.undoIn }, failed.reason);
    return { done: 0, reason: failed.reason };
  }
  return { done: standing(site.journal.entries).length };
}

const isProject = (stage: StageSettings): boolean => stage.target.kind === "project";

/** Stages that earlier runs of the plan got through. */
export function stagesOver(recorded: readonly RecordedRun[], plan: string): Set<string> {
  const over = new Set<string>();
  for (const { entries } of recorded) {
    const [first] = entries;
    if (first?.event === "run-started" && first.plan === plan)
      for (const name of standingStages(entries)) over.add(name);
  }
  return over;
}

/** What a stage must wait for before it begins; used approvals and overridden windows are written down. */
async function waitFor(
  { staging, recorded, held }: Deploying,
  stage: StageSettings,
): Promise<Wait | undefined> {
  const { request, site, ports } = staging;
  if (isProject(stage) && held.length === 0) return undefined;
  const now = ports.clock();
  const phases = held.map(({ phase }) => phase.number);
  if (stage.approve) {
    const approval = approvedOf(recorded, request.plan.id).stages.get(stage.name);
    if (approval === undefined) {
      const detail = `stage ${stage.name} needs an approval`;
      return wait({ for: "approval", phases: isProject(stage) ? phases : [], stages: [stage.name], detail });
    }
    await site.journal.append({ event: "approval-used", run: approval.run, line: approval.entry.seq });
  }
  if (isAllowed(stage.windows, now)) return undefined;
  const { outsideWindow: reason, by } = request;
  if (reason !== undefined) {
    await site.journal.append({
      event: "window-overridden",
      stage: stage.name,
      reason,
      ...(by === undefined ? {} : { by }),
    });
    return undefined;
  }
  const opens = nextOpening(stage.windows, now);
  return wait({
    for: "window",
    phases,
    stages: [stage.name],
    detail: `outside the maintenance window of ${stage.name} (${stage.windows.map((one) => one.text).join(", ")})`,
    ...(opens === undefined ? {} : { opens }),
  });

  async function wait(waits: Wait): Promise<Wait> {
    await site.journal.append({ event: "waiting", ...waits });
    return waits;
  }
}

type Failed =
  { readonly reason: string; readonly isPutBack: boolean } | (Deployed & { readonly waits: Wait });

/** Promotes the phases that are approved, then watches them. */
async function promoteProject(deploying: Deploying, stage: StageSettings): Promise<Failed | undefined> {
  const { staging, held, start } = deploying;
  const { site } = staging;
  const { allowed, waits } = await splitApproved(deploying);
  const promoted = await promote(staging, allowed, start);
  const phases = standing(site.journal.entries).reverse();
  if (promoted.reason !== undefined && phases.length === 0)
    return { reason: promoted.reason, isPutBack: true };
  if (phases.length > 0) {
    const stopped = await watchPhases(deploying, stage, phases);
    if (stopped !== undefined) return { reason: stopped, isPutBack: false };
  }
  if (promoted.reason !== undefined) return { reason: promoted.reason, isPutBack: true };
  if (waits === undefined) return undefined;
  await site.journal.append({ event: "waiting", ...waits });
  return { done: allowed.length, waits: { ...waits, phases: held.slice(allowed.length).map(numberOf) } };
}

const numberOf = ({ phase }: HeldPhase): number => phase.number;

/** The phases up to the first one that a person must still say yes to. */
async function splitApproved({
  staging,
  held,
  recorded,
}: Deploying): Promise<{ allowed: readonly HeldPhase[]; waits?: Wait }> {
  const { request, site } = staging;
  const { approvals } = request.configuration.deployment ?? plainDeployment;
  const given = approvedOf(recorded, request.plan.id).phases;
  const askOf = ({ phase, migrations }: HeldPhase): string | undefined => {
    const oneWay = migrations.find((one) => one.irreversible !== undefined);
    return oneWay === undefined
      ? reasonToAsk(phase, approvals)
      : `the migration of ${oneWay.database} cannot be undone, and automatic rollback will be off`;
  };
  for (const [index, one] of held.entries()) {
    const { phase } = one;
    const why = askOf(one);
    if (why === undefined) continue;
    const approval = given.get(phase.number);
    if (approval === undefined) {
      const waiting = held.slice(index).filter((other) => askOf(other) !== undefined);
      return {
        allowed: held.slice(0, index),
        waits: {
          for: "approval",
          phases: waiting.map(numberOf),
          stages: [],
          detail: `phase ${phase.number}: ${why}`,
        },
      };
    }
    await site.journal.append({ event: "approval-used", run: approval.run, line: approval.entry.seq });
  }
  return { allowed: held };
}

/** Hands the new versions to a stage and watches it; why it did not hold. */
async function tryStage(deploying: Deploying, stage: StageSettings): Promise<Failed | undefined> {
  const { staging, applyIn } = deploying;
  const { site, ports } = staging;
  const { kind } = stage.target;
  if (kind === "project") throw new Failure("internal", "the project is promoted, not deployed to");
  const phases = standing(site.journal.entries).reverse();
  const signal = ports.signal === undefined ? {} : { signal: ports.signal };
  const step = ports.progress.step(`Stage ${stage.name}`);
  try {
    await site.journal.append({ event: "stage-started", name: stage.name, target: kind, phases });
    const detail = await deployStage(site, stage, { applyIn, ...signal });
    await site.journal.append({ event: "stage-done", name: stage.name, detail });
    ports.progress.line(`Stage ${stage.name}: ${detail}`);
  } catch (error) {
    const why = ports.signal?.aborted === true ? "stopped on request" : reasonOf(error);
    return { reason: `stage ${stage.name} did not hold: ${why}`, isPutBack: false };
  } finally {
    step.done();
  }
  const stopped = await watchPhases(deploying, stage, phases);
  return stopped === undefined ? undefined : { reason: stopped, isPutBack: false };
}

/** Keeps asking the gates that are marked for it; why the phases may not stay. */
async function watchPhases(
  { staging }: Deploying,
  stage: StageSettings,
  phases: readonly number[],
): Promise<string | undefined> {
  const { request, ports, site } = staging;
  if (stage.soakMs === 0 || request.filesOnly === true) return undefined;
  // A watch may take days, and what was rehearsed is in place.
  await removeScratch(site).catch(() => undefined);
  try {
    const stopping = await watch(site, {
      target: stage.name,
      phases,
      durationMs: stage.soakMs,
      intervalMs: (request.configuration.deployment ?? plainDeployment).watchIntervalMs,
      questions: await questionsOf(staging),
      progress: ports.progress,
      ...(ports.signal === undefined ? {} : { signal: ports.signal }),
    });
    return stopping === undefined
      ? undefined
      : `${stage.name} did not hold while it was watched: ${stopping.name} ${stopping.verdict}: ${stopping.detail}`;
  } catch (error) {
    const why = ports.signal?.aborted === true ? "stopped on request" : reasonOf(error);
    return `${stage.name} was not watched to the end: ${why}`;
  } finally {
    await sweep(site, false);
  }
}

async function questionsOf(staging: Staging): Promise<Question[]> {
  const { request, site } = staging;
  const sight = await staging.ports.look(site.root);
  const environments = realEnvironments(site.root, sight.inventory);
  const bytecode = path.join(passageFolder(site.root, site.run), "bytecode");
  const bench = await benchOf({ ...staging, tree: site.root, environments, bytecode }, sight);
  return healthQuestions("watch", request.configuration, bench);
}
