import { Failure, type Broken, type Project } from "../../model/index.ts";
import { checkPlan } from "../check-python.ts";
import { defaultTimeLimitMs, type PlanRequest, type ProjectPlan } from "../request.ts";
import { openBook, type Book } from "./book.ts";
import { readStart, type Assignment, type Demand, type NeedsOf } from "./demands.ts";
import { explainMove } from "./explain.ts";
import { writeNeed } from "./need.ts";
import { costNames } from "./objective.ts";
import { groupMoves, movesOf, tiesOf } from "./phases.ts";
import { readPremises, type Premises } from "./premises.ts";
import { makeRisk } from "./risk.ts";
import { search } from "./search.ts";
import { explainUnfixed } from "./unfixed.ts";

/** Share of the time that is kept for explaining what is left. */
const shareForReasons = 0.15;

/**
 * The best version set of one Python project: one version of each package, every requirement that held before holds
 * after, the least findings left, the least broken, the least moved.
 * @throws {Failure} `unavailable` when the index does not answer, `cancelled`, `internal` when the plan does not pass
 * its independent check.
 */
export async function planPython(request: PlanRequest, project: Project): Promise<ProjectPlan> {
  const premises = readPremises(request, project);
  const risk = makeRisk(premises);
  const book = openBook(request.sourceFor(project), premises, risk);
  const progress = request.progress?.step(`Planning ${project.path}`);
  const begun = performance.now();
  const limitMs = request.timeLimitMs ?? defaultTimeLimitMs;
  await book.loadPresent();
  const needsOf: NeedsOf = (name, version) => book.needs(name, version) ?? [];
  const start = readStart(premises, needsOf);
  const found = await search({
    book,
    start,
    until: begun + limitMs * (1 - shareForReasons),
    ...(progress === undefined ? {} : { progress }),
  });
  const final = found.assignment;
  const moves = movesOf(book, start, final);
  const ties = tiesOf({ book, start, final, moves, needsOf });
  const explained = { book, start, final, moves, ties, needsOf };
  const optimal = found.proven.every(Boolean);
  const plan: ProjectPlan = {
    project: project.path,
    phases: groupMoves(book, moves, ties)
      .map(({ tier, due, moves: members }) => ({
        tier,
        due,
        upgrades: members
          .map((move) => explainMove(move, explained))
          .filter((upgrade) => upgrade.from !== null || upgrade.to !== null),
      }))
      .filter(({ upgrades }) => upgrades.length > 0),
    unfixed: await explainUnfixed(final, {
      book,
      start,
      admitted: found.admitted,
      cost: found.cost,
      until: begun + limitMs,
    }),
    // What files alone do not list is not missing: the installer adds it.
    broken: start.broken
      .map((demand) => brokenOf(demand, premises))
      .filter(({ found }) => found !== null || project.environment !== undefined),
    skipped: skippedOf(book),
    optimal,
    ...(optimal ? {} : { bound: found.bound }),
    cost: found.cost,
    costNames,
    ...(project.environment === undefined ? { unpinned: unpinnedIn(final, premises) } : {}),
  };
  const problems = checkPlan({ request, project, plan, needsOf });
  if (problems.length > 0)
    throw new Failure(
      "internal",
      `the plan for ${project.path} does not pass its check: ${problems.slice(0, 3).join("; ")}`,
      "Please report this with the project's requirements.",
    );
  progress?.done(`${moves.length} packages move, ${plan.unfixed.length} findings left`);
  return plan;
}

function brokenOf({ from, version, need }: Demand, { project, present }: Premises): Broken {
  return {
    project: project.path,
    from: from === null ? null : `${from}@${version}`,
    requirement: writeNeed(need),
    found: present.get(need.name)?.version ?? null,
  };
}

/** What the plan reckons with of packages that no line pins. */
function unpinnedIn(final: Assignment, { present }: Premises): ReadonlyMap<string, string> {
  return new Map(
    [...final].flatMap(([name, version]) => (version === null || present.has(name) ? [] : [[name, version]])),
  );
}

/** What could not take part or was left out, each once. */
function skippedOf(book: Book): ProjectPlan["skipped"] {
  const { premises } = book;
  const project = premises.project.path;
  const reasons = new Map<string, string>(book.troubles);
  for (const [name, reason] of premises.complaints) if (!reasons.has(name)) reasons.set(name, reason);
  for (const name of premises.floats)
    reasons.set(name, "nothing pins or installs it, so the installer chooses its version");
  for (const { name, version } of premises.shadowed)
    reasons.set(
      name,
      `${version} is there beside ${premises.present.get(name)?.version ?? "another version"}`,
    );
  return [...reasons]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, reason]) => ({ project, package: name, reason }));
}
