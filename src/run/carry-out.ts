import path from "node:path";
import {
  Failure,
  type GateResult,
  type Phase,
  type Project,
  type SettledPhase,
  type VersionCheck,
} from "../model/index.ts";
import { replaceFile } from "../system/index.ts";
import {
  checkVersions,
  commandGate,
  runTests,
  securityGate,
  stops,
  testsGate,
  versionsGate,
  type Reading,
  type TestRun,
} from "./gates.ts";
import { installUpgrades } from "./install.ts";
import type { Journal, Stage } from "./journal.ts";
import { maskSecrets } from "./mask.ts";
import type { ApplyRequest, RunPorts, Sight } from "./ports.ts";
import { placeInside } from "./backup.ts";

/** What carries from phase to phase, in the scratch copy and in the real project alike. */
export interface Work {
  readonly request: ApplyRequest;
  readonly ports: RunPorts;
  readonly journal: Journal;
  readonly run: string;
  /** The tree that is worked on. */
  readonly root: string;
  readonly stage: Stage;
  readonly projects: readonly Project[];
  /** By project path, then by phase from 0: what the package manager wrote. */
  readonly settled: ReadonlyMap<string, readonly SettledPhase[]>;
}

/** What one phase came to. */
export interface Outcome {
  readonly held: boolean;
  readonly gates: readonly GateResult[];
  readonly versions: readonly VersionCheck[];
  readonly sight: Sight;
}

/** The whole new texts of the files that a phase changes, by path relative to the root. */
export function textsOf({ settled }: Work, phase: Phase): Map<string, string> {
  const texts = new Map<string, string>();
  for (const project of new Set(phase.upgrades.map((upgrade) => upgrade.project)))
    for (const [file, text] of settled.get(project)?.[phase.number - 1]?.files ?? []) texts.set(file, text);
  return texts;
}

/** Writes a phase's files and installs its versions: the same acts in rehearsal and in promotion. */
export async function makeChanges(work: Work, phase: Phase): Promise<void> {
  const { request, ports, journal, root } = work;
  for (const [file, text] of textsOf(work, phase)) await replaceFile(await placeInside(root, file), text);
  if (request.filesOnly === true) return;
  for (const project of work.projects) {
    const upgrades = phase.upgrades.filter((upgrade) => upgrade.project === project.path);
    if (upgrades.length === 0 || project.environment === undefined) continue;
    const step = ports.progress.step(`Installing ${upgrades.length} packages (${work.stage})`);
    await installUpgrades({
      root,
      project,
      upgrades,
      policy: request.configuration.policy,
      programs: ports.programs,
      before: (argv) =>
        journal.append({
          event: "installing",
          phase: phase.number,
          project: project.path,
          argv: argv.map((word, index) => maskSecrets(index === 0 ? path.basename(word) : word)),
        }),
      ...(ports.signal === undefined ? {} : { signal: ports.signal }),
    });
    step.done();
  }
}

/** Looks at what a phase made and asks its gates. */
export async function judgePhase(
  work: Work,
  phase: Phase,
  context: { readonly before: Sight; readonly baselines: ReadonlyMap<string, TestRun> },
): Promise<Outcome> {
  const { request, ports, root } = work;
  const step = ports.progress.step(`Checking phase ${phase.number} (${work.stage})`);
  const sight = await ports.look(root);
  const gates: GateResult[] = [];
  const ask = async (result: GateResult): Promise<void> => {
    const masked = { ...result, detail: maskSecrets(result.detail) };
    gates.push(masked);
    await work.journal.append({ event: "gate", stage: work.stage, phase: phase.number, result: masked });
    ports.progress.line(
      `  phase ${phase.number} ${work.stage}: ${masked.name} ${masked.verdict}: ${masked.detail.split("\n")[0] ?? ""}`,
    );
  };
  const reading: Reading = request.filesOnly === true ? "files" : "installed";
  await ask(
    versionsGate(phase.upgrades, { before: context.before.inventory, after: sight.inventory, reading }),
  );
  // Files alone clear nothing that is installed: whoever installs them scans again.
  if (request.filesOnly !== true)
    await ask(securityGate(phase.upgrades, ports.compare(context.before.findings, sight.findings)));
  // Tests judge the rehearsal; in promotion the versions are proven to be those that were tested.
  if (work.stage === "rehearsal" && !gates.some(stops)) {
    const testing = {
      root,
      projects: sight.inventory.projects,
      ...(ports.signal === undefined ? {} : { signal: ports.signal }),
    };
    const { tests, commands } = request.configuration;
    if (tests.length === 0)
      await ask({ name: "tests", mode: "observe", verdict: "missing", detail: "no tests are configured" });
    for (const gate of tests) {
      const baseline = context.baselines.get(gate.name);
      if (baseline === undefined) throw new Failure("internal", `no baseline of ${gate.name}`);
      await ask(await testsGate(gate, baseline, testing));
    }
    for (const gate of commands) await ask(await commandGate(gate, testing));
  }
  step.done();
  return {
    held: !gates.some(stops),
    gates,
    versions: checkVersions(phase.upgrades, sight.inventory, reading),
    sight,
  };
}

/** Runs the tests on the old versions, for comparison. */
export async function runBaselines(
  root: string,
  { request, ports, projects }: Pick<Work, "request" | "ports" | "projects">,
): Promise<Map<string, TestRun>> {
  const baselines = new Map<string, TestRun>();
  for (const gate of request.configuration.tests) {
    const step = ports.progress.step(`Tests on the old versions: ${gate.name}`);
    const baseline = await runTests(gate, {
      root,
      projects,
      ...(ports.signal === undefined ? {} : { signal: ports.signal }),
    });
    baselines.set(gate.name, baseline);
    step.done(baseline.error ?? (baseline.code === 0 ? "passed" : `exit code ${baseline.code ?? "none"}`));
  }
  return baselines;
}
