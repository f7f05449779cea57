import path from "node:path";
import { exitOfRun } from "../verdict.ts";
import { apply, type ApplyOptions } from "../../pipeline/index.ts";
import { Failure, type Evidence, type Plan, type Run } from "../../model/index.ts";
import { contextOf, writeDocuments } from "../documents.ts";
import { readPlan, storeEvidence } from "../plans.ts";
import type { Exit } from "../program.ts";
import { openWorkplace, type LookOptions, type Workplace } from "../setting.ts";
import { showRun } from "../show/run.ts";

export interface ApplyFlags extends LookOptions {
  readonly phase?: readonly number[];
  readonly dryRun?: boolean;
  readonly filesOnly?: boolean;
  readonly yes?: boolean;
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
  if (options.json === true) workplace.terminal.print(JSON.stringify(done.run, null, 2));
  else workplace.terminal.print(showRun(done.run, workplace.terminal.colors));
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

/** Applies a plan, keeps its evidence and writes its documents. */
export async function applyAndKeep(
  { setting }: Workplace,
  plan: Plan,
  options: ApplyFlags,
): Promise<{ run: Run; exit: Exit; documents: string[] }> {
  const wanted: ApplyOptions = {
    ...(options.phase === undefined ? {} : { phases: options.phase }),
    ...(options.dryRun === undefined ? {} : { dryRun: options.dryRun }),
    ...(options.filesOnly === undefined ? {} : { filesOnly: options.filesOnly }),
  };
  const { run, before, after } = await apply(setting, plan, wanted);
  const evidence: Evidence = {
    schemaVersion: 1,
    kind: "run",
    madeAt: run.endedAt ?? run.startedAt,
    before,
    after,
    plan,
    run,
    ...contextOf(setting.configuration),
  };
  await storeEvidence(setting.root, run.run, evidence);
  const documents = await writeDocuments(evidence, {
    folder: path.join(setting.root, ".redress", "reports"),
    name: run.run,
    formats: "md,html,json",
  });
  return { run, exit: exitOfRun(run, after, setting.configuration.criteria), documents };
}
