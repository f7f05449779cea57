import { normaliseName, tiers, type Project } from "../model/index.ts";
import { evaluateMarker, markerEnvironment, orderOf } from "../versions/index.ts";
import type { PlanRequest, ProjectPlan } from "./request.ts";

/** One requirement as read for the target. */
export interface CheckedNeed {
  readonly name: string;
  readonly range: string;
  readonly extras: readonly string[];
  /** The extra that brings it; `null`: always. */
  readonly under: string | null;
}

export interface CheckRequest {
  readonly request: PlanRequest;
  readonly project: Project;
  readonly plan: ProjectPlan;
  /** What a release requires, as read from its metadata. */
  readonly needsOf: (name: string, version: string) => readonly CheckedNeed[];
  /** The versions a package could move to, ascending; absent: the distance is not checked. */
  readonly versionsOf?: (name: string) => readonly string[];
}

type Versions = ReadonlyMap<string, string>;
type Edge = { readonly from: string; readonly need: CheckedNeed };

const order = orderOf("PyPI");
const anyPrerelease = { prereleases: true };

/**
 * Verifies a plan without any code of the search that made it: every requirement holds after each
 * phase and at the end, unless it was broken from the start and its package is as it was; nothing goes down; the cost
 * is what the plan says. Gives what is wrong, in words; nothing when the plan holds.
 */
export function checkPlan(check: CheckRequest): readonly string[] {
  const { plan } = check;
  const problems: string[] = [];
  const open = openOf(check);
  const start = new Map([...startOf(check), ...open]);
  const broken = new Set(unmet(start, check, start).map(({ from, need }) => `${from} ${need.name}`));
  const state = new Map(start);
  plan.phases.forEach((phase, index) => {
    const number = index + 1;
    for (const { package: name, from, to } of phase.upgrades) {
      const isOpen = from === null && open.has(name);
      if (!isOpen && (state.get(name) ?? null) !== from)
        problems.push(`phase ${number} moves ${name} from ${from ?? "absence"}, which is not there`);
      if (from !== null && to !== null && order.compare(to, from) <= 0)
        problems.push(`phase ${number} moves ${name} from ${from} to ${to}, which is no newer`);
      if (to === null) state.delete(name);
      else state.set(name, to);
    }
    for (const { from, need } of unmet(state, check))
      if (!broken.has(`${from} ${need.name}`) || state.get(need.name) !== start.get(need.name))
        problems.push(
          `after phase ${number} ${from === "" ? "the project" : from} requires ${need.name}${need.range} and finds ${state.get(need.name) ?? "nothing"}`,
        );
  });
  checkCost(check, start, state, problems);
  return problems;
}

function startOf({ request, project }: CheckRequest): Versions {
  const versions = new Map<string, string>();
  const installed = new Set<string>();
  for (const one of request.inventory.components) {
    if (one.project !== project.path) continue;
    const isInstalled = one.places.some((place) => place.source === "environment");
    if (versions.has(one.name) && (installed.has(one.name) || !isInstalled)) continue;
    versions.set(one.name, one.version);
    if (isInstalled) installed.add(one.name);
  }
  return versions;
}

/** What no line pins and the installer chooses, in a project that is only files. */
function openOf(check: CheckRequest): Versions {
  const { request, project } = check;
  const pinned = startOf(check);
  if (project.environment !== undefined) return new Map();
  return new Map([...(request.chosen ?? [])].filter(([name]) => !pinned.has(name)));
}

/** Requirements of the project itself that are promises: exact pins may move, and what nothing pins floats. */
function promises({ request, project }: CheckRequest): readonly CheckedNeed[] {
  const environment = markerEnvironment(project.target);
  const names = new Set(
    request.inventory.components.filter((one) => one.project === project.path).map((one) => one.name),
  );
  if (project.environment === undefined) for (const name of request.chosen?.keys() ?? []) names.add(name);
  return request.inventory.dependencies
    .filter((one) => one.project === project.path && one.from === null && names.has(one.name))
    .filter((one) => one.marker === undefined || evaluateMarker(one.marker, environment) !== false)
    .map((one) => {
      const isPin = /^={2,3}[^*,]+$/.test(one.requirement.replaceAll(" ", ""));
      const range = isPin || !order.isRange(one.requirement) ? "" : one.requirement;
      const extras = (one.extras ?? []).map((extra) => normaliseName("PyPI", extra));
      return { name: one.name, range, extras, under: null };
    });
}

/** Names that the project asks for and nothing pins. */
function floating({ request, project }: CheckRequest, start: Versions): ReadonlySet<string> {
  const environment = markerEnvironment(project.target);
  return new Set(
    request.inventory.dependencies
      .filter((one) => one.project === project.path && one.from === null && !start.has(one.name))
      .filter((one) => one.marker === undefined || evaluateMarker(one.marker, environment) !== false)
      .map((one) => one.name),
  );
}

/** Requirements in force that the versions do not serve; `from` is `""` for the project. What is `there` needs no one to ask for it. */
function unmet(versions: Versions, check: CheckRequest, there: Versions = new Map()): readonly Edge[] {
  const open = openOf(check);
  const floats = floating(check, new Map([...startOf(check), ...open]));
  const own = promises(check);
  // Extras as `name extra`; of what no line pins only what something asks for is there, as `name`.
  const asked = new Set<string>();
  let edges: Edge[] = [];
  for (let before = -1; before !== asked.size;) {
    before = asked.size;
    edges = own.map((need) => ({ from: "", need }));
    for (const [from, version] of versions)
      for (const need of check.needsOf(from, version)) if (isInForce(from, need)) edges.push({ from, need });
    edges = edges.filter(({ need }) => !floats.has(need.name));
    for (const { need } of edges) asked.add(need.name);
    for (const { need } of edges) for (const extra of need.extras) asked.add(`${need.name} ${extra}`);
  }
  return edges.filter(({ need }) => {
    const found = versions.get(need.name);
    return found === undefined || (need.range !== "" && !order.satisfies(found, need.range, anyPrerelease));
  });

  function isInForce(from: string, need: CheckedNeed): boolean {
    if (open.has(from) && !asked.has(from) && !there.has(from)) return false;
    return need.under === null || asked.has(`${from} ${need.under}`);
  }
}

function checkCost(check: CheckRequest, start: Versions, final: Versions, problems: string[]): void {
  const { plan } = check;
  const expected = [...findingsByTier(check, start, final), ...stepsOf(check, start, final)];
  expected.forEach((value, index) => {
    const claimed = plan.cost[index];
    if (claimed !== value && value >= 0)
      problems.push(
        `${plan.costNames[index] ?? `part ${index}`} is ${value}, the plan says ${claimed ?? "nothing"}`,
      );
  });
}

function findingsByTier(check: CheckRequest, start: Versions, final: Versions): number[] {
  const { request, project } = check;
  const counts = tiers.map(() => 0);
  const waived = new Set(
    request.findings
      .filter((one) => one.project === project.path && one.waiver !== null)
      .map((one) => `${one.package} ${one.advisory}`),
  );
  const today = request.now.slice(0, 10);
  const open = openOf(check);
  const decisions = request.configuration.waivers
    .filter((one) => one.expires >= today)
    .map((one) => one.finding);
  for (const [name, version] of final) {
    const scope =
      request.inventory.components.find(
        (one) => one.project === project.path && one.name === name && one.version === start.get(name),
      )?.scope ?? "production";
    const hitsAt = (at: string): ReturnType<typeof request.judge.hits> =>
      request.judge.hits({ project: project.path, ecosystem: "PyPI", name, version: at, scope });
    const was = start.get(name);
    const isOther =
      was !== undefined &&
      (open.has(name) || (request.packages !== undefined && !request.packages.includes(name)));
    const old = new Set(isOther ? hitsAt(was).map((hit) => hit.advisory) : []);
    for (const hit of hitsAt(version)) {
      const ids = [hit.advisory, ...hit.aliases];
      const isDecided = ids.some((id) => decisions.includes(id) || decisions.includes(`${id}:${name}`));
      if (old.has(hit.advisory) || isDecided || waived.has(`${name} ${hit.advisory}`)) continue;
      const tier = tiers.indexOf(hit.tier);
      counts[tier] = (counts[tier] ?? 0) + 1;
    }
  }
  return counts;
}

/** Majors of direct packages, majors of others with what appears, packages changed, distance (−1 where it cannot be told). */
function stepsOf(check: CheckRequest, start: Versions, final: Versions): readonly number[] {
  const direct = directOf(check, startOf(check));
  const open = openOf(check);
  let own = 0;
  let others = 0;
  let changed = 0;
  let distance = 0;
  for (const name of new Set([...start.keys(), ...final.keys()])) {
    const from = start.get(name);
    const to = final.get(name);
    if (from === to) continue;
    const versions = check.versionsOf?.(name) ?? [];
    if (open.has(name)) {
      distance += to === undefined ? 0 : versions.length - versions.indexOf(to);
      continue;
    }
    changed++;
    if (to === undefined) continue;
    if (from === undefined || order.level(from, to) === "major") {
      if (from !== undefined && direct.has(name)) own++;
      else others++;
    }
    distance += from === undefined ? versions.length - 1 - versions.indexOf(to) : versions.indexOf(to) - versions.indexOf(from); // prettier-ignore
  }
  return [own, others, changed, check.versionsOf === undefined ? -1 : distance];
}

/** Direct packages; in a flat list of pins, where nearly every line is direct, those that no other package requires. */
function directOf({ request, project, needsOf }: CheckRequest, start: Versions): ReadonlySet<string> {
  const named = new Set(
    request.inventory.components
      .filter((one) => one.project === project.path && one.direct)
      .map((one) => one.name),
  );
  const seeded = new Set(["pip", "setuptools", "wheel", "distribute"]);
  const required = new Set(
    [...start]
      .flatMap(([name, version]) =>
        needsOf(name, version).filter((need) => need.under === null && need.name !== name),
      )
      .map((need) => need.name)
      .filter((name) => !seeded.has(name)),
  );
  const absent = [...required].filter((name) => !start.has(name)).length;
  const isFlat =
    absent <= required.size / 2 && [...required].every((name) => !start.has(name) || named.has(name));
  return new Set([...named].filter((name) => !isFlat || !required.has(name)));
}
