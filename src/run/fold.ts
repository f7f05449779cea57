import {
  Failure,
  type GateResult,
  type GateStage,
  type PhaseState,
  type Run,
  type RunPhase,
  type RunStage,
  type Summary,
  type Wait,
} from "../model/index.ts";
import type { Entry, JournalLine } from "./journal-event.ts";

interface Folding {
  readonly number: number;
  readonly name: string;
  state: PhaseState;
  readonly gates: { stage: GateStage; result: GateResult }[];
  versions: RunPhase["versions"];
  before: Summary;
  after: Summary;
}

/**
 * The state of a run, from its journal alone.
 * @throws {Failure} `corrupt` when it does not begin with the start of a run.
 */
export function foldJournal(entries: readonly JournalLine[]): Run {
  const [first] = entries;
  if (first?.event !== "run-started") throw new Failure("corrupt", "the journal does not start a run");
  const phases = new Map<number, Folding>(
    first.phases.map(({ number, name }) => [
      number,
      { number, name, state: "pending", gates: [], versions: [], before: first.before, after: first.before },
    ]),
  );
  for (const entry of entries) {
    const phase = "phase" in entry ? phases.get(entry.phase) : undefined;
    if (phase !== undefined) foldPhase(phase, entry, phases);
  }
  const ended = endOf(entries);
  const backup = new Map<string, string>();
  for (const entry of entries)
    if (entry.event === "file-saved" && entry.sha256 !== null && !backup.has(entry.path))
      backup.set(entry.path, entry.sha256);
  return {
    schemaVersion: 1,
    run: first.run,
    plan: first.plan,
    state: ended?.state ?? "running",
    startedAt: first.at,
    ...(ended === undefined ? {} : { endedAt: ended.at }),
    phases: [...phases.values()].map(({ gates, ...phase }) => ({ ...phase, gates: shownGates(gates) })),
    ...shownDeployment(entries),
    backup: [...backup].map(([path, sha256]) => ({ path, sha256 })),
    journal: `.redress/runs/${first.run}/journal.jsonl`,
    ...(ended?.reason === undefined ? {} : { reason: ended.reason }),
    ...(ended?.hint === undefined ? {} : { hint: ended.hint }),
  };
}

function foldPhase(phase: Folding, entry: JournalLine, phases: ReadonlyMap<number, Folding>): void {
  /** What is there from here on, as far as later phases do not change it. */
  const found = (summary: Summary): void => {
    phase.after = summary;
    for (const later of phases.values())
      if (later.number > phase.number) later.before = later.after = summary;
  };
  switch (entry.event) {
    case "gate":
      phase.gates.push({ stage: entry.stage, result: entry.result });
      break;
    case "phase-rehearsed":
    case "phase-done":
      phase.state = entry.event === "phase-done" ? "done" : entry.held ? "rehearsed" : "failed";
      phase.versions = entry.versions;
      // A phase that did not hold changes nothing, for the project or for those after it.
      if (phase.state !== "failed") found(entry.after);
      break;
    case "undoing":
      // Between the two entries nobody can say more than that it must be looked after.
      phase.state = "needs-person";
      break;
    case "undone":
      phase.state = "rolled-back";
      found(phase.before);
      break;
    default:
      break;
  }
}

/** What the record says of people and of targets beside the project. */
function shownDeployment(
  entries: readonly JournalLine[],
): Pick<Run, "by" | "waits" | "approvals" | "stages"> {
  const [first] = entries;
  const waits = waitsOf(entries);
  const approvals = entries.flatMap((entry) =>
    entry.event === "approved"
      ? [
          {
            at: entry.at,
            by: entry.by,
            phases: entry.phases,
            stages: entry.stages,
            ...(entry.reason === undefined ? {} : { reason: entry.reason }),
          },
        ]
      : [],
  );
  const stages = stagesOf(entries);
  return {
    ...(first?.event === "run-started" && first.by !== undefined ? { by: first.by } : {}),
    ...(waits.length === 0 ? {} : { waits }),
    ...(approvals.length === 0 ? {} : { approvals }),
    ...(stages.length === 0 ? {} : { stages }),
  };
}

/** What a run stopped for, as far as it has not been given since. */
export function waitsOf(entries: readonly JournalLine[]): Wait[] {
  let waits: Wait[] = [];
  for (const entry of entries) {
    if (entry.event === "waiting")
      waits.push({
        for: entry.for,
        phases: entry.phases,
        stages: entry.stages,
        detail: entry.detail,
        ...(entry.opens === undefined ? {} : { opens: entry.opens }),
      });
    if (entry.event === "approved") waits = waits.filter((wait) => wait.for !== "approval");
    if (entry.event === "rollback-started") waits = [];
  }
  return waits;
}

/** The targets beside the project, as a run left them. */
export function stagesOf(entries: readonly JournalLine[]): RunStage[] {
  const stages = new Map<string, RunStage["state"]>();
  for (const entry of entries) {
    if (entry.event === "stage-started") stages.set(entry.name, "running");
    if (entry.event === "stage-done") stages.set(entry.name, "done");
    if (entry.event === "stage-undoing") stages.set(entry.name, "needs-person");
    if (entry.event === "stage-undone") stages.set(entry.name, "rolled-back");
  }
  return [...stages].map(([name, state]) => ({ name, state }));
}

/** Stages that something was put on and that is not taken back, newest first. */
export function standingStages(entries: readonly JournalLine[]): string[] {
  return stagesOf(entries)
    .filter((stage) => stage.state !== "rolled-back")
    .map((stage) => stage.name)
    .reverse();
}

/**
 * Whether a run was cut short where phases and stages already stood on trial: they then go back together, as they do
 * when the trial fails.
 */
export function isOnTrial(entries: readonly JournalLine[]): boolean {
  let tried = false;
  for (const entry of entries) {
    if (["stage-started", "watching", "putting-back", "stage-undoing"].includes(entry.event)) tried = true;
    if (entry.event === "stage-done" || (entry.event === "watched" && entry.held)) tried = false;
  }
  return tried && isUnfinished(entries);
}

/** The entry that ended the run, unless something began after it and has not ended. */
function endOf(entries: readonly JournalLine[]): Entry<"run-ended"> | undefined {
  const last = entries.findLast((entry) =>
    ["run-started", "rollback-started", "resumed", "run-ended"].includes(entry.event),
  );
  return last?.event === "run-ended" ? last : undefined;
}

/** Of a gate asked in several stages each answer, named with its stage; of those of a watch the last one. */
function shownGates(gates: Folding["gates"]): GateResult[] {
  const rehearsed = new Set(
    gates.filter((gate) => gate.stage === "rehearsal").map((gate) => gate.result.name),
  );
  const lastWatched = new Map(gates.map((gate, index) => [`${gate.stage} ${gate.result.name}`, index]));
  return gates
    .filter(
      ({ stage, result }, index) => stage !== "watch" || lastWatched.get(`${stage} ${result.name}`) === index,
    )
    .map(({ stage, result }) => {
      if (stage === "watch") return { ...result, name: `${result.name}, watched` };
      return stage === "promotion" && rehearsed.has(result.name)
        ? { ...result, name: `${result.name}, promoted` }
        : result;
    });
}

/** Whether a run has begun something that it has not ended, or left a phase half undone: what `resume` is for. */
export function isUnfinished(entries: readonly JournalLine[]): boolean {
  return (
    endOf(entries) === undefined ||
    openPhases(entries).length > 0 ||
    stagesOf(entries).some((stage) => stage.state === "running" || stage.state === "needs-person")
  );
}

/** Numbers of the phases that stand: done and not undone; newest first. */
export function standing(entries: readonly JournalLine[]): number[] {
  const done = new Set<number>();
  for (const entry of entries) {
    if (entry.event === "phase-done") done.add(entry.phase);
    if (entry.event === "undone") done.delete(entry.phase);
  }
  return [...done].sort((a, b) => b - a);
}

/** Phases that were begun, or begun to be undone, and have not come to an end; newest first. */
export function openPhases(entries: readonly JournalLine[]): number[] {
  const begun = new Set<number>();
  for (const entry of entries) {
    if (entry.event === "phase-started" || entry.event === "undoing") begun.add(entry.phase);
    if (entry.event === "phase-done" || entry.event === "undone") begun.delete(entry.phase);
    if (entry.event === "rollback-started" || entry.event === "putting-back")
      for (const phase of entry.phases) begun.add(phase);
  }
  return [...begun].sort((a, b) => b - a);
}
