import type { MissedWish, PlanRequest } from "../request.ts";
import type { Catalogue } from "./catalogue.ts";
import type { Need } from "./need.ts";
import type { Answer } from "./search.ts";
import { nameOf, pairOf, versionOf, type Tree } from "./tree.ts";
import { mayStand } from "./universe.ts";

interface Wishing {
  readonly tree: Tree;
  readonly catalogue: Catalogue;
}

type Wishes = ReadonlyMap<string, string>;

/** Wishes that the policy or the registry rules out before anything is searched. */
export async function refusedWishes(
  request: PlanRequest,
  { tree, catalogue, wishes }: Wishing & { readonly wishes: Wishes },
): Promise<MissedWish[]> {
  for (const name of wishes.keys()) catalogue.usable(name);
  await catalogue.load(request.signal);
  return [...wishes].flatMap(([name, to]) => {
    const detail = whyRefused(request, { tree, catalogue }, { name, to });
    return detail === undefined ? [] : [{ package: name, to, detail, conflicts: [] }];
  });
}

function whyRefused(
  request: PlanRequest,
  { tree, catalogue }: Wishing,
  { name, to }: { readonly name: string; readonly to: string },
): string | undefined {
  const slots = tree.slots.filter((slot) => slot.name === name);
  const versions = slots.length > 0 ? slots.map((slot) => slot.today) : (tree.versions.get(name) ?? []);
  if (versions.length === 0) return `${name} is not in the project`;
  if (versions.every((version) => version === to)) return undefined;
  const skipped = catalogue.skipped().get(name);
  if (skipped !== undefined) return `the releases of ${name} could not be read: ${skipped}`;
  if (catalogue.listed(name)?.includes(to) !== true) return `the registry lists no ${name} ${to}`;
  const higher = versions.find((version) => catalogue.order.compare(to, version) < 0);
  if (higher !== undefined) return `${name} is at ${higher}, and a plan never goes down`;
  const excluded = catalogue.excluded(name, to);
  if (excluded !== undefined) return `${name} ${to} may not be chosen: ${excluded}`;
  if (catalogue.usable(name)?.includes(to) !== true) return `${name} ${to} may not be chosen`;
  const { profile } = request;
  const stands = { catalogue, profile, policy: request.configuration.policy };
  const stuck = slots.find((slot) => !mayStand(stands, slot, to));
  if (stuck === undefined) return undefined;
  return stuck.may === "free"
    ? `${name} ${to} is a major move, which ${profile === "safe" ? "the profile safe" : "policy.allowMajor"} rules out`
    : `the manifest's requirement ${name}@${stuck.range} cannot be changed`;
}

/** Why no version set reaches the wishes: who in the tree refuses them and has no version that was found to accept. */
export function missedWishes(
  wishes: Wishes,
  { tree, catalogue, answer }: Wishing & { readonly answer: Answer },
): MissedWish[] {
  const wanted = [...wishes].map(([name, to]) => `${name} ${to}`).join(", ");
  return [...wishes].map(([name, to]) => {
    const isDirect = tree.slots.some((slot) => slot.name === name);
    const refuses = (need: Need): boolean =>
      need.name === name &&
      (need.kind === "peer" || !isDirect) &&
      need.only === undefined &&
      !catalogue.satisfies(to, need.range);
    const needsOf = (pair: string): readonly Need[] =>
      answer.universe.residues.needs(nameOf(pair), versionOf(pair)) ?? [];
    const isGone = !isDirect && [...answer.outcome.present].every((pair) => nameOf(pair) !== name);
    // Where nothing requires it in the end, who lets go of it counts as refusing.
    const accepts = (needs: readonly Need[]): boolean =>
      !needs.some(refuses) && (!isGone || needs.some((need) => need.name === name));
    const conflicts = [...tree.packages].flatMap(([pair, one]) => {
      const refusing = one.free ? needsOf(pair).filter(refuses) : [];
      const others = [...(answer.universe.versions.get(one.name) ?? [])];
      if (others.some((version) => accepts(needsOf(pairOf(one.name, version))))) return [];
      return refusing.map(
        (need) =>
          `${one.name} ${one.version} requires ${need.kind === "peer" ? "the peer " : ""}${name}@${need.range}`,
      );
    });
    const detail = isGone
      ? `once the rest has moved, nothing requires ${name} any more`
      : `no version set was found that holds ${wanted}`;
    return { package: name, to, detail, conflicts: [...new Set(conflicts)].sort() };
  });
}
