import { compareFindings } from "../findings/index.ts";
import { Failure, type Plan, type Run, type Scan } from "../model/index.ts";
import { rooms } from "./rooms.ts";
import type { Setting } from "./setting.ts";
import { look, judged, relookWith } from "./look.ts";
import { settle } from "./settle.ts";

export interface ApplyOptions {
  readonly phases?: readonly number[];
  readonly dryRun?: boolean;
  readonly filesOnly?: boolean;
}

/** A run with the scans before and after it, by one snapshot. */
export interface Applied {
  readonly run: Run;
  readonly before: Scan;
  readonly after: Scan;
}

/**
 * Rehearses a plan, carries it out and looks again.
 * @throws {Failure} `changed` when the project, the policy or the advisories are not those of the plan.
 */
export async function apply(setting: Setting, plan: Plan, options: ApplyOptions): Promise<Applied> {
  let seen = await look(setting);
  try {
    if ((await seen.base.extend(plan.inputs.asked ?? [])).length > 0)
      seen = await judged(setting, seen.inventory, seen.base);
    if (seen.base.snapshot.digest !== plan.inputs.snapshot)
      throw new Failure(
        "changed",
        "the advisories are not those that the plan was made with",
        "Make a new plan.",
      );
    if (setting.configuration.digest !== plan.inputs.policy)
      throw new Failure(
        "changed",
        "redress.yaml is not the one that the plan was made with",
        "Make a new plan.",
      );
    const relook = relookWith(setting, seen.judge);
    const { applyPlan } = await rooms.run();
    const run = await applyPlan(
      { root: setting.root, plan, configuration: setting.configuration, ...options },
      {
        settle: (project) =>
          settle(
            project,
            plan.phases.map((phase) =>
              phase.upgrades.filter(
                (upgrade) => upgrade.project === project.path && upgrade.ecosystem === project.ecosystem,
              ),
            ),
            { setting, inventory: seen.inventory, broken: plan.broken },
          ),
        look: relook,
        compare: compareFindings,
        installerEnvironment: async (ecosystem) =>
          (await rooms.settle()).installerEnvironment(setting.root, ecosystem),
        clock: setting.clock,
        progress: setting.progress,
        programs: await setting.programs(),
        ...(setting.signal === undefined ? {} : { signal: setting.signal }),
      },
    );
    // Also a run that was stopped is looked at and reported.
    const { signal: _, ...unstopped } = setting;
    const after = await relookWith(unstopped, seen.judge)(setting.root);
    return {
      run,
      before: seen.scan,
      after: {
        ...seen.scan,
        scannedAt: setting.clock().toISOString(),
        findings: after.findings,
        summary: after.summary,
      },
    };
  } finally {
    seen.base.close();
  }
}
