/** Lexicographic 0/1 programmes, solved to proof where time allows and checked independently. */
export type { Programme, Row, Solution, SolveOptions, Stage, Term } from "./programme.ts";
export { checkPoint, valueOf } from "./check-point.ts";
export { branchAndBound } from "./branch-and-bound.ts";
export { solve } from "./solve.ts";
