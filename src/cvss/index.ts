/** CVSS vectors of every version as base scores. Pure. */
export { baseScoreOf, standardOf, standards, type Standard } from "./base-score.ts";
