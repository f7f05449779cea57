import { openAdvisories, type AdvisoryBase, type AdvisoryRequest } from "../advisories/index.ts";
import { expiredWaivers, findFindings, makeJudge, summarise, undatedRecords } from "../findings/index.ts";
import { takeInventory } from "../inventory/index.ts";
import type { Finding, Inventory, Judge, Project, Scan } from "../model/index.ts";
import type { Sight } from "../run/index.ts";
import { detectionKey, readDetections, recordDetections } from "../state/index.ts";
import { rooms } from "./rooms.ts";
import type { Setting } from "./setting.ts";

/** A tree as it was seen, with the means to judge another one by the same facts. */
export interface Look {
  readonly inventory: Inventory;
  readonly findings: readonly Finding[];
  readonly judge: Judge;
  readonly base: AdvisoryBase;
  readonly scan: Scan;
}

/** Looks at the tree: what is there, what is known of it, how soon it is due. The caller closes `base`. */
export async function look(setting: Setting): Promise<Look> {
  const inventory = await inventoryOf(setting, setting.root);
  const step = setting.progress.step("Advisories");
  const request = await advisoryRequest(setting);
  const base = await openAdvisories({ ...request, packages: inventory.components });
  step.done();
  return judged(setting, inventory, base);
}

/** What is asked of the advisories; the user's own registries are looked up only where they are to be asked. */
export async function advisoryRequest(setting: Setting): Promise<AdvisoryRequest> {
  const { advisories, root, offline, progress, asOf, signal, advisoryOptions } = setting;
  const isAsked = advisories.some((source) => source === "npm" || source === "pypi");
  const registries = isAsked ? await (await rooms.releases()).registryEndpoints(root, advisories) : {};
  return {
    sources: advisories,
    offline,
    progress,
    ...advisoryOptions,
    endpoints: { ...advisoryOptions?.endpoints, ...registries },
    ...(asOf === undefined ? {} : { asOf }),
    ...(signal === undefined ? {} : { signal }),
  };
}

/** Judges an inventory by what the advisories know now. */
export async function judged(setting: Setting, inventory: Inventory, base: AdvisoryBase): Promise<Look> {
  const { configuration } = setting;
  const now = setting.asOf ?? setting.clock().toISOString();
  const seen = await readDetections(setting.root);
  const judge = makeJudge({
    lookup: (ecosystem, name) => base.lookup(ecosystem, name),
    enrichment: (ids) => base.enrichment(ids),
    configuration,
    firstSeen: (key) => seen.get(detectionKey(key))?.at,
    now,
    ...(setting.asOf === undefined ? {} : { asOf: setting.asOf }),
  });
  const findings = findFindings(inventory, judge, configuration);
  const unread = [
    ...inventory.unread,
    ...base.unread,
    ...judge.unreadable.map(({ advisory, range }) => ({
      path: advisory,
      reason: `range cannot be read: ${range}`,
    })),
  ];
  const { asOf: _, ...snapshot } = base.snapshot;
  const scan: Scan = {
    schemaVersion: 1,
    tool: setting.tool,
    scannedAt: setting.clock().toISOString(),
    ...(setting.asOf === undefined ? {} : { asOf: setting.asOf }),
    snapshot,
    projects: inventory.projects.map((project) => projectLine(project, inventory)),
    findings,
    unread,
    notes: [
      ...expiredWaivers(configuration.waivers, findings, now),
      ...undatedRecords(judge.undated),
      ...inventory.notes,
    ],
    summary: summarise(findings),
  };
  return { inventory, findings, judge, base, scan };
}

export async function inventoryOf(setting: Setting, root: string): Promise<Inventory> {
  return takeInventory({
    root,
    settings: setting.configuration.projects,
    production: setting.production,
    progress: setting.progress,
    python: setting.python,
    ...(setting.paths === undefined || root !== setting.root ? {} : { paths: setting.paths }),
    ...(setting.signal === undefined ? {} : { signal: setting.signal }),
  });
}

function projectLine(project: Project, inventory: Inventory): Scan["projects"][number] {
  const own = inventory.components.filter((component) => component.project === project.path);
  return {
    path: project.path,
    ecosystem: project.ecosystem,
    manager: project.manager,
    components: own.length,
    direct: own.filter((component) => component.direct).length,
  };
}

/** Findings of the tree, and the dates of first detection remembered where the tree keeps Redress' state. */
export async function scan(setting: Setting): Promise<Scan> {
  const seen = await look(setting);
  try {
    await rememberSights(setting, seen);
    return seen.scan;
  } finally {
    seen.base.close();
  }
}

/** Remembers what is seen for the first time, with the advisories that told. */
export async function rememberSights(setting: Setting, { findings, base }: Look): Promise<void> {
  const at = setting.asOf ?? setting.clock().toISOString();
  await recordDetections(setting.root, findings, { at, snapshot: base.snapshot.digest });
}

/** Looks at a copy of the tree, or the tree after a change, and judges it by the same facts. */
export function relookWith(setting: Setting, judge: Judge): (root: string) => Promise<Sight> {
  return async (root) => {
    const inventory = await inventoryOf(setting, root);
    const findings = findFindings(inventory, judge, setting.configuration);
    return { inventory, findings, summary: summarise(findings) };
  };
}

/** What is installed and declared in a tree, for going back: no advisories are opened. */
export function inventoryFor(setting: Setting): (root: string) => Promise<Inventory> {
  return (root) => inventoryOf(setting, root);
}
