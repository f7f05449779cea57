/** The best set of upgrades: what moves, why, in which phases; what is left and why. */
export { asWritten, isUnwritten, type WrittenRequest } from "./as-written.ts";
export { withChosenNewcomers, withHeldNewcomers, withoutUnwritten } from "./consequences.ts";
export { fillRanges } from "./fill-ranges.ts";
export { foresee } from "./foresee.ts";
export { planNpm } from "./npm/index.ts";
export { planPython } from "./python/index.ts";
export type { MissedWish, PhaseDraft, PlanProgress, PlanRequest, ProjectPlan } from "./request.ts";
