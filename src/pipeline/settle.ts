import path from "node:path";
import type {
  Inventory,
  Plan,
  Project,
  ReleaseSource,
  Settled,
  SettledPhase,
  Upgrade,
} from "../model/index.ts";
import { readText, sha256 } from "../system/index.ts";
import { rooms } from "./rooms.ts";
import type { Setting } from "./setting.ts";

/** The releases of the index that a project's own package manager is configured for. */
export async function releasesFor(project: Project, setting: Setting): Promise<ReleaseSource> {
  const request = { target: project.target, root: setting.root, offline: setting.offline };
  const { npmReleases, pypiReleases } = await rooms.releases();
  return project.ecosystem === "PyPI" ? pypiReleases(request) : npmReleases(request);
}

/** What the installer chooses today for what no line of a Python project pins; `undefined` where that is not known. */
export async function chosenToday(
  project: Project,
  { setting, inventory }: { setting: Setting; inventory: Inventory },
): Promise<ReadonlyMap<string, string> | undefined> {
  if (project.manager !== "pip" || project.environment !== undefined) return undefined;
  const { resolvePython } = await rooms.settle();
  return resolvePython({
    root: setting.root,
    project,
    inventory,
    policy: setting.configuration.policy,
    programs: await setting.programs(),
    progress: setting.progress,
    ...(setting.signal === undefined ? {} : { signal: setting.signal }),
  });
}

/** What npm made of phases in this very process, for `fix` to apply what it has just planned without asking again. */
const settledBefore = new WeakMap<Setting, Map<string, Settled>>();

/** Has the project's own package manager write and accept each phase, in scratch folders. */
export async function settle(
  project: Project,
  phases: readonly (readonly Upgrade[])[],
  context: { setting: Setting; inventory: Inventory; broken: Plan["broken"] },
): Promise<Settled> {
  if (project.manager !== "npm") return settleAnew(project, phases, context);
  const { setting } = context;
  const known = settledBefore.get(setting) ?? new Map<string, Settled>();
  settledBefore.set(setting, known);
  // A plan for several projects numbers their phases together: those in which this one has no part write nothing.
  const own = phases.flatMap((upgrades, index) => (upgrades.length === 0 ? [] : [index]));
  const asked = own.map((index) => phases[index] ?? []);
  const remembered = known.get(await settlementKey(project, asked, setting.root));
  const settled = remembered ?? (await settleAnew(project, asked, context));
  if (remembered === undefined) {
    known.set(await settlementKey(project, asked, setting.root), settled);
    await rememberWritten(project, asked, { settled, known, root: setting.root });
  }
  if (settled.state === "refused") return { ...settled, phase: (own[settled.phase - 1] ?? 0) + 1 };
  const untouched: SettledPhase = { files: new Map(), observed: [] };
  return {
    ...settled,
    phases: phases.map((_, index) => settled.phases[own.findLastIndex((one) => one <= index)] ?? untouched),
  };
}

/** Has what npm made of phases, found out in parts, known to whoever asks for them together. */
export async function rememberSettled(
  project: Project,
  phases: readonly (readonly Upgrade[])[],
  { setting, settled }: { setting: Setting; settled: Settled },
): Promise<void> {
  settledBefore.get(setting)?.set(await settlementKey(project, phases, setting.root), settled);
}

/** A phase of which npm wrote nothing is left out of the plan: the others are remembered without it too. */
async function rememberWritten(
  project: Project,
  asked: readonly (readonly Upgrade[])[],
  { settled, known, root }: { settled: Settled; known: Map<string, Settled>; root: string },
): Promise<void> {
  if (settled.state === "refused") return;
  const { isUnwritten } = await rooms.plan();
  const written = asked.map((_, index) => !isUnwritten(settled, index));
  known.set(
    await settlementKey(
      project,
      asked.filter((_, index) => written[index]),
      root,
    ),
    { ...settled, phases: settled.phases.filter((_, index) => written[index]) },
  );
}

/** The files as they are now, and all that an upgrade asks npm for. */
async function settlementKey(
  project: Project,
  phases: readonly (readonly Upgrade[])[],
  root: string,
): Promise<string> {
  const texts = await Promise.all(project.files.map((file) => readText(path.join(root, file))));
  const asked = phases.map((upgrades) =>
    upgrades
      .filter((one) => one.consequence !== true)
      .map((one) => [one.package, one.from, one.to, one.via, one.overrides, one.fixes.length > 0]),
  );
  return sha256(JSON.stringify([project.path, project.files, texts, asked]));
}

async function settleAnew(
  project: Project,
  phases: readonly (readonly Upgrade[])[],
  context: { setting: Setting; inventory: Inventory; broken: Plan["broken"] },
): Promise<Settled> {
  const { setting, inventory, broken } = context;
  const request = {
    root: setting.root,
    project,
    inventory,
    phases: phases.map((upgrades) => upgrades.filter((upgrade) => upgrade.consequence !== true)),
    broken: broken.filter((one) => one.project === project.path),
    policy: setting.configuration.policy,
    programs: await setting.programs(),
    progress: setting.progress,
    ...(setting.signal === undefined ? {} : { signal: setting.signal }),
  };
  const { settleLockfile, settleNpm, settlePython, writesOwnLock } = await rooms.settle();
  if (writesOwnLock(project.manager)) return settleLockfile(request);
  return project.ecosystem === "PyPI" ? settlePython(request) : settleNpm(request);
}
