/** Has the user's own package manager write and accept each phase of a plan, in scratch folders only. */
export { inScratch, writeTexts } from "./scratch.ts";
export { settleLockfile, writesOwnLock } from "./settle-lockfile.ts";
export { settleNpm } from "./settle-npm.ts";
export { installerEnvironment } from "./installer-environment.ts";
export { resolvePython, settlePython } from "./settle-python.ts";
export type { SettleRequest } from "./settle-request.ts";
