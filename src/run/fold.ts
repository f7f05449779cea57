import type { GateResult, PhaseState, Run, RunPhase, RunState, Summary } from "../model/index.ts";
import type { JournalLine, Stage } from "./journal.ts";

interface Folding {
  number: number;
  name: string;
  state: PhaseState;
  gates: { stage: Stage; result: GateResult }[];
  versions: RunPhase["versions"];
  before: Summary;
  after: Summary;
}

/** The state of a run, from its journal alone. */
export function foldJournal(entries: readonly JournalLine[]): Run {
  const [first] = entries;
  if (first?.event !== "run-started") throw new TypeError("a journal begins with run-started");
  const phases = new Map<number, Folding>(
    first.phases.map(({ number, name }) => [
      number,
      { number, name, state: "pending", gates: [], versions: [], before: first.before, after: first.before },
    ]),
  );
  let ended: Extract<JournalLine, { event: "run-ended" }> | undefined;
  const backup = new Map<string, string>();
  for (const entry of entries) {
    const phase = "phase" in entry ? phases.get(entry.phase) : undefined;
    switch (entry.event) {
      case "gate":
        phase?.gates.push({ stage: entry.stage, result: entry.result });
        break;
      case "phase-rehearsed":
      case "phase-done":
        if (phase === undefined) break;
        phase.state = entry.event === "phase-done" ? "done" : entry.held ? "rehearsed" : "failed";
        phase.versions = entry.versions;
        phase.after = entry.after;
        for (const later of phases.values())
          if (later.number > phase.number) later.before = later.after = entry.after;
        break;
      case "file-saved":
        if (entry.sha256 !== null && !backup.has(entry.path)) backup.set(entry.path, entry.sha256);
        break;
      case "undone":
        if (phase !== undefined) {
          phase.state = "rolled-back";
          phase.after = phase.before;
        }
        break;
      case "run-ended":
        ended = entry;
        break;
      default:
        break;
    }
  }
  const state: RunState = ended?.state ?? "running";
  return {
    schemaVersion: 1,
    run: first.run,
    plan: first.plan,
    state,
    startedAt: first.at,
    ...(ended === undefined ? {} : { endedAt: ended.at }),
    phases: [...phases.values()].map(({ gates, ...phase }) => ({ ...phase, gates: shownGates(gates) })),
    backup: [...backup].map(([path, sha256]) => ({ path, sha256 })),
    journal: `.redress/runs/${first.run}/journal.jsonl`,
    ...(ended?.reason === undefined ? {} : { reason: ended.reason }),
    ...(ended?.hint === undefined ? {} : { hint: ended.hint }),
  };
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
