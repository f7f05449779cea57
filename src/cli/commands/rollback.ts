import { rollback } from "../../run/index.ts";
import type { Exit } from "../program.ts";
import { undoPorts } from "../undo-ports.ts";
import { openRecording, recordAndTell, type SealFlags } from "../recording.ts";
import { openWorkplace, type LookOptions } from "../setting.ts";
import { showRun } from "../show/run.ts";

interface RollbackOptions extends LookOptions, SealFlags {
  readonly phase?: readonly number[];
  readonly force?: boolean;
  readonly restoreDatabases?: boolean;
}

/** `redress rollback` */
export async function run(
  [run]: readonly string[],
  options: RollbackOptions,
  signal: AbortSignal,
): Promise<Exit> {
  const workplace = await openWorkplace([], options, signal);
  const { setting, terminal } = workplace;
  const recording = await openRecording(workplace, options);
  const phase = options.phase?.at(-1);
  const done = await rollback(
    {
      root: setting.root,
      ...(run === undefined ? {} : { run }),
      ...(phase === undefined ? {} : { phase }),
      ...(options.force === undefined ? {} : { force: options.force }),
    },
    undoPorts(setting, options.restoreDatabases),
  );
  const evidence = await recordAndTell(setting, { terminal, recording });
  if (options.json === true) terminal.print(JSON.stringify({ ...done, evidence }, null, 2));
  else
    terminal.print(
      `${showRun(done, terminal.colors)}\n\nThe files were checked byte for byte against the backup.`,
    );
  return 0;
}
