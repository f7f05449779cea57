import type {
  Ecosystem,
  Finding,
  FindingChange,
  GateResult,
  Inventory,
  Upgrade,
  VersionCheck,
} from "../model/index.ts";
import { digestEnvironments } from "./inputs.ts";

/** Where versions are read back: what is installed (where there is an environment), or what the files say. */
export type Reading = "installed" | "files";

function versionsOf(inventory: Inventory, upgrade: Upgrade, reading: Reading): string[] {
  const isOf = (one: { readonly ecosystem: Ecosystem }, project: string): boolean =>
    project === upgrade.project && one.ecosystem === upgrade.ecosystem;
  const project = inventory.projects.find((one) => isOf(one, one.path));
  const hasOwn = project?.environment !== undefined;
  const isSeen = (source: string): boolean =>
    reading === "files" ? source !== "environment" : !hasOwn || source === "environment";
  return inventory.components
    .filter(
      (one) =>
        isOf(one, one.project) &&
        one.name === upgrade.package &&
        one.places.some((place) => isSeen(place.source)),
    )
    .map((one) => one.version);
}

/** Reads every planned version back. */
export function checkVersions(
  upgrades: readonly Upgrade[],
  inventory: Inventory,
  reading: Reading,
): VersionCheck[] {
  return upgrades.map((upgrade) => {
    const found = versionsOf(inventory, upgrade, reading);
    const observed =
      upgrade.to !== null && found.includes(upgrade.to)
        ? upgrade.to
        : upgrade.to === null && upgrade.from !== null && !found.includes(upgrade.from)
          ? null
          : found.join(", ") || null;
    return { project: upgrade.project, package: upgrade.package, planned: upgrade.to, observed };
  });
}

/** Gate `versions`: every target present, nothing else moved. */
export function versionsGate(
  upgrades: readonly Upgrade[],
  { before, after, reading }: { before: Inventory; after: Inventory; reading: Reading },
): GateResult {
  const missed = checkVersions(upgrades, after, reading).filter((check) => check.planned !== check.observed);
  const keyOf = (project: string, ecosystem: Ecosystem, name: string): string =>
    `${project}|${ecosystem}|${name}`;
  const planned = new Set(upgrades.map((one) => keyOf(one.project, one.ecosystem, one.package)));
  const listed = (inventory: Inventory): Map<string, string> => {
    const all = new Map<string, string>();
    for (const one of inventory.components) {
      const key = keyOf(one.project, one.ecosystem, one.name);
      if (!planned.has(key))
        all.set(key, [...(all.get(key)?.split(", ") ?? []), one.version].sort().join(", "));
    }
    return all;
  };
  const [old, now] = [listed(before), listed(after)];
  const moved = [...new Set([...old.keys(), ...now.keys()])].filter((key) => old.get(key) !== now.get(key));
  const problems = [
    ...missed.map(
      (check) => `${check.package} is ${check.observed ?? "absent"}, not ${check.planned ?? "absent"}`,
    ),
    ...moved.map(
      (key) =>
        `${key.split("|")[2] ?? key} moved unasked: ${old.get(key) ?? "absent"} to ${now.get(key) ?? "absent"}`,
    ),
  ];
  return {
    name: "versions",
    mode: "enforce",
    verdict: problems.length === 0 ? "pass" : "fail",
    detail:
      problems.length === 0
        ? `${upgrades.length} of ${upgrades.length} as planned, nothing else moved`
        : problems.slice(0, 5).join("; ") + (problems.length > 5 ? `; and ${problems.length - 5} more` : ""),
  };
}

/** Findings around a phase, all judged by the same advisories. */
export interface Judged {
  /** Before the first phase: what the plan's ids name. */
  readonly start: readonly Finding[];
  readonly after: readonly Finding[];
  /** From just before the phase to `after`. */
  readonly change: FindingChange;
  /** Ids that this phase and those before it were to clear. */
  readonly cleared: readonly string[];
}

/** Gate `security`: what was promised is gone, nothing critical or high came in; same advisories on both sides. */
export function securityGate(upgrades: readonly Upgrade[], judged: Judged): GateResult {
  const { change } = judged;
  const left = notCleared(judged);
  const promised = new Set(upgrades.flatMap((upgrade) => upgrade.introduces));
  const severe = change.introduced.filter(
    (one) => (one.severity === "critical" || one.severity === "high") && !promised.has(one.id),
  );
  const name = (finding: Finding): string => `${finding.package} ${finding.version} ${finding.advisory}`;
  const problems = [
    ...(left.length === 0 ? [] : [`not cleared: ${left.map(name).join(", ")}`]),
    ...(severe.length === 0 ? [] : [`introduced: ${severe.map(name).join(", ")}`]),
  ];
  const counts = `${change.fixed.length + change.left.length} → ${change.left.length + change.introduced.length} findings, ${change.fixed.length} fixed, ${change.introduced.length} introduced`;
  return {
    name: "security",
    mode: "enforce",
    verdict: problems.length > 0 ? "fail" : change.introduced.length > 0 ? "warn" : "pass",
    detail: [counts, ...problems].join("; "),
  };
}

/**
 * Findings that should be gone and are not. An id changes where the number of copies of a package does, so copies are
 * counted: of an advisory on a package as many must be gone as were promised so far.
 */
function notCleared({ start, after, cleared }: Judged): Finding[] {
  const keyOf = (one: Finding): string => `${one.project}|${one.ecosystem}|${one.package}|${one.advisory}`;
  const promised = new Set(cleared);
  const present = Map.groupBy(after, keyOf);
  const left: Finding[] = [];
  for (const [key, copies] of Map.groupBy(start, keyOf)) {
    const now = present.get(key) ?? [];
    const gone = copies.filter((copy) => promised.has(copy.id));
    const tooMany = now.length - (copies.length - gone.length);
    if (gone.length > 0 && tooMany > 0) left.push(...now.slice(0, tooMany));
  }
  return left;
}

/** Gate `rehearsed`: the project's environments hold exactly what was tested in the rehearsal. */
export function rehearsedGate(rehearsed: Inventory, promoted: Inventory): GateResult {
  const before = new Map(digestEnvironments(rehearsed).map((one) => [one.project, one.sha256]));
  const after = digestEnvironments(promoted);
  const differing = after.filter((one) => before.get(one.project) !== one.sha256).map((one) => one.project);
  return {
    name: "rehearsed",
    mode: "enforce",
    verdict: differing.length === 0 ? "pass" : "fail",
    detail:
      differing.length === 0
        ? `${after.length} ${after.length === 1 ? "environment holds" : "environments hold"} what was rehearsed`
        : `other versions than rehearsed in the environment of ${differing.join(", ")}`,
  };
}

/** Whether a phase may stand: an enforced gate that did not pass stops it; one that nobody configured does not. */
export function stops(gate: GateResult): boolean {
  return gate.mode === "enforce" && ["fail", "error", "missing"].includes(gate.verdict);
}
