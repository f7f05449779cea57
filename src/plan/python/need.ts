import { normaliseName, type Dependency, type Requirement } from "../../model/index.ts";
import { evaluateMarker, type MarkerEnvironment, type VersionOrder } from "../../versions/index.ts";

/** One requirement of a release that counts on the target. */
export interface Need {
  /** Normalised (PEP 503). */
  readonly name: string;
  /** PEP 440 specifier set; `""` is any version. */
  readonly range: string;
  /** Extras asked of the required package. */
  readonly extras: readonly string[];
  /** The extra of the requiring release that brings this; `null`: always. */
  readonly under: string | null;
}

type Declared = Pick<Requirement, "name" | "range" | "marker" | "extras" | "url">;

/** In the words of a dependency of the inventory. */
export function declaredBy(dependency: Dependency): Declared {
  return {
    name: dependency.name,
    range: dependency.requirement,
    ...(dependency.marker === undefined ? {} : { marker: dependency.marker }),
    ...(dependency.extras === undefined ? {} : { extras: dependency.extras }),
  };
}

/** What is told of requirements that nobody can read. */
export type Complain = (name: string, text: string) => void;

/**
 * The requirements that count on a target, PEP 508 markers evaluated for each extra that they name. What cannot be
 * read is left out and told; a direct reference is met by whatever is installed.
 */
export function needsOf(
  declared: readonly Declared[],
  environment: MarkerEnvironment,
  order: VersionOrder,
  complain: Complain,
): readonly Need[] {
  const needs = new Map<string, Need>();
  for (const one of declared) {
    const name = normaliseName("PyPI", one.name);
    const readable = one.url !== undefined || one.range === "" || order.isRange(one.range);
    if (!readable) complain(name, `${one.name}${one.range}`);
    const range = one.url !== undefined || !readable ? "" : one.range;
    const extras = (one.extras ?? []).map((extra) => normaliseName("PyPI", extra)).sort();
    if (!readable && extras.length === 0) continue;
    for (const under of conditionsOf(one, environment, complain)) {
      const need = { name, range, extras, under };
      needs.set(JSON.stringify(need), need);
    }
  }
  return [...needs.values()];
}

/** `null` for always, else each extra that brings the requirement in; nothing where it does not count. */
function conditionsOf(
  { name, marker }: Declared,
  environment: MarkerEnvironment,
  complain: Complain,
): readonly (string | null)[] {
  if (marker === undefined || marker === "") return [null];
  const always = evaluateMarker(marker, environment, []);
  if (always === undefined) complain(name, `${name}; ${marker}`);
  if (always !== false) return always === true ? [null] : [];
  return extrasIn(marker).filter((extra) => evaluateMarker(marker, environment, [extra]) === true);
}

function extrasIn(marker: string): readonly string[] {
  const named = [...marker.matchAll(/\bextra\s*==\s*["']([^"']+)["']|["']([^"']+)["']\s*==\s*extra\b/g)];
  return [
    ...new Set(named.map(([, right, left]) => normaliseName("PyPI", (right ?? left ?? "").toLowerCase()))),
  ];
}

/** `name[extra]range`, as a requirement is written. */
export function writeNeed(need: Pick<Need, "name" | "range" | "extras">): string {
  const extras = need.extras.length === 0 ? "" : `[${need.extras.join(",")}]`;
  return `${need.name}${extras}${need.range}`;
}
