import { normaliseName, type Broken, type Component, type Inventory, type Upgrade } from "../model/index.ts";

/** The versions that a Python project will hold, with the extras that its own requirements ask for. */
export interface PinSet {
  /** Normalised name → version. */
  readonly pins: ReadonlyMap<string, string>;
  /** Normalised name → extras. */
  readonly extras: ReadonlyMap<string, readonly string[]>;
  /** Name → why it is on no index: URLs, editable installs; requirements on them cannot be judged by an index. */
  readonly immovable: ReadonlyMap<string, string>;
}

/** The versions that a project holds once the upgrades are in; what is installed counts before what is written. */
export function pinsAfter(inventory: Inventory, project: string, upgrades: readonly Upgrade[]): PinSet {
  const components = new Map<string, Component>();
  for (const component of inventory.components) {
    if (component.project !== project || component.ecosystem !== "PyPI") continue;
    const known = components.get(component.name);
    if (known === undefined || (!isInstalled(known) && isInstalled(component)))
      components.set(component.name, component);
  }
  const pins = new Map<string, string>();
  const immovable = new Map<string, string>();
  for (const [name, component] of components) {
    pins.set(name, component.version);
    if (component.immovable !== undefined) immovable.set(name, component.immovable);
  }
  for (const { package: name, to } of upgrades)
    if (to === null) pins.delete(name);
    else pins.set(name, to);
  const extras = new Map<string, string[]>();
  for (const dependency of inventory.dependencies) {
    if (dependency.project !== project || dependency.from !== null || dependency.satisfied === null) continue;
    if (dependency.extras === undefined || !pins.has(dependency.name)) continue;
    extras.set(dependency.name, [...new Set([...(extras.get(dependency.name) ?? []), ...dependency.extras])]);
  }
  return { pins, extras, immovable };
}

const isInstalled = (component: Component): boolean =>
  component.places.some((place) => place.source === "environment");

/** Upgrades of all phases up to one, the later word on a package counting. */
export function cumulative(phases: readonly (readonly Upgrade[])[], upTo: number): readonly Upgrade[] {
  const last = new Map<string, Upgrade>();
  for (const upgrade of phases.slice(0, upTo).flat()) last.set(upgrade.package, upgrade);
  return [...last.values()];
}

/** An override that switches off every requirement on a package, whoever asks for it. */
export const switchedOff = (name: string): string => `${name} ; python_version < "0"`;

/**
 * uv overrides that switch off the requirements broken from the start, for as long as what they require is as it was
 * then: absent, or at that version. Normalised name → override line.
 */
export function overridesFor(
  broken: readonly Broken[],
  pins: ReadonlyMap<string, string>,
): ReadonlyMap<string, string> {
  const overrides = new Map<string, string>();
  for (const { requirement, found } of broken) {
    const name = requiredName(requirement);
    if (name === undefined || (pins.get(name) ?? null) !== found) continue;
    overrides.set(name, found === null ? switchedOff(name) : `${name}==${found}`);
  }
  return overrides;
}

/** The normalised name that a requirement text begins with. */
export function requiredName(requirement: string): string | undefined {
  const name = /^\s*([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)/.exec(requirement)?.[1];
  return name === undefined ? undefined : normaliseName("PyPI", name);
}
