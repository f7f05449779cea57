/** What is known of what is there: matching, severity, tier and deadline, waivers. Pure. */
export { compareFindings } from "./compare-findings.ts";
export { findFindings } from "./find-findings.ts";
export { makeJudge, type JudgeRequest, type SnapshotJudge } from "./judge.ts";
export { meetsCriteria, summarise } from "./summarise.ts";
export { coveredBy, expiredWaivers } from "./waivers.ts";
export { undatedRecords } from "./as-of.ts";
export { pathsFromRoots, type RootPaths } from "./dependency-paths.ts";
export { judgeHealth, type Health, type HealthState } from "./health.ts";
