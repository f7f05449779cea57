import { propose } from "../../pipeline/index.ts";
import type { Profile } from "../../model/index.ts";
import { storePlan } from "../plans.ts";
import type { Exit } from "../program.ts";
import { openWorkplace, type LookOptions } from "../setting.ts";
import { showPlan } from "../show/plan.ts";

export interface PlanOptions extends LookOptions {
  readonly profile?: Profile;
  readonly package?: readonly string[];
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
    ...(options.package === undefined ? {} : { packages: options.package }),
  });
  const file = await storePlan(setting.root, made, options.out);
  if (options.json === true) terminal.print(JSON.stringify(made.plan, null, 2));
  else {
    terminal.print(showPlan(made.plan, made.scan, terminal.colors));
    terminal.note(`\nWritten to ${file}\nNext: redress apply --dry-run`);
  }
  return made.plan.phases.length === 0 ? 0 : 1;
}
