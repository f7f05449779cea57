import { baseScoreOf, standardOf, standards, type Standard } from "../cvss/index.ts";
import type { Advisory, Severity } from "../model/index.ts";

/** How severe a vulnerability is, and by what. */
export interface SeverityVerdict {
  readonly severity: Severity;
  readonly score?: number;
  readonly vector?: string;
  /** `CVSS 4.0`, `CVSS 3.1`, `CVSS 3.0`, `CVSS 2.0`, `label`, or `unavailable`. */
  readonly by: string;
}

interface Scored {
  readonly vector: string;
  readonly score: number;
}

/**
 * The severity of a group of records: by CVSS v4 where one carries it, else v3, else v2, else the label (policy,
 * "Severity"). Where records carry several vectors of one standard the highest score counts.
 */
export function severityOf(records: readonly Advisory[]): SeverityVerdict {
  const given = records.flatMap((record) => record.severity);
  for (const standard of standards) {
    const best = highest(given, standard);
    if (best === undefined) continue;
    const severity = best.score > 0 ? rate(best.score, standard) : labelOf(records, "low");
    return { severity, score: best.score, vector: best.vector, by: standard };
  }
  const severity = labelOf(records, "unknown");
  return { severity, by: severity === "unknown" ? "unavailable" : "label" };
}

function highest(given: Advisory["severity"], standard: Standard): Scored | undefined {
  let best: Scored | undefined;
  for (const { score: text, base } of given) {
    const vector = text.trim();
    if (standardOf(vector) !== standard) continue;
    const score = base ?? baseScoreOf(vector);
    if (score === undefined) continue;
    if (best === undefined || score > best.score || (score === best.score && vector < best.vector))
      best = { vector, score };
  }
  return best;
}

/** The qualitative scales: CVSS v3 and v4, section 5 and 6; v2 knows no "critical" (NVD). */
function rate(score: number, standard: Standard): Severity {
  if (score >= 9 && standard !== "CVSS 2.0") return "critical";
  if (score >= 7) return "high";
  return score >= 4 ? "medium" : "low";
}

const labels: Readonly<Record<string, Severity>> = {
  CRITICAL: "critical",
  HIGH: "high",
  MODERATE: "medium",
  MEDIUM: "medium",
  LOW: "low",
};
const byWeight: readonly Severity[] = ["critical", "high", "medium", "low"];

function labelOf(records: readonly Advisory[], otherwise: Severity): Severity {
  const found = new Set(
    records.map(({ label }) => {
      const key = label?.toUpperCase() ?? "";
      return Object.hasOwn(labels, key) ? labels[key] : undefined;
    }),
  );
  return byWeight.find((severity) => found.has(severity)) ?? otherwise;
}

/** A fact read off a CVSS vector, or `unavailable` where there is none to read. */
export type Inferred = "yes" | "no" | "unavailable";

const metricsOf = (vector: string): Map<string, string> =>
  new Map(
    vector
      .replace(/^\(|\)$/g, "")
      .split("/")
      .map((metric): [string, string] => {
        const colon = metric.indexOf(":");
        return [metric.slice(0, colon), metric.slice(colon + 1)];
      }),
  );

const all = (metrics: Map<string, string>, wanted: Readonly<Record<string, string>>): boolean =>
  Object.entries(wanted).every(([metric, value]) => metrics.get(metric) === value);

/**
 * SSVC's decision points as far as a vector lets them be inferred. Automatable: over the network, without conditions,
 * privileges or a person's help (CVSS v4 may say so itself, `AU`). Total impact: confidentiality, integrity and
 * availability all lost. Proof of concept: the vector's exploit maturity, where it is scored.
 */
export function inferFromVector(vector: string | undefined): {
  readonly automatable: Inferred;
  readonly totalImpact: Inferred;
  readonly proofOfConcept: boolean;
} {
  if (vector === undefined)
    return { automatable: "unavailable", totalImpact: "unavailable", proofOfConcept: false };
  const metrics = metricsOf(vector);
  const is = (found: boolean): Inferred => (found ? "yes" : "no");
  const maturity = metrics.get("E") ?? "X";
  if (vector.startsWith("CVSS:4.0/")) {
    const open = all(metrics, { AV: "N", AC: "L", AT: "N", PR: "N", UI: "N" });
    return {
      automatable: metrics.get("AU") === "Y" ? "yes" : metrics.get("AU") === "N" ? "no" : is(open),
      totalImpact: is(all(metrics, { VC: "H", VI: "H", VA: "H" })),
      proofOfConcept: ["A", "P"].includes(maturity),
    };
  }
  if (vector.startsWith("CVSS:3"))
    return {
      automatable: is(all(metrics, { AV: "N", AC: "L", PR: "N", UI: "N" })),
      totalImpact: is(all(metrics, { C: "H", I: "H", A: "H" })),
      proofOfConcept: ["P", "F", "H"].includes(maturity),
    };
  return {
    automatable: is(all(metrics, { AV: "N", AC: "L", Au: "N" })),
    totalImpact: is(all(metrics, { C: "C", I: "C", A: "C" })),
    proofOfConcept: ["POC", "F", "H"].includes(maturity),
  };
}
