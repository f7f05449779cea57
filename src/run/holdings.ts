import * as fs from "node:fs/promises";
import path from "node:path";
import type { Component, Ecosystem, Inventory, Upgrade, VersionCheck } from "../model/index.ts";
import { isInside } from "../system/index.ts";
import { projectFolder } from "./environment.ts";

/** `name@version` of everything that a project has, by where it was seen; sorted. */
export interface Holdings {
  /** In its environment. Of npm only what differs from the lockfile, which is told apart when it is read. */
  readonly installed: readonly string[];
  /** In its files. */
  readonly locked: readonly string[];
}

/** Made by every new environment itself. */
const seeds = new Set(["pip", "setuptools", "wheel"]);

/** A project by its path and ecosystem: a Python and an npm project may share a folder. */
export interface ProjectName {
  readonly project: string;
  readonly ecosystem: Ecosystem;
}

/** The name as one text, for keys of maps. */
export function keyOf({ project, ecosystem }: ProjectName): string {
  return `${ecosystem}:${project}`;
}

/** What a project has. */
export function holdingsOf(inventory: Inventory, of: ProjectName): Holdings {
  const own = inventory.components.filter((one) => keyOf(one) === keyOf(of));
  const listed = (isWanted: (source: string) => boolean): string[] =>
    [
      ...new Set(
        own
          .filter((one) => one.places.some((place) => isWanted(place.source)))
          .map((one) => `${one.name}@${one.version}`),
      ),
    ].sort();
  return {
    installed: listed((source) => source === "environment"),
    locked: listed((source) => source !== "environment"),
  };
}

/** Which of a project's places are judged. */
export type Reading = readonly (keyof Holdings)[];

/** What differs between what was rehearsed and what is there, in words; seeds of an environment do not count. */
export function differences(rehearsed: Holdings, found: Holdings, reading: Reading): string[] {
  return reading.flatMap((where) => {
    const [a, b] = [new Set(rehearsed[where]), new Set(found[where])];
    const counts = (one: string): boolean => !seeds.has(nameOf(one));
    return [
      ...[...b]
        .filter((one) => !a.has(one) && counts(one))
        .map((one) => `${one} ${where}, not so in rehearsal`),
      ...[...a]
        .filter((one) => !b.has(one) && counts(one))
        .map((one) => `${one} not ${where}, but so in rehearsal`),
    ];
  });
}

const nameOf = (one: string): string => one.slice(0, one.lastIndexOf("@"));

export interface ReadBack {
  /** The tree. */
  readonly root: string;
  readonly before: Inventory;
  readonly after: Inventory;
  readonly reading: Reading;
}

/** Reads every planned version back, from the environment where it is judged, else from the files. */
export async function readVersionsBack(
  upgrades: readonly Upgrade[],
  back: ReadBack,
): Promise<VersionCheck[]> {
  return Promise.all(
    upgrades.map(async (upgrade) => ({
      project: upgrade.project,
      package: upgrade.package,
      planned: upgrade.to,
      observed: await observe(upgrade, back),
    })),
  );
}

async function observe(upgrade: Upgrade, back: ReadBack): Promise<string | null> {
  const { reading } = back;
  const [before, after] = [holdingsOf(back.before, upgrade), holdingsOf(back.after, upgrade)];
  const versions = (holdings: Holdings, where: keyof Holdings): string[] =>
    holdings[where]
      .filter((one) => nameOf(one) === upgrade.package)
      .map((one) => one.slice(one.lastIndexOf("@") + 1));
  // A place counts where the package was, or is; a new package counts where it appears.
  const places = reading.filter(
    (where) => versions(before, where).length + versions(after, where).length > 0,
  );
  const found = new Set<string>();
  for (const where of places) {
    const now = versions(after, where);
    if (upgrade.to === null) {
      if (upgrade.from !== null && now.includes(upgrade.from)) found.add(upgrade.from);
    } else if (!now.includes(upgrade.to)) found.add(now.length === 0 ? "" : now.join(", "));
    else found.add(upgrade.to);
  }
  if (upgrade.ecosystem === "npm" && upgrade.to !== null && reading.includes("installed"))
    for (const version of await readNodeModules(upgrade, back)) found.add(version);
  const wrong = [...found].filter((version) => version !== upgrade.to);
  if (wrong.length > 0) return wrong.filter(Boolean).join(", ") || null;
  return found.size === 0 ? null : upgrade.to;
}

/** The versions that lie in `node_modules` where the lockfile wants the upgraded one; `""` for absent ones. */
async function readNodeModules(upgrade: Upgrade, { root, after }: ReadBack): Promise<string[]> {
  const project = after.projects.find(
    (one) => one.path === upgrade.project && one.ecosystem === upgrade.ecosystem,
  );
  const component = after.components.find(
    (one) => keyOf(one) === keyOf(upgrade) && one.name === upgrade.package && one.version === upgrade.to,
  );
  if (project === undefined || component === undefined) return [""];
  const folder = projectFolder(root, project);
  if (project.manager === "pnpm") return readStore(folder, upgrade.package, component);
  const found: string[] = [];
  for (const at of placesOf(component)) {
    const manifest = path.join(folder, at, "package.json");
    if (!isInside(folder, manifest)) continue;
    const text = await fs.readFile(manifest, "utf8").catch(() => undefined);
    // An optional package of another platform is locked and not installed.
    if (text !== undefined) found.push(versionIn(text));
    else if (component.scope !== "optional") found.push("");
  }
  return found;
}

/** pnpm's lockfile says of no package where it lies: that the wanted version is there, under whatever key. */
async function readStore(folder: string, name: string, component: Component): Promise<string[]> {
  const store = path.join(folder, "node_modules", ".pnpm");
  for (const key of await fs.readdir(store).catch(() => [])) {
    const own = path.join(store, key, "node_modules", name);
    const stat = await fs.lstat(own).catch(() => undefined);
    // What is linked belongs to another key.
    if (stat?.isDirectory() !== true) continue;
    const text = await fs.readFile(path.join(own, "package.json"), "utf8").catch(() => "");
    if (versionIn(text) === component.version) return [component.version];
  }
  return component.scope === "optional" ? [] : [""];
}

const placesOf = (component: Component): string[] =>
  component.places.flatMap((place) =>
    place.source === "lockfile" && place.at !== undefined ? [place.at] : [],
  );

function versionIn(manifest: string): string {
  try {
    const { version } = JSON.parse(manifest) as { version?: unknown };
    return typeof version === "string" ? version : "";
  } catch {
    return "";
  }
}

/** What moved besides the plan: appeared or gone, by place. */
export function movedUnasked(
  upgrades: readonly Upgrade[],
  { before, after, reading }: Omit<ReadBack, "root">,
): { readonly appeared: string[]; readonly gone: string[] } {
  const appeared = new Set<string>();
  const gone = new Set<string>();
  const planned = (of: Upgrade, side: "from" | "to"): Set<string> =>
    new Set(
      upgrades
        .filter((upgrade) => keyOf(upgrade) === keyOf(of) && upgrade[side] !== null)
        .map((upgrade) => `${upgrade.package}@${upgrade[side] ?? ""}`),
    );
  for (const one of new Map(upgrades.map((upgrade) => [keyOf(upgrade), upgrade])).values()) {
    const [old, now] = [holdingsOf(before, one), holdingsOf(after, one)];
    const [from, to] = [planned(one, "from"), planned(one, "to")];
    for (const where of reading) {
      const [had, has] = [new Set(old[where]), new Set(now[where])];
      for (const name of has) if (!had.has(name) && !to.has(name)) appeared.add(name);
      for (const name of had) if (!has.has(name) && !from.has(name)) gone.add(name);
    }
  }
  return { appeared: [...appeared], gone: [...gone] };
}
