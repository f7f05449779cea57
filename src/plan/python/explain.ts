import type { Hit, Upgrade } from "../../model/index.ts";
import { releaseOf, type Book } from "./book.ts";
import { violationsOf, type Assignment, type Demand, type NeedsOf, type Start } from "./demands.ts";
import { writeNeed } from "./need.ts";
import type { Move, Tie } from "./phases.ts";

export interface ExplainRequest {
  readonly book: Book;
  readonly start: Start;
  readonly final: Assignment;
  readonly moves: readonly Move[];
  readonly ties: readonly Tie[];
  readonly needsOf: NeedsOf;
}

/** A move as the plan shows it, with its reasons. */
export function explainMove(move: Move, request: ExplainRequest): Upgrade {
  const { book } = request;
  const { premises } = book;
  const { name, to } = move;
  const component = premises.present.get(name);
  const from = component === undefined ? null : move.from;
  const release = to === null ? undefined : releaseOf(book, name, to);
  const finding = new Map(
    premises.findings
      .filter((one) => one.package === name && one.version === from)
      .map((one) => [one.advisory, one.id]),
  );
  return {
    project: premises.project.path,
    ecosystem: "PyPI",
    package: name,
    from,
    to,
    via: component?.direct === true ? "manifest" : "lockfile",
    level: from === null || to === null ? "other" : premises.order.level(from, to),
    direct: component?.direct ?? false,
    fixes: move.clears.flatMap((hit) => finding.get(hit.advisory) ?? []),
    introduces: move.brings.map((hit) => `${hit.advisory} in ${name}@${to ?? ""}`),
    because: reasonsFor(move, request),
    ...(release === undefined || release.hashes.length === 0 ? {} : { hashes: release.hashes }),
  };
}

function reasonsFor(move: Move, request: ExplainRequest): readonly string[] {
  const { book } = request;
  const reasons: string[] = [];
  if (move.clears.length > 0) reasons.push(`It clears ${move.clears.map(wordsOf).join(", ")}.`);
  const undeclared = move.clears.filter((hit) => hit.fixedIn.length === 0);
  if (undeclared.length > 0)
    reasons.push(
      `No fix is declared for ${undeclared.map((hit) => hit.advisory).join(", ")}; ${move.to ?? "absence"} lies outside the versions named as affected.`,
    );
  reasons.push(...forcedBy(move, request));
  if (move.brings.length > 0) reasons.push(`It brings ${move.brings.map(wordsOf).join(", ")}.`);
  const lower = whyNotLower(move, request);
  if (lower !== undefined) reasons.push(lower);
  reasons.push(...whatChanges(move, book));
  const release = move.to === null ? undefined : releaseOf(book, move.name, move.to);
  const { cooldownDays } = book.premises.configuration.policy;
  if (cooldownDays > 0 && release !== undefined && release.publishedAt === undefined)
    reasons.push("The index does not say when it was released, so the cooldown could not be judged.");
  return reasons;
}

/** What a person should know of two releases: the time between them, interpreters, withdrawal. */
function whatChanges({ name, from, to }: Move, book: Book): readonly string[] {
  const old = from === null ? undefined : releaseOf(book, name, from);
  const now = to === null ? undefined : releaseOf(book, name, to);
  const words: string[] = [];
  if (old?.yanked !== undefined)
    words.push(`${old.version} was withdrawn${old.yanked === "" ? "" : `: ${old.yanked}`}.`);
  if (now?.deprecated !== undefined) words.push(`${now.version} is deprecated: ${now.deprecated}.`);
  if (old === undefined || now === undefined) return words;
  const [before, after] = [old.publishedAt, now.publishedAt].map((date) => Date.parse(date ?? ""));
  const days = Math.round(((after ?? Number.NaN) - (before ?? Number.NaN)) / 86_400_000);
  // An index that was filled later than its releases were made dates some of them the wrong way round.
  if (days >= 0) words.push(`${now.version} was released ${days} days after ${old.version}.`);
  if (now.requiresRuntime !== undefined && now.requiresRuntime !== old.requiresRuntime)
    words.push(
      `It needs Python ${now.requiresRuntime}, ${old.version} ${old.requiresRuntime ?? "names none"}.`,
    );
  return words;
}

const wordsOf = (hit: Hit): string => `${hit.advisory} (${hit.severity})`;

/** The requirements, one after the other, from a package with findings to one that has to move with it. */
function forcedBy(move: Move, { moves, ties }: ExplainRequest): readonly string[] {
  if (move.clears.length > 0) return [];
  if (move.to === null) return ["Nothing requires it any more."];
  const byName = new Map(moves.map((one) => [one.name, one]));
  const came = new Map<string, Tie | null>();
  const queue = moves.filter((one) => one.clears.length > 0).map((one) => one.name);
  for (const name of queue) came.set(name, null);
  for (let name = queue.shift(); name !== undefined; name = queue.shift())
    for (const tie of ties)
      if (tie.first === name && !came.has(tie.second)) {
        came.set(tie.second, tie);
        queue.push(tie.second);
      }
  const chain: string[] = [];
  for (let tie = came.get(move.name); tie !== undefined && tie !== null; tie = came.get(tie.first))
    chain.unshift(wordsOfTie(tie, byName.get(tie.first)));
  if (move.from !== null) return chain;
  // Of a newcomer those matter that ask for it, down from a package that was there; why that one moves it says itself.
  const asking: string[] = [];
  for (let tie = came.get(move.name); tie !== undefined && tie !== null; tie = came.get(tie.first)) {
    if (tie.demand.from !== tie.first) break;
    asking.unshift(wordsOfTie(tie, byName.get(tie.first)));
    if (byName.get(tie.first)?.from !== null) break;
  }
  return asking.length > 0 ? asking : chain;
}

function wordsOfTie({ first, demand }: Tie, other: Move | undefined): string {
  const requirement = wordsOfDemand(demand);
  if (demand.from === first) return `${requirement}.`;
  return `${requirement}, and ${first} moves to ${other?.to ?? "nothing"}.`;
}

/** `pyopenssl 24.2.1 requires cryptography<44` */
export function wordsOfDemand({ from, version, need }: Demand): string {
  return `${from === null ? "The project" : `${from} ${version}`} requires ${writeNeed(need)}`;
}

/** What is wrong with the highest release below the chosen one. */
function whyNotLower(move: Move, request: ExplainRequest): string | undefined {
  const { book, start, final, needsOf } = request;
  const { name, from, to } = move;
  const candidates = book.candidates(name);
  if (candidates === undefined || to === null || from === null) return undefined;
  const { order } = book.premises;
  const below = [...candidates.releases.keys()]
    .filter((one) => order.isValid(one) && order.compare(one, from) > 0 && order.compare(one, to) < 0)
    .filter((one) => !order.isPrerelease(one))
    .sort((a, b) => order.compare(b, a))[0];
  if (below === undefined) return `${to} is the next release after ${from}.`;
  const excluded = candidates.excluded.get(below);
  if (excluded !== undefined) return `Not ${below}: ${excluded.reason}.`;
  const kept = new Set(book.risk.counted(name, to).map((hit) => hit.advisory));
  const left = book.risk.counted(name, below).filter((hit) => !kept.has(hit.advisory));
  if (left.length > 0) return `Not ${below}: it still has ${left.map(wordsOf).join(", ")}.`;
  const broken = violationsOf(new Map(final).set(name, below), { needsOf, premises: book.premises, start });
  const [first] = broken;
  return first === undefined ? undefined : `Not ${below}: ${wordsOfDemand(first)}.`;
}
