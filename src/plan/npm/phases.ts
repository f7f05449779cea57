import { tiers, type Finding, type Tier, type Upgrade } from "../../model/index.ts";
import type { PhaseDraft } from "../request.ts";
import { touches, walk, type Outcome, type OutcomeRequest } from "./outcome.ts";
import type { Need } from "./need.ts";
import { nameOf, pairOf, versionOf, versionsByName, type Slot } from "./tree.ts";
import { upgradesBetween, type UpgradesRequest } from "./upgrades.ts";

export interface PhasesRequest extends OutcomeRequest, UpgradesRequest {
  readonly start: Outcome;
  readonly end: Outcome;
  /** Findings that the plan counts. */
  readonly findings: readonly Finding[];
}

/**
 * Cuts the way from one tree to another into steps, each a consistent tree: per tier what is safe, then each major move
 * of a direct runtime dependency with what it forces. A name moves once, from all its old versions to all its new ones.
 */
export function cutPhases(request: PhasesRequest): PhaseDraft[] {
  const changed = changedNames(request);
  const moved = new Set<string>();
  const phases: PhaseDraft[] = [];
  let tree = request.start;
  let beforeLast = tree;
  const step = (tier: Tier, names: ReadonlySet<string>): void => {
    for (const name of names) moved.add(name);
    const next = stateOf(request, moved);
    const upgrades = upgradesBetween(request, tree, next);
    if (upgrades.length > 0) {
      phases.push({ tier, due: dueOf(request, upgrades, tier), upgrades });
      beforeLast = tree;
    }
    tree = next;
  };
  for (const tier of tiers) {
    const risky: ReadonlySet<string>[] = [];
    const safe = new Set<string>();
    for (const name of namesIn(request, tier)) {
      if (moved.has(name) || safe.has(name)) continue;
      // Together with what is safe so far: two moves that each hold alone may not hold as one.
      const group = closureWithout(request, new Set([...safe, name]), moved);
      for (const one of safe) group.delete(one);
      if (hasRuntimeMajor(request, group)) risky.push(group);
      else for (const one of group) safe.add(one);
    }
    if (safe.size > 0) step(tier, safe);
    for (const group of joinOverlapping(risky)) {
      const rest = new Set([...group].filter((name) => !moved.has(name)));
      if (rest.size > 0) step(tier, closureWithout(request, rest, moved));
    }
  }
  const rest = new Set([...changed].filter((name) => !moved.has(name)));
  if (rest.size === 0) return phases;
  // What clears nothing and moves no direct dependency follows from the moves before: no phase of its own.
  const last = movesDirect(request, rest) ? undefined : phases.pop();
  if (last !== undefined) tree = beforeLast;
  step(last?.tier ?? phases.at(-1)?.tier ?? "next-window", rest);
  return phases;
}

function movesDirect({ tree, end }: PhasesRequest, names: ReadonlySet<string>): boolean {
  return tree.slots.some(
    (slot) => names.has(slot.name) && (end.slots.get(slot) ?? slot.today) !== slot.today,
  );
}

function closureWithout(
  request: PhasesRequest,
  names: ReadonlySet<string>,
  moved: ReadonlySet<string>,
): Set<string> {
  const group = closure(request, new Set([...moved, ...names]));
  for (const one of moved) group.delete(one);
  return group;
}

/** Groups that share a name go in together. */
function joinOverlapping(groups: readonly ReadonlySet<string>[]): ReadonlySet<string>[] {
  const joined: Set<string>[] = [];
  for (const group of groups) {
    const touching = joined.filter((one) => [...group].some((name) => one.has(name)));
    const all = new Set([...group, ...touching.flatMap((one) => [...one])]);
    for (const one of touching) joined.splice(joined.indexOf(one), 1);
    joined.push(all);
  }
  return joined.sort((a, b) => a.size - b.size);
}

function changedNames({ start, end }: PhasesRequest): Set<string> {
  const names = new Set<string>();
  for (const pair of start.present) if (!end.present.has(pair)) names.add(nameOf(pair));
  for (const pair of end.present) if (!start.present.has(pair)) names.add(nameOf(pair));
  for (const one of end.overrides) names.add(one.name);
  return names;
}

/** Names with a finding of a tier that the whole way clears. */
function namesIn(request: PhasesRequest, tier: Tier): Set<string> {
  const names = new Set<string>();
  for (const one of request.findings) {
    if (one.tier !== tier) continue;
    const pair = pairOf(one.package, one.version);
    const owners = request.tree.packages.get(pair)?.owners ?? [];
    if (request.start.present.has(pair) && !request.end.present.has(pair)) names.add(one.package);
    for (const owner of owners) if (!request.end.present.has(owner)) names.add(nameOf(owner));
  }
  return names;
}

function hasRuntimeMajor(request: PhasesRequest, group: ReadonlySet<string>): boolean {
  return request.tree.slots.some((slot) => {
    const to = request.end.slots.get(slot);
    return (
      slot.runtime &&
      group.has(slot.name) &&
      to !== undefined &&
      to !== slot.today &&
      request.catalogue.order.level(slot.today, to) === "major"
    );
  });
}

/** The tree once some names have moved. */
function stateOf(request: PhasesRequest, moved: ReadonlySet<string>): Outcome {
  const { start, end } = request;
  const present = new Set<string>();
  for (const pair of start.present) if (!moved.has(nameOf(pair))) present.add(pair);
  for (const pair of end.present) if (moved.has(nameOf(pair))) present.add(pair);
  const slots = new Map<Slot, string>();
  for (const [slot, version] of start.slots)
    slots.set(slot, moved.has(slot.name) ? (end.slots.get(slot) ?? version) : version);
  return walk(request, {
    present,
    slots,
    overrides: end.overrides.filter((one) => moved.has(one.name)),
  });
}

/** Adds names until nothing that moved needs, or is needed by, something that did not in a way that does not hold. */
function closure(request: PhasesRequest, names: ReadonlySet<string>): Set<string> {
  const moved = new Set(names);
  const changed = changedNames(request);
  for (;;) {
    const state = stateOf(request, moved);
    const joining = new Set<string>();
    const versions = versionsByName(state.present);
    for (const pair of state.present)
      for (const need of request.residues.needs(nameOf(pair), versionOf(pair)) ?? []) {
        if (!changed.has(need.name) && !changed.has(nameOf(pair))) continue;
        if (isServed(request, { pair, need, state, versions: versions.get(need.name) ?? [] })) continue;
        const blamed = moved.has(nameOf(pair)) ? need.name : nameOf(pair);
        const other = moved.has(nameOf(pair)) ? nameOf(pair) : need.name;
        if (changed.has(blamed) && !moved.has(blamed)) joining.add(blamed);
        else if (changed.has(other) && !moved.has(other)) joining.add(other);
      }
    if (joining.size === 0) return moved;
    for (const name of joining) moved.add(name);
  }
}

function isServed(
  request: PhasesRequest,
  of: { pair: string; need: Need; state: Outcome; versions: readonly string[] },
): boolean {
  const { pair, need, state } = of;
  const { catalogue, tree } = request;
  const isToday = tree.packages.get(pair)?.free === true;
  if (need.kind === "optional" && !isToday) return true;
  const accepts = (one: string): boolean =>
    need.only === undefined ? catalogue.satisfies(one, need.range) : one === need.only;
  const override = state.overrides.find((one) => touches(request, one, need));
  if (override !== undefined && (need.kind !== "peer" || !catalogue.satisfies(override.version, need.range)))
    return state.present.has(pairOf(need.name, override.version));
  if (need.kind === "peer") {
    const direct = [...state.slots].filter(([slot]) => slot.name === need.name);
    const before = tree.packages
      .get(pair)
      ?.edges.find((edge) => edge.name === need.name && edge.kind === "peer");
    const elsewhere = before !== undefined && direct.every(([slot]) => slot.today !== before.to);
    if (direct.length > 0 && !elsewhere) return direct.some(([, version]) => accepts(version));
    if (need.optional && !isToday) return true;
  }
  return need.kind === "optional" || of.versions.some(accepts);
}

function dueOf(request: PhasesRequest, upgrades: readonly Upgrade[], tier: Tier): string {
  const ids = new Set(upgrades.flatMap((upgrade) => upgrade.fixes));
  const dates = request.findings.filter((one) => ids.has(one.id)).map((one) => one.due);
  const later = request.findings.filter((one) => one.tier === tier).map((one) => one.due);
  return (dates.length > 0 ? dates : later).sort()[0] ?? "";
}
