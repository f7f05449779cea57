import { propose } from "../../pipeline/index.ts";
import type { Profile } from "../../model/index.ts";
import { storePlan } from "../plans.ts";
import type { Exit } from "../program.ts";
import { readWanted, type WantedOptions } from "../wanted.ts";
import { openWorkplace, type LookOptions } from "../setting.ts";
import { showPlan } from "../show/plan.ts";

export interface PlanOptions extends LookOptions, WantedOptions {
  readonly profile?: Profile;
  readonly out?: string;
}

/** `redress plan` */
export async function run(
  paths: readonly string[],
  options: PlanOptions,
  signal: AbortSignal,
): Promise<Exit> {
  const { setting, terminal } = await openWorkplace(paths, options, signal);
  const made = await propose(setting, {
    profile: options.profile ?? "full",
    ...readWanted(options),
  });
  const file = await storePlan(setting.root, made, options.out);
  if (options.json === true) terminal.print(JSON.stringify(made.plan, null, 2));
  else {
    terminal.print(showPlan(made.plan, made.scan, terminal.colors));
    terminal.note(`\nWritten to ${file}\nNext: redress apply --dry-run`);
  }
  // A version that was named and cannot be reached is no empty plan.
  const isMissed =
    options.package !== undefined && made.plan.requests?.some((one) => one.state === "impossible") === true;
  return made.plan.phases.length === 0 && !isMissed ? 0 : 1;
}
