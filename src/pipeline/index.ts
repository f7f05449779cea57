/**
 * The one way through: inventory → advisories → findings → plan → settle → run → evidence. Each file here joins rooms
 * and decides nothing that a room could; read `look.ts`, `propose.ts` and `apply.ts` first to know what Redress does.
 */
export { apply, type Applied, type ApplyOptions } from "./apply.ts";
export { advisoryRequest, inventoryFor, look, scan, type Look } from "./look.ts";
export { recordRun, type Recorded, type Recording, type Seen } from "./record.ts";
export { fitToLeave, valueFitToLeave } from "./redactions.ts";
export { recordWhatWentOn } from "./record-again.ts";
export type { ProposeOptions } from "./draft.ts";
export { propose, type Proposal } from "./propose.ts";
export type { Setting } from "./setting.ts";
export { releasesFor } from "./settle.ts";
