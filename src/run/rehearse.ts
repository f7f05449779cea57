import path from "node:path";
import { Failure, type Phase } from "../model/index.ts";
import { comparesSides, stops, takeBaselines, type Baselines } from "../gates/index.ts";
import { cacheFolder } from "../system/index.ts";
import { placeInside } from "./backup.ts";
import { benchOf, installPhase, judgePhase, nameOf, textsOf, type Work } from "./carry-out.ts";
import { holdingsOf, keyOf, type Holdings } from "./holdings.ts";
import type { Sight } from "./ports.ts";
import { copyDatabases, type ScratchDatabases } from "./scratch-databases.ts";
import { copiesOf, makeScratch, outside, requireSpace } from "./scratch.ts";
import type { PhaseMigration } from "./migrations.ts";
import { keepOldVersions } from "./old-versions.ts";
import { makeEnvironments } from "./scratch-environments.ts";

/** A phase that held, and what there was then. */
export interface HeldPhase {
  readonly phase: Phase;
  /** By `keyOf` a project. */
  readonly holdings: ReadonlyMap<string, Holdings>;
  readonly migrations: readonly PhaseMigration[];
}

export interface Rehearsed {
  readonly held: readonly HeldPhase[];
  /** Why the next phase did not hold; absent when all did. */
  readonly stopped?: { readonly reason: string; readonly needsPerson: boolean };
}

export type Staging = Omit<Work, "stage" | "tree" | "environments" | "listFolder">;

/**
 * Carries phases out in a scratch copy with its own environments, tests and all; the real project is only read. Stops at
 * the first phase that does not hold. The copy stays until `removeScratch`.
 * @throws {Failure} when the copy or its environments cannot be made; nothing of the project is touched then either.
 */
export async function rehearse(staging: Staging, phases: readonly Phase[], start: Sight): Promise<Rehearsed> {
  const { site, request } = staging;
  await checkSpace(staging, start);
  const scratch = await makeScratch(request.scratchFolder, site);
  const tree = path.join(scratch, path.basename(site.root));
  const bare: Work = { ...staging, stage: "rehearsal", tree, environments: new Map(), listFolder: scratch };
  await copyTree(bare, start);
  if (request.filesOnly === true) return rehearseIn(bare, phases, scratch);
  const environments = await makeEnvironments(bare, { start, scratch });
  const databases = await copyDatabases(bare, scratch);
  const work = {
    ...bare,
    environments,
    databases: databases.addresses,
    bytecode: path.join(scratch, "bytecode"),
  };
  return rehearseIn(work, phases, scratch, databases).finally(() => databases.drop());
}

async function rehearseIn(
  work: Work,
  phases: readonly Phase[],
  scratch: string,
  databases?: ScratchDatabases,
): Promise<Rehearsed> {
  const first = await work.ports.look(work.tree);
  const baselines = await askOldVersions(work, phases, { first, scratch, databases });
  return rehearsePhases(work, phases, { before: first, baselines, databases });
}

async function checkSpace({ site, request }: Staging, start: Sight): Promise<void> {
  const environments = request.filesOnly === true ? [] : start.inventory.projects.flatMap(environmentOf);
  await requireSpace({
    root: site.root,
    environments,
    scratchParent: request.scratchFolder ?? path.join(cacheFolder(), "scratch"),
    copies: request.filesOnly !== true && comparesSides(request.configuration) ? 2 : 1,
    promotes: request.dryRun !== true,
  });
}

const environmentOf = ({ environment, ecosystem }: Sight["inventory"]["projects"][number]) =>
  environment === undefined ? [] : [{ path: environment, ecosystem }];

async function copyTree({ site, tree, ports }: Work, start: Sight): Promise<void> {
  const step = ports.progress.step("Copying the project to a scratch folder");
  const environments = new Set(start.inventory.projects.flatMap((project) => project.environment ?? []));
  await site.files
    .clone({
      from: site.root,
      to: tree,
      how: () => "copy",
      skip: outside(environments),
      copies: await copiesOf(site.root, tree),
      ...(ports.signal === undefined ? {} : { signal: ports.signal }),
    })
    .finally(() => {
      step.done();
    });
}

/** Asks the old versions what the new ones are compared with, and keeps them where both must stand side by side. */
async function askOldVersions(
  work: Work,
  phases: readonly Phase[],
  { first, scratch, databases }: { first: Sight; scratch: string; databases: ScratchDatabases | undefined },
): Promise<Baselines> {
  const { configuration, filesOnly = false } = work.request;
  const bench = await benchOf(work, first);
  const baselines = await takeBaselines(
    configuration,
    { bench, inventory: first.inventory, upgrades: phases.flatMap((phase) => phase.upgrades), filesOnly },
    {
      progress: work.ports.progress,
      record: (name, { code, ran, failed }) =>
        work.site.journal.append({ event: "baseline", name, code, ran, failed }),
    },
  );
  if (filesOnly || !comparesSides(configuration)) return baselines;
  const old = await keepOldVersions(work, scratch);
  const addresses = await databases?.copyForOld(old.tree);
  return { ...baselines, old: await benchOf({ ...old, databases: addresses ?? {} }, first) };
}

async function rehearsePhases(
  work: Work,
  phases: readonly Phase[],
  {
    before: first,
    baselines,
    databases,
  }: { before: Sight; baselines: Baselines; databases: ScratchDatabases | undefined },
): Promise<Rehearsed> {
  const { journal, files } = work.site;
  const held: HeldPhase[] = [];
  let before = first;
  for (const phase of phases) {
    if (work.bytecode !== undefined && phase.upgrades.some((one) => one.ecosystem === "PyPI"))
      await files.remove(work.bytecode);
    work.ports.progress.line(`Rehearsing ${phase.name}: ${phase.upgrades.length} changes`);
    await journal.append({ event: "rehearsing", phase: phase.number });
    for (const [name, text] of textsOf(work, phase)) {
      const file = await placeInside(work.tree, name);
      await files.makeFolder(path.dirname(file));
      await files.write(file, text, (await files.look(file))?.mode);
    }
    const refusal = await installPhase(work, phase).then(
      () => undefined,
      (error: unknown) => {
        if (error instanceof Failure && error.code === "tool") return error;
        throw error;
      },
    );
    if (refusal !== undefined) {
      await journal.append({
        event: "phase-rehearsed",
        phase: phase.number,
        held: false,
        versions: [],
        after: before.summary,
      });
      const reason = `phase ${phase.number} could not be installed in rehearsal: ${refusal.message}`;
      return { held, stopped: { reason, needsPerson: false } };
    }
    const { gates, versions, sight } = await judgePhase(work, phase, { before, baselines });
    const tried = gates.some(stops) ? undefined : await askMigrations(work, phase, { databases, sight });
    const stopping = [...gates, ...(tried?.results ?? [])].filter(stops);
    await journal.append({
      event: "phase-rehearsed",
      phase: phase.number,
      held: stopping.length === 0,
      versions,
      after: sight.summary,
    });
    if (stopping.length > 0) {
      const words = stopping.map((gate) => `${gate.name} ${gate.verdict} (${gate.detail})`).join("; ");
      const needsPerson = stopping.every((gate) => gate.verdict === "inconclusive");
      return {
        held,
        stopped: { reason: `phase ${phase.number} did not hold in rehearsal: ${words}`, needsPerson },
      };
    }
    const holdings = work.projects.map((project) => {
      const name = nameOf(project);
      return [keyOf(name), holdingsOf(sight.inventory, name)] as const;
    });
    held.push({ phase, holdings: new Map(holdings), migrations: tried?.migrations ?? [] });
    before = sight;
  }
  return { held };
}

/** Tries a phase's migrations on the copies of the databases, and writes down what came of it. */
async function askMigrations(
  work: Work,
  phase: Phase,
  { databases, sight }: { databases: ScratchDatabases | undefined; sight: Sight },
): Promise<Awaited<ReturnType<ScratchDatabases["ask"]>> | undefined> {
  const { site, ports } = work;
  const tried = await databases?.ask(work, sight);
  for (const result of tried?.results ?? []) {
    await site.journal.append({ event: "gate", stage: "rehearsal", phase: phase.number, result });
    ports.progress.line(`  ${phase.name}, rehearsal: ${result.name} ${result.verdict}: ${result.detail}`);
  }
  return tried;
}
