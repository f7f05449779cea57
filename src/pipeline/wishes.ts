import path from "node:path";
import { findFindings } from "../findings/index.ts";
import type { Inventory, Project, Refusal, RequestOutcome, Settled, UpgradeRequest } from "../model/index.ts";
import type { PhaseDraft, ProjectPlan } from "../plan/index.ts";
import { readText } from "../system/index.ts";
import { learn, withIntroduced, type Draft, type Drafting } from "./draft.ts";
import { inventoryOf } from "./look.ts";
import { rooms } from "./rooms.ts";
import { releasesFor, rememberSettled, settle } from "./settle.ts";

/** How often a refusal of the package manager has the wishes planned anew. */
const mostAttempts = 3;

/** What `redress.yaml` asks for in a project: what it names there, and what names no project and is held there. */
export function wishesFor(project: Project, { setting, seen, options }: Drafting): readonly UpgradeRequest[] {
  // Who names packages asks for those alone.
  if (options.packages !== undefined) return [];
  const isHeld = (name: string): boolean =>
    seen.inventory.components.some((one) => one.project === project.path && one.name === name);
  return (setting.configuration.requests ?? []).filter(
    (one) => (one.project === undefined || one.project === project.path) && isHeld(one.package),
  );
}

/** Wishes that no project of the tree can be meant by. */
export function strayWishes(drafting: Drafting): RequestOutcome[] {
  const { setting, seen, options } = drafting;
  if (options.packages !== undefined) return [];
  const met = new Set(seen.inventory.projects.flatMap((project) => wishesFor(project, drafting)));
  return (setting.configuration.requests ?? [])
    .filter((one) => !met.has(one))
    .map((one) => outcome(one, one.project ?? ".", "impossible", `${one.package} is not there`));
}

interface Wishing {
  readonly draft: Draft;
  readonly drafting: Drafting;
  /** The project as the plan without wishes leaves it. */
  readonly after: { readonly root: string; readonly project: Project; readonly inventory: Inventory };
}

type Accepted = Extract<Settled, { state: "accepted" }>;

interface Reached {
  readonly wishes: readonly UpgradeRequest[];
  readonly draft: Draft;
}

/**
 * Adds a last phase that reaches the versions asked for, planned from where the plan without them ends. A wish that
 * cannot be met is reported and leaves the rest of the plan as it is; of several, as many as go together in their order.
 */
export async function withWishes(draft: Draft, drafting: Drafting): Promise<Draft> {
  const { project, settled } = draft;
  const all = wishesFor(project, drafting);
  if (all.length === 0) return draft;
  const refuse = (detail: string): Draft => ({
    ...draft,
    requests: all.map((one) => outcome(one, project.path, "impossible", detail)),
  });
  if (project.manager !== "npm")
    return refuse(`requests are planned in npm projects, not for ${project.manager}`);
  if (settled?.state === "refused") return refuse("the plan without it was refused already");
  const { inScratch } = await rooms.settle();
  return inScratch(undefined, async (folder) => {
    const after = await treeAfter(draft, drafting, folder);
    const isThere = (one: UpgradeRequest): boolean => isReached(one, after);
    const open = all.filter((one) => !isThere(one));
    const there = all.filter(isThere).map((one) => alreadyThere(one, project, drafting));
    if (open.length === 0) return { ...draft, requests: there };
    const { reached, missed } = await asManyAsGo(open, { draft, drafting, after });
    const planned = reached.wishes.map((one) => {
      const phase = reached.draft.plan.phases.find((two) => two.requested === true);
      const clears = phase?.upgrades.find((two) => two.package === one.package)?.fixes.length ?? 0;
      return outcome(one, project.path, "planned", `in a phase of its own; ${clearing(clears)}`);
    });
    return { ...reached.draft, requests: [...there, ...planned, ...missed] };
  });
}

async function treeAfter(
  { project, settled }: Draft,
  { setting, seen }: Drafting,
  folder: string,
): Promise<Wishing["after"]> {
  const written = settled?.state === "accepted" ? settled.phases.at(-1)?.files : undefined;
  const { writeTexts } = await rooms.settle();
  const texts = new Map<string, string>();
  for (const file of project.files)
    texts.set(file, written?.get(file) ?? (await readText(path.join(setting.root, file))));
  await writeTexts(folder, texts);
  const inventory = await inventoryOf(setting, folder);
  const found = inventory.projects.find((one) => one.path === project.path) ?? project;
  // What runs the project is not in its files.
  const there = { ...found, target: project.target };
  return {
    root: folder,
    project: there,
    inventory: {
      ...inventory,
      projects: seen.inventory.projects.map((one) => (one.path === project.path ? there : one)),
    },
  };
}

function isReached(
  { package: name, to }: UpgradeRequest,
  { project, inventory }: Omit<Wishing["after"], "root">,
): boolean {
  const own = inventory.components.filter((one) => one.project === project.path && one.name === name);
  const direct = own.filter((one) => one.direct);
  return own.length > 0 && (direct.length > 0 ? direct : own).every((one) => one.version === to);
}

function alreadyThere(one: UpgradeRequest, project: Project, { seen }: Drafting): RequestOutcome {
  return isReached(one, { project, inventory: seen.inventory })
    ? outcome(one, project.path, "already", "it is there")
    : outcome(one, project.path, "planned", "the plan reaches it without being asked");
}

/** All together where that can be; else one after the other, each with those that went before. */
async function asManyAsGo(
  open: readonly UpgradeRequest[],
  wishing: Wishing,
): Promise<{ readonly reached: Reached; readonly missed: readonly RequestOutcome[] }> {
  const none: Reached = { wishes: [], draft: wishing.draft };
  const together = await tryWishes(open, wishing);
  if ("draft" in together) return { reached: together, missed: [] };
  if (open.length === 1) return { reached: none, missed: together.missed };
  let reached = none;
  const missed: RequestOutcome[] = [];
  for (const one of open) {
    const tried = await tryWishes([...reached.wishes, one], wishing);
    if ("draft" in tried) reached = tried;
    else missed.push(...tried.missed.filter((two) => two.package === one.package));
  }
  return { reached, missed };
}

/** The draft with one more phase, or why it cannot be. */
async function tryWishes(
  wishes: readonly UpgradeRequest[],
  { draft, drafting, after }: Wishing,
): Promise<Reached | { readonly missed: readonly RequestOutcome[] }> {
  const { setting, options } = drafting;
  const { asWritten, planNpm } = await rooms.plan();
  const source = await releasesFor(draft.project, setting);
  const refusals: Refusal[] = [];
  const miss = (detail: string, conflicts: readonly string[]): { missed: RequestOutcome[] } => ({
    missed: wishes.map((one) => ({
      ...outcome(one, draft.project.path, "impossible", detail),
      conflicts,
    })),
  });
  for (let attempt = 1; ; attempt++) {
    const { seen } = drafting;
    const findings = findFindings(after.inventory, seen.judge, setting.configuration);
    const plan = await planNpm(
      {
        inventory: after.inventory,
        findings,
        judge: seen.judge,
        configuration: setting.configuration,
        profile: options.profile,
        wishes: new Map(wishes.map((one) => [one.package, one.to])),
        refusals,
        sourceFor: () => source,
        now: setting.clock().toISOString(),
        progress: setting.progress,
        ...(options.timeLimitMs === undefined ? {} : { timeLimitMs: options.timeLimitMs }),
        ...(setting.signal === undefined ? {} : { signal: setting.signal }),
      },
      after.project,
    );
    if (plan.missed !== undefined) {
      const missed = plan.missed;
      return {
        missed: wishes.map((one) => {
          const why = missed.find((two) => two.package === one.package) ?? missed[0];
          const said = outcome(one, draft.project.path, "impossible", why?.detail ?? "");
          return { ...said, conflicts: why?.conflicts ?? [] };
        }),
      };
    }
    const phase = phaseOf(plan, wishes, drafting);
    const settled = await settle(after.project, [phase.upgrades], {
      setting: { ...setting, root: after.root },
      inventory: after.inventory,
      broken: draft.plan.broken,
    });
    if (settled.state === "accepted") {
      const written = asWritten({ ...plan, phases: [phase] }, settled, {
        ...seen,
        findings,
        inventory: after.inventory,
        project: after.project,
      });
      // What advisories say of a version that only a wish brings in may speak against it: planned again with that.
      if ((await learn(written.phases, drafting)) && attempt < mostAttempts) continue;
      const last = withIntroduced(written.phases, drafting.seen).map(said);
      const whole = await joined({ draft, drafting }, { asked: phase, settled });
      const joinedPlan = { ...draft.plan, phases: [...draft.plan.phases, ...last], unfixed: written.unfixed };
      return { wishes, draft: { ...draft, plan: joinedPlan, settled: whole } };
    }
    const reasons = settled.refusals.map((one) => one.reason);
    if (settled.refusals.length === 0 || attempt === mostAttempts)
      return miss(`${settled.by} refused it: ${settled.detail}`, reasons);
    refusals.push(...settled.refusals);
  }
}

/** The package manager's answers to the plan without wishes and to the phase on top of it, as one. */
async function joined(
  { draft, drafting: { setting, seen } }: Pick<Wishing, "draft" | "drafting">,
  wished: { readonly asked: PhaseDraft; readonly settled: Accepted },
): Promise<Accepted> {
  const before = draft.plan.phases.map((phase) => phase.asked ?? phase.upgrades);
  const context = { setting, inventory: seen.inventory, broken: draft.plan.broken };
  const base = before.length === 0 ? undefined : await settle(draft.project, before, context);
  const phases = base?.state === "accepted" ? base.phases : [];
  const settled: Accepted = {
    ...wished.settled,
    phases: [
      ...phases,
      ...wished.settled.phases.map((phase) => ({
        ...phase,
        files: new Map([...(phases.at(-1)?.files ?? []), ...phase.files]),
      })),
    ],
  };
  await rememberSettled(draft.project, [...before, wished.asked.upgrades], { setting, settled });
  return settled;
}

/** All of a plan with wishes in one phase: due no sooner than the last of the others. */
function phaseOf(
  plan: ProjectPlan,
  wishes: readonly UpgradeRequest[],
  { setting, seen }: Drafting,
): PhaseDraft {
  const due = [setting.asOf ?? setting.clock().toISOString(), ...seen.findings.map((one) => one.due)];
  const upgrades = plan.phases.flatMap((phase) => phase.upgrades);
  return {
    tier: "next-window",
    due: due.sort().at(-1) ?? "",
    requested: true,
    upgrades: upgrades.map((upgrade) => {
      const wish = wishes.find((one) => one.package === upgrade.package && one.to === upgrade.to);
      return { ...upgrade, because: [...(wish === undefined ? [] : [wishWords(wish)]), ...upgrade.because] };
    }),
  };
}

const wishWords = ({ reason }: UpgradeRequest): string =>
  `Asked for in redress.yaml${reason === undefined ? "" : `: ${reason}`}.`;

/** Says openly of every change whether it clears a finding, as it was written. */
function said(phase: PhaseDraft): PhaseDraft {
  return {
    ...phase,
    upgrades: phase.upgrades.map((upgrade) => ({
      ...upgrade,
      because: [
        ...upgrade.because.slice(0, 1),
        `It ${clearing(upgrade.fixes.length)}.`,
        ...upgrade.because.slice(1),
      ],
    })),
  };
}

const clearing = (count: number): string =>
  count === 0 ? "clears no finding" : `clears ${count} ${count === 1 ? "finding" : "findings"}`;

function outcome(
  one: UpgradeRequest,
  project: string,
  state: RequestOutcome["state"],
  detail: string,
): RequestOutcome {
  return { project, package: one.package, to: one.to, state, detail, conflicts: [] };
}
