import type { Evidence, Finding, GateResult } from "../model/index.ts";
import { actionFor, subjectOf } from "./subject.ts";

interface Case {
  readonly suite: string;
  readonly name: string;
  readonly file?: string;
  readonly outcome:
    | { readonly kind: "pass" }
    | { readonly kind: "failure" | "error" | "skipped"; readonly message: string; readonly text: string };
}

/**
 * JUnit XML for the views of CI: a suite of findings (each a failure; waived ones skipped), a suite of what the gates
 * said, and one error for each thing that was not read. A gate without an answer is skipped, never passed.
 */
export function renderJunit(evidence: Evidence): string {
  const { at, findings, fixed, scan } = subjectOf(evidence);
  const cases: Case[] = [
    ...findings.map((finding) => caseOf(finding, evidence)),
    ...fixed.map(({ finding }): Case => ({
      suite: "findings",
      name: nameOf(finding),
      outcome: { kind: "pass" },
    })),
    ...scan.unread.map((one): Case => ({
      suite: "inventory",
      name: `read ${one.path}`,
      file: one.path,
      outcome: { kind: "error", message: one.reason, text: `${one.path}:${one.line ?? 1}: ${one.reason}` },
    })),
    ...(evidence.run?.phases ?? []).flatMap((phase) =>
      phase.gates.map((gate): Case => ({
        suite: `gates of phase ${phase.number}`,
        name: gate.name,
        outcome: outcomeOf(gate),
      })),
    ),
  ];
  const suites = Map.groupBy(cases, (one) => one.suite);
  return `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="${escape(scan.tool.name)}" ${counts(cases)}>
${[...suites]
  .map(
    ([suite, ones]) =>
      `  <testsuite name="${escape(suite)}" timestamp="${at.slice(0, 19)}" ${counts(ones)}>\n${ones.map(renderCase).join("\n")}\n  </testsuite>`,
  )
  .join("\n")}
</testsuites>
`;
}

const nameOf = (finding: Finding): string => `${finding.package} ${finding.version}: ${finding.advisory}`;

function caseOf(finding: Finding, evidence: Evidence): Case {
  const text = actionFor(finding, evidence);
  const message = `${finding.severity}, due ${finding.due.slice(0, 10)}${finding.summary === undefined ? "" : `: ${finding.summary}`}`;
  return {
    suite: "findings",
    name: nameOf(finding),
    ...(finding.places[0] === undefined ? {} : { file: finding.places[0].path }),
    outcome: { kind: finding.waiver === null ? "failure" : "skipped", message, text },
  };
}

function outcomeOf(gate: GateResult): Case["outcome"] {
  const said = { message: `${gate.verdict} (${gate.mode})`, text: gate.detail };
  switch (gate.verdict) {
    case "pass":
    case "warn":
      return { kind: "pass" };
    case "fail":
      return { kind: gate.mode === "enforce" ? "failure" : "skipped", ...said };
    case "error":
      return { kind: "error", ...said };
    default:
      return { kind: "skipped", ...said };
  }
}

function counts(cases: readonly Case[]): string {
  const of = (kind: string): number => cases.filter((one) => one.outcome.kind === kind).length;
  return `tests="${cases.length}" failures="${of("failure")}" errors="${of("error")}" skipped="${of("skipped")}"`;
}

function renderCase({ suite, name, file, outcome }: Case): string {
  const head = `    <testcase classname="${escape(suite)}" name="${escape(name)}"${file === undefined ? "" : ` file="${escape(file)}"`}`;
  return outcome.kind === "pass"
    ? `${head}/>`
    : `${head}><${outcome.kind} message="${escape(outcome.message)}">${escape(outcome.text)}</${outcome.kind}></testcase>`;
}

/** Text as XML 1.0 allows it: what is no character there (section 2.2) becomes `?`. */
function escape(text: string): string {
  return text
    .replace(
      /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g,
      "?",
    )
    .replace(/[&<>"\n\r\t]/g, (character) => `&#${character.charCodeAt(0)};`);
}
