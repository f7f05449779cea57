import type { GateResult, PhaseState, Run, RunPhase, RunState, Summary } from "../model/index.ts";
import type { JournalLine, Stage } from "./journal.ts";

interface Folding {
  number: number;
  name: string;
  state: PhaseState;
  /** Begun, or being undone, and neither finished nor put back. */
  open: boolean;
  gates: { stage: Stage; result: GateResult }[];
  versions: RunPhase["versions"];
  before: Summary;
  after: Summary;
}

/**
 * The state of a run, from its journal alone. `before` and `after` of a phase are what was found around it where it was
 * carried out (in rehearsal, then in the project); of a phase that did not hold, was put back or never
 * reached, what was found before.
 */
export function foldJournal(entries: readonly JournalLine[]): Run {
  const [first] = entries;
  if (first?.event !== "run-started") throw new TypeError("a journal begins with run-started");
  const phases = first.phases.map(
    ({ number, name }): Folding => ({
      number,
      name,
      state: "pending",
      open: false,
      gates: [],
      versions: [],
      before: first.before,
      after: first.before,
    }),
  );
  let ended: Extract<JournalLine, { event: "run-ended" }> | undefined;
  const backup = new Map<string, string>();
  for (const entry of entries) {
    if ("phase" in entry) foldPhase(phases, entry);
    if (entry.event === "file-saved" && entry.sha256 !== null && !backup.has(entry.path))
      backup.set(entry.path, entry.sha256);
    if (entry.event === "run-ended") ended = entry;
    // A rollback that was begun after the end and did not get to its own.
    if (entry.event === "undoing") ended = undefined;
  }
  const state: RunState = ended?.state ?? "running";
  if (state === "needs-person") for (const phase of phases) if (phase.open) phase.state = "needs-person";
  return {
    schemaVersion: 1,
    run: first.run,
    plan: first.plan,
    state,
    startedAt: first.at,
    ...(ended === undefined ? {} : { endedAt: ended.at }),
    phases: phases.map(({ gates, open: _, ...phase }) => ({ ...phase, gates: shownGates(gates) })),
    backup: [...backup].map(([path, sha256]) => ({ path, sha256 })),
    journal: `.redress/runs/${first.run}/journal.jsonl`,
    ...(ended?.reason === undefined ? {} : { reason: ended.reason }),
    ...(ended?.hint === undefined ? {} : { hint: ended.hint }),
  };
}

function foldPhase(phases: readonly Folding[], entry: Extract<JournalLine, { phase: number }>): void {
  const index = phases.findIndex((phase) => phase.number === entry.phase);
  const phase = phases[index];
  if (phase === undefined) return;
  /** What is found from here on, as far as later phases do not change it. */
  const found = (summary: Summary): void => {
    phase.after = summary;
    for (const later of phases.slice(index + 1)) later.before = later.after = summary;
  };
  switch (entry.event) {
    case "gate":
      phase.gates.push({ stage: entry.stage, result: entry.result });
      break;
    case "phase-rehearsed":
      phase.state = entry.held ? "rehearsed" : "failed";
      phase.versions = entry.versions;
      // A phase that did not hold changes nothing for those after it, nor for the project.
      if (entry.held) found(entry.after);
      break;
    case "phase-started":
    case "undoing":
      phase.open = true;
      break;
    case "phase-done":
      phase.open = false;
      phase.state = "done";
      phase.versions = entry.versions;
      found(entry.after);
      break;
    case "undone":
      phase.open = false;
      phase.state = "rolled-back";
      found(phase.before);
      break;
    default:
      break;
  }
}

/** Phases that stand, done and not undone, and those that are neither whole nor put back; the last first. */
export function phasesOf(entries: readonly JournalLine[]): { standing: number[]; open: number[] } {
  const standing = new Set<number>();
  const open = new Set<number>();
  for (const entry of entries) {
    if (entry.event === "phase-started" || entry.event === "undoing") open.add(entry.phase);
    if (entry.event === "phase-done" || entry.event === "undone") open.delete(entry.phase);
    if (entry.event === "phase-done") standing.add(entry.phase);
    if (entry.event === "undoing") standing.delete(entry.phase);
  }
  const down = (numbers: Set<number>): number[] => [...numbers].sort((a, b) => b - a);
  return { standing: down(standing), open: down(open) };
}

/** Of a gate that was asked twice the later answer, named with its stage where both count. */
function shownGates(gates: Folding["gates"]): GateResult[] {
  const promoted = new Set(
    gates.filter((gate) => gate.stage === "promotion").map((gate) => gate.result.name),
  );
  return gates.map(({ stage, result }) =>
    promoted.has(result.name)
      ? { ...result, name: stage === "promotion" ? `${result.name}, promoted` : result.name }
      : result,
  );
}
