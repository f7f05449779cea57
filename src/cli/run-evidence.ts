import { Failure, type Configuration, type Evidence, type Run } from "../model/index.ts";
import path from "node:path";
import { contextOf } from "./documents.ts";
import { readEvidence, readPlan } from "./plans.ts";

/**
 * What documents about a run are made from: its kept evidence; of a run that was cut short before any was kept, its
 * journal and the plan, without a look at the tree afterwards. Absent where the plan or its scan is not kept either.
 */
export async function evidenceOfRun(
  root: string,
  run: Run,
  configuration: Configuration,
): Promise<Evidence | undefined> {
  const kept = await readEvidence(root, run.run);
  // Evidence is of the run as it was then; what its journal says since then, such as a rollback, is newer.
  if (kept !== undefined && kept.run?.state === run.state && kept.run.endedAt === run.endedAt) return kept;
  const made = await readPlan(
    root,
    path.join(root, ".redress", "plans", `${path.basename(run.plan)}.json`),
  ).catch((error: unknown) => {
    if (error instanceof Failure) return undefined;
    throw error;
  });
  const before = made?.scan ?? kept?.before;
  const plan = made?.plan ?? kept?.plan;
  if (before === undefined || plan === undefined) return kept;
  return {
    schemaVersion: 1,
    kind: "run",
    madeAt: run.endedAt ?? run.startedAt,
    before,
    plan,
    run,
    ...contextOf(configuration),
  };
}
