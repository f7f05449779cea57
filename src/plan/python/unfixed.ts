import type { Finding, Unfixed } from "../../model/index.ts";
import type { Book } from "./book.ts";
import type { Candidates } from "./candidates.ts";
import { findConflict, type Conflict, type ConflictRequest } from "./conflict.ts";
import type { Assignment } from "./demands.ts";

type Reason = Omit<Unfixed, "finding">;

/** The findings that stay, each with what stands in its way and the nearest way out. */
export async function explainUnfixed(
  final: Assignment,
  request: ConflictRequest,
): Promise<readonly Unfixed[]> {
  const { book } = request;
  const conflicts = new Map<string, Promise<Conflict>>();
  const unfixed: Unfixed[] = [];
  for (const finding of book.premises.findings) {
    if (isCleared(finding, final, book)) continue;
    const reason = plainReason(finding, request) ?? (await conflictReason(finding, { request, conflicts }));
    unfixed.push({ finding: finding.id, ...reason });
  }
  return unfixed;
}

function isCleared(finding: Finding, final: Assignment, book: Book): boolean {
  if (book.premises.present.get(finding.package)?.version !== finding.version) return false;
  const version = final.get(finding.package) ?? null;
  return (
    version === null ||
    !book.risk.hits(finding.package, version).some((hit) => hit.advisory === finding.advisory)
  );
}

/** Everything but conflicts between requirements. */
function plainReason(finding: Finding, { book, start }: ConflictRequest): Reason | undefined {
  const { premises } = book;
  const name = finding.package;
  const present = premises.present.get(name);
  if (finding.waiver !== null)
    return {
      reason: "waived",
      detail: `waived by ${finding.waiver.by} until ${finding.waiver.expires}: ${finding.waiver.reason}`,
      conflicts: [],
      advice: "Look at it again before the waiver ends.",
    };
  if (present?.version !== finding.version)
    return {
      reason: "conflict",
      detail: `${name} ${finding.version} is pinned, but ${present?.version ?? "another version"} is there as well`,
      conflicts: [],
      advice: `Bring the files and the environment to one version of ${name}, then plan again.`,
    };
  if (premises.selected !== undefined && !premises.selected.has(name))
    return policy(`${name} is not among the packages that the plan was asked for`, "Plan without --package.");
  const candidates = book.candidates(name);
  if (candidates === undefined) return undefined;
  if (candidates.stuck !== undefined)
    return {
      reason: "conflict",
      detail: `${name} cannot be moved: ${candidates.stuck}`,
      conflicts: [],
      advice: `Move ${name} by hand, or record a waiver.`,
    };
  const clean = cleanVersions(finding, candidates, book);
  if (clean.choices.size > 0) return undefined;
  const forbidden = clean.excluded.find(({ by }) => by === "policy");
  if (forbidden !== undefined)
    return policy(
      `${name} ${forbidden.version} is free of it, but ${forbidden.reason}`,
      `Relax that rule for ${name}, or record a waiver.`,
    );
  const users = [
    ...new Set(
      start.demands.all.filter((one) => one.need.name === name).map((one) => one.from ?? "the project"),
    ),
  ];
  const unusable = clean.excluded[0];
  return {
    reason: "no-fix",
    detail:
      unusable === undefined
        ? `no release of ${name} newer than ${finding.version} is free of it`
        : `${name} ${unusable.version} is free of it, but ${unusable.reason}`,
    conflicts: [],
    advice: `Replace or isolate ${name}${users.length === 0 ? "" : ` (used by ${users.join(", ")})`}, or record a waiver with a mitigation date.`,
  };
}

const policy = (detail: string, advice: string): Reason => ({
  reason: "policy",
  detail,
  conflicts: [],
  advice,
});

function cleanVersions(
  finding: Finding,
  candidates: Candidates,
  book: Book,
): {
  choices: ReadonlySet<string>;
  excluded: readonly { version: string; by: "policy" | "index"; reason: string }[];
} {
  const isClean = (version: string): boolean =>
    !book.risk.hits(candidates.name, version).some((hit) => hit.advisory === finding.advisory);
  return {
    choices: new Set(candidates.versions.filter(isClean)),
    excluded: [...candidates.excluded]
      .filter(([version]) => isClean(version))
      .map(([version, exclusion]) => ({ version, ...exclusion })),
  };
}

async function conflictReason(
  finding: Finding,
  context: { request: ConflictRequest; conflicts: Map<string, Promise<Conflict>> },
): Promise<Reason> {
  const { request, conflicts } = context;
  const name = finding.package;
  const candidates = request.book.candidates(name);
  const clean = candidates === undefined ? undefined : cleanVersions(finding, candidates, request.book);
  const versions = [...(clean?.choices ?? [])];
  const key = `${name} ${versions.join()}`;
  const known = conflicts.get(key) ?? findConflict(name, new Set(versions), request);
  conflicts.set(key, known);
  const conflict = await known;
  const target = `${name} ${versions[0] ?? ""}`;
  if (conflict.state === "impossible")
    return {
      reason: "conflict",
      detail: `${target} would clear it, but requirements forbid it`,
      conflicts: conflict.requirements,
      advice: adviceOn(conflict.requirements, name, request.book.premises.configuration.policy.alone),
    };
  if (conflict.state === "dearer")
    return {
      reason: "conflict",
      detail: `${target} would clear it, but at a price: ${conflict.part} ${conflict.then} instead of ${conflict.planned}`,
      conflicts: [],
      advice: "The plan prefers the more urgent; relax policy or record a waiver to choose otherwise.",
    };
  return {
    reason: "conflict",
    detail: `${target} would clear it, but no version set with it was found in the time given`,
    conflicts: [],
    advice: `Plan again with --package ${name}, or with more time.`,
  };
}

/** What to do about requirements that contradict each other; what was held on request may be let go. */
function adviceOn(
  requirements: readonly string[],
  name: string,
  alone: readonly string[] | undefined,
): string {
  const held = requirements.flatMap((words) => /, and (\S+) stays at /.exec(words)?.[1] ?? []);
  return alone !== undefined && held.length > 0
    ? `Let ${[...new Set(held)].join(", ")} move as well: plan without --alone.`
    : `Wait for, or replace, what requires less: ${blockersIn(requirements, name)}.`;
}

/** The packages whose requirements are in the way. */
function blockersIn(requirements: readonly string[], name: string): string {
  const blockers = requirements.map((words) => words.split(" ")[0] ?? "").filter((one) => one !== name);
  return [...new Set(blockers)].join(", ") || name;
}
