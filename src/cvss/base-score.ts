import { createRequire } from "node:module";
import type Calculator from "ae-cvss-calculator";
import { cvss3BaseScore } from "./cvss3.ts";

// Loaded for the vectors that need it: it is large, and most vectors are plain CVSS v3.
const load = createRequire(import.meta.url);
const calculator = (): typeof Calculator => load("ae-cvss-calculator") as typeof Calculator;

/** From the preferred standard down (policy, "Severity"). */
export const standards = ["CVSS 4.0", "CVSS 3.1", "CVSS 3.0", "CVSS 2.0"] as const;
export type Standard = (typeof standards)[number];

/** No vector of any version of CVSS is longer, in characters. */
const maxVectorLength = 400;

/** The standard that a vector says it is of; `undefined` where it is none. */
export function standardOf(vector: string): Standard | undefined {
  if (vector.startsWith("CVSS:4.0/")) return "CVSS 4.0";
  if (vector.startsWith("CVSS:3.1/")) return "CVSS 3.1";
  if (vector.startsWith("CVSS:3.0/")) return "CVSS 3.0";
  return /^\(?AV:[LAN]\/AC:[LMH]\/Au:/.test(vector) ? "CVSS 2.0" : undefined;
}

/** Base score of a vector, 0 to 10; `undefined` where it lacks a metric, has an unknown one, or is none. */
export function baseScoreOf(vector: string): number | undefined {
  const standard = vector.length > maxVectorLength ? undefined : standardOf(vector);
  if (standard === undefined) return undefined;
  try {
    const score = calculate(vector, standard);
    return score !== undefined && score >= 0 && score <= 10 ? score : undefined;
  } catch {
    // The calculator throws on what it cannot read.
    return undefined;
  }
}

function calculate(vector: string, standard: Standard): number | undefined {
  const quick = cvss3BaseScore(vector);
  if (quick !== undefined) return quick;
  const { Cvss4P0, Cvss3P1, Cvss3P0, Cvss2 } = calculator();
  switch (standard) {
    case "CVSS 4.0":
      return new Cvss4P0(vector).calculateScores().base;
    case "CVSS 3.1":
      return new Cvss3P1(vector).calculateScores().base;
    case "CVSS 3.0":
      return new Cvss3P0(vector).calculateScores().base;
    case "CVSS 2.0":
      return new Cvss2(vector.replace(/^\(|\)$/g, "")).calculateScores().base;
  }
}
