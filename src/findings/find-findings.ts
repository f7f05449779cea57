import {
  tiers,
  type Component,
  type Configuration,
  type Finding,
  type Hit,
  type Inventory,
  type Judge,
} from "../model/index.ts";
import { compareTexts, orderOf } from "../versions/index.ts";
import { pathFinder } from "./dependency-paths.ts";
import { findingId } from "./finding-id.ts";
import { functionsOf } from "./project-policy.ts";
import { findWaiver } from "./waivers.ts";

/**
 * Every vulnerability of every component, the most urgent first, then by deadline, package and place. Waivers that hold
 * at the judge's `now` are attached; a judge that does not say what time it is attaches none.
 */
export function findFindings(
  inventory: Inventory,
  judge: Judge & { readonly now?: string },
  configuration: Configuration,
): readonly Finding[] {
  const several = namesWithSeveralVersions(inventory.components);
  let pathsTo: ReturnType<typeof pathFinder> | undefined;
  const findings: Finding[] = [];
  for (const component of inventory.components) {
    const hits = judge.hits(component);
    if (hits.length === 0) continue;
    pathsTo ??= pathFinder(inventory);
    const place = {
      paths: pathsTo(component),
      functions: functionsOf(configuration, component.ecosystem, component.name).map((one) => one.name),
      several: several.has(nameKey(component)),
    };
    for (const hit of hits) {
      const finding = findingOf(hit, component, place);
      findings.push({ ...finding, waiver: waiverOf(finding, judge.now, configuration) });
    }
  }
  return findings.sort(compareFindings);
}

const nameKey = ({ project, ecosystem, name }: Component): string => `${project}|${ecosystem}|${name}`;

function namesWithSeveralVersions(components: readonly Component[]): ReadonlySet<string> {
  const seen = new Map<string, string>();
  const several = new Set<string>();
  for (const component of components) {
    const key = nameKey(component);
    const version = seen.get(key);
    if (version === undefined) seen.set(key, component.version);
    else if (version !== component.version) several.add(key);
  }
  return several;
}

interface PlaceInProject {
  readonly paths: Finding["paths"];
  readonly functions: readonly string[];
  readonly several: boolean;
}

function findingOf(hit: Hit, component: Component, { paths, functions, several }: PlaceInProject): Finding {
  const { project, ecosystem, name, version, purl, scope, direct } = component;
  const identity = { project, ecosystem, package: name, advisory: hit.advisory };
  return {
    id: findingId(several ? { ...identity, version } : identity),
    ...identity,
    version,
    purl,
    ...hit,
    scope,
    direct,
    paths,
    functions,
    waiver: null,
    places: component.places.map(({ path, line }) => (line === undefined ? { path } : { path, line })),
  };
}

function waiverOf(finding: Finding, now: string | undefined, { waivers }: Configuration): Finding["waiver"] {
  if (now === undefined || waivers.length === 0) return null;
  return findWaiver(waivers, { ...finding, ids: [finding.id] }, now);
}

const urgency = new Map(tiers.map((tier, index) => [tier, index]));

function compareFindings(a: Finding, b: Finding): number {
  return (
    (urgency.get(a.tier) ?? 0) - (urgency.get(b.tier) ?? 0) ||
    compareTexts(a.due, b.due) ||
    compareTexts(a.package, b.package) ||
    compareTexts(a.project, b.project) ||
    compareTexts(a.ecosystem, b.ecosystem) ||
    orderOf(a.ecosystem).compare(a.version, b.version) ||
    compareTexts(a.advisory, b.advisory)
  );
}
