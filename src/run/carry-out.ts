import path from "node:path";
import {
  Failure,
  type GateResult,
  type Phase,
  type Project,
  type SettledPhase,
  type Upgrade,
  type VersionCheck,
} from "../model/index.ts";
import type { Site } from "./backup.ts";
import { commandGate, securityGate, stops, testsGate, versionsGate } from "./gates.ts";
import { keyOf, readVersionsBack, type ProjectName, type Reading } from "./holdings.ts";
import { installUpgrades, type Installing } from "./install.ts";
import type { Stage } from "./journal-event.ts";
import { traceOf } from "./left-processes.ts";
import { maskSecrets } from "./mask.ts";
import type { ApplyRequest, RunPorts, Sight } from "./ports.ts";
import type { Bench, TestRun } from "./test-run.ts";

/** What carries from phase to phase, in the scratch copy and in the real project alike. */
export interface Work {
  readonly request: ApplyRequest;
  readonly ports: RunPorts;
  readonly site: Site;
  readonly stage: Stage;
  /** The tree that is worked on. */
  readonly tree: string;
  /** Those that the plan changes. */
  readonly projects: readonly Project[];
  /** By `keyOf` a project: the environment's folder in this tree, absolute; a project without one is files alone. */
  readonly environments: ReadonlyMap<string, string>;
  /** By `keyOf` a project, then by phase from 0: what the package manager wrote. */
  readonly settled: ReadonlyMap<string, readonly SettledPhase[]>;
  /** Digest of each file that the run will write, as the project has it; absent where there is no such file. */
  readonly found: Map<string, string>;
  /** Where lists for installers are put. */
  readonly listFolder: string;
}

/** What one phase came to. */
export interface Outcome {
  readonly gates: readonly GateResult[];
  readonly versions: readonly VersionCheck[];
  readonly sight: Sight;
}

/** The whole new texts of the files that a phase changes, by path relative to the root. */
export function textsOf({ settled }: Pick<Work, "settled">, phase: Phase): Map<string, string> {
  const texts = new Map<string, string>();
  for (const project of new Set(phase.upgrades.map(keyOf)))
    for (const [file, text] of settled.get(project)?.[phase.number - 1]?.files ?? []) texts.set(file, text);
  return texts;
}

/** Installs a phase's versions into the environments of the tree: the same calls in rehearsal and in promotion. */
export async function installPhase(work: Work, phase: Phase): Promise<void> {
  for (const project of work.projects) {
    const upgrades = phase.upgrades.filter((upgrade) => keyOf(upgrade) === keyOf(nameOf(project)));
    const environment = work.environments.get(keyOf(nameOf(project)));
    if (upgrades.length === 0 || environment === undefined) continue;
    const step = work.ports.progress.step(
      `Installing ${countOf(upgrades)} of ${project.path} (${work.stage})`,
    );
    try {
      await installUpgrades(
        await installingFor(work, { project, environment, phase: phase.number }),
        upgrades,
      );
    } finally {
      step.done();
    }
  }
}

/** A project's name, as upgrades and components have it. */
export const nameOf = ({ path: project, ecosystem }: Project): ProjectName => ({ project, ecosystem });

const countOf = (upgrades: readonly Upgrade[]): string =>
  `${upgrades.length} ${upgrades.length === 1 ? "change" : "changes"}`;

/** An installer's setting, each of its calls in the journal. */
export async function installingFor(
  work: Work,
  of: { readonly project: Project; readonly environment: string; readonly phase: number },
): Promise<Installing> {
  const { ports, site, stage, tree } = work;
  const where = { stage, phase: of.phase, project: of.project.path };
  return {
    root: tree,
    project: of.project,
    environment: of.environment,
    policy: work.request.configuration.policy,
    programs: ports.programs,
    listFolder: work.listFolder,
    variables: {
      ...(await ports.installerEnvironment?.(of.project.ecosystem)),
      ...(await traceOf(site.root, site.run)),
    },
    watch: {
      before: (argv) => site.journal.append({ event: "installing", ...where, argv: shownArgv(argv) }),
      after: (durationMs) => site.journal.append({ event: "installed", ...where, durationMs }),
    },
    ...(ports.signal === undefined ? {} : { signal: ports.signal }),
  };
}

/** An argument vector fit to be kept: the program by its name, no secrets, no more than a screen of it. */
function shownArgv(argv: readonly string[]): string[] {
  const shown = argv
    .slice(0, 200)
    .map((word, index) => maskSecrets(index === 0 ? path.basename(word) : word));
  return argv.length > 200 ? [...shown, `… ${argv.length - 200} more`] : shown;
}

/** Which places speak for a project: what is installed and what the files say, or the files alone. */
export function readingOf(work: Pick<Work, "environments">, phase: Phase): Reading {
  const hasOne = phase.upgrades.some((upgrade) => work.environments.has(keyOf(upgrade)));
  return hasOne ? ["installed", "locked"] : ["locked"];
}

/** Looks at what a phase made and asks its gates; stops asking at the first that stops the phase. */
export async function judgePhase(
  work: Work,
  phase: Phase,
  context: { readonly before: Sight; readonly baselines: ReadonlyMap<string, TestRun> },
): Promise<Outcome> {
  const { request, ports, tree } = work;
  const { configuration } = request;
  const step = ports.progress.step(`Checking ${phase.name} (${work.stage})`);
  try {
    const sight = await ports.look(tree);
    const back = {
      root: tree,
      before: context.before.inventory,
      after: sight.inventory,
      reading: readingOf(work, phase),
    };
    const versions = await readVersionsBack(phase.upgrades, back);
    const gates: GateResult[] = [];
    const questions: (() => GateResult | Promise<GateResult>)[] = [
      () => versionsGate(phase.upgrades, versions, back),
    ];
    // Of the real tree files alone clear nothing: whoever installs them scans again.
    if (work.stage === "rehearsal" || request.filesOnly !== true)
      questions.push(() =>
        securityGate(phase.upgrades, ports.compare(context.before.findings, sight.findings)),
      );
    // Tests judge the rehearsal; in promotion the versions are proven to be those that were tested.
    if (work.stage === "rehearsal") {
      const bench = await benchOf(work, sight);
      if (configuration.tests.length === 0) questions.push(() => noTests("no tests are configured"));
      else if (request.filesOnly === true)
        questions.push(() => noTests("files only: the tests run where these files are installed"));
      else
        for (const gate of configuration.tests)
          questions.push(() => testsGate(gate, baselineOf(context.baselines, gate.name), bench));
      if (request.filesOnly !== true)
        for (const gate of configuration.commands) questions.push(() => commandGate(gate, bench));
    }
    for (const ask of questions) {
      const result = maskedGate(await ask());
      gates.push(result);
      await work.site.journal.append({ event: "gate", stage: work.stage, phase: phase.number, result });
      ports.progress.line(
        `  ${phase.name}, ${work.stage}: ${result.name} ${result.verdict}: ${result.detail}`,
      );
      if (stops(result)) break;
    }
    return { gates, versions, sight };
  } finally {
    step.done();
  }
}

const noTests = (detail: string): GateResult => ({
  name: "tests",
  mode: "observe",
  verdict: "missing",
  detail,
});

function baselineOf(baselines: ReadonlyMap<string, TestRun>, name: string): TestRun {
  const baseline = baselines.get(name);
  if (baseline === undefined)
    throw new Failure("internal", `the tests ${name} have no run on the old versions`);
  return baseline;
}

export async function benchOf(
  work: Pick<Work, "site" | "tree" | "environments" | "ports">,
  sight: Sight,
): Promise<Bench> {
  return {
    trace: await traceOf(work.site.root, work.site.run),
    root: work.tree,
    projects: sight.inventory.projects,
    environments: work.environments,
    ...(work.ports.signal === undefined ? {} : { signal: work.ports.signal }),
  };
}

/** Longest text of a gate that is kept, in characters. */
const longest = { detail: 1000, sample: 4000, samples: 500 };

function maskedGate(gate: GateResult): GateResult {
  return {
    ...gate,
    detail: maskSecrets(gate.detail).slice(0, longest.detail),
    ...(gate.samples === undefined
      ? {}
      : {
          samples: gate.samples
            .slice(0, longest.samples)
            .map((sample) =>
              typeof sample === "string" ? maskSecrets(sample).slice(0, longest.sample) : sample,
            ),
        }),
  };
}
