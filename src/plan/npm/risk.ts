import { tiers, type Finding, type Hit, type Scope } from "../../model/index.ts";
import type { PlanRequest } from "../request.ts";
import { pairOf, type Tree } from "./tree.ts";

/** What each version would leave behind: the findings that the plan counts. */
export interface Risk {
  /** Canonical ids of the advisories that count against a version. */
  advisories(name: string, version: string): readonly string[];
  /** How many, by tier from the most urgent down. */
  counts(name: string, version: string): readonly number[];
  /** Everything the judge says, also what is waived or not asked for. */
  hits(name: string, version: string): readonly Hit[];
}

const none: readonly number[] = tiers.map(() => 0);

/**
 * Findings left by version. Waived ones do not count; with a list of packages only theirs do, and what a move
 * of another package would newly bring.
 */
export function makeRisk(request: PlanRequest, project: string, tree: Tree): Risk {
  const own = request.findings.filter((one) => one.project === project && one.ecosystem === "npm");
  const waived = waivedIn(request, own);
  const known = new Set(own.map((one) => `${one.package}|${one.advisory}`));
  const asked = request.packages === undefined ? undefined : new Set(request.packages);
  const scopes = scopesOf(tree);
  const memo = new Map<
    string,
    { hits: readonly Hit[]; counted: readonly string[]; counts: readonly number[] }
  >();
  const look = (
    name: string,
    version: string,
  ): { hits: readonly Hit[]; counted: readonly string[]; counts: readonly number[] } => {
    const pair = pairOf(name, version);
    const before = memo.get(pair);
    if (before !== undefined) return before;
    const scope = tree.packages.get(pair)?.scope ?? scopes.get(name) ?? "production";
    const hits = request.judge.hits({ project, ecosystem: "npm", name, version, scope });
    const counted = hits.filter((hit) => {
      if ([hit.advisory, ...hit.aliases].some((id) => waived.has(`${name}|${id}`) || waived.has(id)))
        return false;
      return asked === undefined || asked.has(name) || !known.has(`${name}|${hit.advisory}`);
    });
    const counts =
      counted.length === 0 ? none : tiers.map((tier) => counted.filter((hit) => hit.tier === tier).length);
    const entry = { hits, counted: counted.map((hit) => hit.advisory), counts };
    memo.set(pair, entry);
    return entry;
  };
  return {
    advisories: (name, version) => look(name, version).counted,
    counts: (name, version) => look(name, version).counts,
    hits: (name, version) => look(name, version).hits,
  };
}

function waivedIn(request: PlanRequest, own: readonly Finding[]): Set<string> {
  const waived = new Set<string>();
  for (const one of own) if (one.waiver !== null) waived.add(`${one.package}|${one.advisory}`);
  for (const waiver of request.configuration.waivers) {
    if (waiver.expires < request.now.slice(0, 10)) continue;
    const [advisory = "", name] = waiver.finding.split(/:(.*)/s);
    waived.add(name === undefined || name === "" ? advisory : `${name}|${advisory}`);
  }
  return waived;
}

function scopesOf(tree: Tree): Map<string, Scope> {
  const rank: Record<Scope, number> = { production: 0, optional: 1, development: 2 };
  const scopes = new Map<string, Scope>();
  for (const one of tree.packages.values()) {
    const before = scopes.get(one.name);
    if (before === undefined || rank[one.scope] < rank[before]) scopes.set(one.name, one.scope);
  }
  return scopes;
}
