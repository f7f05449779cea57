import path from "node:path";
import { Failure, reasonOf, type Command, type StageSettings } from "../model/index.ts";
import { execute, isInside, lastLines } from "../system/index.ts";
import type { Site } from "./backup.ts";
import type { JournalLine } from "./journal-event.ts";
import { traceOf } from "./left-processes.ts";
import { readRuns } from "./read-runs.ts";

/** Carries the plan out in another checkout; handed in, since a run does not begin another by itself. */
export type FolderApply = (
  root: string,
) => Promise<{ readonly run: string; readonly state: string; readonly reason?: string }>;

/** Undoes a run of another checkout until no phase of it stands. */
export type FolderUndo = (root: string, run: string) => Promise<void>;

/** A folder that a stage names, absolute. @throws {Failure} `config` for the project itself or a folder inside it. */
export function stageFolder(root: string, folder: string): string {
  const place = path.resolve(root, folder);
  if (isInside(root, place))
    throw new Failure(
      "config",
      `the folder of a stage, ${folder}, lies inside the project`,
      "Name another checkout.",
    );
  return place;
}

/** Puts the new versions on a stage. @throws {Failure} `tool` when it does not take them; `cancelled`; `config` */
export async function deployStage(
  site: Site,
  stage: StageSettings,
  given: { readonly applyIn: FolderApply; readonly signal?: AbortSignal },
): Promise<string> {
  const { target } = stage;
  if (target.kind === "project") throw new Failure("internal", "the project is no stage of its own");
  if (target.kind === "folder") {
    const done = await given.applyIn(stageFolder(site.root, target.folder));
    if (done.state !== "done")
      throw new Failure("tool", `${stage.name}: ${done.run} ended ${done.state}: ${done.reason ?? ""}`);
    return `${done.run} in ${target.folder}`;
  }
  await callStage(site, target.command, {
    name: stage.name,
    act: "deploy",
    ...(given.signal === undefined ? {} : { signal: given.signal }),
  });
  return "exit code 0";
}

/** Takes back what a stage was given; gives in words what was done. @throws {Failure} `tool` */
export async function undoStage(site: Site, stage: StageSettings, undoIn: FolderUndo): Promise<string> {
  const { target } = stage;
  if (target.kind === "project") return "undone phase by phase";
  if (target.kind === "command") {
    if (target.undo === undefined)
      throw new Failure("tool", `stage ${stage.name} has no undo: take it back by hand`);
    await callStage(site, target.undo, { name: stage.name, act: "undo" });
    return "its undo command ended with 0";
  }
  const root = stageFolder(site.root, target.folder);
  const runs = (await readRuns(root)).filter((run) => isChild(site.journal.entries, stage.name, run));
  for (const run of runs.reverse()) await undoIn(root, run.run);
  return runs.length === 0
    ? "nothing had been begun there"
    : `undone: ${runs.map((run) => run.run).join(", ")}`;
}

/** Whether a run of the other checkout is one that this stage began: of the same plan, not before it. */
function isChild(
  entries: readonly JournalLine[],
  stage: string,
  run: { readonly plan: string; readonly startedAt: string },
): boolean {
  const [first] = entries;
  const started = entries.find((entry) => entry.event === "stage-started" && entry.name === stage);
  return (
    first?.event === "run-started" &&
    started !== undefined &&
    run.plan === first.plan &&
    run.startedAt >= started.at
  );
}

async function callStage(
  { root, run }: Site,
  command: Command,
  { name, act, signal }: { name: string; act: "deploy" | "undo"; signal?: AbortSignal },
): Promise<void> {
  const done = await execute(command.argv, {
    cwd: path.resolve(root, command.cwd),
    timeoutMs: command.timeoutMs,
    env: { ...(await traceOf(root, run)), REDRESS_STAGE: name, REDRESS_ACT: act },
    ...(signal === undefined ? {} : { signal }),
  }).catch((error: unknown) => {
    if (error instanceof Failure && error.code === "tool")
      throw new Failure("tool", `${name}: ${reasonOf(error)}`);
    throw error;
  });
  if (done.code !== 0)
    throw new Failure(
      "tool",
      `stage ${name} did not ${act}: ${done.timedOut ? "it took too long" : `exit code ${done.code ?? "none"}`}: ${lastLines(`${done.stdout}\n${done.stderr}`)}`,
    );
}
