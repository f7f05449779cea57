import { tiers, type Hit, type Tier, type Waiver } from "../../model/index.ts";
import type { Premises } from "./premises.ts";

/** What advisories say of any version of any package in this project, waived ones apart. */
export interface Risk {
  /** All hits, waived ones too. */
  hits(name: string, version: string): readonly Hit[];
  /** Those that the plan counts. */
  counted(name: string, version: string): readonly Hit[];
  /** Number of counted hits by tier, in the order of `tiers`. */
  counts(name: string, version: string): readonly number[];
  isWaived(name: string, hit: Pick<Hit, "advisory" | "aliases">): boolean;
}

/** Memoised for one search. */
export function makeRisk(premises: Premises): Risk {
  const { request, project, present, open, selected } = premises;
  const waivers = premises.configuration.waivers.filter((one) => stillHolds(one, request.now));
  const waived = new Set(
    premises.findings.filter((one) => one.waiver !== null).map((one) => `${one.package}|${one.advisory}`),
  );
  const memo = new Map<string, { hits: readonly Hit[]; counted: readonly Hit[]; counts: number[] }>();

  const isWaived = (name: string, hit: Pick<Hit, "advisory" | "aliases">): boolean =>
    waived.has(`${name}|${hit.advisory}`) ||
    waivers.some(({ finding }) =>
      [hit.advisory, ...hit.aliases].some((id) => finding === id || finding === `${id}:${name}`),
    );
  const hitsOf = (name: string, version: string): readonly Hit[] =>
    request.judge.hits({
      project: project.path,
      ecosystem: "PyPI",
      name,
      version,
      scope: present.get(name)?.scope ?? "production",
    });
  /** Of packages that the user did not name, and of those that no line pins, only what would be new counts. */
  const isInScope = (name: string): ((hit: Hit) => boolean) => {
    const version = present.get(name)?.version;
    const start = version ?? open.get(name);
    const isWanted = version !== undefined && (selected === undefined || selected.has(name));
    if (isWanted || start === undefined) return () => true;
    const before = new Set(hitsOf(name, start).map((hit) => hit.advisory));
    return (hit) => !before.has(hit.advisory);
  };
  const judge = (
    name: string,
    version: string,
  ): { hits: readonly Hit[]; counted: readonly Hit[]; counts: number[] } => {
    const key = `${name} ${version}`;
    const before = memo.get(key);
    if (before !== undefined) return before;
    const hits = hitsOf(name, version);
    const counted = hits.filter((hit) => !isWaived(name, hit)).filter(isInScope(name));
    const counts = tiers.map((tier: Tier) => counted.filter((hit) => hit.tier === tier).length);
    const result = { hits, counted, counts };
    memo.set(key, result);
    return result;
  };
  return {
    hits: (name, version) => judge(name, version).hits,
    counted: (name, version) => judge(name, version).counted,
    counts: (name, version) => judge(name, version).counts,
    isWaived,
  };
}

function stillHolds(waiver: Waiver, now: string): boolean {
  return waiver.expires >= now.slice(0, 10);
}
