import { meetsCriteria } from "../../findings/index.ts";
import { scan } from "../../pipeline/index.ts";
import { readFailOn } from "../fail-on.ts";
import type { Exit } from "../program.ts";
import { openWorkplace, type LookOptions } from "../setting.ts";
import { showScan } from "../show/scan.ts";

/** `redress scan` */
export async function run(
  paths: readonly string[],
  options: LookOptions & { by: "package" | "finding" },
  signal: AbortSignal,
): Promise<Exit> {
  const { setting, terminal } = await openWorkplace(paths, options, signal);
  const criteria = options.failOn === undefined ? setting.configuration.criteria : readFailOn(options.failOn);
  const result = await scan(setting);
  const verdict = meetsCriteria(result.findings, criteria);
  if (options.json === true) terminal.print(JSON.stringify(result, null, 2));
  else {
    const { staleAfterHours } = setting.configuration;
    terminal.print(
      showScan(result, {
        by: options.by,
        colors: terminal.colors,
        verdict,
        ...(staleAfterHours === undefined ? {} : { staleAfterHours }),
      }),
    );
  }
  if (result.unread.length > 0) return 3;
  return verdict.met ? 0 : 1;
}
