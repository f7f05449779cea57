/**
 * The one way through: inventory → advisories → findings → plan → settle → run → evidence. Each function here joins
 * rooms and decides nothing that a room could; read it first to know what Redress does.
 */
import {
  openAdvisories,
  type AdvisoryBase,
  type AdvisoryRequest,
  type PackageVersion,
} from "./advisories/index.ts";
import { compareFindings, expiredWaivers, findFindings, makeJudge, summarise } from "./findings/index.ts";
import { takeInventory } from "./inventory/index.ts";
import {
  Failure,
  tiers,
  type Configuration,
  type Finding,
  type Inventory,
  type Judge,
  type ManagerId,
  type Phase,
  type Plan,
  type Profile,
  type Project,
  type Refusal,
  type ReleaseSource,
  type Run,
  type Scan,
  type Settled,
  type Summary,
  type Upgrade,
} from "./model/index.ts";
import type { ProjectPlan } from "./plan/index.ts";
import type { Sight } from "./run/index.ts";
import { readDetections, recordDetections } from "./state/index.ts";
import { sha256, type Clock, type Programs, type Progress } from "./system/index.ts";

/** The rooms that a scan does not enter are loaded at their door. */
const rooms = {
  plan: () => import("./plan/index.ts"),
  releases: () => import("./releases/index.ts"),
  settle: () => import("./settle/index.ts"),
  run: () => import("./run/index.ts"),
};

/** Managers whose files Redress can change; the others are only read. */
const changeable: ReadonlySet<ManagerId> = new Set(["pip", "npm"]);

/** Where and by what Redress works: made once by the command line. */
export interface Setting {
  /** Absolute path of the project's root. */
  readonly root: string;
  /** Absolute paths inside the root to look at; absent: the whole root. */
  readonly paths?: readonly string[];
  readonly configuration: Configuration;
  /** Advisory sources as `--advisories` takes them. */
  readonly advisories: readonly string[];
  /** Where the exploitation catalogues lie, and OSV where it is not the public one. */
  readonly advisoryOptions?: Pick<AdvisoryRequest, "kev" | "epss" | "endpoints">;
  /** RFC 3339. */
  readonly asOf?: string;
  readonly offline: boolean;
  readonly production: boolean;
  readonly tool: { readonly name: string; readonly version: string };
  /** The programs of this machine, looked for when first asked. */
  readonly programs: () => Promise<Programs>;
  /** Version of the Python to judge a project by that names none; asked only for such a project. */
  readonly python: () => Promise<string | undefined>;
  readonly clock: Clock;
  readonly progress: Progress;
  readonly signal?: AbortSignal;
}

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
async function judged(setting: Setting, inventory: Inventory, base: AdvisoryBase): Promise<Look> {
  const { configuration } = setting;
  const now = setting.asOf ?? setting.clock().toISOString();
  const seen = await readDetections(setting.root);
  const judge = makeJudge({
    lookup: (ecosystem, name) => base.lookup(ecosystem, name),
    enrichment: (ids) => base.enrichment(ids),
    configuration,
    firstSeen: (key) => seen.get(`${key.project}|${key.package}|${key.advisory}`),
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
    notes: [...expiredWaivers(configuration.waivers, findings, now), ...inventory.notes],
    summary: summarise(findings),
  };
  return { inventory, findings, judge, base, scan };
}

async function inventoryOf(setting: Setting, root: string): Promise<Inventory> {
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
    await recordDetections(setting.root, seen.findings, setting.asOf ?? setting.clock().toISOString());
    return seen.scan;
  } finally {
    seen.base.close();
  }
}

/** A plan with the scan it was made from. */
export interface Proposal {
  readonly plan: Plan;
  readonly scan: Scan;
}

export interface ProposeOptions {
  readonly profile: Profile;
  /** Only these packages, and what they force. */
  readonly packages?: readonly string[];
  readonly timeLimitMs?: number;
}

/**
 * The best plan that the package managers accept. Nothing of the project is touched.
 * @throws {Failure} `unavailable` when the package index does not answer.
 */
export async function propose(setting: Setting, options: ProposeOptions): Promise<Proposal> {
  const seen = await look(setting);
  const drafting: Drafting = { setting, seen, options, asked: [] };
  try {
    const drafts: Draft[] = [];
    for (const project of seen.inventory.projects) {
      if (!seen.findings.some((finding) => finding.project === project.path)) continue;
      if (!changeable.has(project.manager)) {
        drafts.push({ project, plan: readOnly(project, seen), settled: null });
        continue;
      }
      drafts.push(await draftFor(project, drafting));
    }
    return { plan: await assemble(drafts, drafting), scan: drafting.seen.scan };
  } finally {
    seen.base.close();
  }
}

/** What is said of a project whose manager's files are only read. */
function readOnly(project: Project, seen: Look): ProjectPlan {
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

interface Drafting {
  readonly setting: Setting;
  /** Judged anew whenever more has been learned. */
  seen: Look;
  readonly options: ProposeOptions;
  /** What online sources were asked about beyond what is there. */
  readonly asked: PackageVersion[];
}

interface Draft {
  readonly project: Project;
  readonly plan: ProjectPlan;
  readonly settled: Settled | null;
}

type Accepted = Extract<Settled, { state: "accepted" }>;

/** How often a refusal of the package manager sends the planner back. */
const mostAttempts = 6;

/** The solver proposes, the package manager disposes; a refusal becomes a constraint. */
async function draftFor(project: Project, drafting: Drafting): Promise<Draft> {
  const { setting, options } = drafting;
  const { inventory } = drafting.seen;
  const { planNpm, planPython, withChosenNewcomers, withConsequences } = await rooms.plan();
  // A Python environment comes out exactly as planned; npm tidies up around what it was asked for, and what no
  // requirements file pins is the installer's choice.
  const observedPhases = (phases: ProjectPlan["phases"], accepted: Accepted): ProjectPlan["phases"] => {
    if (project.ecosystem === "npm") return withConsequences(phases, accepted, { inventory, project });
    return project.environment === undefined ? withChosenNewcomers(phases, accepted) : phases;
  };
  const source = await releasesFor(project, setting);
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
      ...(options.packages === undefined ? {} : { packages: options.packages }),
      ...(options.timeLimitMs === undefined ? {} : { timeLimitMs: options.timeLimitMs }),
      ...(setting.signal === undefined ? {} : { signal: setting.signal }),
    };
    const plan =
      project.ecosystem === "PyPI" ? await planPython(request, project) : await planNpm(request, project);
    if (plan.phases.length === 0) return { project, plan, settled: null };
    if ((await learn(plan.phases, drafting)) && attempt < mostAttempts) continue;
    const settled = await settle(
      project,
      plan.phases.map((phase) => phase.upgrades),
      { setting, inventory, broken: plan.broken },
    );
    if (settled.state === "accepted") {
      const phases = observedPhases(plan.phases, settled);
      if ((await learn(phases, drafting)) && attempt < mostAttempts) continue;
      return { project, plan: { ...plan, phases: withIntroduced(phases, drafting.seen) }, settled };
    }
    const fresh = settled.refusals.filter((refusal) => !refusals.some((known) => same(known, refusal)));
    if (fresh.length === 0 || attempt === mostAttempts) return { project, plan, settled };
    refusals.push(...fresh);
    setting.progress.line(`${settled.by} refused the plan (${settled.detail}); planning again`);
  }
}

/**
 * Asks online sources about what a plan brings in, of which they have said nothing yet; whether a version that it chose
 * proves to have a finding by what they answer.
 */
async function learn(phases: ProjectPlan["phases"], drafting: Drafting): Promise<boolean> {
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
function withIntroduced(phases: ProjectPlan["phases"], { findings, judge }: Look): ProjectPlan["phases"] {
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

/** The releases of the index that a project's own package manager is configured for. */
export async function releasesFor(project: Project, setting: Setting): Promise<ReleaseSource> {
  const request = { target: project.target, root: setting.root, offline: setting.offline };
  const { npmReleases, pypiReleases } = await rooms.releases();
  return project.ecosystem === "PyPI" ? pypiReleases(request) : npmReleases(request);
}

/** Has the project's own package manager write and accept each phase, in scratch folders. */
async function settle(
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

/** Joins the projects' plans under one numbering of phases. */
async function assemble(drafts: readonly Draft[], drafting: Drafting): Promise<Plan> {
  const { setting, seen, options } = drafting;
  const agreed = drafts.filter((draft) => draft.settled?.state === "accepted");
  const { configuration } = setting;
  const [{ foresee }, { digestInputs }] = await Promise.all([rooms.plan(), rooms.run()]);
  const phases: Phase[] = [];
  let upgrades: readonly Upgrade[] = [];
  let left: Summary = seen.scan.summary;
  for (const group of mergePhases(agreed.map((draft) => draft.plan))) {
    upgrades = [...upgrades, ...group.upgrades];
    left = summarise(findFindings(foresee(seen.inventory, upgrades), seen.judge, configuration));
    phases.push({
      number: phases.length + 1,
      name: `Phase ${phases.length + 1}, ${group.tier.replace("-", " ")}`,
      ...group,
      after: left,
    });
  }
  const content = {
    schemaVersion: 1 as const,
    madeAt: setting.clock().toISOString(),
    profile: options.profile,
    inputs: {
      ...(await digestInputs(setting.root, seen.inventory)),
      snapshot: seen.base.snapshot.digest,
      ...(drafting.asked.length === 0 ? {} : { asked: drafting.asked }),
      ...(setting.asOf === undefined ? {} : { asOf: setting.asOf }),
      policy: configuration.digest,
      tool: `${setting.tool.name} ${setting.tool.version}`,
      targets: seen.inventory.projects.map((project) => ({ project: project.path, ...project.target })),
    },
    before: seen.scan.summary,
    after: left,
    optimal: drafts.every(
      (draft) => draft.plan.optimal && (draft.settled?.state ?? "accepted") === "accepted",
    ),
    ...joinCosts(drafts.map((draft) => draft.plan)),
    phases,
    unfixed: drafts.flatMap(unfixedOf),
    broken: drafts.flatMap((draft) => draft.plan.broken),
    skipped: drafts.flatMap((draft) => draft.plan.skipped),
    confirmed: drafts.flatMap(({ project, settled }) =>
      settled === null ? [] : [{ project: project.path, by: settled.by, detail: settled.detail }],
    ),
  };
  const { madeAt: _, ...identity } = content;
  return { id: `plan-${sha256(JSON.stringify(identity)).slice(0, 10)}`, ...content };
}

/** Where the package manager never agreed nothing is proposed, and every finding says so. */
function unfixedOf({ plan, settled }: Draft): Plan["unfixed"] {
  if (settled?.state !== "refused") return plan.unfixed;
  const refused = plan.phases.flatMap((phase) => phase.upgrades.flatMap((upgrade) => upgrade.fixes));
  return [
    ...plan.unfixed,
    ...refused.map((finding) => ({
      finding,
      reason: "conflict" as const,
      detail: `${settled.by} refused the plan: ${settled.detail}`,
      conflicts: settled.refusals.map((refusal) => refusal.reason),
      advice: "Resolve the conflict that it names by hand, or plan fewer packages with --package.",
    })),
  ];
}

type PhaseDraft = ProjectPlan["phases"][number];

/** Interleaves the projects' phases by tier; each project's own order is kept. */
function mergePhases(plans: readonly ProjectPlan[]): PhaseDraft[] {
  const queues = plans.map((plan) => [...plan.phases]);
  const merged: PhaseDraft[] = [];
  for (;;) {
    const heads = queues.flatMap((queue) => queue[0] ?? []);
    const tier = tiers.find((one) => heads.some((head) => head.tier === one));
    if (tier === undefined) return merged;
    const group = queues.flatMap((queue) => (queue[0]?.tier === tier ? (queue.shift() ?? []) : []));
    const due = group.map((phase) => phase.due).sort()[0] ?? "";
    merged.push({ tier, due, upgrades: group.flatMap((phase) => phase.upgrades) });
  }
}

/** The projects' costs added part by part, by name: ecosystems count different things. */
function joinCosts(plans: readonly ProjectPlan[]): Pick<Plan, "cost" | "costNames"> {
  const sums = new Map<string, number>();
  const longestFirst = [...plans].sort((a, b) => b.costNames.length - a.costNames.length);
  for (const { cost, costNames } of longestFirst)
    for (const [index, name] of costNames.entries())
      sums.set(name, (sums.get(name) ?? 0) + (cost[index] ?? 0));
  return { cost: [...sums.values()], costNames: [...sums.keys()] };
}

/** Looks at a copy of the tree, or the tree after a change, and judges it by the same facts. */
function relookWith(setting: Setting, judge: Judge): (root: string) => Promise<Sight> {
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

export interface ApplyOptions {
  readonly phases?: readonly number[];
  readonly dryRun?: boolean;
  readonly filesOnly?: boolean;
}

/** A run with the scans before and after it, by one snapshot. */
export interface Applied {
  readonly run: Run;
  readonly before: Scan;
  readonly after: Scan;
}

/**
 * Rehearses a plan, carries it out and looks again.
 * @throws {Failure} `changed` when the project, the policy or the advisories are not those of the plan.
 */
export async function apply(setting: Setting, plan: Plan, options: ApplyOptions): Promise<Applied> {
  let seen = await look(setting);
  try {
    if ((await seen.base.extend(plan.inputs.asked ?? [])).length > 0)
      seen = await judged(setting, seen.inventory, seen.base);
    if (seen.base.snapshot.digest !== plan.inputs.snapshot)
      throw new Failure(
        "changed",
        "the advisories are not those that the plan was made with",
        "Make a new plan.",
      );
    if (setting.configuration.digest !== plan.inputs.policy)
      throw new Failure(
        "changed",
        "redress.yaml is not the one that the plan was made with",
        "Make a new plan.",
      );
    const relook = relookWith(setting, seen.judge);
    const { applyPlan } = await rooms.run();
    const run = await applyPlan(
      { root: setting.root, plan, configuration: setting.configuration, ...options },
      {
        settle: (project) =>
          settle(
            project,
            plan.phases.map((phase) =>
              phase.upgrades.filter(
                (upgrade) => upgrade.project === project.path && upgrade.ecosystem === project.ecosystem,
              ),
            ),
            { setting, inventory: seen.inventory, broken: plan.broken },
          ),
        look: relook,
        compare: compareFindings,
        installerEnvironment: async (ecosystem) =>
          (await rooms.settle()).installerEnvironment(setting.root, ecosystem),
        clock: setting.clock,
        progress: setting.progress,
        programs: await setting.programs(),
        ...(setting.signal === undefined ? {} : { signal: setting.signal }),
      },
    );
    // Also a run that was stopped is looked at and reported.
    const { signal: _, ...unstopped } = setting;
    const after = await relookWith(unstopped, seen.judge)(setting.root);
    return {
      run,
      before: seen.scan,
      after: {
        ...seen.scan,
        scannedAt: setting.clock().toISOString(),
        findings: after.findings,
        summary: after.summary,
      },
    };
  } finally {
    seen.base.close();
  }
}
