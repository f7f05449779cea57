import { count, type Evidence, type GateResult, type Run, type RunPhase } from "../model/index.ts";
import {
  code,
  commands,
  heading,
  list,
  paragraph,
  strong,
  table,
  type Block,
  type Inline,
} from "./document.ts";
import { seriesOf } from "./series.ts";
import { text } from "./text.ts";
import { severityWords } from "./words.ts";

/** What was carried out, phase by phase, with every version as it was read back. */
export function stepsSection({ run }: Evidence): Block[] {
  if (run === undefined) return [];
  const checks = run.phases.flatMap((phase) => phase.versions.map((check) => ({ phase, check })));
  return [
    heading(2, text.headings.steps),
    table(
      ["Phase", "State", "Findings before", "After", "Versions as planned", "Gates"],
      run.phases.map((phase): Inline[] => [
        `${phase.number}: ${phase.name}`,
        [strong(phase.state)],
        counted(phase.before),
        counted(phase.after),
        `${phase.versions.filter((one) => one.planned === one.observed).length} of ${phase.versions.length}`,
        phase.gates.map((gate) => `${gate.name} ${gate.verdict}`).join(", "),
      ]),
    ),
    ...(run.reason === undefined ? [] : [paragraph(strong("Why it ended so: "), run.reason)]),
    ...(checks.length === 0
      ? []
      : [
          table(
            ["Phase", "Package", "Planned", "Read back", "Verdict"],
            checks.map(({ phase, check }): Inline[] => [
              String(phase.number),
              [strong(check.package)],
              check.planned ?? "absent",
              check.observed ?? "absent",
              phase.state === "rolled-back" ? "undone" : check.planned === check.observed ? "pass" : "fail",
            ]),
          ),
        ]),
  ];
}

const counted = (summary: RunPhase["before"]): string =>
  summary.findings === 0 ? "0" : `${summary.findings} (${severityWords(summary.bySeverity)})`;

/** Which tests there are, and what was really asked and answered. */
export function testingSection({ kind, run, tests }: Evidence): Block[] {
  const results = (run?.phases ?? []).flatMap((phase) => phase.gates.map((gate) => ({ phase, gate })));
  return [
    heading(2, text.headings.testing),
    tests.length === 0
      ? paragraph(strong(text.noTests), text.noTestsMeaning)
      : list(tests.map((test): Inline => [test.name, ": ", code(test.command)])),
    ...(results.length > 0
      ? [
          table(
            ["Phase", "Gate", "Mode", "Verdict", "Detail"],
            results.map(({ phase, gate }) => [
              String(phase.number),
              gate.name,
              gate.mode,
              [strong(gate.verdict)],
              gate.detail,
            ]),
          ),
        ]
      : kind === "state"
        ? []
        : [paragraph(run === undefined ? "No gate was asked yet." : "No gate was asked.")]),
  ];
}

/** What was asked again of the real project. */
export function productionSection({ run }: Evidence): Block[] {
  if (run === undefined) return [];
  const promoted = run.phases.flatMap((phase) =>
    phase.gates.filter((gate) => /, (promoted|watched)$/.test(gate.name)).map((gate) => ({ phase, gate })),
  );
  return [
    heading(2, text.headings.production),
    promoted.length === 0
      ? paragraph(
          run.phases.some((phase) => phase.state === "done")
            ? "No gate was asked again after the project was changed."
            : "The project was not changed, so there was nothing to validate.",
        )
      : table(
          ["Phase", "Gate", "Verdict", "Detail"],
          promoted.map(({ phase, gate }) => [
            String(phase.number),
            gate.name,
            [strong(gate.verdict)],
            gate.detail,
          ]),
        ),
    ...((run.stages ?? []).length === 0
      ? []
      : [
          table(
            ["Stage", "State"],
            (run.stages ?? []).map((stage) => [stage.name, [strong(stage.state)]]),
          ),
        ]),
    ...(run.waits ?? []).map((wait) =>
      paragraph(strong(`Waits for ${wait.for === "window" ? "a window" : "an approval"}: `), wait.detail),
    ),
  ];
}

/** What was measured, side by side. */
export function measurementsSection({ run }: Evidence): Block[] {
  const measured = (run?.phases ?? []).flatMap((phase) =>
    phase.gates.flatMap((gate) => seriesOf(gate).map((series) => ({ phase, gate, series }))),
  );
  if (measured.length === 0) return [];
  return [
    heading(2, text.headings.performance),
    table(
      ["Phase", "Gate", "Series", "Samples", "Least", "Median", "Most", "Unit", "Verdict"],
      measured.map(({ phase, gate, series }) => [
        String(phase.number),
        gate.name,
        series.name,
        String(series.values.length),
        shown(Math.min(...series.values)),
        shown(medianOf(series.values)),
        shown(Math.max(...series.values)),
        series.unit,
        verdictOf(gate),
      ]),
    ),
  ];
}

const verdictOf = (gate: GateResult): Inline => [strong(gate.verdict)];
const shown = (value: number): string => String(Number(value.toPrecision(6)));

function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const [low = NaN, high = NaN] = [sorted[Math.ceil(sorted.length / 2) - 1], sorted[middle]];
  return (low + high) / 2;
}

/** What makes a phase go back, and how a person does it. */
export function rollbackSection(evidence: Evidence): Block[] {
  const { run } = evidence;
  if (evidence.kind === "state") return [];
  return [
    heading(2, text.headings.rollback),
    heading(3, text.headings.triggers),
    paragraph(text.undo),
    list([
      "A planned version is not what is read back, or something else moved.",
      "A finding that was to go is still there, or something critical or high came in.",
      "The package manager fails or is stopped.",
      ...evidence.tests.map((test) => `Tests “${test.name}” fail where they did not before.`),
      ...[
        ...new Set(
          (run?.phases ?? [])
            .flatMap((phase) => phase.gates)
            .filter(isTrigger)
            .map((gate) => gate.name),
        ),
      ].map((name) => `Gate “${name}” fails (enforced).`),
    ]),
    heading(3, text.headings.procedure),
    commands(procedure(run)),
    paragraph(text.database),
    heading(3, text.headings.backups),
    ...backups(run),
  ];
}

/** Enforced gates beside those that every run has. */
const isTrigger = (gate: GateResult): boolean =>
  gate.mode === "enforce" && !/^(versions|security|tests?)\b/.test(gate.name);

function procedure(run: Run | undefined): string[] {
  const name = run?.run ?? "RUN";
  const last = run?.phases.findLast((phase) => phase.state === "done")?.number;
  return [
    "# which runs there are, and how they ended",
    "redress status",
    `# everything that ${run === undefined ? "a run" : "this run"} did`,
    `redress rollback ${name}`,
    "# only from one phase on",
    `redress rollback ${name} --phase ${last ?? "N"}`,
    "# after a crash",
    "redress resume",
    "# see that it is as it was",
    "redress scan",
  ];
}

function backups(run: Run | undefined): Block[] {
  if (run === undefined) return [paragraph("A run saves every file before it touches it.")];
  if (run.backup.length === 0) return [paragraph(text.noBackups)];
  const folder = run.journal.replace(/journal\.jsonl$/, "backup/");
  return [
    paragraph(
      `${count(run.backup.length, "file was", "files were")} saved under `,
      code(folder),
      " by digest:",
    ),
    table(
      ["Path", "SHA-256"],
      run.backup.map((one) => [[code(one.path)], [code(one.sha256)]]),
    ),
  ];
}
