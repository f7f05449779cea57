import { tiers } from "../../model/index.ts";
import type { VersionOrder } from "../../versions/index.ts";
import type { Slot, Tree } from "./tree.ts";

/** A finished answer in plain words, and the facts to check it by. */
export interface Claim {
  readonly tree: Tree;
  /** `name@version` of everything outside bundles once the plan is in. */
  readonly present: ReadonlySet<string>;
  readonly slots: ReadonlyMap<Slot, string>;
  readonly overrides: readonly { readonly name: string; readonly range: string; readonly version: string }[];
  readonly order: VersionOrder;
  /** Versions that must be reached, by name; absent: none. */
  readonly wishes?: ReadonlyMap<string, string>;
  /** Requirements of a version that is new to the tree. */
  requires(
    name: string,
    version: string,
  ): readonly {
    readonly name: string;
    readonly range: string;
    readonly kind: "production" | "optional" | "peer";
    readonly optional: boolean;
  }[];
  /** Findings that count against a version, by tier. */
  counts(name: string, version: string): readonly number[];
  /** Every listed version, to tell which requirements an override touches. */
  listed(name: string): readonly string[];
}

/** What is wrong with an answer, and what it costs as counted here: shares no code with the model. */
export interface Verdict {
  readonly wrong: readonly string[];
  /** Findings by tier, then requirements overridden, majors of runtime directs, of development directs, new versions. */
  readonly cost: readonly number[];
}

/** Reads every requirement of every version of an answer again. */
export function checkClaim(claim: Claim): Verdict {
  const wrong: string[] = [];
  const there = new Map<string, string[]>();
  for (const pair of claim.present) {
    const cut = pair.lastIndexOf("@");
    const name = pair.slice(0, cut);
    there.set(name, [...(there.get(name) ?? []), pair.slice(cut + 1)]);
  }
  const majors = [0, 0];
  for (const slot of claim.tree.slots) {
    const version = claim.slots.get(slot);
    if (version === undefined || !claim.present.has(`${slot.name}@${version}`))
      wrong.push(`direct dependency ${slot.name} is at ${version ?? "no version"}, which is not there`);
    else if (claim.order.compare(version, slot.today) < 0)
      wrong.push(`direct dependency ${slot.name} would go down from ${slot.today} to ${version}`);
    else if (claim.order.level(slot.today, version) === "major" && version !== slot.today)
      majors[slot.runtime ? 0 : 1] = (majors[slot.runtime ? 0 : 1] ?? 0) + 1;
  }
  checkWishes(claim, { there, wrong });
  let overridden = 0;
  for (const pair of claim.present) overridden += checkPair(claim, { pair, there, wrong });
  return {
    wrong,
    cost: [...countFindings(claim), overridden, ...majors, countNew(claim)],
  };
}

/** Every direct dependency of a wished name is at that version; without one, every copy is. */
function checkWishes(
  claim: Claim,
  { there, wrong }: { there: ReadonlyMap<string, readonly string[]>; wrong: string[] },
): void {
  for (const [name, version] of claim.wishes ?? []) {
    const slots = [...claim.slots].filter(([slot]) => slot.name === name).map(([, at]) => at);
    const reached = slots.length > 0 ? slots : (there.get(name) ?? []);
    if (reached.length === 0 || reached.some((one) => one !== version))
      wrong.push(`${name} was asked for at ${version} and is at ${reached.join(", ") || "no version"}`);
  }
}

/** How many requirements of a version an override breaks. */
function checkPair(
  claim: Claim,
  { pair, there, wrong }: { pair: string; there: ReadonlyMap<string, readonly string[]>; wrong: string[] },
): number {
  const today = claim.tree.packages.get(pair);
  const cut = pair.lastIndexOf("@");
  const held = today?.free === true;
  const needs = held ? today.edges : claim.requires(pair.slice(0, cut), pair.slice(cut + 1));
  let overridden = 0;
  for (const need of needs) {
    const only = "only" in need && typeof need.only === "string" ? need.only : undefined;
    const versions = there.get(need.name) ?? [];
    const directs = [...claim.slots]
      .filter(([slot]) => slot.name === need.name)
      .map(([, version]) => version);
    const key = claim.overrides.find(
      (one) => one.name === need.name && haveCommon(claim, need.name, one.range, need.range),
    );
    const fits = (version: string): boolean =>
      only === undefined ? claim.order.satisfies(version, need.range) : version === only;
    if (key !== undefined && (need.kind !== "peer" || claim.wishes?.get(need.name) === key.version)) {
      if (!versions.includes(key.version))
        wrong.push(`override ${key.name} to ${key.version}, which is not there`);
      if (!fits(key.version)) overridden++;
      continue;
    }
    if (need.kind === "optional" && !held) continue;
    if (need.kind === "peer" && need.optional && (directs.length === 0 || versions.length === 0) && !held)
      continue;
    if (versions.some(fits)) {
      if (
        need.kind !== "peer" ||
        directs.length === 0 ||
        directs.some(fits) ||
        isNested(claim, pair, need.name)
      )
        continue;
      wrong.push(
        `${pair} wants ${need.name} ${need.range} beside it, and the project holds ${directs.join(", ")}`,
      );
    } else if (need.kind !== "optional")
      wrong.push(
        `${pair} requires ${need.name} ${only ?? need.range}; there is ${versions.join(", ") || "none"}`,
      );
  }
  return overridden;
}

/**
 * Whether today's tree serves this peer by a copy other than the project's own: of a version that stays as it stands, of
 * a new one as all of its name stand.
 */
function isNested(claim: Claim, pair: string, peer: string): boolean {
  const name = pair.slice(0, pair.lastIndexOf("@"));
  const own = claim.tree.slots.filter((slot) => slot.name === peer).map((slot) => slot.today);
  const held = claim.tree.packages.get(pair);
  const served = (held?.free === true ? [held] : [...claim.tree.packages.values()])
    .filter((one) => one.name === name && one.free)
    .flatMap((one) => one.edges.filter((edge) => edge.kind === "peer" && edge.name === peer));
  return served.length > 0 && served.every((edge) => !own.includes(edge.to));
}

function haveCommon(claim: Claim, name: string, a: string, b: string): boolean {
  if (a === b) return true;
  const versions = new Set([...claim.listed(name), ...(claim.tree.versions.get(name) ?? [])]);
  return [...versions].some((one) => claim.order.satisfies(one, a) && claim.order.satisfies(one, b));
}

function countFindings(claim: Claim): number[] {
  const sums = tiers.map(() => 0);
  const add = (pair: string): void => {
    const cut = pair.lastIndexOf("@");
    claim.counts(pair.slice(0, cut), pair.slice(cut + 1)).forEach((count, tier) => {
      sums[tier] = (sums[tier] ?? 0) + count;
    });
  };
  const carried = [...claim.tree.packages.values()].filter((one) =>
    one.owners.some((owner) => claim.present.has(owner) || claim.tree.packages.get(owner)?.free !== true),
  );
  for (const pair of new Set([...claim.present, ...carried.map((one) => `${one.name}@${one.version}`)]))
    add(pair);
  return sums;
}

function countNew(claim: Claim): number {
  let fresh = claim.overrides.length;
  for (const pair of claim.present) if (claim.tree.packages.get(pair)?.free !== true) fresh++;
  return fresh;
}
