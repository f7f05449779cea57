import {
  tiers,
  type Finding,
  type Inventory,
  type Judge,
  type Project,
  type Settled,
  type Unfixed,
  type Upgrade,
} from "../model/index.ts";
import { orderOf } from "../versions/index.ts";
import type { PhaseDraft, ProjectPlan } from "./request.ts";

type Versions = ReadonlyMap<string, ReadonlySet<string>>;
type Accepted = Extract<Settled, { state: "accepted" }>;

/** What a plan is compared with once its package manager has written it. */
export interface WrittenRequest {
  readonly inventory: Inventory;
  readonly project: Project;
  /** All findings of today. */
  readonly findings: readonly Finding[];
  readonly judge: Judge;
}

/**
 * A plan as its package manager wrote it: the changes, what each clears, what is left and what that costs are counted
 * from the trees that were observed, so that nothing is claimed that the files do not hold. npm shares and drops copies
 * by itself; where it made more or less of a phase than was asked, the phase keeps both.
 */
export function asWritten(plan: ProjectPlan, settled: Accepted, request: WrittenRequest): ProjectPlan {
  const { project } = request;
  let before = versionsToday(request);
  let left = request.findings.filter((one) => isOf(project, one));
  const introduced = new Set<string>();
  const phases: PhaseDraft[] = [];
  for (const [index, phase] of plan.phases.entries()) {
    const after = group(settled.phases[index]?.observed ?? []);
    const fixed = fixedBetween(left, { before, after, request });
    const upgrades = changesOf(phase, { before, after, request }).map((one) => ({
      ...one,
      fixes: fixed.filter((f) => f.package === one.package && f.version === one.from).map((f) => f.id),
    }));
    const gone = new Set(fixed);
    left = left.filter((one) => !gone.has(one));
    noteIntroduced(introduced, { before, after, request });
    before = after;
    if (upgrades.length === 0 && isUnwritten(settled, index)) continue;
    phases.push({ ...phase, upgrades, ...(isAsAsked(phase.upgrades, upgrades) ? {} : askedBy(phase)) });
  }
  const counted = countLeft(left, { introduced, after: before, request });
  const { bestOf, ...claimed } = plan;
  const isAsClaimed = tiers.every((_, index) => plan.cost[index] === counted[index]);
  return {
    ...claimed,
    phases,
    unfixed: left.map((one) => unfixedOf(plan, one, settled.by)),
    optimal: plan.optimal && isAsClaimed,
    ...(bestOf !== undefined && isAsClaimed ? { bestOf } : {}),
    cost: [...counted, ...plan.cost.slice(tiers.length)],
  };
}

const isOf = (project: Project, one: { readonly project: string; readonly ecosystem: string }): boolean =>
  one.project === project.path && one.ecosystem === project.ecosystem;

/** What the files hold today, copies inside archives included. */
function versionsToday({ inventory, project }: WrittenRequest): Versions {
  return group(
    inventory.components
      .filter((one) => isOf(project, one) && one.places.some((place) => place.source !== "environment"))
      .map((one) => ({ package: one.name, version: one.version })),
  );
}

function group(list: readonly { package: string; version: string }[]): Map<string, Set<string>> {
  const versions = new Map<string, Set<string>>();
  for (const { package: name, version } of list)
    versions.set(name, (versions.get(name) ?? new Set()).add(version));
  return versions;
}

interface Step {
  readonly before: Versions;
  readonly after: Versions;
  readonly request: WrittenRequest;
}

/** Versions of a name that one side holds and the other does not, ascending. */
function only(name: string, one: Versions, other: Versions, { project }: WrittenRequest): string[] {
  return [...(one.get(name) ?? [])]
    .filter((version) => other.get(name)?.has(version) !== true)
    .sort((a, b) => orderOf(project.ecosystem).compare(a, b));
}

const isHit = (finding: Finding, version: string, { judge }: WrittenRequest): boolean =>
  judge.hits({ ...finding, name: finding.package, version }).some((hit) => hit.advisory === finding.advisory);

/** Findings whose version went, less as many as versions came that have the same advisory. */
function fixedBetween(left: readonly Finding[], { before, after, request }: Step): Finding[] {
  const went = left.filter(
    (one) =>
      before.get(one.package)?.has(one.version) === true && after.get(one.package)?.has(one.version) !== true,
  );
  const again = new Map<string, number>();
  return went.filter((one) => {
    const key = `${one.package}|${one.advisory}`;
    const spare =
      again.get(key) ??
      only(one.package, after, before, request).filter((version) => isHit(one, version, request)).length;
    again.set(key, Math.max(0, spare - 1));
    return spare === 0;
  });
}

function noteIntroduced(introduced: Set<string>, { before, after, request }: Step): void {
  for (const name of after.keys())
    for (const version of only(name, after, before, request)) introduced.add(`${name}@${version}`);
}

/** The planned changes that came about, and everything else that changed. */
function changesOf(phase: PhaseDraft, step: Step): Upgrade[] {
  const { before, after, request } = step;
  const planned = Map.groupBy(phase.upgrades, (one) => one.package);
  const names = new Set([...planned.keys(), ...before.keys(), ...after.keys()]);
  return [...names].sort().flatMap((name) => {
    const gone = new Set(only(name, before, after, request));
    const come = new Set(only(name, after, before, request));
    const kept: Upgrade[] = [];
    for (const one of planned.get(name) ?? []) {
      const real = realised(one, { gone, come, there: after.get(name) ?? new Set() });
      if (real === undefined) continue;
      kept.push(real);
    }
    for (const { from, to } of kept) {
      if (from !== null) gone.delete(from);
      if (to !== null) come.delete(to);
    }
    return [...kept, ...consequences(name, [...gone], [...come], request)];
  });
}

/** A planned change as it came about; `undefined` where it did not. */
function realised(
  one: Upgrade,
  of: { gone: ReadonlySet<string>; come: ReadonlySet<string>; there: ReadonlySet<string> },
): Upgrade | undefined {
  const { from, to } = one;
  if (from !== null && from === to) return of.there.has(to) ? one : undefined;
  const went = from === null || of.gone.has(from);
  if (to === null) return went ? one : undefined;
  if (from === null || !went)
    return of.come.has(to) || (one.via === "manifest" && of.there.has(to))
      ? {
          ...one,
          from: null,
          level: from === null ? one.level : "other",
          because: went ? one.because : [...one.because, `${from} is still required elsewhere and stays.`],
        }
      : undefined;
  return of.there.has(to) ? one : undefined;
}

function consequences(
  name: string,
  gone: readonly string[],
  come: readonly string[],
  { project, inventory }: WrittenRequest,
): Upgrade[] {
  const order = orderOf(project.ecosystem);
  return Array.from({ length: Math.max(gone.length, come.length) }, (_, index) => {
    const [from, to] = [gone[index] ?? null, come[index] ?? null];
    const today = inventory.components.find(
      (one) => isOf(project, one) && one.name === name && one.version === from,
    );
    return {
      project: project.path,
      ecosystem: project.ecosystem,
      package: name,
      from,
      to,
      via: "lockfile" as const,
      level: from === null || to === null ? ("other" as const) : order.level(from, to),
      direct: today?.direct ?? false,
      fixes: [],
      introduces: [],
      because: [
        today?.immovable === "bundled" && to === null
          ? "It lay inside the archive of a package that moves."
          : `${project.manager} makes this change by itself when it writes the others.`,
      ],
      consequence: true as const,
    };
  });
}

/** Whether a phase left every file as the one before it had. */
export function isUnwritten(settled: Accepted, index: number): boolean {
  const [files, earlier] = [settled.phases[index]?.files, settled.phases[index - 1]?.files];
  if (files === undefined) return true;
  return (
    files.size === (earlier?.size ?? 0) && [...files].every(([path, text]) => earlier?.get(path) === text)
  );
}

const marksOf = (list: readonly Upgrade[]): string =>
  JSON.stringify(list.map((one) => [one.package, one.from, one.to, one.via, one.fixes.length > 0]).sort());

function isAsAsked(asked: readonly Upgrade[], written: readonly Upgrade[]): boolean {
  return marksOf(asked) === marksOf(written.filter((one) => one.consequence !== true));
}

/** What was asked, without the words that the written changes carry. */
function askedBy(phase: PhaseDraft): Pick<PhaseDraft, "asked"> {
  return {
    asked: phase.upgrades.map(({ hashes: _, ...one }) => ({ ...one, because: [] })),
  };
}

/** Findings that count, by tier: those of today that are left, and those that a new version brings. */
function countLeft(
  left: readonly Finding[],
  {
    introduced,
    after,
    request,
  }: { introduced: ReadonlySet<string>; after: Versions; request: WrittenRequest },
): number[] {
  const counts = tiers.map(() => 0);
  const add = (tier: number): void => {
    counts[tier] = (counts[tier] ?? 0) + 1;
  };
  for (const one of left) if (one.waiver === null) add(tiers.indexOf(one.tier));
  const known = new Set(left.map((one) => `${one.package}|${one.advisory}`));
  for (const pair of introduced) {
    const [name, version] = [pair.slice(0, pair.lastIndexOf("@")), pair.slice(pair.lastIndexOf("@") + 1)];
    if (after.get(name)?.has(version) !== true) continue;
    const { project } = request;
    for (const hit of request.judge.hits({
      project: project.path,
      ecosystem: project.ecosystem,
      name,
      version,
      scope: "production",
    }))
      if (!known.has(`${name}|${hit.advisory}`)) add(tiers.indexOf(hit.tier));
  }
  return counts;
}

/** Why a finding is left: as planned, or because the package manager keeps a copy that the plan could do without. */
function unfixedOf(plan: ProjectPlan, finding: Finding, by: string): Unfixed {
  return (
    plan.unfixed.find((one) => one.finding === finding.id) ?? {
      finding: finding.id,
      reason: "conflict",
      detail: `${by} keeps ${finding.package} ${finding.version}, which the plan could do without: something in the tree still asks for it.`,
      conflicts: [],
      advice: `See who asks for it with npm explain ${finding.package}, and move that first.`,
    }
  );
}
