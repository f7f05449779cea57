import { Failure } from "../../model/index.ts";
import { disk, readRuns, takeLock } from "../../run/index.ts";
import { prunableRuns, prunedFile, pruneRuns, type Prunable } from "../../seal/index.ts";
import type { Exit } from "../program.ts";
import { openWorkplace, personOf, type LookOptions } from "../setting.ts";
import { columns, count, day } from "../show/words.ts";

interface PruneOptions extends LookOptions {
  readonly yes?: boolean;
}

/** `redress prune`: lists the records that the rule of retention lets go; with `--yes` removes them. */
export async function run(
  paths: readonly string[],
  options: PruneOptions,
  signal: AbortSignal,
): Promise<Exit> {
  const { setting, terminal } = await openWorkplace(paths, options, signal);
  const { root, clock, configuration } = setting;
  const rule = configuration.retention;
  if (rule === undefined)
    throw new Failure(
      "usage",
      "no rule of retention is configured: every record is kept",
      "Set retention.days in redress.yaml.",
    );
  const free = await takeLock(root, "prune");
  try {
    const runs = prunableRuns(await readRuns(root), rule, clock().toISOString());
    const pruned =
      options.yes === true
        ? await pruneRuns({ root, runs, rule, by: (setting.by ?? personOf()).name, clock, files: disk })
        : [];
    if (options.json === true)
      terminal.print(JSON.stringify({ schemaVersion: 1, rule, prunable: runs, pruned }, null, 2));
    else {
      terminal.print(list(runs, options.yes === true));
      if (pruned.length > 0) terminal.note(`Written down in ${prunedFile(root)}`);
    }
    return 0;
  } finally {
    await free();
  }
}

function list(runs: readonly Prunable[], removed: boolean): string {
  if (runs.length === 0) return "No record is old enough to go.";
  return [
    removed
      ? `${count(runs.length, "record")} removed:`
      : `${count(runs.length, "record")} may go; redress prune --yes removes them, with their backups:`,
    ...columns(
      runs.map((one) => [
        one.run,
        one.state,
        `ended ${day(one.endedAt)}`,
        one.stands ? "its changes stand and cannot be rolled back afterwards" : "",
      ]),
      "  ",
    ),
  ].join("\n");
}
