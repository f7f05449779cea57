import type { Inventory, Plan, Project, ReleaseSource, Settled, Upgrade } from "../model/index.ts";
import { rooms } from "./rooms.ts";
import type { Setting } from "./setting.ts";

/** The releases of the index that a project's own package manager is configured for. */
export async function releasesFor(project: Project, setting: Setting): Promise<ReleaseSource> {
  const request = { target: project.target, root: setting.root, offline: setting.offline };
  const { npmReleases, pypiReleases } = await rooms.releases();
  return project.ecosystem === "PyPI" ? pypiReleases(request) : npmReleases(request);
}

/** Has the project's own package manager write and accept each phase, in scratch folders. */
export async function settle(
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
  const { settleNpm, settlePython } = await rooms.settle();
  return project.ecosystem === "PyPI" ? settlePython(request) : settleNpm(request);
}
