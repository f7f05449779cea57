/** The transaction: journal, rehearsal, backup, gates, promotion, rollback. */
export { applyPlan } from "./apply-plan.ts";
export { foldJournal } from "./fold.ts";
export { digestInputs } from "./inputs.ts";
export { readJournal } from "./journal.ts";
export type { ApplyRequest, RunPorts, Sight } from "./ports.ts";
export { readRuns, resume, rollback, type Resumed, type RollbackRequest, type UndoPorts } from "./undo.ts";
