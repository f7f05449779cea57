import path from "node:path";
import type { GateResult, Phase, Project, SettledPhase, Upgrade, VersionCheck } from "../model/index.ts";
import type { Site } from "./backup.ts";
import { askGates, questionsFor, type Baselines, type Bench } from "../gates/index.ts";
import { maskSecrets } from "../system/index.ts";
import { programsOf, projectFolder } from "./environment.ts";
import { keyOf, movedUnasked, readVersionsBack, type ProjectName, type Reading } from "./holdings.ts";
import { installUpgrades, type Installing } from "./install.ts";
import type { Stage } from "./journal-event.ts";
import { traceOf } from "./left-processes.ts";
import type { ApplyRequest, RunPorts, Sight } from "./ports.ts";

/** What carries from phase to phase, in the scratch copy and in the real project alike. */
export interface Work {
  readonly request: ApplyRequest;
  readonly ports: RunPorts;
  readonly site: Site;
  readonly stage: Exclude<Stage, "watch">;
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
  /** By their variables: the addresses of the databases that the application's programs use in this tree. */
  readonly databases: Readonly<Record<string, string>>;
  /** Where lists for installers are put. */
  readonly listFolder: string;
  /** As `Bench.bytecode`. */
  readonly bytecode?: string;
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
  context: { readonly before: Sight; readonly baselines?: Baselines },
): Promise<Outcome> {
  const { request, ports, tree, stage, site } = work;
  const { upgrades } = phase;
  const step = ports.progress.step(`Checking ${phase.name} (${stage})`);
  try {
    const sight = await ports.look(tree);
    const back = {
      root: tree,
      before: context.before.inventory,
      after: sight.inventory,
      reading: readingOf(work, phase),
    };
    const checks = await readVersionsBack(upgrades, back);
    const questions = questionsFor({
      stage,
      configuration: request.configuration,
      upgrades,
      versions: { checks, ...movedUnasked(upgrades, back) },
      findings: ports.compare(context.before.findings, sight.findings),
      inventory: sight.inventory,
      bench: await benchOf(work, sight),
      filesOnly: request.filesOnly === true,
      today: ports.clock().toISOString().slice(0, 10),
      ...(context.baselines === undefined ? {} : { baselines: context.baselines }),
    });
    const gates = await askGates(questions, async (result) => {
      await site.journal.append({ event: "gate", stage, phase: phase.number, result });
      ports.progress.line(`  ${phase.name}, ${stage}: ${result.name} ${result.verdict}: ${result.detail}`);
    });
    return { gates, versions: checks, sight };
  } finally {
    step.done();
  }
}

/**
 * By `keyOf` a project: its environment in the real project, absolute; also those that the plan leaves alone, since the
 * application's programs run in them.
 */
export function realEnvironments(root: string, { projects }: Sight["inventory"]): Map<string, string> {
  return new Map(
    projects.flatMap((project) =>
      project.environment === undefined
        ? []
        : [[keyOf(nameOf(project)), path.join(root, project.environment)] as const],
    ),
  );
}

/** Where the application's own programs run: the tree with its environments. */
export async function benchOf(
  work: Pick<Work, "tree" | "environments" | "databases" | "bytecode"> & {
    readonly site: Pick<Site, "root" | "run">;
    readonly ports?: Pick<RunPorts, "signal">;
  },
  sight: Pick<Sight, "inventory">,
): Promise<Bench> {
  const { site, tree, ports, environments, databases, bytecode } = work;
  return {
    variables: { ...databases, ...(await traceOf(site.root, site.run)) },
    root: tree,
    homes: sight.inventory.projects.flatMap((project) => {
      const environment = environments.get(keyOf(nameOf(project)));
      if (environment === undefined) return [];
      const isNode = project.ecosystem === "npm";
      return {
        project: project.path,
        ecosystem: project.ecosystem,
        folder: projectFolder(tree, project),
        environment,
        programs: isNode ? path.join(environment, ".bin") : programsOf(environment),
      };
    }),
    ...(bytecode === undefined ? {} : { bytecode }),
    ...(ports?.signal === undefined ? {} : { signal: ports.signal }),
  };
}
