import type { Run, Verdict } from "../../model/index.ts";
import type { Terminal } from "../terminal.ts";
import { columns, count, plain, severityWords } from "./words.ts";

type Colors = Terminal["colors"];

/** A run for a person: each phase with its gates, how it ended, what to do next. */
export function showRun(run: Run, colors: Colors): string {
  const lines = [`${colors.bold(run.run)}  ${paintState(run.state, colors)}`];
  for (const phase of run.phases) {
    lines.push(
      "",
      `${colors.bold(phase.name)}  ${paintState(phase.state, colors)}  ${colors.dim(`${phase.before.findings} → ${count(phase.after.findings, "finding")}`)}`,
      ...columns(
        phase.gates.map((gate) => [paintVerdict(gate.verdict, colors), gate.name, plain(gate.detail)]),
        "  ",
      ),
    );
  }
  const last = run.phases.at(-1);
  if (last !== undefined) lines.push("", `Findings left: ${severityWords(last.after.bySeverity, colors)}`);
  if (run.reason !== undefined) lines.push("", plain(run.reason));
  if (run.hint !== undefined) lines.push(plain(run.hint));
  lines.push(colors.dim(`journal: ${run.journal}`));
  return lines.join("\n");
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
