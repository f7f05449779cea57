import type { Finding, Project, Upgrade } from "../../model/index.ts";
import type { Catalogue } from "./catalogue.ts";
import type { Outcome } from "./outcome.ts";
import type { Risk } from "./risk.ts";
import { nameOf, pairOf, versionOf, type Slot, type Tree } from "./tree.ts";
import { noteDifferences } from "./version-notes.ts";

export interface UpgradesRequest {
  readonly project: Project;
  readonly tree: Tree;
  readonly catalogue: Catalogue;
  readonly risk: Risk;
  /** Versions that were asked for, by name. */
  readonly wishes?: ReadonlyMap<string, string>;
  /** The project's findings of today. */
  readonly findings: readonly Finding[];
}

interface Move {
  readonly name: string;
  readonly from: string | null;
  readonly to: string | null;
}

/** The differences between two trees as upgrades, ordered by name and version. */
export function upgradesBetween(request: UpgradesRequest, before: Outcome, after: Outcome): Upgrade[] {
  const names = new Set<string>();
  for (const pair of before.present) if (!after.present.has(pair)) names.add(nameOf(pair));
  for (const pair of after.present) if (!before.present.has(pair)) names.add(nameOf(pair));
  for (const one of after.overrides) if (!before.overrides.includes(one)) names.add(one.name);
  for (const [slot, version] of after.slots) if (before.slots.get(slot) !== version) names.add(slot.name);
  const served = serversIn(after);
  const moves = [...names].sort().flatMap((name) => movesOf(request, { name, before, after, served }));
  return moves.map((move) => upgradeOf(request, move, { before, after }));
}

type Servers = ReadonlyMap<string, string>;

/** Who serves each requirement, by dependent and name. */
function serversIn(outcome: Outcome): Servers {
  const servers = new Map<string, string>();
  for (const one of outcome.served)
    if (typeof one.from === "string") servers.set(`${one.from}|${nameOf(one.to)}`, versionOf(one.to));
  return servers;
}

function movesOf(
  request: UpgradesRequest,
  of: { name: string; before: Outcome; after: Outcome; served: Servers },
): Move[] {
  const { name, before, after, served } = of;
  const { order } = request.catalogue;
  const versionsIn = (outcome: Outcome): string[] =>
    [...outcome.present]
      .filter((pair) => nameOf(pair) === name)
      .map(versionOf)
      .sort((a, b) => order.compare(a, b));
  const old = versionsIn(before);
  const now = versionsIn(after);
  const gone = old.filter((one) => !now.includes(one));
  const fresh = now.filter((one) => !old.includes(one));
  const moves: Move[] = [];
  const taken = new Set<string>();
  for (const from of gone) {
    const to = successorOf(request, { name, from, fresh, before, after, served });
    if (to !== undefined) taken.add(to);
    moves.push({ name, from, to: to ?? null });
  }
  for (const to of fresh) if (!taken.has(to)) moves.push({ name, from: null, to });
  // A direct dependency may go to a version that another one holds already; what it leaves, another one may keep.
  for (const [slot, to] of after.slots) {
    const from = before.slots.get(slot);
    if (slot.name !== name || from === undefined || from === to) continue;
    if (!moves.some((move) => move.to === to)) moves.push({ name, from: now.includes(from) ? to : from, to });
  }
  // An override to a version that is there already changes no version, and still has to be written.
  for (const { name: one, version } of after.overrides)
    if (one === name && !moves.some((move) => move.to === version))
      moves.push({ name, from: version, to: version });
  return moves;
}

/** The new version that takes the place of a vanished one: of the manifest, of a dependent that stays, else the nearest. */
function successorOf(
  request: UpgradesRequest,
  of: {
    name: string;
    from: string;
    fresh: readonly string[];
    before: Outcome;
    after: Outcome;
    served: Servers;
  },
): string | undefined {
  const { name, from, fresh, before, after, served } = of;
  const { order } = request.catalogue;
  const override = after.overrides.find(
    (one) => one.name === name && request.catalogue.satisfies(from, one.range),
  );
  if (override !== undefined) return override.version;
  for (const [slot, version] of after.slots)
    if (slot.name === name && before.slots.get(slot) === from && version !== from) return version;
  for (const one of before.served) {
    if (typeof one.from !== "string" || one.to !== pairOf(name, from)) continue;
    const to = served.get(`${one.from}|${name}`);
    if (to !== undefined && fresh.includes(to) && order.compare(to, from) > 0) return to;
  }
  const ahead = fresh.filter((one) => order.compare(one, from) > 0);
  return (
    ahead.find((one) => order.level(from, one) !== "major") ?? (fresh.length === 1 ? ahead[0] : undefined)
  );
}

function upgradeOf(
  request: UpgradesRequest,
  move: Move,
  trees: { before: Outcome; after: Outcome },
): Upgrade {
  const { name, from, to } = move;
  const slots = [...trees.after.slots].filter(
    ([slot, version]) =>
      slot.name === name && (version === to || (to === null && trees.before.slots.get(slot) === from)),
  );
  const added =
    to === null
      ? []
      : trees.after.overrides
          .filter((one) => one.name === name && one.version === to)
          .map((one) => one.range);
  const rewritten = to === null ? [] : rulesToRewrite(request, trees.after, pairOf(name, to));
  const moved = slots.filter(([slot, version]) => version !== trees.before.slots.get(slot));
  const overrides = [...added, ...rewritten];
  const inManifest = moved.some(([slot, version]) => !request.catalogue.satisfies(version, slot.range));
  const fixes =
    from === null
      ? []
      : request.findings
          .filter((one) => one.package === name && one.version === from && !isStillHit(request, one, to))
          .map((one) => one.id);
  const introduces = to === null ? [] : introducedBy(request, name, to);
  const hashes = to === null ? [] : (request.catalogue.release(name, to)?.hashes ?? []);
  return {
    project: request.project.path,
    ecosystem: "npm",
    package: name,
    from,
    to,
    via: inManifest ? "manifest" : overrides.length > 0 ? "override" : "lockfile",
    level: from === null || to === null ? "other" : request.catalogue.order.level(from, to),
    direct: slots.length > 0,
    fixes,
    introduces,
    because: reasons(request, move, { ...trees, slots, overrides: added, rewritten, fixes: fixes.length }),
    ...(hashes.length === 0 ? {} : { hashes }),
    ...(overrides.length === 0 ? {} : { overrides }),
  };
}

/** Keys of the project's own overrides that still hold a version in its place and do not admit it as they are. */
function rulesToRewrite({ catalogue }: UpgradesRequest, after: Outcome, pair: string): string[] {
  const version = versionOf(pair);
  return [
    ...new Set(
      after.served.flatMap(({ to, need }) =>
        to === pair &&
        need?.ruled !== undefined &&
        !catalogue.satisfies(version, need.ruled.asked) &&
        !catalogue.satisfies(version, need.ruled.value)
          ? [need.ruled.key]
          : [],
      ),
    ),
  ];
}

function isStillHit(request: UpgradesRequest, finding: Finding, to: string | null): boolean {
  return (
    to !== null && request.risk.hits(finding.package, to).some((hit) => hit.advisory === finding.advisory)
  );
}

function introducedBy(request: UpgradesRequest, name: string, to: string): string[] {
  const known = new Set(request.findings.filter((one) => one.package === name).map((one) => one.advisory));
  return request.risk
    .hits(name, to)
    .filter((hit) => !known.has(hit.advisory))
    .map((hit) => `${hit.advisory} in ${pairOf(name, to)}`);
}

function reasons(
  request: UpgradesRequest,
  move: Move,
  of: {
    before: Outcome;
    after: Outcome;
    slots: readonly (readonly [Slot, string])[];
    overrides: readonly string[];
    rewritten: readonly string[];
    fixes: number;
  },
): string[] {
  const { name, from, to } = move;
  const because: string[] = [];
  if (of.fixes > 0)
    because.push(
      `${pairOf(name, from ?? "")} has ${count(of.fixes, "finding")}${to === null ? "" : ` that ${to} does not have`}.`,
    );
  if (to === null) {
    const kept = [...of.after.present].filter((pair) => nameOf(pair) === name).map(versionOf);
    because.push(
      kept.length === 0
        ? `Nothing requires ${name} any more.`
        : `What required ${from ?? ""} is served by ${kept.join(", ")}.`,
    );
    return because;
  }
  if (from !== null && from !== to) because.push(...whyNotLower(request, name, from, to));
  because.push(...whoNeeds(move, of));
  for (const range of of.overrides)
    because.push(
      request.wishes?.get(name) === to
        ? `An override serves ${name}@${range} by ${to}: it was asked for, and that range refuses it.`
        : `An override serves ${name}@${range} by ${to}: no version in that range is free of findings.`,
    );
  if (of.rewritten.length > 0)
    because.push(
      `The project's own override of ${name} is moved with it: without it ${name} would not stand here.`,
    );
  for (const [slot] of of.slots)
    if (!request.catalogue.satisfies(to, slot.range))
      because.push(`The manifest asks for ${slot.range}, which does not admit ${to}.`);
  because.push(...noteDifferences(request.catalogue, name, from, to));
  return because;
}

const count = (amount: number, noun: string): string => `${amount} ${noun}${amount === 1 ? "" : "s"}`;

/** Requirements of dependents that moved or are new and that today's version does not meet. */
function whoNeeds(move: Move, { after, before }: { after: Outcome; before: Outcome }): string[] {
  const { name, to } = move;
  const forced = after.served.filter(
    (one) =>
      typeof one.from === "string" && one.to === pairOf(name, to ?? "") && !before.present.has(one.from),
  );
  return forced
    .slice(0, 3)
    .map(
      (one) =>
        `${typeof one.from === "string" ? one.from : ""} requires ${name} ${one.need?.ruled?.asked ?? one.need?.range ?? ""}.`,
    );
}

/** Why the usable versions between were passed over, in at most two sentences. */
function whyNotLower(request: UpgradesRequest, name: string, from: string, to: string): string[] {
  const { order } = request.catalogue;
  const between = (request.catalogue.listed(name) ?? []).filter(
    (one) => order.compare(one, from) > 0 && order.compare(one, to) < 0 && !order.isPrerelease(one),
  );
  if (between.length === 0) return [];
  const target = request.risk.advisories(name, to).length;
  const hit = between.filter((one) => request.risk.advisories(name, one).length > target);
  const out = between.filter(
    (one) => !hit.includes(one) && request.catalogue.excluded(name, one) !== undefined,
  );
  const words: string[] = [];
  const nearest = hit.at(-1);
  if (nearest !== undefined)
    words.push(
      `Lower versions up to ${nearest} still have ${request.risk.advisories(name, nearest).slice(0, 3).join(", ")}.`,
    );
  const last = out.at(-1);
  if (last !== undefined)
    words.push(`${last} is not taken: ${request.catalogue.excluded(name, last) ?? ""}.`);
  return words;
}
