import type { Inventory, Project, Settled, Upgrade } from "../model/index.ts";
import { orderOf } from "../versions/index.ts";
import type { PhaseDraft } from "./request.ts";

type Versions = ReadonlyMap<string, ReadonlySet<string>>;

/**
 * The phases with what the package manager changed by itself when it wrote them (npm drops a copy that nothing needs any
 * more, or shares one that two had), so that a plan names every change. Bundled copies belong to their owner.
 */
export function withConsequences(
  phases: readonly PhaseDraft[],
  settled: Extract<Settled, { state: "accepted" }>,
  { inventory, project }: { readonly inventory: Inventory; readonly project: Project },
): PhaseDraft[] {
  let before: Versions = group(
    inventory.components
      .filter((one) => one.project === project.path && one.immovable !== "bundled")
      .map((one) => ({ package: one.name, version: one.version })),
  );
  const bundled = new Set(
    inventory.components.filter((one) => one.immovable === "bundled").map((one) => one.name),
  );
  return phases.map((phase, index) => {
    const after = group(settled.phases[index]?.observed ?? []);
    const expected = expect(before, phase.upgrades);
    const names = [...new Set([...expected.keys(), ...after.keys()])]
      .filter((name) => !bundled.has(name))
      .sort();
    const extra = names.flatMap((name) => differences(name, { expected, after, project }));
    before = after;
    return { ...phase, upgrades: [...phase.upgrades, ...extra] };
  });
}

function group(list: readonly { package: string; version: string }[]): Map<string, Set<string>> {
  const versions = new Map<string, Set<string>>();
  for (const { package: name, version } of list)
    versions.set(name, (versions.get(name) ?? new Set()).add(version));
  return versions;
}

function expect(before: Versions, upgrades: readonly Upgrade[]): Map<string, Set<string>> {
  const expected = new Map([...before].map(([name, versions]) => [name, new Set(versions)]));
  for (const { package: name, from } of upgrades) if (from !== null) expected.get(name)?.delete(from);
  for (const { package: name, to } of upgrades)
    if (to !== null) expected.set(name, (expected.get(name) ?? new Set()).add(to));
  return expected;
}

function differences(
  name: string,
  { expected, after, project }: { expected: Versions; after: Versions; project: Project },
): Upgrade[] {
  const order = orderOf(project.ecosystem);
  const sorted = (a: Versions, b: Versions): string[] =>
    [...(a.get(name) ?? [])]
      .filter((version) => b.get(name)?.has(version) !== true)
      .sort((x, y) => order.compare(x, y));
  const [gone, come] = [sorted(expected, after), sorted(after, expected)];
  return Array.from({ length: Math.max(gone.length, come.length) }, (_, index) => {
    const [from, to] = [gone[index] ?? null, come[index] ?? null];
    return {
      project: project.path,
      ecosystem: project.ecosystem,
      package: name,
      from,
      to,
      via: "lockfile" as const,
      level: from === null || to === null ? ("other" as const) : order.level(from, to),
      direct: false,
      fixes: [],
      introduces: [],
      because: [`${project.manager} makes this change by itself when it writes the others.`],
      consequence: true as const,
    };
  });
}

/**
 * The phases of a project that is only files, with its newcomers at the versions that the installer itself chooses: no
 * line pins them, so the plan can only say what would be installed today.
 */
export function withChosenNewcomers(
  phases: readonly PhaseDraft[],
  settled: Extract<Settled, { state: "accepted" }>,
): PhaseDraft[] {
  return phases.map((phase, index) => {
    const observed = new Map(
      (settled.phases[index]?.observed ?? []).map((one) => [one.package, one.version]),
    );
    const upgrades = phase.upgrades.flatMap((upgrade) => {
      if (upgrade.from !== null || upgrade.to === observed.get(upgrade.package)) return [upgrade];
      const to = observed.get(upgrade.package);
      if (to === undefined) return [];
      const because = [...upgrade.because, "No line pins it: this is what the installer chooses today."];
      return [{ ...upgrade, to, because }];
    });
    return { ...phase, upgrades };
  });
}
