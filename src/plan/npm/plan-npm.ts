import { componentKey, tiers, type Finding, type Project } from "../../model/index.ts";
import { orderOf, type VersionOrder } from "../../versions/index.ts";
import { defaultTimeLimitMs, type PlanRequest, type ProjectPlan } from "../request.ts";
import { openCatalogue, type Catalogue } from "./catalogue.ts";
import { checkClaim, type Verdict } from "./check.ts";
import type { Need, Ruling } from "./need.ts";
import { walk, type Outcome } from "./outcome.ts";
import { cutPhases } from "./phases.ts";
import { costNames } from "./choice.ts";
import { makeRisk, type Risk } from "./risk.ts";
import { search, type Answer } from "./search.ts";
import { nameOf, readTree, rulingOf, type Slot, type Tree } from "./tree.ts";
import { explainUnfixed } from "./unfixed.ts";
import { missedWishes, refusedWishes } from "./wishes.ts";

/**
 * The best version sets for one npm project: sets of (name, version) such that every requirement holds; npm places
 * them. Requirements broken from the start stay as they are and are listed.
 * @throws {Failure} `unavailable` when the registry does not answer at all.
 */
export async function planNpm(request: PlanRequest, project: Project): Promise<ProjectPlan> {
  const order = orderOf("npm");
  const deadline = performance.now() + (request.timeLimitMs ?? defaultTimeLimitMs);
  const step = request.progress?.step(`Planning ${project.path}`);
  const findings = request.findings.filter((one) => one.project === project.path && one.ecosystem === "npm");
  const catalogue = openCatalogue(request.sourceFor(project), order, limitsOf(request, project, findings));
  const tree = await settledTree(request, project, { order, catalogue });
  const risk = makeRisk(request, project.path, tree);
  const { wishes } = request;
  const wished = wishes === undefined ? {} : { wishes };
  const refused = wishes === undefined ? [] : await refusedWishes(request, { tree, catalogue, wishes });
  const universe = {
    tree,
    catalogue,
    risk,
    profile: request.profile,
    policy: request.configuration.policy,
    ...wished,
  };
  const answer = await search(universe, {
    deadline,
    update: (detail) => step?.update(detail),
    ...(request.signal === undefined ? {} : { signal: request.signal }),
  });
  const base = { tree, catalogue, risk, residues: answer.universe.residues };
  const near = { ...universe, reach: "near" as const };
  const start = walk(base, today(tree));
  const verdict = judge({ tree, catalogue, risk, ...wished }, answer);
  const isSound = verdict.wrong.length === 0 && refused.length === 0;
  const end = isSound ? answer.outcome : start;
  const counted = findings.filter((one) => risk.advisories(one.package, one.version).includes(one.advisory));
  const phases = isSound ? cutPhases({ ...base, project, findings: counted, start, end, ...wished }) : [];
  // What is explained must have been asked about, though no move reached it.
  for (const one of findings) catalogue.listed(one.package);
  while (await catalogue.load(request.signal));
  const unfixed = explainUnfixed(
    {
      ...base,
      universe: near,
      findings,
      proven: answer.optimal,
      ...(request.packages === undefined ? {} : { packages: request.packages }),
    },
    end,
  );
  // Several versions that become one leave one finding: counted as in the cost, not by what is explained.
  const left = verdict.cost.slice(0, tiers.length).reduce((sum, one) => sum + one, 0);
  step?.done(`${phases.length} phases, ${isSound ? left : unfixed.length} findings left`);
  return {
    project: project.path,
    phases,
    unfixed,
    broken: tree.broken,
    skipped: skippedIn(project, { tree, catalogue, verdict, end }),
    ...(wishes === undefined || isSound
      ? {}
      : { missed: refused.length > 0 ? refused : missedWishes(wishes, { tree, catalogue, answer }) }),
    optimal: isSound && answer.optimal,
    ...(isSound && answer.bestOf !== undefined ? { bestOf: answer.bestOf } : {}),
    ...(answer.optimal || answer.bound === undefined ? {} : { bound: answer.bound }),
    cost: [...verdict.cost, answer.distance],
    costNames,
  };
}

function limitsOf(
  request: PlanRequest,
  project: Project,
  findings: readonly Finding[],
): Parameters<typeof openCatalogue>[2] {
  const refused = new Set<string>();
  const extra = new Map<string, Need[]>();
  for (const one of request.refusals ?? []) {
    if (one.project !== project.path) continue;
    if (one.package !== undefined && one.version !== undefined) refused.add(`${one.package}@${one.version}`);
    if (one.requirement !== undefined) {
      const { from, name, range } = one.requirement;
      const need: Need = { name, range, kind: "production", optional: false };
      extra.set(from, [...(extra.get(from) ?? []), need]);
    }
  }
  const { policy } = request.configuration;
  return {
    ...(project.target.node === undefined ? {} : { node: project.target.node }),
    pins: policy,
    present: new Set(
      request.inventory.components.filter((one) => one.project === project.path).map((one) => one.name),
    ),
    cooldownDays: policy.cooldownDays,
    now: request.now,
    refused,
    extra,
    rulings: rulingsIn(request, project),
    allowOverrides: policy.allowOverrides,
    urgent: new Set(findings.filter((one) => one.tier === "immediate").map((one) => one.package)),
  };
}

/** The project's own overrides that serve a requirement today, by package. */
function rulingsIn({ inventory }: PlanRequest, project: Project): Map<string, Ruling> {
  const byKey = new Map(inventory.components.map((one) => [componentKey(one), one]));
  const rulings = new Map<string, Ruling>();
  for (const dependency of inventory.dependencies) {
    if (dependency.project !== project.path || dependency.override === undefined) continue;
    const to = byKey.get(dependency.to ?? "");
    const ruling = to === undefined ? undefined : rulingOf(dependency, to);
    if (to !== undefined && ruling !== undefined) rulings.set(to.name, ruling);
  }
  return rulings;
}

/** The tree, once the registry has said which packages carry others in their archives. */
async function settledTree(
  request: PlanRequest,
  project: Project,
  { order, catalogue }: { order: VersionOrder; catalogue: Catalogue },
): Promise<Tree> {
  const bundles = (name: string, version: string): boolean | undefined => {
    const release = catalogue.release(name, version);
    return release === undefined ? undefined : release.bundles === true;
  };
  for (;;) {
    const { allowOverrides } = request.configuration.policy;
    const tree = readTree(request.inventory, project, { order, bundles, allowOverrides });
    if (!(await catalogue.load(request.signal))) return tree;
  }
}

function today(tree: Tree): { present: Set<string>; slots: Map<Slot, string>; overrides: [] } {
  const present = new Set<string>();
  for (const [pair, one] of tree.packages) if (one.free) present.add(pair);
  return { present, slots: new Map(tree.slots.map((slot) => [slot, slot.today])), overrides: [] };
}

/** The independent check of what is about to be proposed. */
function judge(
  {
    tree,
    catalogue,
    risk,
    wishes,
  }: { tree: Tree; catalogue: Catalogue; risk: Risk; wishes?: ReadonlyMap<string, string> },
  answer: Answer & { readonly outcome: Outcome },
): Verdict {
  return checkClaim({
    tree,
    present: answer.outcome.present,
    slots: answer.outcome.slots,
    overrides: answer.outcome.overrides,
    order: catalogue.order,
    ...(wishes === undefined ? {} : { wishes }),
    requires: (name, version) => catalogue.needs(name, version) ?? [],
    counts: (name, version) => risk.counts(name, version),
    listed: (name) => catalogue.listed(name) ?? [],
  });
}

function skippedIn(
  project: Project,
  { tree, catalogue, verdict, end }: { tree: Tree; catalogue: Catalogue; verdict: Verdict; end: Outcome },
): ProjectPlan["skipped"] {
  const skipped = [...catalogue.skipped()]
    .filter(([name]) => tree.versions.has(name))
    .map(([name, reason]) => ({
      project: project.path,
      package: name,
      reason: `stays as it is: ${reason}`,
    }));
  const undated = new Set(
    [...end.present]
      .filter((pair) => !tree.packages.has(pair) && catalogue.cooldown(nameOf(pair)) === "undated")
      .map(nameOf),
  );
  if (undated.size > 0)
    skipped.push({
      project: project.path,
      package: [...undated].sort().slice(0, 3).join(", "),
      reason: `the cooldown was not applied to ${undated.size} packages: the registry gives no release dates`,
    });
  return verdict.wrong.length === 0
    ? skipped
    : [
        ...skipped,
        {
          project: project.path,
          package: "*",
          reason: `the answer found did not pass the check and is not proposed: ${verdict.wrong.slice(0, 5).join("; ")}`,
        },
      ];
}
