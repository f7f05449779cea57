import type { Component, Release, ReleaseList } from "../../model/index.ts";
import { refusedByPin } from "../pins.ts";
import type { Premises } from "./premises.ts";

/** Why a listed release may not be chosen: by what the owner decided, or because it cannot serve. */
export interface Exclusion {
  readonly by: "policy" | "index";
  readonly reason: string;
}

/** The versions of one package that the plan may choose from. */
export interface Candidates {
  readonly name: string;
  /** `null` for a package that may appear. */
  readonly present: string | null;
  /** The version that is there or that the installer chooses today; `null` for a package that may appear. */
  readonly start: string | null;
  /** Ascending; the present one among them. */
  readonly versions: readonly string[];
  /** Listed newer versions that are not among them. */
  readonly excluded: ReadonlyMap<string, Exclusion>;
  readonly releases: ReadonlyMap<string, Release>;
  /** Why it cannot move at all. */
  readonly stuck?: string;
}

interface Rules {
  readonly premises: Premises;
  readonly component: Component | undefined;
  readonly isHead: boolean;
  /** Whether a version clears an Immediate finding of the present one. */
  readonly isUrgent: (version: string) => boolean;
}

/** Chooses from what the index lists: nothing older, withdrawn, unusable or against policy. */
export function chooseCandidates(name: string, list: ReleaseList, rules: Rules): Candidates {
  const { premises, component } = rules;
  const { order } = premises;
  const present = component?.version ?? null;
  const start = present ?? premises.open.get(name) ?? null;
  const only = start === null ? [] : [start];
  const stuck = stuckBecause(list, component, premises);
  if (stuck !== undefined || list.state === "unknown")
    return {
      name,
      present,
      start,
      versions: only,
      excluded: new Map(),
      releases: new Map(),
      stuck: stuck ?? "unknown to the package index",
    };
  const releases = new Map(list.releases.map((release) => [release.version, release]));
  const newer = list.releases
    .filter(
      (one) => order.isValid(one.version) && (present === null || order.compare(one.version, present) > 0),
    )
    .sort((a, b) => order.compare(a.version, b.version));
  const hasStable = list.releases.some(
    (one) => order.isValid(one.version) && !order.isPrerelease(one.version),
  );
  const takesPrereleases = present === null ? !hasStable : order.isPrerelease(present) || !hasStable;
  const presentRelease =
    present === null ? undefined : list.releases.find((one) => order.compare(one.version, present) === 0);
  const hasWheel = list.releases.some((one) => one.usable === "wheel");
  const takesSdists = present === null ? !hasWheel : presentRelease?.usable === "sdist";
  const excluded = new Map<string, Exclusion>();
  for (const release of newer) {
    const index = unusableBecause(release, { premises, takesPrereleases, takesSdists });
    const policy = index === undefined ? forbiddenBecause(name, release, rules) : undefined;
    if (index !== undefined) excluded.set(release.version, { by: "index", reason: index });
    else if (policy !== undefined) excluded.set(release.version, { by: "policy", reason: policy });
  }
  const allowed = newer.map((one) => one.version).filter((version) => !excluded.has(version));
  const versions = [
    ...only.filter((version) => present !== null || !allowed.includes(version)),
    ...allowed,
  ].sort((a, b) => order.compare(a, b));
  return { name, present, start, versions, excluded, releases };
}

function stuckBecause(
  list: ReleaseList,
  component: Component | undefined,
  { order }: Premises,
): string | undefined {
  if (component?.immovable !== undefined) return component.immovable;
  if (component?.version.includes("+") === true) return `${component.version} is a local version`;
  if (component !== undefined && !order.isValid(component.version))
    return `${component.version} is no version that PEP 440 knows`;
  return list.state === "unknown" ? list.reason : undefined;
}

function unusableBecause(
  { version, yanked, usable, requiresRuntime }: Release,
  rules: { premises: Premises; takesPrereleases: boolean; takesSdists: boolean },
): string | undefined {
  const { order, project } = rules.premises;
  const { python } = project.target;
  if (version.includes("+")) return "it is a local version";
  if (yanked !== undefined) return `it was yanked${yanked === "" ? "" : `: ${yanked}`}`;
  if (order.isPrerelease(version) && !rules.takesPrereleases) return "it is a pre-release";
  if (
    python !== undefined &&
    requiresRuntime !== undefined &&
    order.isRange(requiresRuntime) &&
    !rules.premises.fits(python, requiresRuntime)
  )
    return `it needs Python ${requiresRuntime} and the project runs on ${python}`;
  if (usable === "no") return "the index has no file of it for this interpreter and platform";
  if (usable === "sdist" && !rules.takesSdists) return "it would have to be built from source";
  return undefined;
}

function forbiddenBecause(name: string, release: Release, rules: Rules): string | undefined {
  const { premises, component } = rules;
  const { order, request, refusals } = premises;
  const { policy } = request.configuration;
  const { version } = release;
  const refusal = refusals.find((one) => one.package === name && one.version === version);
  if (refusal !== undefined) return `the package manager refused it: ${refusal.reason}`;
  const pin = refusedByPin(policy, { name, version, isThere: component !== undefined }, order);
  if (pin !== undefined) return pin;
  const isMajor = component !== undefined && order.level(component.version, version) === "major";
  if (isMajor && !policy.allowMajor) return "policy allows no major moves";
  if (isMajor && request.profile === "safe" && rules.isHead && component.scope === "production")
    return "the safe profile makes no major move of a package that the application uses directly";
  if (isYoung(release, premises) && !rules.isUrgent(version))
    return `it is younger than the cooldown of ${policy.cooldownDays} days`;
  return undefined;
}

function isYoung({ publishedAt }: Release, { request }: Premises): boolean {
  const { cooldownDays } = request.configuration.policy;
  if (cooldownDays <= 0 || publishedAt === undefined) return false;
  return Date.parse(publishedAt) > Date.parse(request.now) - cooldownDays * 86_400_000;
}
