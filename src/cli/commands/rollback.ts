import { inventoryFor } from "../../pipeline/index.ts";
import { rollback } from "../../run/index.ts";
import type { Exit } from "../program.ts";
import { openWorkplace, type LookOptions } from "../setting.ts";
import { showRun } from "../show/run.ts";

interface RollbackOptions extends LookOptions {
  readonly phase?: readonly number[];
  readonly force?: boolean;
}

/** `redress rollback` */
export async function run(
  [run]: readonly string[],
  options: RollbackOptions,
  signal: AbortSignal,
): Promise<Exit> {
  const { setting, terminal } = await openWorkplace([], options, signal);
  const phase = options.phase?.at(-1);
  const done = await rollback(
    {
      root: setting.root,
      ...(run === undefined ? {} : { run }),
      ...(phase === undefined ? {} : { phase }),
      ...(options.force === undefined ? {} : { force: options.force }),
    },
    { inventory: inventoryFor(setting), clock: setting.clock, progress: setting.progress },
  );
  if (options.json === true) terminal.print(JSON.stringify(done, null, 2));
  else
    terminal.print(
      `${showRun(done, terminal.colors)}\n\nThe files were checked byte for byte against the backup.`,
    );
  return 0;
}
