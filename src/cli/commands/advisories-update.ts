import { updateAdvisories } from "../../advisories/index.ts";
import type { Exit } from "../program.ts";
import { openWorkplace, type LookOptions } from "../setting.ts";

/** `redress advisories update` */
export async function run(_: readonly string[], options: LookOptions, signal: AbortSignal): Promise<Exit> {
  const { setting, terminal } = await openWorkplace([], options, signal);
  const updates = await updateAdvisories({
    progress: terminal.progress,
    signal,
    ...(setting.advisoryOptions?.endpoints === undefined
      ? {}
      : { endpoints: setting.advisoryOptions.endpoints }),
  });
  if (options.json === true) terminal.print(JSON.stringify({ schemaVersion: 1, updates }, null, 2));
  else
    for (const update of updates)
      terminal.print(
        update.outcome === "failed"
          ? `${update.id}: failed: ${update.reason} ${update.hint}`
          : `${update.id}: ${update.outcome}, ${update.records} records`,
      );
  return updates.some((update) => update.outcome === "failed") ? 3 : 0;
}
