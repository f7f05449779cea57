import path from "node:path";
import { exitOfRun } from "../verdict.ts";
import { apply, recordRun, type ApplyOptions, type Recorded } from "../../pipeline/index.ts";
import { Failure, type Plan, type Run } from "../../model/index.ts";
import { writeDocuments } from "../documents.ts";
import { readEvidence, readPlan } from "../plans.ts";
import type { Exit } from "../program.ts";
import { openRecording, showRecorded, type SealFlags } from "../recording.ts";
import { openWorkplace, type LookOptions, type Workplace } from "../setting.ts";
import { showRun } from "../show/run.ts";

export interface ApplyFlags extends LookOptions, SealFlags {
  readonly phase?: readonly number[];
  readonly dryRun?: boolean;
  readonly filesOnly?: boolean;
  readonly yes?: boolean;
  readonly outsideWindow?: string;
}

/** `redress apply` */
export async function run(args: readonly string[], options: ApplyFlags, signal: AbortSignal): Promise<Exit> {
  const [file] = args;
  // A plan below .redress/plans belongs to the project that keeps it, wherever one stands.
  const kept =
    file === undefined
      ? undefined
      : /^(.*)[\\/]\.redress[\\/]plans[\\/][^\\/]+$/.exec(path.resolve(file))?.[1];
  const root = kept ?? process.cwd();
  const { plan } = await readPlan(root, file);
  const workplace = await openWorkplace(
    [root],
    { ...options, ...(plan.inputs.asOf === undefined ? {} : { asOf: plan.inputs.asOf }) },
    signal,
  );
  await confirm(workplace, plan, options);
  const done = await applyAndKeep(workplace, plan, options);
  const { terminal } = workplace;
  if (options.json === true)
    terminal.print(JSON.stringify({ ...done.run, evidence: done.recorded }, null, 2));
  else terminal.print(`${showRun(done.run, terminal.colors)}\n${showRecorded(done.recorded)}`);
  return done.exit;
}

/** Asks before the project is touched, where a person is there; without one `--yes` is needed. */
export async function confirm({ terminal }: Workplace, plan: Plan, options: ApplyFlags): Promise<void> {
  if (options.yes === true || options.dryRun === true || plan.phases.length === 0) return;
  if (!terminal.interactive)
    throw new Failure(
      "usage",
      "apply changes the project and nobody is there to ask",
      "Say --yes, or --dry-run to rehearse only.",
    );
  const { confirm: ask, isCancel } = await import("@clack/prompts");
  const changes = plan.phases.flatMap((phase) => phase.upgrades).length;
  const answer = await ask({
    message: `Rehearse and then apply ${plan.phases.length} phases with ${changes} changes?`,
  });
  if (isCancel(answer) || !answer) throw new Failure("cancelled", "nothing was changed");
}

/** Applies a plan, seals its evidence and writes its documents. */
export async function applyAndKeep(
  workplace: Workplace,
  plan: Plan,
  options: ApplyFlags,
): Promise<{ run: Run; exit: Exit; documents: readonly string[]; recorded: Recorded }> {
  const { setting } = workplace;
  const wanted: ApplyOptions = {
    ...(options.phase === undefined ? {} : { phases: options.phase }),
    ...(options.dryRun === undefined ? {} : { dryRun: options.dryRun }),
    ...(options.filesOnly === undefined ? {} : { filesOnly: options.filesOnly }),
    ...(setting.by === undefined ? {} : { by: setting.by }),
    ...(options.outsideWindow === undefined ? {} : { outsideWindow: options.outsideWindow }),
  };
  // A key that cannot be used is refused before anything is touched.
  const recording = await openRecording(workplace, options);
  const { run, after, inventoryAfter } = await apply(setting, plan, wanted);
  const { recorded, evidence } = await recordRun(setting, run, {
    recording,
    after: { scan: after, inventory: inventoryAfter },
  });
  // From what was kept, so that a later report renders the same.
  const kept = recorded.state === "sealed" ? await readEvidence(setting.root, run.run) : evidence;
  const documents =
    kept === undefined
      ? []
      : (
          await writeDocuments(kept, {
            folder: path.join(setting.root, ".redress", "reports"),
            name: run.run,
            formats: "md,html,json",
          })
        ).documents;
  return { run, exit: exitOfRun(run, after, setting.configuration.criteria), documents, recorded };
}
