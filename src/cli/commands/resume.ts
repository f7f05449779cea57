import path from "node:path";
import type { Run } from "../../model/index.ts";
import { readJournal, readRuns, resume } from "../../run/index.ts";
import { keptPlan } from "../plans.ts";
import type { Exit } from "../program.ts";
import { openRecording, recordAndTell, showRecorded, type SealFlags } from "../recording.ts";
import { undoPorts } from "../undo-ports.ts";
import { openWorkplace, type LookOptions } from "../setting.ts";
import { showRun } from "../show/run.ts";
import { applyAndKeep } from "./apply.ts";

interface ResumeOptions extends LookOptions, SealFlags {
  readonly outsideWindow?: string;
  readonly restoreDatabases?: boolean;
}

/** `redress resume` */
export async function run(
  [run]: readonly string[],
  options: ResumeOptions,
  signal: AbortSignal,
): Promise<Exit> {
  const workplace = await openWorkplace([], options, signal);
  const { setting, terminal } = workplace;
  const recording = await openRecording(workplace, options);
  const done = await resume(
    { root: setting.root, ...(run === undefined ? {} : { run }) },
    undoPorts(setting, options.restoreDatabases),
  );
  const evidence = await recordAndTell(setting, { terminal, recording });
  if (done.did === "nothing" && (await mayGoOn(setting.root, done.run)))
    return goOn(setting.root, done.run, { options, signal });
  if (options.json === true)
    terminal.print(JSON.stringify({ ...done.run, did: done.did, detail: done.detail, evidence }, null, 2));
  else terminal.print(`${done.detail}\n\n${showRun(done.run, terminal.colors)}`);
  if (done.did === "nothing" && done.run.waits !== undefined) return 5;
  if (done.did !== "undid") return 0;
  return done.run.state === "rolled-back" ? 4 : 5;
}

/** Whether a run waited and nothing but time stands in its way any more, nor has a later run gone on with its plan. */
async function mayGoOn(root: string, run: Run): Promise<boolean> {
  if (run.state !== "needs-person" || (run.waits === undefined && run.approvals === undefined)) return false;
  const newest = (await readRuns(root)).findLast((one) => one.plan === run.plan);
  return newest?.run === run.run && (run.waits ?? []).every((wait) => wait.for === "window");
}

/** Carries the rest of the plan out, as the waiting run was asked to. */
async function goOn(
  root: string,
  waited: Run,
  { options, signal }: { options: ResumeOptions; signal: AbortSignal },
): Promise<Exit> {
  const plan = await keptPlan(root, waited.plan);
  const { asOf } = plan.inputs;
  const workplace = await openWorkplace(
    [root],
    { ...options, ...(asOf === undefined ? {} : { asOf }) },
    signal,
  );
  const { setting, terminal } = workplace;
  const [first] = await readJournal(path.join(setting.root, waited.journal));
  const filesOnly = first?.event === "run-started" && first.filesOnly;
  terminal.note(`${waited.run} goes on with ${plan.id}`);
  const done = await applyAndKeep(workplace, plan, {
    ...options,
    filesOnly,
    phase: waited.phases.length === 0 ? plan.phases.map((phase) => phase.number) : numbersOf(waited),
  });
  if (options.json === true)
    terminal.print(JSON.stringify({ ...done.run, evidence: done.recorded }, null, 2));
  else terminal.print(`${showRun(done.run, terminal.colors)}\n${showRecorded(done.recorded)}`);
  return done.exit;
}

const numbersOf = (run: Run): number[] => run.phases.map((phase) => phase.number);
