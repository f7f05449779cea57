import type { Evidence, Finding } from "../model/index.ts";
import { actionFor, asJson, markOf, pageOf, subjectOf } from "./subject.ts";
import { justificationOf } from "./vex.ts";

/**
 * OpenVEX 0.2.0: what is affected, what is fixed by the run, what was judged harmless and why. A risk that is merely
 * accepted stays `affected`. With nothing to say there is no document: its schema asks for a statement (`minItems`).
 */
export function renderOpenVex(evidence: Evidence): string | undefined {
  const { at, scan, findings, fixed } = subjectOf(evidence);
  const statements = distinct([
    ...findings.map((finding) => ({
      vulnerability: vulnerability(finding),
      timestamp: at,
      products: [product(finding.purl)],
      ...statusOf(finding, evidence),
    })),
    ...fixed.flatMap(({ finding, successor }) =>
      successor === null
        ? []
        : [
            {
              vulnerability: vulnerability(finding),
              timestamp: at,
              products: [product(successor.purl)],
              status: "fixed",
              status_notes: `In place of ${finding.package} ${finding.version}.`,
            },
          ],
    ),
  ]);
  if (statements.length === 0) return undefined;
  return asJson({
    "@context": "https://openvex.dev/ns/v0.2.0",
    "@id": `urn:uuid:${markOf(evidence, "openvex")}`,
    author: `${scan.tool.name} ${scan.tool.version}`,
    timestamp: at,
    version: 1,
    tooling: `${scan.tool.name} ${scan.tool.version}`,
    statements,
  });
}

/** The same package in two projects says the same thing once. */
const distinct = (statements: readonly object[]): object[] => [
  ...new Map(statements.map((one) => [JSON.stringify(one), one])).values(),
];

const product = (purl: string): object => ({ "@id": purl, identifiers: { purl } });

function vulnerability(finding: Finding): object {
  return {
    "@id": pageOf(finding.advisory),
    name: finding.advisory,
    ...(finding.summary === undefined ? {} : { description: finding.summary }),
    aliases: finding.aliases,
  };
}

function statusOf(finding: Finding, evidence: Evidence): object {
  const justification = justificationOf(finding.waiver);
  return justification === undefined
    ? { status: "affected", action_statement: actionFor(finding, evidence) }
    : { status: "not_affected", justification, status_notes: actionFor(finding, evidence) };
}
