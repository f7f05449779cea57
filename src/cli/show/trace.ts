import { controls } from "../../evidence/index.ts";
import { tierNames } from "../../model/index.ts";
import type { FindingTrace, Problem } from "../../seal/index.ts";
import type { Terminal } from "../terminal.ts";
import { ruleInWords } from "./rules.ts";
import { columns, plain } from "./words.ts";

/** Whether the record that a trace is read from holds. */
interface Record {
  readonly intact: boolean;
  readonly keyId: string;
  readonly problem?: Problem;
}

/** A finding's trace, question by question, as an auditor asks them. */
export function showTrace(
  trace: FindingTrace,
  { record, colors }: { record: Record; colors: Terminal["colors"] },
): string[] {
  const { finding } = trace;
  const answers: [question: string, lines: string[]][] = [
    ["First detected", detectedLines(trace)],
    ["Severity", severityLines(trace)],
    ["Deadline", deadlineLines(trace)],
    ["Decision", decisionLines(trace)],
    ["Change", changeLines(trace)],
    ["Gates", gateLines(trace)],
    ["Verified", verifiedLines(trace)],
    ["Accepted", acceptedLines(trace)],
    ["Record", recordLines(trace, record)],
    ["Controls", [controls.map(({ id, source }) => `${source.split(",")[0] ?? ""} ${id}`).join("; ")]],
  ];
  return [
    colors.bold(
      `${finding.id}  ${finding.advisory} in ${plain(finding.package)} ${plain(finding.version)}  ${trace.run}`,
    ),
    ...(finding.aliases.length === 0 ? [] : [`  also known as ${finding.aliases.join(", ")}`]),
    ...answers.flatMap(([question, lines]) =>
      lines.map((line, index) => `  ${(index === 0 ? question : "").padEnd(15)} ${line}`),
    ),
  ];
}

function detectedLines({ detected }: FindingTrace): string[] {
  const { at, snapshot, judgedBy } = detected;
  return [
    `${at}, by ${snapshot === undefined ? "advisories whose digest was not kept" : `the advisories ${snapshot}`}`,
    `judged in this run by the advisories ${judgedBy.digest}`,
    ...judgedBy.sources.map(
      (source) =>
        `  ${plain(source.id)}: ${source.records} records, newest ${source.newest ?? "unknown"}${source.fetchedAt === undefined ? "" : `, fetched ${source.fetchedAt}`}`,
    ),
  ];
}

function severityLines({ finding }: FindingTrace): string[] {
  return [
    `${finding.severity}${finding.score === undefined ? "" : ` ${finding.score}`}, from ${plain(String(finding.inputs["severity"] ?? "no source that was kept"))}`,
    ...(finding.vector === undefined ? [] : [plain(finding.vector)]),
  ];
}

function deadlineLines({ finding }: FindingTrace): string[] {
  return [
    `${finding.due} (${tierNames[finding.tier].toLowerCase()}) by ${finding.rule}`,
    ...ruleInWords(finding.rule).map(([id, sentence]) => `${id}: ${sentence}`),
    ...columns(
      Object.entries(finding.inputs).map(([name, value]) => [plain(name), plain(String(value))]),
      "  ",
    ),
  ];
}

function decisionLines({ decision, left }: FindingTrace): string[] {
  return [
    `${decision.plan} of ${decision.madeAt}, profile ${decision.profile}, by ${plain(decision.tool)}`,
    `carried out from ${decision.startedAt}${decision.ranBy === undefined ? "" : ` by ${plain(decision.ranBy)}`}`,
    ...decision.people.map((entry) => {
      const { event, at, by, reason } = entry as {
        event?: unknown;
        at?: unknown;
        by?: unknown;
        reason?: unknown;
      };
      const who = typeof by === "string" ? by : ((by as { name?: string } | undefined)?.name ?? "unknown");
      return `${String(at)} ${String(event)} by ${plain(who)}${typeof reason === "string" ? `: ${plain(reason)}` : ""}`;
    }),
    ...(left === undefined
      ? []
      : [`left by the plan (${left.reason}): ${plain(left.detail)}`, plain(left.advice)]),
  ];
}

function changeLines({ change }: FindingTrace): string[] {
  if (change === undefined) return ["none in this run"];
  const { upgrade, phase, phaseState, integrity, files } = change;
  return [
    `${plain(upgrade.package)} ${upgrade.from ?? "absent"} → ${upgrade.to ?? "removed"} (${upgrade.level}, ${upgrade.via}) in phase ${phase}, which is ${phaseState}`,
    ...upgrade.because.map(plain),
    ...integrity.map((hash) => `archive ${plain(hash)}`),
    ...files.map((file) => `${plain(file.path)}: sha256 ${file.before ?? "no file"} → ${file.after}`),
  ];
}

function gateLines({ gates }: FindingTrace): string[] {
  if (gates.length === 0) return ["none was asked"];
  return columns(
    gates.map((gate) => [
      gate.at,
      gate.stage,
      gate.name,
      `${gate.verdict} (${gate.mode})`,
      plain(gate.detail),
    ]),
  );
}

function verifiedLines({ verified, change }: FindingTrace): string[] {
  if (verified !== undefined)
    return [
      `${verified.at}: gone, by the advisories ${verified.snapshot}; its phase was committed ${verified.committedAt}`,
    ];
  return [
    change === undefined
      ? "nothing to verify"
      : "not verified: no look at the project after it shows it gone",
  ];
}

function acceptedLines({ accepted }: FindingTrace): string[] {
  if (accepted === undefined) return ["not accepted by anybody"];
  return [
    `by ${plain(accepted.by)} until ${accepted.expires} (${plain(accepted.justification)}), written ${accepted.madeAt}`,
    plain(accepted.reason),
  ];
}

function recordLines({ checkpoint }: FindingTrace, { intact, keyId, problem }: Record): string[] {
  return [
    intact
      ? "intact"
      : `not proven: ${problem === undefined ? "" : `${plain(problem.path)}: ${plain(problem.detail)}`}`,
    `sealed ${checkpoint.sealedAt} with key ${keyId}`,
    `head ${checkpoint.journal.head}, ${checkpoint.journal.entries} entries`,
  ];
}
