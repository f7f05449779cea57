import type { Finding, Unfixed } from "../../model/index.ts";
import type { Outcome, OutcomeRequest, Served } from "./outcome.ts";
import { nameOf, pairOf, versionOf } from "./tree.ts";
import { mayStand, type UniverseRequest } from "./universe.ts";

export interface UnfixedRequest extends OutcomeRequest {
  readonly universe: UniverseRequest;
  /** All findings of the project, waived ones too. */
  readonly findings: readonly Finding[];
  /** Whether nothing better exists in the universe searched; else the search ended before that was known. */
  readonly proven: boolean;
  /** Names asked for; absent: all. */
  readonly packages?: readonly string[];
}

/** What the plan leaves, and why. */
export function explainUnfixed(request: UnfixedRequest, end: Outcome): Unfixed[] {
  const left: Unfixed[] = [];
  for (const finding of request.findings) {
    const pair = stands(request, end, finding);
    if (pair === undefined) continue;
    if (finding.waiver !== null) left.push(waived(finding));
    else left.push(explain(request, end, { finding, pair }));
  }
  return left;
}

/** Where the finding is once the plan is in: its own version, or a new one that is hit as well. */
function stands(request: UnfixedRequest, end: Outcome, finding: Finding): string | undefined {
  const own = pairOf(finding.package, finding.version);
  if (end.present.has(own)) return own;
  const owners = request.tree.packages.get(own)?.owners ?? [];
  if (owners.some((owner) => end.present.has(owner) || request.tree.packages.get(owner)?.free !== true))
    return own;
  return [...end.present].find(
    (pair) =>
      nameOf(pair) === finding.package &&
      request.tree.packages.get(pair)?.free !== true &&
      request.risk.hits(finding.package, versionOf(pair)).some((hit) => hit.advisory === finding.advisory),
  );
}

function waived(finding: Finding): Unfixed {
  return {
    finding: finding.id,
    reason: "waived",
    detail: `Accepted by ${finding.waiver?.by ?? ""} until ${finding.waiver?.expires ?? ""}: ${finding.waiver?.reason ?? ""}`,
    conflicts: [],
    advice: "Look again before the waiver expires.",
  };
}

function explain(
  request: UnfixedRequest,
  end: Outcome,
  { finding, pair }: { finding: Finding; pair: string },
): Unfixed {
  const name = finding.package;
  const skipped = request.catalogue.skipped().get(name);
  const { listed, free } = freeVersions(request, finding, versionOf(pair));
  const admits = ({ need }: Served): boolean =>
    need !== undefined && free.some((one) => request.catalogue.satisfies(one, need.range));
  const base = { finding: finding.id, conflicts: chainTo(end, pair, admits) };
  if (request.packages !== undefined && !request.packages.includes(name))
    return {
      ...base,
      reason: "policy",
      detail: `${name} was not asked for.`,
      advice: `Plan it with --package ${name}.`,
    };
  if (skipped !== undefined)
    return {
      ...base,
      reason: "conflict",
      detail: `The registry does not know ${name}: ${skipped}`,
      advice: "Give access to the registry that has it, then plan again.",
    };
  const here = request.tree.packages.get(pair);
  if (here !== undefined && !here.free)
    return {
      ...base,
      reason: "conflict",
      detail: `${pair} lies inside the archive of ${here.owners.join(", ")}, and no release of that without it can be chosen.`,
      advice: `Ask the maintainers of ${[...new Set(here.owners.map(nameOf))].join(", ")} for a release that carries a fixed ${name}, or replace it.`,
    };
  if (here?.immovable !== undefined)
    return {
      ...base,
      reason: "conflict",
      detail: `${pair} may not move: ${here.immovable}.`,
      advice: "Take it from the registry instead, or fix it at its source.",
    };
  if (end.served.every((one) => one.to !== pair))
    return {
      ...base,
      reason: "conflict",
      detail: `Nothing takes ${pair} by a requirement that it meets, so no move reaches it${askers(request, pair)}.`,
      advice: `Mend what asks for ${name}, or remove it, then plan again.`,
    };
  if (listed.length === 0)
    return {
      ...base,
      reason: "no-fix",
      detail: `No release of ${name} above ${versionOf(pair)} is free of ${finding.advisory}.`,
      advice: mitigation(end, pair),
    };
  if (free.length === 0) {
    const [first = ""] = listed;
    return {
      ...base,
      reason: isPolicy(request, name, listed) ? "policy" : "conflict",
      detail: `${pairOf(name, first)} is free of it but may not be chosen: ${request.catalogue.excluded(name, first) ?? "its requirements cannot be read"}.`,
      advice: "Change what forbids it (the runtime, the pin or the cooldown), or waive the finding.",
    };
  }
  return { ...base, ...blocked(request, end, { finding, pair, free }) };
}

/** Who asks in vain for another version of what stands there. */
function askers({ tree }: UnfixedRequest, pair: string): string {
  const found = tree.broken.filter(
    (one) => one.found === versionOf(pair) && one.requirement.startsWith(`${nameOf(pair)}@`),
  );
  return found.length === 0
    ? ""
    : `: ${found
        .slice(0, 3)
        .map((one) => `${one.from ?? "the project"} asks for ${one.requirement}`)
        .join(", ")}`;
}

/** Releases above a version that the advisory does not hit: all, and those that may be chosen. */
function freeVersions(
  request: UnfixedRequest,
  finding: Finding,
  from: string,
): { listed: string[]; free: string[] } {
  const { order } = request.catalogue;
  const isFree = (one: string): boolean =>
    !request.risk.hits(finding.package, one).some((hit) => hit.advisory === finding.advisory);
  const above = (list: readonly string[] | undefined): string[] =>
    (list ?? []).filter((one) => order.compare(one, from) > 0 && !order.isPrerelease(one) && isFree(one));
  return {
    listed: above(request.catalogue.listed(finding.package)),
    free: above(request.catalogue.usable(finding.package)),
  };
}

function isPolicy(request: UnfixedRequest, name: string, versions: readonly string[]): boolean {
  return versions.some((one) => /redress\.yaml|cooldown/.test(request.catalogue.excluded(name, one) ?? ""));
}

/** Who keeps a version in the tree, from it up to the project, those first who admit nothing better: `a@1 requires b ^2`. */
function chainTo(end: Outcome, pair: string, admits: (one: Served) => boolean): string[] {
  const chain: string[] = [];
  const seen = new Set<string>();
  let current = pair;
  while (!seen.has(current) && chain.length < 8) {
    seen.add(current);
    const at = current;
    const served = end.served
      .filter((one) => one.to === at)
      .sort((a, b) => (at === pair ? Number(admits(a)) - Number(admits(b)) : 0));
    const direct = served.find((one) => typeof one.from !== "string");
    if (direct !== undefined && typeof direct.from !== "string") {
      chain.push(`the project requires ${nameOf(current)} ${direct.from.range}`);
      break;
    }
    const by = served.find((one) => typeof one.from === "string" && !seen.has(one.from));
    if (typeof by?.from !== "string") break;
    chain.push(`${by.from} requires ${nameOf(current)} ${rangeOf(by)}`);
    current = by.from;
  }
  return chain;
}

/** What a dependent asks for, and whether the project's own override stands in its place. */
const rangeOf = ({ need }: Served): string =>
  need?.ruled === undefined
    ? (need?.only ?? need?.range ?? "")
    : `${need.ruled.asked}, overridden by ${need.ruled.value}`;

function mitigation(end: Outcome, pair: string): string {
  const users = [
    ...new Set(
      end.served.flatMap((one) =>
        one.to === pair && typeof one.from === "string" ? [nameOf(one.from)] : [],
      ),
    ),
  ];
  return users.length === 0
    ? `Replace ${nameOf(pair)}, or keep what it is exposed to small, and waive the finding with the reason.`
    : `Replace ${users.slice(0, 3).join(", ")}, which need${users.length === 1 ? "s" : ""} it, or waive the finding with the reason.`;
}

/** A free version exists; somebody forbids it. Goes up from the version until someone could move, and says who not. */
function blocked(
  request: UnfixedRequest,
  end: Outcome,
  { finding, pair, free }: { finding: Finding; pair: string; free: readonly string[] },
): Pick<Unfixed, "reason" | "detail" | "advice"> {
  const name = nameOf(pair);
  const slot = [...end.slots].find(([one, version]) => one.name === name && version === versionOf(pair))?.[0];
  if (slot !== undefined) {
    const target = free.find((one) => mayStand(request.universe, slot, one)) ?? free[0] ?? "";
    const major = !mayStand(request.universe, slot, target);
    return {
      reason: major ? "policy" : "conflict",
      detail: `${pairOf(name, target)} clears ${finding.advisory}${major ? `; it is a ${request.catalogue.order.level(slot.today, target)} move of a direct dependency` : ", but what requires it does not take it"}.`,
      advice: major ? fuller(request, slot.may === "fixed") : `Move the packages named first, or drop them.`,
    };
  }
  const blockers = end.served.filter((one) => one.to === pair && typeof one.from === "string");
  const words: string[] = [];
  let parents = false;
  for (const one of blockers) {
    if (typeof one.from !== "string" || one.need === undefined) continue;
    const { need } = one;
    if (free.some((version) => request.catalogue.satisfies(version, need.range))) continue;
    const release = acceptingRelease(request, one.from, { name, free });
    parents ||= release !== undefined;
    words.push(
      release === undefined
        ? `blocked by ${nameOf(one.from)}, which has no release that accepts ${pairOf(name, free[0] ?? "")}`
        : `blocked by ${one.from}; ${release} would accept ${pairOf(name, free[0] ?? "")}, but may not be chosen here`,
    );
  }
  const near = free.find((one) => request.catalogue.order.level(versionOf(pair), one) !== "major");
  const couldOverride = near !== undefined || request.universe.policy.allowOverrides === "any";
  const isAllowed = request.universe.profile === "full" && request.universe.policy.allowOverrides !== "none";
  return {
    reason:
      (couldOverride && !isAllowed) || (parents && request.universe.profile === "safe")
        ? "policy"
        : "conflict",
    detail:
      words.length === 0
        ? request.proven
          ? `What clears ${finding.advisory} brings findings that weigh more, or moves packages that may not move.`
          : `No way to clear ${finding.advisory} was found before the search ran out of time; that there is none is not proven.`
        : `${[...new Set(words)].slice(0, 3).join("; ")}.`,
    advice:
      couldOverride && !isAllowed
        ? `An override of ${name} to ${near ?? free[0] ?? ""} would clear it: allow overrides and plan with --profile full.`
        : parents
          ? fuller(request, false)
          : `Replace ${[...new Set(blockers.flatMap((one) => (typeof one.from === "string" ? [nameOf(one.from)] : [])))].slice(0, 3).join(", ") || name}, or override ${name} to ${free[0] ?? ""} by hand after trying it.`,
  };
}

function fuller(request: UnfixedRequest, fixed: boolean): string {
  if (fixed) return "Its specifier is a tag or an address: name a range instead.";
  if (request.universe.profile === "safe") return "Plan with --profile full, which may make major moves.";
  return request.universe.policy.allowMajor
    ? "Move the packages named in the conflict first."
    : "policy.allowMajor forbids it: allow it, or waive the finding.";
}

/** The lowest usable release of a dependent, at or above its present version, that takes one of some versions or needs none. */
function acceptingRelease(
  request: UnfixedRequest,
  dependent: string,
  { name, free }: { name: string; free: readonly string[] },
): string | undefined {
  const { catalogue } = request;
  return (catalogue.usable(nameOf(dependent)) ?? []).find((one) => {
    if (catalogue.order.compare(one, versionOf(dependent)) <= 0) return false;
    const needs = catalogue.needs(nameOf(dependent), one);
    if (needs === undefined || needs === null) return false;
    const need = needs.find((each) => each.name === name);
    return need === undefined || free.some((version) => catalogue.satisfies(version, need.range));
  });
}
