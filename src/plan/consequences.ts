import type { Project, Settled, Upgrade } from "../model/index.ts";
import type { PhaseDraft, ProjectPlan } from "./request.ts";

type Accepted = Extract<Settled, { state: "accepted" }>;

function group(list: readonly { package: string; version: string }[]): Map<string, Set<string>> {
  const versions = new Map<string, Set<string>>();
  for (const { package: name, version } of list)
    versions.set(name, (versions.get(name) ?? new Set()).add(version));
  return versions;
}

/**
 * The phases of a project that is only files, with what no line pins at the versions that the installer itself chooses.
 */
export function withChosenNewcomers(phases: readonly PhaseDraft[], settled: Accepted): PhaseDraft[] {
  return phases.map((phase, index) => {
    const observed = group(settled.phases[index]?.observed ?? []);
    const upgrades = phase.upgrades.flatMap((upgrade) => {
      const [to] = observed.get(upgrade.package) ?? [];
      if (upgrade.from !== null || upgrade.to === to) return [upgrade];
      return to === undefined ? [] : [{ ...upgrade, to }];
    });
    return { ...phase, upgrades };
  });
}

/**
 * The phases with a line for each package that no line pins, where the installer's own choice has findings that the
 * plan's does not; `undefined` where there is none such.
 */
export function withHeldNewcomers(
  plan: Pick<ProjectPlan, "phases" | "unpinned">,
  settled: Accepted,
  {
    project,
    chosen,
    advisories,
  }: {
    project: Project;
    /** What the installer chooses for the untouched files. */
    chosen: ReadonlyMap<string, string>;
    advisories: (name: string, version: string) => readonly string[];
  },
): readonly PhaseDraft[] | undefined {
  const held = new Map<string, { readonly phase: number; readonly because: string }>();
  for (const [index, { observed }] of settled.phases.entries())
    for (const { package: name, version } of observed) {
      const planned = plan.unpinned?.get(name);
      if (planned === undefined || planned === version || held.has(name)) continue;
      const before = chosen.get(name);
      // What the installer's choice of today has already is not brought in by the plan.
      const known = new Set(before === undefined ? [] : advisories(name, before));
      const extra = advisories(name, version).filter((advisory) => !known.has(advisory));
      // A line makes what it holds a finding of the project's own.
      if (advisories(name, planned).length > 0) continue;
      const because = `No line pins it, and the installer would choose ${version}, which has ${extra.join(", ")}.`;
      if (extra.length > 0) held.set(name, { phase: index, because });
    }
  if (held.size === 0) return undefined;
  const isLine = (upgrade: Upgrade): boolean => upgrade.from === null && held.has(upgrade.package);
  const listed = new Set(
    plan.phases.flatMap(({ upgrades }) => upgrades.filter(isLine).map((one) => one.package)),
  );
  return plan.phases.map((phase, index) => ({
    ...phase,
    upgrades: [
      ...phase.upgrades.map((upgrade) => {
        const why = held.get(upgrade.package);
        if (upgrade.from !== null || why === undefined) return upgrade;
        return { ...upgrade, via: "manifest" as const, because: [...upgrade.because, why.because] };
      }),
      ...[...held]
        .filter(([name, one]) => one.phase === index && !listed.has(name))
        .map(([name, { because }]): Upgrade => ({
          project: project.path,
          ecosystem: project.ecosystem,
          package: name,
          from: null,
          to: plan.unpinned?.get(name) ?? null,
          via: "manifest",
          level: "other",
          direct: false,
          fixes: [],
          introduces: [],
          because: [because],
        })),
    ],
  }));
}

/**
 * The phases without what no line pins: the files do not say it and it cannot be read back from them, so the upgrades
 * that bring it in tell of it.
 */
export function withoutUnwritten(phases: readonly PhaseDraft[], settled: Accepted): PhaseDraft[] {
  const told = phases.map((phase, index) => {
    const texts = [...(settled.phases[index]?.files.values() ?? [])];
    const isWritten = (upgrade: Upgrade): boolean =>
      upgrade.from !== null || texts.some((text) => pins(text, upgrade.package));
    const kept = phase.upgrades.filter(isWritten);
    const open = phase.upgrades.filter((upgrade) => !isWritten(upgrade));
    const owner = kept.find((one) => one.from !== null) ?? kept[0];
    const names = open.map((one) => `${one.package} ${one.to ?? ""}`).join(", ");
    const words = `No line pins what the installer adds or moves along with this phase, today: ${names}.`;
    const upgrades = kept.map((one) =>
      one === owner && open.length > 0 ? { ...one, because: [...one.because, words] } : one,
    );
    return { ...phase, upgrades };
  });
  return told.filter(({ upgrades }) => upgrades.length > 0);
}

/** Whether a requirements file has a `name==` line for a package, by its normalised name. */
function pins(text: string, name: string): boolean {
  const pattern = name.replaceAll("-", "[-_.]+");
  return new RegExp(`^[ \\t]*${pattern}[ \\t]*(?:\\[[^\\]]*\\])?[ \\t]*==`, "im").test(text);
}
