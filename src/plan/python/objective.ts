import { tiers } from "../../model/index.ts";
import type { Assignment } from "./demands.ts";
import type { Book } from "./book.ts";

/** The parts of the cost, the most important first. */
export const costNames: readonly string[] = [
  ...tiers.map((tier) => `findings left, ${tier}`),
  "major moves of direct packages",
  // Without the latter it would pay to swap a set of packages for a differently named one instead of moving it.
  "major moves of other packages, and packages that appear",
  "packages changed",
  "distance",
];

/** Index of the first part after the findings. */
export const afterFindings = tiers.length;

/**
 * How many versions lie between; packages that appear are counted down from their newest version, and so are those that
 * no line pins, once they are not what the installer chooses today: it takes the newest that serves.
 */
export function distanceOf(book: Book, name: string, version: string): number {
  const candidates = book.candidates(name);
  if (candidates === undefined) return 0;
  const { present, start, versions } = candidates;
  const index = versions.indexOf(version);
  if (present === null && version === start) return 0;
  if (present === null && start !== null) return versions.length - index;
  return present === null ? versions.length - 1 - index : index - versions.indexOf(present);
}

/** Whether a version is a major move of a package that is there. */
export function isMajor(book: Book, name: string, version: string): boolean {
  const before = book.premises.present.get(name)?.version;
  return before !== undefined && version !== before && book.premises.order.level(before, version) === "major";
}

/** The part of the cost in which choosing a version counts as a breaking step, if it does. */
export function breakingStep(book: Book, name: string, version: string): number | undefined {
  if (book.premises.open.has(name)) return undefined;
  if (!book.premises.present.has(name)) return afterFindings + 1;
  if (!isMajor(book, name, version)) return undefined;
  return afterFindings + (book.heads().has(name) ? 0 : 1);
}

/** The cost of an assignment, in the order of `costNames`. */
export function costOf(book: Book, assignment: Assignment): readonly number[] {
  const cost = costNames.map(() => 0);
  const add = (index: number, amount: number): void => {
    cost[index] = (cost[index] ?? 0) + amount;
  };
  const { present, open } = book.premises;
  for (const name of new Set([...present.keys(), ...assignment.keys()])) {
    const version = assignment.get(name) ?? null;
    const before = present.get(name)?.version ?? open.get(name) ?? null;
    if (version !== null) book.risk.counts(name, version).forEach((count, tier) => { add(tier, count); }); // prettier-ignore
    if (version === before) continue;
    if (!open.has(name)) add(afterFindings + 2, 1);
    if (version === null) continue;
    const step = breakingStep(book, name, version);
    if (step !== undefined) add(step, 1);
    add(afterFindings + 3, distanceOf(book, name, version));
  }
  return cost;
}

/** Negative where the first cost is the better one. */
export function compareCosts(a: readonly number[], b: readonly number[]): number {
  for (const [index, value] of a.entries()) {
    const difference = value - (b[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
