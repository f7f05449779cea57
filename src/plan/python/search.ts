import { Failure } from "../../model/index.ts";
import { checkPoint, solve, valueOf, type Solution } from "../solver/index.ts";
import type { PlanProgress } from "../request.ts";
import type { Book } from "./book.ts";
import {
  demandsOf,
  violationsOf,
  type Assignment,
  type Demand,
  type NeedsOf,
  type Start,
} from "./demands.ts";
import { buildModel, type Model } from "./model.ts";
import type { Need } from "./need.ts";
import { afterFindings, compareCosts, costOf } from "./objective.ts";

/** What the search found. */
export interface Found {
  readonly assignment: Assignment;
  readonly cost: readonly number[];
  /** By part of the cost: no assignment is better. */
  readonly proven: readonly boolean[];
  /** A cost that nothing goes below, part by part. */
  readonly bound: readonly number[];
  readonly admitted: ReadonlySet<string>;
}

export interface SearchRequest {
  readonly book: Book;
  readonly start: Start;
  /** `performance.now()` at which to stop. */
  readonly until: number;
  readonly progress?: ReturnType<PlanProgress["step"]>;
}

/** Most cuts made at once into the versions not read below a chosen one. */
const cuts = 3;
/** How much more is read of a package each time that an unread version of it is chosen. */
const batchGrowth = 6;

/**
 * Guesses with the requirements of neighbouring versions where they are not read yet, then proves by relaxation: a
 * version not read is taken to require nothing, so the optimum is no worse than the truth.
 */
export async function search(request: SearchRequest): Promise<Found> {
  return new Searcher(request).search();
}

class Searcher {
  private readonly request: SearchRequest;
  private readonly book: Book;
  private readonly start: Start;
  private readonly admitted = new Set<string>();
  private readonly returns = new Map<string, number>();
  private best: Assignment;
  private bestCost: readonly number[];
  /** Lower bounds on the parts of the cost but the distance, from the relaxation. */
  private floors: readonly number[] = [];
  private last: { assignment: Assignment; solution: Solution } | undefined;

  constructor(request: SearchRequest) {
    this.request = request;
    this.book = request.book;
    this.start = request.start;
    this.best = request.start.assignment;
    this.bestCost = costOf(this.book, this.best);
  }

  async search(): Promise<Found> {
    const { present } = this.book.premises;
    await this.admit(
      [...present].filter(([name, one]) => this.book.risk.counted(name, one.version).length > 0).map(([name]) => name), // prettier-ignore
    );
    const guessed = await this.guess();
    let proven = guessed && (await this.prove(true));
    const parts = this.bestCost.map(() => false);
    if (proven) {
      parts.fill(true, 0, parts.length - 1);
      proven = await this.prove(false);
      parts[parts.length - 1] = proven;
    }
    const bound =
      this.last === undefined ? this.bestCost.map(() => 0) : costOf(this.book, this.last.assignment);
    return {
      assignment: this.best,
      cost: this.bestCost,
      proven: parts,
      bound: proven ? this.bestCost : bound,
      admitted: this.admitted,
    };
  }

  /** Whether it came to an end in time. */
  private async guess(): Promise<boolean> {
    for (;;) {
      const assignment = await this.round(
        "guessing",
        (name, version) => this.guessNeeds(name, version),
        false,
      );
      if (assignment === undefined) return false;
      const unread = this.unreadIn(assignment);
      if (unread.length > 0) {
        await this.book.read(unread);
        continue;
      }
      if (await this.admitBroken(assignment, (name, version) => this.guessNeeds(name, version))) continue;
      this.keep(assignment);
      const gaps = [...assignment].flatMap(([name, version]) => this.cutsBelow(name, version));
      if (gaps.length === 0) return true;
      await this.book.read(gaps);
    }
  }

  /** Whether nothing is left that could be better; with the penalty, but for the distance. */
  private async prove(penaliseUnread: boolean): Promise<boolean> {
    for (;;) {
      const assignment = await this.round(
        "proving",
        (name, version) => this.readNeeds(name, version),
        penaliseUnread,
      );
      if (assignment === undefined) return false;
      if (this.last?.solution.state === "optimal") this.floors = costOf(this.book, assignment).slice(0, -1);
      const unread = this.unreadIn(assignment);
      if (unread.length > 0) {
        await this.book.read(unread.flatMap(([name, version]) => this.batchAround(name, version)));
        continue;
      }
      if (await this.admitBroken(assignment, (name, version) => this.readNeeds(name, version))) continue;
      this.keep(assignment);
      return this.last?.solution.state === "optimal";
    }
  }

  /** One solve over what is admitted; `undefined` when time is up or the solver found nothing. */
  private async round(
    what: string,
    needsOf: NeedsOf,
    penaliseUnread: boolean,
  ): Promise<Assignment | undefined> {
    const timeLimitMs = this.request.until - performance.now();
    if (timeLimitMs <= 0) return undefined;
    const model = this.modelFor(needsOf, penaliseUnread);
    const { signal } = this.book.premises.request;
    const solution = await solve(
      { ...model.programme, ...this.startingPoint(model) },
      { timeLimitMs, ...(signal === undefined ? {} : { signal }) },
    );
    if (solution.state === "infeasible" || solution.state === "unknown") return undefined;
    const assignment = model.decode(solution.values);
    this.last = { assignment, solution };
    this.tell(what, assignment);
    return assignment;
  }

  private modelFor(needsOf: NeedsOf, penaliseUnread: boolean): Model {
    return buildModel({
      book: this.book,
      start: this.start,
      admitted: this.admitted,
      needsOf,
      penaliseUnread,
    });
  }

  /**
   * The best assignment known that the model can express (what stays as it is always can be), and what the last round
   * of the proof says that nothing goes below: reading and admitting more never makes a relaxation's optimum smaller.
   */
  private startingPoint(model: Model): { start?: Uint8Array; floors?: readonly number[] } {
    const { columns, rows, stages } = model.programme;
    for (const assignment of [this.best, this.start.assignment]) {
      const start = model.encode(assignment);
      if (start === undefined || !checkPoint(columns, rows, start)) continue;
      const cost = costOf(this.book, assignment);
      const floors = this.floors.map((floor, index) => {
        const here = valueOf(stages[index]?.terms ?? [], start);
        // The stages leave out what is the same for every assignment of the model.
        return here + floor - (cost[index] ?? 0);
      });
      return { start, floors };
    }
    return {};
  }

  private tell(what: string, assignment: Assignment): void {
    const left = costOf(this.book, assignment)
      .slice(0, afterFindings)
      .reduce((sum, count) => sum + count, 0);
    this.request.progress?.update(
      `metadata read ${this.book.reads}, packages admitted ${this.admitted.size}, left ${left}, ${what} …`,
    );
  }

  private readNeeds(name: string, version: string): readonly Need[] {
    return this.book.needs(name, version) ?? [];
  }

  /** What a version not read is taken to require: what the nearest read one below it does, else the nearest above. */
  private guessNeeds(name: string, version: string): readonly Need[] {
    const known = this.book.needs(name, version);
    if (known !== undefined) return known;
    const versions = this.book.candidates(name)?.versions ?? [];
    const index = versions.indexOf(version);
    for (let below = index - 1; below >= 0; below--) {
      const needs = this.book.needs(name, versions[below] ?? "");
      if (needs !== undefined) return needs;
    }
    for (let above = index + 1; above < versions.length; above++) {
      const needs = this.book.needs(name, versions[above] ?? "");
      if (needs !== undefined) return needs;
    }
    return [];
  }

  private unreadIn(assignment: Assignment): [string, string][] {
    return [...assignment].flatMap(([name, version]): [string, string][] =>
      version !== null && this.book.needs(name, version) === undefined ? [[name, version]] : [],
    );
  }

  /** Keeps an assignment that breaks nothing, where it is better than what is known. */
  private keep(assignment: Assignment): void {
    const cost = costOf(this.book, assignment);
    // What a version counts can change while more is read: versions whose requirements nobody can tell drop out.
    this.bestCost = costOf(this.book, this.best);
    if (compareCosts(cost, this.bestCost) >= 0) return;
    this.best = assignment;
    this.bestCost = cost;
  }

  /** Admits both ends of what is broken; `false` when nothing is. */
  private async admitBroken(assignment: Assignment, needsOf: NeedsOf): Promise<boolean> {
    const context = { needsOf, premises: this.book.premises, start: this.start };
    const broken = violationsOf(assignment, context);
    if (broken.length === 0) return false;
    const { all } = demandsOf(assignment, needsOf, this.book.premises);
    const ends = new Set(broken.flatMap((demand) => [...endsOf(demand, all)]));
    if ([...ends].every((name) => this.admitted.has(name)))
      throw new Failure("internal", `the model of ${[...ends].join(", ")} does not hold what they require`);
    await this.admit([...ends]);
    return true;
  }

  private async admit(names: readonly string[]): Promise<void> {
    const fresh = names.filter((name) => !this.admitted.has(name)).sort();
    await this.book.admit(fresh);
    for (const name of fresh) this.admitted.add(name);
    await this.book.read(fresh.flatMap((name) => this.firstReads(name)));
  }

  /** The newest version, and the nearest of each set of findings. */
  private firstReads(name: string): [string, string][] {
    const versions = this.book.candidates(name)?.versions ?? [];
    const nearest = new Map<string, string>();
    for (const version of versions) {
      const key = this.book.risk.counts(name, version).join();
      if (!nearest.has(key)) nearest.set(key, version);
    }
    const isNew = !this.book.premises.present.has(name);
    const start = this.book.candidates(name)?.start ?? null;
    const wanted = [
      ...(isNew ? [] : nearest.values()),
      ...(start === null ? [] : [start]),
      ...versions.slice(-1),
    ];
    return wanted.map((version) => [name, version]);
  }

  /** Versions that halve the unread ones just below a chosen one, again and again. */
  private cutsBelow(name: string, chosen: string | null): [string, string][] {
    const candidates = this.book.candidates(name);
    if (candidates === undefined || chosen === null || chosen === candidates.start) return [];
    // Packages that appear take their newest version that serves: there the gap lies above.
    const line = candidates.present === null ? candidates.versions.toReversed() : candidates.versions;
    const high = line.indexOf(chosen);
    let low = high - 1;
    while (low >= 0 && this.book.needs(name, line[low] ?? "") === undefined) low--;
    const gap = line.slice(low + 1, high);
    const chosenCuts = new Set<string>();
    for (let cut = 1; cut <= cuts; cut++) {
      const version = gap[Math.floor((gap.length * cut) / (cuts + 1))];
      if (version !== undefined) chosenCuts.add(version);
    }
    return [...chosenCuts].map((version) => [name, version]);
  }

  /** An unread version that was chosen with more of its neighbours each time that the package comes back. */
  private batchAround(name: string, version: string): [string, string][] {
    const times = this.returns.get(name) ?? 0;
    this.returns.set(name, times + 1);
    const size = batchGrowth ** Math.min(times, 4);
    const versions = this.book.candidates(name)?.versions ?? [];
    const center = versions.indexOf(version);
    return versions
      .map((one, index) => ({ one, away: Math.abs(index - center) }))
      .filter(({ one }) => this.book.needs(name, one) === undefined)
      .sort((a, b) => a.away - b.away)
      .slice(0, size)
      .map(({ one }) => [name, one]);
  }
}

/** The packages of a broken requirement: both ends, and whoever turned on the extras that it stands under. */
function endsOf(broken: Demand, all: readonly Demand[]): ReadonlySet<string> {
  const ends = new Set([broken.need.name]);
  const seen = new Set<Demand>();
  const queue = [broken];
  for (let demand = queue.pop(); demand !== undefined; demand = queue.pop()) {
    if (seen.has(demand) || demand.from === null) continue;
    seen.add(demand);
    ends.add(demand.from);
    const { from, need } = demand;
    if (need.under !== null)
      queue.push(
        ...all.filter((one) => one.need.name === from && one.need.extras.includes(need.under ?? "")),
      );
  }
  return ends;
}
