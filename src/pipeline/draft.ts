import type { PackageVersion } from "../advisories/index.ts";
import {
  tiers,
  type Inventory,
  type Judge,
  type ManagerId,
  type Profile,
  type Project,
  type Refusal,
  type RequestOutcome,
  type Settled,
  type Unfixed,
  type Upgrade,
} from "../model/index.ts";
import type { ProjectPlan } from "../plan/index.ts";
import { rooms } from "./rooms.ts";
import type { Setting } from "./setting.ts";
import { type Look, judged } from "./look.ts";
import { chosenToday, releasesFor, settle } from "./settle.ts";

export interface ProposeOptions {
  readonly profile: Profile;
  /** Only these packages, and what they force. */
  readonly packages?: readonly string[];
  /** Of these packages the one version that they may move to, by name. */
  readonly targets?: ReadonlyMap<string, string>;
  /** Nothing that is there but `packages` may move. */
  readonly alone?: boolean;
  readonly timeLimitMs?: number;
}

/** Managers whose files Redress can change; the others are only read. */
export const changeable: ReadonlySet<ManagerId> = new Set([
  "pip",
  "npm",
  "uv",
  "pnpm",
  "yarn",
  "poetry",
  "pipenv",
]);

export interface Drafting {
  readonly setting: Setting;
  /** Judged anew whenever more has been learned. */
  seen: Look;
  readonly options: ProposeOptions;
  /** What online sources were asked about beyond what is there. */
  readonly asked: PackageVersion[];
}

export interface Draft {
  readonly project: Project;
  readonly plan: ProjectPlan;
  readonly settled: Settled | null;
  /** What became of what the team asked for; absent: nothing was. */
  readonly requests?: readonly RequestOutcome[];
}

type Accepted = Extract<Settled, { state: "accepted" }>;
type Refused = Extract<Settled, { state: "refused" }>;

/** How often a refusal of the package manager sends the planner back. */
const mostAttempts = 6;

/** The solver proposes, the package manager disposes; a refusal becomes a constraint. */
export async function draftFor(project: Project, drafting: Drafting): Promise<Draft> {
  const { setting, options } = drafting;
  const { asWritten, fillRanges, planNpm, planPython, withChosenNewcomers, withoutUnwritten } =
    await rooms.plan();
  // A Python environment comes out exactly as planned; npm tidies up around what it was asked for, and what no
  // requirements file pins is the installer's choice.
  const observedPhases = (phases: ProjectPlan["phases"], accepted: Accepted): ProjectPlan["phases"] =>
    project.environment === undefined ? withChosenNewcomers(phases, accepted) : phases;
  const source = await releasesFor(project, setting);
  const inventory = await fillRanges(drafting.seen.inventory, {
    project,
    source,
    ...(setting.signal === undefined ? {} : { signal: setting.signal }),
  });
  const chosen = await chosenToday(project, { setting, inventory });
  const refusals: Refusal[] = [];
  for (let attempt = 1; ; attempt++) {
    const request = {
      inventory,
      findings: drafting.seen.findings,
      judge: drafting.seen.judge,
      configuration: setting.configuration,
      profile: options.profile,
      refusals,
      sourceFor: () => source,
      now: setting.clock().toISOString(),
      progress: setting.progress,
      ...(chosen === undefined ? {} : { chosen }),
      ...(options.packages === undefined ? {} : { packages: options.packages }),
      ...(options.timeLimitMs === undefined ? {} : { timeLimitMs: options.timeLimitMs }),
      ...(setting.signal === undefined ? {} : { signal: setting.signal }),
    };
    const plan =
      project.ecosystem === "PyPI" ? await planPython(request, project) : await planNpm(request, project);
    if (plan.phases.length === 0) return { project, plan, settled: null };
    if ((await learn(plan.phases, drafting)) && attempt < mostAttempts) continue;
    const settled = await settlePlan(plan, { project, drafting });
    if (settled.state === "accepted" && (project.ecosystem === "npm" || project.manager !== "pip")) {
      const written = asWritten(plan, settled, { ...drafting.seen, inventory, project });
      if ((await learn(written.phases, drafting)) && attempt < mostAttempts) continue;
      const phases = withIntroduced(written.phases, drafting.seen);
      return { project, plan: { ...written, phases }, settled };
    }
    if (settled.state === "accepted") {
      if ((await learn(observedPhases(plan.phases, settled), drafting)) && attempt < mostAttempts) continue;
      const held = await holdNewcomers({ plan, settled }, { project, drafting, chosen: chosen ?? new Map() });
      const observed = observedPhases(held.plan.phases, held.settled);
      const isFiles = project.ecosystem === "PyPI" && project.environment === undefined;
      const phases = isFiles ? withoutUnwritten(observed, held.settled) : observed;
      return {
        project,
        plan: { ...plan, phases: withIntroduced(phases, drafting.seen) },
        settled: held.settled,
      };
    }
    const fresh = settled.refusals.filter((refusal) => !refusals.some((known) => same(known, refusal)));
    if (fresh.length === 0 || attempt === mostAttempts)
      return (
        (await upToRefusal({ plan, settled }, { project, drafting, inventory })) ?? { project, plan, settled }
      );
    refusals.push(...fresh);
    setting.progress.line(`${settled.by} refused the plan (${settled.detail}); planning again`);
  }
}

/**
 * The phases before the one that the package manager refuses, which it accepts without it; `undefined` where there are
 * none, and of requirements files, which are written as a whole.
 */
async function upToRefusal(
  { plan, settled }: { readonly plan: ProjectPlan; readonly settled: Refused },
  { project, drafting, inventory }: Settling & { readonly inventory: Inventory },
): Promise<Draft | undefined> {
  const kept = plan.phases.slice(0, settled.phase - 1);
  if (kept.length === 0 || project.manager === "pip") return undefined;
  const { bestOf: _, bound: __, ...rest } = plan;
  const part: ProjectPlan = {
    ...rest,
    phases: kept,
    unfixed: [...plan.unfixed, ...unfixedBy(settled, plan.phases.slice(kept.length))],
    optimal: false,
    // What it costs besides was reckoned for the whole.
    cost: plan.cost.slice(0, tiers.length),
    costNames: plan.costNames.slice(0, tiers.length),
  };
  const again = await settlePlan(part, { project, drafting });
  if (again.state === "refused") return undefined;
  drafting.setting.progress.line(
    `${settled.by} refuses phase ${settled.phase} of ${plan.phases.length} (${settled.detail}); those before it are kept`,
  );
  const { asWritten } = await rooms.plan();
  const written = asWritten(part, again, { ...drafting.seen, inventory, project });
  return {
    project,
    plan: { ...written, phases: withIntroduced(written.phases, drafting.seen) },
    settled: again,
  };
}

/** Of each finding that refused phases would have cleared, that and why they were refused. */
export function unfixedBy(settled: Refused, phases: ProjectPlan["phases"]): Unfixed[] {
  return phases
    .flatMap((phase) => phase.upgrades.flatMap((upgrade) => upgrade.fixes))
    .map((finding) => ({
      finding,
      reason: "conflict",
      detail: `${settled.by} refused the plan: ${settled.detail}`,
      conflicts: settled.refusals.map((refusal) => refusal.reason),
      advice: "Resolve the conflict that it names by hand, or plan fewer packages with --package.",
    }));
}

interface Settling {
  readonly project: Project;
  readonly drafting: Drafting;
}

async function settlePlan(plan: ProjectPlan, { project, drafting }: Settling): Promise<Settled> {
  const { setting, seen } = drafting;
  const phases = plan.phases.map((phase) => phase.upgrades);
  return settle(project, phases, { setting, inventory: seen.inventory, broken: plan.broken });
}

/** A line for what no line pins where the installer's own choice has findings, if it accepts that as well. */
async function holdNewcomers(
  { plan, settled }: { readonly plan: ProjectPlan; readonly settled: Accepted },
  { project, drafting, chosen }: Settling & { readonly chosen: ReadonlyMap<string, string> },
): Promise<{ readonly plan: ProjectPlan; readonly settled: Accepted }> {
  const { withHeldNewcomers } = await rooms.plan();
  const { judge } = drafting.seen;
  const advisories = (name: string, version: string): string[] =>
    judge
      .hits({ project: project.path, ecosystem: project.ecosystem, name, version, scope: "production" })
      .map((hit) => hit.advisory);
  const phases = withHeldNewcomers(plan, settled, { project, chosen, advisories });
  if (phases === undefined) return { plan, settled };
  const held = await settlePlan({ ...plan, phases }, { project, drafting });
  return held.state === "accepted" ? { plan: { ...plan, phases }, settled: held } : { plan, settled };
}

/**
 * Asks online sources about what a plan brings in, of which they have said nothing yet; whether a version that it chose
 * proves to have a finding by what they answer.
 */
export async function learn(phases: ProjectPlan["phases"], drafting: Drafting): Promise<boolean> {
  const { setting, seen, asked } = drafting;
  const planned = phases.flatMap(({ upgrades }) => upgrades.flatMap(plannedVersion));
  const hitsBy = (judge: Judge): string =>
    JSON.stringify(planned.map((one) => judge.hits(one).map((hit) => hit.advisory)));
  const before = hitsBy(seen.judge);
  const fresh = await seen.base.extend(planned);
  if (fresh.length === 0) return false;
  asked.push(...fresh);
  drafting.seen = await judged(setting, seen.inventory, seen.base);
  if (hitsBy(drafting.seen.judge) === before) return false;
  setting.progress.line("a version that the plan brings in has advisories of its own; planning again");
  return true;
}

function plannedVersion({ project, ecosystem, package: name, to }: Upgrade): Parameters<Judge["hits"]>[0][] {
  return to === null ? [] : [{ project, ecosystem, name, version: to, scope: "production" }];
}

/** The phases with every advisory named that a version brings, also one that the package manager chose by itself. */
export function withIntroduced(
  phases: ProjectPlan["phases"],
  { findings, judge }: Look,
): ProjectPlan["phases"] {
  const introducedBy = (upgrade: Upgrade): readonly string[] => {
    const known = new Set(
      findings
        .filter((one) => one.project === upgrade.project && one.package === upgrade.package)
        .map((one) => one.advisory),
    );
    return plannedVersion(upgrade)
      .flatMap((one) => judge.hits(one))
      .filter((hit) => !known.has(hit.advisory))
      .map((hit) => `${hit.advisory} in ${upgrade.package}@${upgrade.to ?? ""}`);
  };
  return phases.map((phase) => ({
    ...phase,
    upgrades: phase.upgrades.map((upgrade) => ({
      ...upgrade,
      introduces: [...new Set([...upgrade.introduces, ...introducedBy(upgrade)])],
    })),
  }));
}

const same = (a: Refusal, b: Refusal): boolean =>
  a.package === b.package &&
  a.version === b.version &&
  JSON.stringify(a.requirement) === JSON.stringify(b.requirement);

/** What is said of a project whose manager's files are only read. */
export function readOnly(project: Project, seen: Look): ProjectPlan {
  const findings = seen.findings.filter((finding) => finding.project === project.path);
  return {
    project: project.path,
    phases: [],
    unfixed: findings.map((finding) => ({
      finding: finding.id,
      reason: finding.waiver === null ? ("policy" as const) : ("waived" as const),
      detail: `files of ${project.manager} are read but not changed yet`,
      conflicts: [],
      advice:
        finding.fixedIn[0] === undefined
          ? "No fix is declared."
          : `Move to ${finding.fixedIn[0]} or above with ${project.manager}.`,
    })),
    broken: [],
    skipped: [],
    optimal: true,
    cost: [],
    costNames: [],
  };
}
