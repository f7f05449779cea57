import type { GateResult, Run, RunPhase, Verdict } from "../../model/index.ts";
import { elapsed, type Terminal } from "../terminal.ts";
import { columns, count, plain, severityWords } from "./words.ts";

type Colors = Terminal["colors"];

/** Lines of evidence that are shown of what failed. */
const evidenceLines = 10;

/** A run for a person: each phase with its gates, how it ended, what is as before, what to do next. */
export function showRun(run: Run, colors: Colors): string {
  const lines = [headline(run, colors)];
  for (const phase of run.phases) lines.push("", ...phaseLines(phase, colors));
  lines.push(...deploymentLines(run, colors));
  const last = run.phases.at(-1);
  const when = last?.state === "rehearsed" ? " once it is in" : "";
  if (last !== undefined)
    lines.push("", `Findings left${when}: ${severityWords(last.after.bySeverity, colors)}`);
  const isWell = run.state === "done" || run.state === "rehearsed";
  lines.push(...(isWell ? endLines(run) : ["", ...troubleLines(run, colors)]));
  lines.push(colors.dim(`journal: ${run.journal}`));
  return lines.join("\n");
}

function headline(run: Run, colors: Colors): string {
  const tookMs = run.endedAt === undefined ? NaN : Date.parse(run.endedAt) - Date.parse(run.startedAt);
  const facts = [
    ...(run.by === undefined ? [] : [`by ${plain(run.by.name)}`]),
    ...(tookMs >= 0 ? [elapsed(tookMs)] : []),
  ];
  return [colors.bold(run.run), paintState(run.state, colors), colors.dim(facts.join(", "))]
    .filter(Boolean)
    .join("  ");
}

function phaseLines(phase: RunPhase, colors: Colors): string[] {
  const findings = colors.dim(`${phase.before.findings} → ${count(phase.after.findings, "finding")}`);
  return [
    `${colors.bold(phase.name)}  ${paintState(phase.state, colors)}  ${findings}`,
    ...columns(
      phase.gates.map((gate) => [paintVerdict(gate.verdict, colors), gate.name, plain(gate.detail)]),
      "  ",
    ),
  ];
}

function deploymentLines(run: Run, colors: Colors): string[] {
  const stages = run.stages ?? [];
  const approvals = run.approvals ?? [];
  return [
    ...(stages.length === 0 ? [] : ["", colors.bold("Stages")]),
    ...columns(
      stages.map((stage) => [plain(stage.name), paintState(stage.state, colors)]),
      "  ",
    ),
    ...(approvals.length === 0 ? [] : ["", colors.bold("Approvals")]),
    ...approvals.map((one) => {
      const what = [
        ...one.phases.map((phase) => `phase ${phase}`),
        ...one.stages.map((stage) => `stage ${stage}`),
      ];
      const why = one.reason === undefined ? "" : `: ${one.reason}`;
      return plain(`  ${one.by.name} at ${one.at}, ${what.join(", ")}${why}`);
    }),
  ];
}

const endLines = (run: Run): string[] => (run.hint === undefined ? [] : ["", plain(run.hint)]);

/** What failed, its evidence, what was undone, what is as before, what to do next. */
function troubleLines(run: Run, colors: Colors): string[] {
  const title =
    run.waits !== undefined
      ? "Waits for"
      : run.reason?.startsWith("rolled back") === true
        ? "Why"
        : "What failed";
  const named = (state: RunPhase["state"]): string =>
    run.phases
      .filter((phase) => phase.state === state)
      .map((phase) => phase.name)
      .join("; ");
  const undone = [
    ...(named("rolled-back") === "" ? [] : [named("rolled-back")]),
    ...(run.stages ?? [])
      .filter((stage) => stage.state === "rolled-back")
      .map((stage) => `stage ${stage.name}`),
  ].join("; ");
  const isUntouched = run.phases.every((phase) => phase.state !== "done" && phase.state !== "needs-person");
  const rows: string[][] = [
    ...(run.reason === undefined ? [] : [[title, firstLine(run.reason)]]),
    ...(undone === "" ? [] : [["Undone", undone]]),
    ...(named("done") === "" ? [] : [["In place", named("done")]]),
    ...(named("needs-person") === "" ? [] : [["Not whole", named("needs-person")]]),
    ["As before", isUntouched ? "the whole project, byte for byte" : "everything else"],
    ...(run.hint === undefined ? [] : [["Next", run.hint]]),
  ];
  const shown = columns(
    rows.map(([name = "", words = ""]) => [colors.bold(name), plain(words)]),
    "",
  );
  const evidence = evidenceOf(run);
  const at = run.reason === undefined ? 0 : 1;
  return [
    ...shown.slice(0, at),
    ...evidence.map((line) => colors.dim(`  | ${plain(line)}`)),
    ...shown.slice(at),
  ];
}

const firstLine = (text: string): string => text.split("\n")[0] ?? "";

/** The end of what the last stopping gate, or else the failing program, had said. */
function evidenceOf(run: Run): string[] {
  const isBad = ({ mode, verdict }: GateResult): boolean =>
    mode === "enforce" && (verdict === "fail" || verdict === "error" || verdict === "inconclusive");
  const gate = run.phases.flatMap((phase) => phase.gates).findLast(isBad);
  const said = (gate?.samples ?? []).filter((sample) => typeof sample === "string").join("\n");
  const text = said === "" ? (run.reason ?? "").split("\n").slice(1).join("\n") : said;
  return text
    .split("\n")
    .filter((line) => line.trim() !== "")
    .slice(-evidenceLines);
}

/** A state in its colour. */
export function paintState(state: string, colors: Colors): string {
  if (state === "done" || state === "rehearsed") return colors.green(state);
  if (state === "rolled-back" || state === "failed" || state === "needs-person") return colors.red(state);
  return colors.yellow(state);
}

function paintVerdict(verdict: Verdict, colors: Colors): string {
  if (verdict === "pass") return colors.green("✓ pass");
  if (verdict === "fail" || verdict === "error") return colors.red(`✗ ${verdict}`);
  return colors.yellow(`! ${verdict}`);
}
