import type { Retention, Run } from "../model/index.ts";

/** A run whose record may go by the rule of retention. */
export interface Prunable {
  readonly run: string;
  readonly state: string;
  readonly endedAt: string;
  /** Whether phases of it are still in the project, which then cannot be rolled back any more. */
  readonly stands: boolean;
}

const dayMs = 86_400_000;

/**
 * Runs older than the rule keeps, oldest first, given as `readRuns` does. The newest ones stay whatever their age, and so
 * does what has not ended well enough to be closed.
 */
export function prunableRuns(runs: readonly Run[], rule: Retention | undefined, now: string): Prunable[] {
  if (rule === undefined) return [];
  const oldest = new Date(Date.parse(now) - rule.days * dayMs).toISOString();
  return runs.slice(0, Math.max(0, runs.length - rule.keep)).flatMap((run) => {
    const { state, endedAt } = run;
    if (endedAt === undefined || endedAt >= oldest || state === "running" || state === "needs-person")
      return [];
    return [{ run: run.run, state, endedAt, stands: run.phases.some((phase) => phase.state === "done") }];
  });
}
