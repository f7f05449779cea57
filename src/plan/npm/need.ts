import type { Policy, Requirement } from "../../model/index.ts";
import type { VersionOrder } from "../../versions/index.ts";

/** One requirement of a package version, aliases resolved to the real name. */
export interface Need {
  readonly name: string;
  /** npm range; unused where `only` is set. */
  readonly range: string;
  readonly kind: "production" | "optional" | "peer";
  /** A peer that need not be there. */
  readonly optional: boolean;
  /** Served by exactly this version: a dist-tag, or an override of the project's own that no plan may change. */
  readonly only?: string;
  /** An override of the project's own, which a plan may change, has put `range` in the place of what is asked for. */
  readonly ruled?: Ruled;
}

/** A need as its package states it, and the rule that overrides it. */
export interface Ruled {
  /** The range that the package asks for. */
  readonly asked: string;
  /** What the rule's key names beside the package; `*`: nothing. */
  readonly key: string;
  /** What the rule puts in its place today. */
  readonly value: string;
}

/** An override of the project's own: what it says, and which version it has brought. */
export interface Ruling {
  readonly key: string;
  readonly value: string;
  readonly version: string;
}

/**
 * A need under an override: what it asks for, as if there were no rule, or what the rule may be changed to, which is
 * today's version and what lies above it, inside the major unless overrides may leave it.
 */
export function ruledNeed<N extends Need>(
  need: N,
  ruling: Ruling,
  { allowOverrides, order }: { allowOverrides: Policy["allowOverrides"]; order: VersionOrder },
): N {
  const { key, value, version } = ruling;
  if (allowOverrides === "none" || !order.isValid(version)) return { ...need, only: version };
  const major = Number(/^v?(\d+)/.exec(version)?.[1]);
  const above = `>=${version}${allowOverrides === "any" ? "" : ` <${major + 1}.0.0-0`}`;
  return { ...need, range: `${need.range} || ${above}`, ruled: { asked: need.range, key, value } };
}

const alias = /^npm:((?:@[^/@]+\/)?[^/@]+)(?:@(.*))?$/;

/** What a specifier in a package.json asks for: a range of a package, a dist-tag, or something no plan can move. */
export function readSpecifier(
  name: string,
  specifier: string,
  order: VersionOrder,
):
  | { readonly state: "range"; readonly name: string; readonly range: string; readonly aliased: boolean }
  | { readonly state: "tag"; readonly name: string; readonly tag: string }
  | { readonly state: "other" } {
  const match = alias.exec(specifier);
  const real = match?.[1] ?? name;
  const range = (match === null ? specifier : (match[2] ?? "")).trim();
  if (range === "" || order.isRange(range))
    return { state: "range", name: real, range: range === "" ? "*" : range, aliased: match !== null };
  if (/^[\w.-]+$/.test(range)) return { state: "tag", name: real, tag: range };
  return { state: "other" };
}

/**
 * The needs of a release, or `null` where one of them cannot be planned (git, file and tarball specifiers, and
 * dist-tags, which may point anywhere tomorrow).
 */
export function needsOf(requires: readonly Requirement[], order: VersionOrder): readonly Need[] | null {
  const needs: Need[] = [];
  for (const one of requires) {
    const read = one.url === undefined ? readSpecifier(one.name, one.range, order) : undefined;
    if (read?.state === "range")
      needs.push({ name: read.name, range: read.range, kind: one.kind, optional: one.optional === true });
    else if (one.kind === "production") return null;
  }
  return needs;
}
