import {
  Failure,
  type GateResult,
  type PhaseState,
  type Run,
  type RunPhase,
  type Summary,
} from "../model/index.ts";
import type { Entry, JournalLine, Stage } from "./journal-event.ts";

interface Folding {
  readonly number: number;
  readonly name: string;
  state: PhaseState;
  readonly gates: { stage: Stage; result: GateResult }[];
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

/** The entry that ended the run, unless something began after it and has not ended. */
function endOf(entries: readonly JournalLine[]): Entry<"run-ended"> | undefined {
  const last = entries.findLast((entry) =>
    ["run-started", "rollback-started", "resumed", "run-ended"].includes(entry.event),
  );
  return last?.event === "run-ended" ? last : undefined;
}

/** Of a gate asked in both stages each answer, named with its stage. */
function shownGates(gates: Folding["gates"]): GateResult[] {
  const twice = new Set(gates.filter((gate) => gate.stage === "promotion").map((gate) => gate.result.name));
  return gates.map(({ stage, result }) =>
    twice.has(result.name) && stage === "promotion"
      ? { ...result, name: `${result.name}, promoted` }
      : result,
  );
}

/** Whether a run has begun something that it has not ended, or left a phase half undone: what `resume` is for. */
export function isUnfinished(entries: readonly JournalLine[]): boolean {
  return endOf(entries) === undefined || openPhases(entries).length > 0;
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
    if (entry.event === "rollback-started") for (const phase of entry.phases) begun.add(phase);
  }
  return [...begun].sort((a, b) => b - a);
}
