/** The gates: what each asks, and its verdict as data. `run/` decides what follows from it. */
export { takeBaselines, type Baselines } from "./baselines.ts";
export { requireProjects } from "./concerned.ts";
export { commandEnvironment, type Bench, type Home } from "./bench.ts";
export {
  askGates,
  comparesSides,
  healthQuestions,
  questionsFor,
  runsPrograms,
  stops,
  type Question,
  type Situation,
} from "./gate-list.ts";
export { performanceGates, trialsOf } from "./performance/performance-gate.ts";
export type { ReadVersions } from "./versions.ts";
