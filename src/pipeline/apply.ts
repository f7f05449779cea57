import { compareFindings } from "../findings/index.ts";
import { Failure, type Inventory, type Person, type Plan, type Run, type Scan } from "../model/index.ts";
import type { RunPorts } from "../run/index.ts";
import { rooms } from "./rooms.ts";
import type { Setting } from "./setting.ts";
import { look, judged, relookWith, rememberSights } from "./look.ts";
import { keepOutputs } from "./outputs.ts";
import { keepGiven } from "./record.ts";
import { settle } from "./settle.ts";

export interface ApplyOptions {
  readonly phases?: readonly number[];
  readonly dryRun?: boolean;
  readonly filesOnly?: boolean;
  /** Who asks for it. */
  readonly by?: Person;
  /** Goes on outside the maintenance windows, for this reason. */
  readonly outsideWindow?: string;
}

/** A run with the scans before and after it, by one snapshot. */
export interface Applied {
  readonly run: Run;
  readonly before: Scan;
  readonly after: Scan;
  /** What was there after it. */
  readonly inventoryAfter: Inventory;
}

/**
 * Rehearses a plan, carries it out and looks again.
 * @throws {Failure} `changed` when the project, the policy or the advisories are not those of the plan.
 */
export async function apply(setting: Setting, plan: Plan, options: ApplyOptions): Promise<Applied> {
  let seen = await look(setting);
  const outputs = keepOutputs();
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
    await rememberSights(setting, seen);
    const relook = relookWith(setting, seen.judge);
    const { applyPlan, runFolder } = await rooms.run();
    const { inventory, scan: before } = seen;
    const settleIn =
      (there: Setting, present: Inventory): RunPorts["settle"] =>
      (project) =>
        settle(
          project,
          plan.phases.map((phase) =>
            (phase.asked ?? phase.upgrades).filter(
              (upgrade) => upgrade.project === project.path && upgrade.ecosystem === project.ecosystem,
            ),
          ),
          { setting: there, inventory: present, broken: plan.broken },
        );
    const everywhere = {
      look: relook,
      compare: compareFindings,
      clock: setting.clock,
      progress: setting.progress,
      programs: await setting.programs(),
      ...(setting.signal === undefined ? {} : { signal: setting.signal }),
    };
    const installerEnvironment =
      (root: string): NonNullable<RunPorts["installerEnvironment"]> =>
      async (ecosystem) =>
        (await rooms.settle()).installerEnvironment(root, ecosystem);
    const run = await applyPlan(
      { root: setting.root, plan, configuration: setting.configuration, ...options },
      {
        ...everywhere,
        settle: settleIn(setting, inventory),
        installerEnvironment: installerEnvironment(setting.root),
        elsewhere: async (root) => ({
          ...everywhere,
          settle: settleIn({ ...setting, root }, (await relook(root)).inventory),
          installerEnvironment: installerEnvironment(root),
        }),
        begun: async (run) => {
          await keepGiven(setting, run, { plan, before, inventory });
          await outputs.begin(runFolder(setting.root, run));
        },
      },
    );
    // Also a run that was stopped is looked at and reported.
    const { signal: _, ...unstopped } = setting;
    const after = await relookWith(unstopped, seen.judge)(setting.root);
    return {
      run,
      before: seen.scan,
      inventoryAfter: after.inventory,
      after: {
        ...seen.scan,
        scannedAt: setting.clock().toISOString(),
        findings: after.findings,
        summary: after.summary,
      },
    };
  } finally {
    await outputs.end();
    seen.base.close();
  }
}
