import { meetsCriteria } from "../../findings/index.ts";
import { look } from "../../pipeline/index.ts";
import type { Finding, Run } from "../../model/index.ts";
import { readRuns } from "../../run/index.ts";
import { prunableRuns } from "../../seal/index.ts";
import { readFailOn } from "../fail-on.ts";
import type { Exit } from "../program.ts";
import { openWorkplace, type LookOptions, type Workplace } from "../setting.ts";
import { paintState, showRun } from "../show/run.ts";
import { columns, count, day, plain, severityWords } from "../show/words.ts";

/** How far ahead a deadline counts as near. */
const nearDays = 7;

/** `redress status` */
export async function run(
  paths: readonly string[],
  options: LookOptions,
  signal: AbortSignal,
): Promise<Exit> {
  const { setting, terminal } = await openWorkplace(paths, options, signal);
  const { colors } = terminal;
  const runs = await readRuns(setting.root);
  const seen = await look(setting);
  seen.base.close();
  const criteria = options.failOn === undefined ? setting.configuration.criteria : readFailOn(options.failOn);
  const verdict = meetsCriteria(seen.findings, criteria);
  const now = setting.clock().toISOString();
  const open = seen.findings.filter((finding) => finding.waiver === null);
  const passed = open.filter((finding) => finding.due < now);
  const soon = new Date(Date.parse(now) + nearDays * 86_400_000).toISOString();
  const near = open.filter((finding) => finding.due >= now && finding.due <= soon);
  const prunable = prunableRuns(runs, setting.configuration.retention, now);
  if (options.json === true) {
    const deadlines = { passed: passed.map((one) => one.id), near: near.map((one) => one.id) };
    terminal.print(
      JSON.stringify(
        { schemaVersion: 1, runs, summary: seen.scan.summary, deadlines, prunable, unread: seen.scan.unread },
        null,
        2,
      ),
    );
  } else {
    const lines = [
      colors.bold("Runs"),
      ...(runs.length === 0
        ? ["  none"]
        : columns(
            runs.map((one) => [
              one.run,
              paintState(one.state, colors),
              day(one.startedAt),
              plain(one.reason ?? ""),
            ]),
            "  ",
          )),
      ...(prunable.length === 0
        ? []
        : [`  ${count(prunable.length, "record")} may go by the rule of retention: redress prune`]),
      ...storyOf(runs.at(-1), colors),
      "",
      `${colors.bold("Open")}  ${count(open.length, "finding")}: ${severityWords(seen.scan.summary.bySeverity, colors)}`,
      ...deadlineLines(`${passed.length} past the deadline`, passed),
      ...deadlineLines(`${near.length} due within ${nearDays} days`, near),
      verdict.met
        ? colors.green("Within the criteria.")
        : colors.red(`Outside the criteria: ${verdict.broken.join("; ")}.`),
    ];
    terminal.print(lines.join("\n"));
  }
  if (seen.scan.unread.length > 0) return 3;
  return verdict.met ? 0 : 1;
}

/** What the newest run told when it ended, where it left something to do. */
function storyOf(run: Run | undefined, colors: Workplace["terminal"]["colors"]): string[] {
  return run === undefined || run.state === "done" || run.startedAt === "" ? [] : ["", showRun(run, colors)];
}

function deadlineLines(title: string, findings: readonly Finding[]): string[] {
  if (findings.length === 0) return [];
  return [
    `  ${title}:`,
    ...columns(
      findings.map((one) => [
        day(one.due),
        `${plain(one.package)} ${plain(one.version)}`,
        one.advisory,
        one.severity,
      ]),
      "    ",
    ),
  ];
}
