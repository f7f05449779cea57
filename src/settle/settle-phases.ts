import type { Refusal, Settled, SettledPhase, Upgrade } from "../model/index.ts";
import type { SettleRequest } from "./settle-request.ts";

/** What came of one phase. */
export type PhaseOutcome =
  | { readonly state: "settled"; readonly phase: SettledPhase }
  | { readonly state: "refused"; readonly refusals: readonly Refusal[] };

/** Settles a project's phases one on top of the other, in one scratch copy. */
export interface Settlement {
  settle(upgrades: readonly Upgrade[]): Promise<PhaseOutcome>;
  /** What a person should know of the phases that were settled. */
  remarks(): readonly string[];
}

/** Settles each phase on top of those before it; the first refusal refuses the whole. */
export async function settlePhases(
  request: SettleRequest,
  settlement: Settlement,
  { by, update }: { readonly by: string; readonly update: (detail: string) => void },
): Promise<Settled> {
  const phases: SettledPhase[] = [];
  for (const [index, upgrades] of request.phases.entries()) {
    update(`phase ${index + 1} of ${request.phases.length}`);
    const last = phases.at(-1);
    if (upgrades.length === 0 && last !== undefined) {
      phases.push(last);
      continue;
    }
    const outcome = await settlement.settle(upgrades);
    if (outcome.state === "refused") {
      const detail = outcome.refusals[0]?.reason ?? "no reason given";
      return { state: "refused", by, detail, phase: index + 1, refusals: outcome.refusals };
    }
    phases.push(outcome.phase);
  }
  return { state: "accepted", by, detail: settlement.remarks().join("; "), phases };
}

/** A refusal before any phase was tried. */
export function refusedWhole({ project }: SettleRequest, by: string, reason: string): Settled {
  return { state: "refused", by, detail: reason, phase: 1, refusals: [{ project: project.path, reason }] };
}
