/** The transaction: journal, rehearsal, backup, gates, promotion, rollback. */
export { applyPlan } from "./apply-plan.ts";
export type { CloneRequest } from "./clone-folder.ts";
export { disk, type Files, type Lying } from "./files.ts";
export { foldJournal } from "./fold.ts";
export { digestInputs } from "./inputs.ts";
export { readJournal } from "./journal.ts";
export type { JournalEvent, JournalLine } from "./journal-event.ts";
export type { ApplyRequest, RunPorts, Sight } from "./ports.ts";
export { readRuns } from "./read-runs.ts";
export { resume, type Resumed } from "./resume.ts";
export { rollback, type RollbackRequest, type UndoPorts } from "./rollback.ts";
