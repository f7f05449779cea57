import { Failure, type Phase, type Plan } from "../model/index.ts";
import { plainDeployment, stagesOver } from "./deploy.ts";
import { standing } from "./fold.ts";
import type { TreeDigest } from "./inputs.ts";
import type { ApplyRequest } from "./ports.ts";
import type { RecordedRun } from "./read-runs.ts";

/**
 * The phases to carry out, and the tree that they go on top of: the plan's, or what its earlier phases left.
 * @throws {Failure} `usage` where no phase is left to go in, or one is named that the plan does not have.
 */
export function choosePhases(
  request: ApplyRequest,
  recorded: readonly RecordedRun[],
): { phases: Phase[]; expected: TreeDigest } {
  const { plan, phases: wanted } = request;
  const files = new Map(plan.inputs.files.map((file) => [file.path, file.sha256]));
  const environments = new Map(plan.inputs.environments.map((one) => [one.project, one.sha256]));
  const done = new Set<number>();
  let standsBy: string | undefined;
  for (const { run, entries } of recorded) {
    const [first] = entries;
    if (first?.event !== "run-started" || first.plan !== plan.id) continue;
    const stand = new Set(standing(entries));
    for (const entry of entries) {
      if (entry.event !== "phase-done" || !stand.has(entry.phase)) continue;
      done.add(entry.phase);
      standsBy = run;
      for (const file of entry.files) files.set(file.path, file.sha256);
      for (const one of entry.environments) environments.set(one.project, one.sha256);
    }
  }
  const last = Math.max(0, ...(wanted ?? plan.phases.map((phase) => phase.number)));
  const known = wanted?.every((number) => plan.phases.some((phase) => phase.number === number)) ?? true;
  const phases = plan.phases.filter((phase) => phase.number <= last && !done.has(phase.number));
  const { stages } = request.configuration.deployment ?? plainDeployment;
  const over = stagesOver(recorded, plan.id);
  const isStageLeft =
    done.size > 0 && stages.some((stage) => stage.target.kind !== "project" && !over.has(stage.name));
  if ((phases.length === 0 && !isStageLeft) || !known)
    throw new Failure(
      "usage",
      noPhase(plan, done),
      standsBy === undefined || wanted !== undefined
        ? "Name phases of the plan that are not in yet."
        : `There is nothing left to do. Where the project was put back by hand, redress rollback ${standsBy} --force closes the record of what was done; then go on.`,
    );
  return {
    phases,
    expected: {
      files: [...files].map(([name, sha256]) => ({ path: name, sha256 })),
      environments: [...environments].map(([project, sha256]) => ({ project, sha256 })),
    },
  };
}

function noPhase(plan: Plan, done: ReadonlySet<number>): string {
  if (plan.phases.length === 0) return "the plan has no phase";
  const numbers = plan.phases.map((phase) => phase.number).join(", ");
  return `the plan has phases ${numbers}${done.size === 0 ? "" : `; ${[...done].join(", ")} stand already`}`;
}
