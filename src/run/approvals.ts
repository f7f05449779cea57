import {
  Failure,
  type ApprovalPolicy,
  type Deployment,
  type Phase,
  type Plan,
  type Run,
} from "../model/index.ts";
import type { Clock } from "../system/index.ts";
import { disk, type Files } from "./files.ts";
import { foldJournal, isUnfinished, waitsOf } from "./fold.ts";
import { Journal } from "./journal.ts";
import type { Entry, JournalLine, Person } from "./journal-event.ts";
import { takeLock } from "./lock.ts";
import { readJournals, type RecordedRun } from "./read-runs.ts";

/** Why a phase needs a person's yes; `undefined` where it does not. */
export function reasonToAsk(phase: Phase, policy: ApprovalPolicy): string | undefined {
  if (policy.tiers.includes(phase.tier)) return `phases of the tier ${phase.tier} need an approval`;
  const major = phase.upgrades.find((upgrade) => upgrade.direct && upgrade.level === "major");
  if (policy.majors && major !== undefined)
    return `${major.package} ${major.from ?? ""} → ${major.to ?? "gone"} is a major move`;
  return undefined;
}

/** What has been approved of a plan in any of its runs. */
export function approvedOf(
  recorded: readonly RecordedRun[],
  plan: string,
): { phases: ReadonlyMap<number, Approval>; stages: ReadonlyMap<string, Approval> } {
  const phases = new Map<number, Approval>();
  const stages = new Map<string, Approval>();
  for (const { run, entries } of recorded) {
    if (planOf(entries) !== plan) continue;
    for (const entry of entries) {
      if (entry.event !== "approved") continue;
      for (const phase of entry.phases) phases.set(phase, { run, entry });
      for (const stage of entry.stages) stages.set(stage, { run, entry });
    }
  }
  return { phases, stages };
}

export interface Approval {
  /** Whose journal holds it. */
  readonly run: string;
  readonly entry: Entry<"approved">;
}

const waitsForApproval = ({ entries }: RecordedRun): boolean =>
  waitsOf(entries).some((wait) => wait.for === "approval");

/** Whether no later run has gone on with its plan. */
const isNewestOfPlan = ({ run, entries }: RecordedRun, recorded: readonly RecordedRun[]): boolean =>
  recorded.findLast((one) => planOf(one.entries) === planOf(entries))?.run === run;

const planOf = (entries: readonly JournalLine[]): string | undefined => {
  const [first] = entries;
  return first?.event === "run-started" ? first.plan : undefined;
};

export interface ApproveRequest {
  readonly root: string;
  /** Absent: the newest run that waits for an approval. */
  readonly run?: string;
  readonly by: Person;
  readonly reason?: string;
  readonly deployment?: Deployment;
  /** Who made the plan, where it says. */
  readonly plan?: Pick<Plan, "madeBy">;
}

/**
 * Records a person's yes to what a run waits for, in its journal. The project is not touched: `resume` or `apply` goes on.
 * @throws {Failure} `usage` when nothing waits, or the person may not approve; `conflict` for a run that was cut short;
 * `locked`; `corrupt`; `storage`.
 */
export async function approve(
  request: ApproveRequest,
  ports: { readonly clock: Clock; readonly files?: Files },
): Promise<Run> {
  const { root, by } = request;
  const files = ports.files ?? disk;
  const free = await takeLock(root, "approve");
  try {
    const recorded = await readJournals(root, files);
    const chosen =
      request.run === undefined
        ? recorded.findLast((one) => isNewestOfPlan(one, recorded) && waitsForApproval(one))
        : recorded.find(({ run }) => run === request.run);
    if (chosen === undefined)
      throw new Failure("usage", "no run waits for an approval", "See redress status.");
    const { run, entries } = chosen;
    if (isUnfinished(entries))
      throw new Failure("conflict", `${run} was cut short`, "Run redress resume first.");
    const waits = waitsOf(entries).filter((wait) => wait.for === "approval");
    if (waits.length === 0) throw new Failure("usage", `${run} waits for no approval`, "See redress status.");
    requireOther(request, entries);
    const journal = await Journal.open({ root, run, files, clock: ports.clock });
    await journal.append({
      event: "approved",
      phases: waits.flatMap((wait) => wait.phases),
      stages: waits.flatMap((wait) => wait.stages),
      by,
      ...(request.reason === undefined ? {} : { reason: request.reason }),
    });
    return foldJournal(journal.entries);
  } finally {
    await free();
  }
}

/** Separation of duties: whoever planned or ran may not approve. */
function requireOther({ by, deployment, plan }: ApproveRequest, entries: readonly JournalLine[]): void {
  if (deployment?.approvals.separation !== true) return;
  const [first] = entries;
  const others = [plan?.madeBy, first?.event === "run-started" ? first.by : undefined];
  for (const [index, other] of others.entries()) {
    if (other === undefined || !isSame(by, other)) continue;
    throw new Failure(
      "usage",
      `${by.name} ${index === 0 ? "made the plan" : "carried out the run"} and may not approve it`,
      "approvals.separation asks for another person: let them say redress approve under their own account.",
    );
  }
}

/** By the names that they gave themselves; where one gave none, by the account. */
function isSame(a: Person, b: Person): boolean {
  const key = (name: string): string => name.normalize("NFKC").trim().toLowerCase();
  if (key(a.name) === key(b.name)) return true;
  return a.account === b.account && key(b.name) === key(b.account);
}
