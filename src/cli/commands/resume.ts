import { inventoryFor } from "../../pipeline/index.ts";
import { resume } from "../../run/index.ts";
import type { Exit } from "../program.ts";
import { openWorkplace, type LookOptions } from "../setting.ts";
import { showRun } from "../show/run.ts";

/** `redress resume` */
export async function run(
  [run]: readonly string[],
  options: LookOptions,
  signal: AbortSignal,
): Promise<Exit> {
  const { setting, terminal } = await openWorkplace([], options, signal);
  const done = await resume(
    { root: setting.root, ...(run === undefined ? {} : { run }) },
    { inventory: inventoryFor(setting), clock: setting.clock, progress: setting.progress },
  );
  if (options.json === true)
    terminal.print(JSON.stringify({ ...done.run, did: done.did, detail: done.detail }, null, 2));
  else terminal.print(`${done.detail}\n\n${showRun(done.run, terminal.colors)}`);
  if (done.did !== "undid") return 0;
  return done.run.state === "rolled-back" ? 4 : 5;
}
