import { findFindings, summarise } from "../findings/index.ts";
import { tiers, type Phase, type Plan, type Summary, type Upgrade } from "../model/index.ts";
import type { ProjectPlan } from "../plan/index.ts";
import { sha256 } from "../system/index.ts";
import { rooms } from "./rooms.ts";
import { unfixedBy, type Drafting, type Draft } from "./draft.ts";
import { targetOutcomes } from "./targets.ts";
import { strayWishes } from "./wishes.ts";

/** Joins the projects' plans under one numbering of phases. */
export async function assemble(drafts: readonly Draft[], drafting: Drafting): Promise<Plan> {
  const { setting, seen, options } = drafting;
  const agreed = drafts.filter((draft) => draft.settled?.state === "accepted");
  const { configuration } = setting;
  const [{ foresee }, { digestInputs }] = await Promise.all([rooms.plan(), rooms.run()]);
  const phases: Phase[] = [];
  let upgrades: readonly Upgrade[] = [];
  let left: Summary = seen.scan.summary;
  for (const group of groupsOf(agreed.map((draft) => draft.plan))) {
    upgrades = [...upgrades, ...group.upgrades];
    left = summarise(findFindings(foresee(seen.inventory, upgrades), seen.judge, configuration));
    phases.push({
      number: phases.length + 1,
      name: `Phase ${phases.length + 1}, ${group.requested === true ? "as requested" : group.tier.replace("-", " ")}`,
      ...group,
      after: left,
    });
  }
  const requests = [
    ...drafts.flatMap((draft) => draft.requests ?? []),
    ...strayWishes(drafting),
    ...targetOutcomes(drafts, drafting),
  ];
  const bestOf = drafts.flatMap(({ project: { path: project, ecosystem }, plan, settled }) =>
    plan.bestOf === undefined || settled?.state === "refused"
      ? []
      : [{ project, ecosystem, releases: plan.bestOf }],
  );
  const content = {
    schemaVersion: 1 as const,
    madeAt: setting.clock().toISOString(),
    ...(setting.by === undefined ? {} : { madeBy: setting.by }),
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
    ...(bestOf.length === 0 ? {} : { bestOf }),
    ...joinCosts(drafts.map((draft) => draft.plan)),
    phases,
    unfixed: drafts.flatMap(unfixedOf),
    ...(requests.length === 0 ? {} : { requests }),
    broken: drafts.flatMap((draft) => draft.plan.broken),
    skipped: drafts.flatMap((draft) => draft.plan.skipped),
    confirmed: drafts.flatMap(({ project, settled }) =>
      settled?.state === "accepted"
        ? [{ project: project.path, by: settled.by, detail: settled.detail }]
        : [],
    ),
  };
  const { madeAt: _, madeBy: __, ...identity } = content;
  return { id: `plan-${sha256(JSON.stringify(identity)).slice(0, 10)}`, ...content };
}

/** Where the package manager never agreed nothing is proposed, and every finding says so. */
function unfixedOf({ plan, settled }: Draft): Plan["unfixed"] {
  if (settled?.state !== "refused") return plan.unfixed;
  return [...plan.unfixed, ...unfixedBy(settled, plan.phases)];
}

type PhaseDraft = ProjectPlan["phases"][number];

/** What was asked for goes in last, all projects' together. */
function groupsOf(plans: readonly ProjectPlan[]): PhaseDraft[] {
  const only = (requested: boolean): ProjectPlan[] =>
    plans.map((plan) => ({
      ...plan,
      phases: plan.phases.filter((phase) => (phase.requested === true) === requested),
    }));
  return [
    ...mergePhases(only(false)),
    ...mergePhases(only(true)).map((phase) => ({ ...phase, requested: true as const })),
  ];
}

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
    merged.push({
      tier,
      due,
      upgrades: group.flatMap((phase) => phase.upgrades),
      ...(group.some((phase) => phase.asked !== undefined)
        ? { asked: group.flatMap((phase) => phase.asked ?? phase.upgrades) }
        : {}),
    });
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
