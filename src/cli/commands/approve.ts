import { approve, readRuns } from "../../run/index.ts";
import { keptPlan } from "../plans.ts";
import type { Exit } from "../program.ts";
import { openRecording, recordAndTell, type SealFlags } from "../recording.ts";
import { openWorkplace, personOf, type LookOptions } from "../setting.ts";
import { showRun } from "../show/run.ts";

interface ApproveOptions extends LookOptions, SealFlags {
  readonly by: string;
  readonly reason?: string;
}

/** `redress approve` */
export async function run(
  [named]: readonly string[],
  options: ApproveOptions,
  signal: AbortSignal,
): Promise<Exit> {
  const workplace = await openWorkplace([], options, signal);
  const { setting, terminal } = workplace;
  const recording = await openRecording(workplace, options);
  const runs = await readRuns(setting.root);
  const waiting =
    named === undefined
      ? runs.findLast((one) => one.waits?.some((wait) => wait.for === "approval"))
      : runs.find((one) => one.run === named);
  const plan = waiting === undefined ? undefined : await keptPlan(setting.root, waiting.plan);
  const { deployment } = setting.configuration;
  const done = await approve(
    {
      root: setting.root,
      by: personOf(options.by),
      ...(named === undefined ? {} : { run: named }),
      ...(options.reason === undefined ? {} : { reason: options.reason }),
      ...(deployment === undefined ? {} : { deployment }),
      ...(plan === undefined ? {} : { plan }),
    },
    { clock: setting.clock },
  );
  const evidence = await recordAndTell(setting, { terminal, recording });
  if (options.json === true) terminal.print(JSON.stringify({ ...done, evidence }, null, 2));
  else {
    terminal.print(showRun(done, terminal.colors));
    terminal.note("\nRecorded. Next: redress resume");
  }
  return 0;
}
