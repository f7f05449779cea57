import type { Settled, SettledPhase, Upgrade } from "../model/index.ts";
import { Refused } from "./npm-judge.ts";
import type { SettleRequest } from "./settle-request.ts";

/** Settles a project's phases one on top of the other, in one scratch copy. */
export interface Settlement {
  /** @throws {Refused} where the package manager does not take the phase. */
  settle(upgrades: readonly Upgrade[]): Promise<SettledPhase>;
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
    try {
      phases.push(await settlement.settle(upgrades));
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      const { refusals } = error;
      const detail = refusals[0]?.reason ?? "no reason given";
      return { state: "refused", by, detail, phase: index + 1, refusals };
    }
  }
  return { state: "accepted", by, detail: settlement.remarks().join("; "), phases };
}

/** A refusal before any phase was tried. */
export function refusedWhole({ project }: SettleRequest, by: string, reason: string): Settled {
  return { state: "refused", by, detail: reason, phase: 1, refusals: [{ project: project.path, reason }] };
}
