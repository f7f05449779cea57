/** The transaction: journal, rehearsal, backup, gates, promotion, rollback. */
export { approve, type ApproveRequest } from "./approvals.ts";
export { applyPlan } from "./apply-plan.ts";
export { contentFile } from "./backup.ts";
export type { CloneRequest } from "./clone-folder.ts";
export { disk, type Files, type Lying } from "./files.ts";
export { foldJournal } from "./fold.ts";
export { digestInputs } from "./inputs.ts";
export { readJournal, runFolder } from "./journal.ts";
export type { JournalEvent, JournalLine } from "./journal-event.ts";
export { takeLock } from "./lock.ts";
export type { ApplyRequest, RunPorts, Sight } from "./ports.ts";
export type { StageUndo } from "./put-back.ts";
export { readRuns } from "./read-runs.ts";
export { resume, type Resumed } from "./resume.ts";
export { undoElsewhere } from "./undo-elsewhere.ts";
export { isAllowed, nextOpening } from "./windows.ts";
export { rollback, type RollbackRequest, type UndoPorts } from "./rollback.ts";
