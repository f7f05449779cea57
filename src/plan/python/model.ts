import { tiers, type Component } from "../../model/index.ts";
import type { Programme, Row, Stage, Term } from "../solver/index.ts";
import { seeds, type Book } from "./book.ts";
import { demandsOf, pairOf, type Assignment, type NeedsOf, type Start } from "./demands.ts";
import { writeNeed, type Need } from "./need.ts";
import { afterFindings, breakingStep, costNames, distanceOf, isMajor } from "./objective.ts";

/** A distance that no choice of read versions makes up for. */
const unreadPenalty = 100_000;

export interface ModelRequest {
  readonly book: Book;
  readonly start: Start;
  readonly admitted: ReadonlySet<string>;
  /** What a version is taken to require, read or not. */
  readonly needsOf: NeedsOf;
  /** Whether unread versions are chosen only where they would better more than the distance. */
  readonly penaliseUnread: boolean;
}

/** A 0/1 programme over the admitted packages, and the way back. */
export interface Model {
  readonly programme: Programme;
  /** What each row says, for people; `undefined` for rows of the model itself. */
  readonly words: readonly (string | undefined)[];
  /** Columns of a package's versions. */
  columnsOf(name: string): readonly Choice[];
  decode(values: Uint8Array): Assignment;
  /** The point of an assignment, or `undefined` where the model has no column for it. */
  encode(assignment: Assignment): Uint8Array | undefined;
}

/** Versions that nothing in the model tells apart, represented by the nearest. */
export interface Choice {
  readonly column: number;
  readonly version: string;
  readonly members: readonly string[];
}

/** Builds the programme: one version of each package, its requirements on admitted packages, the stages. */
export function buildModel(request: ModelRequest): Model {
  return new Builder(request).build();
}

class Builder {
  private readonly request: ModelRequest;
  private readonly book: Book;
  private readonly rows: Row[] = [];
  private readonly words: (string | undefined)[] = [];
  private readonly choices = new Map<string, readonly Choice[]>();
  private readonly extras = new Map<string, number>();
  private columns = 0;

  constructor(request: ModelRequest) {
    // The order of columns decides between equally good points: it must not hang on the order of the input.
    this.request = { ...request, admitted: new Set([...request.admitted].sort()) };
    this.book = request.book;
  }

  build(): Model {
    this.makeChoices();
    this.requireOfPackages();
    this.requireOfProject();
    const programme: Programme = { columns: this.columns, rows: this.rows, stages: this.stages() };
    return {
      programme,
      words: this.words,
      columnsOf: (name) => this.choices.get(name) ?? [],
      decode: (values) => this.decode(values),
      encode: (assignment) => this.encode(assignment),
    };
  }

  private row(row: Row, words?: string): void {
    this.rows.push(row);
    this.words.push(words);
  }

  private versionsOf(name: string): readonly string[] {
    return this.book.candidates(name)?.versions ?? [];
  }

  /** Requirements between admitted packages; those on others are looked at once a solution breaks them. */
  private needsWithin(name: string, version: string): readonly Need[] {
    const { admitted, needsOf } = this.request;
    return needsOf(name, version).filter(
      (need) => admitted.has(need.name) && !this.book.premises.floats.has(need.name),
    );
  }

  private makeChoices(): void {
    const ranges = this.rangesOn();
    for (const name of this.request.admitted) {
      const groups = new Map<string, string[]>();
      for (const version of this.orderedByNearness(name)) {
        const signature = this.signatureOf(name, version, ranges.get(name) ?? []);
        const group = groups.get(signature);
        if (group === undefined) groups.set(signature, [version]);
        else group.push(version);
      }
      const choices = [...groups.values()].map((members): Choice => ({
        column: this.columns++,
        version: members[0] ?? "",
        members,
      }));
      this.choices.set(name, choices);
      const terms = choices.map((choice): Term => [choice.column, 1]);
      const stays = this.book.premises.present.has(name) && !this.mayVanish(name);
      this.row({ terms, max: 1, ...(stays ? { min: 1 } : {}) });
    }
  }

  private orderedByNearness(name: string): readonly string[] {
    const versions = this.versionsOf(name);
    if (this.book.premises.present.has(name)) return versions;
    const start = this.book.candidates(name)?.start ?? null;
    return start === null
      ? versions.toReversed()
      : [start, ...versions.toReversed().filter((version) => version !== start)];
  }

  /** Only what is there for the sake of others may go: neither a line of the project nor of unknown use. */
  private mayVanish(name: string): boolean {
    return this.heldByOthers().has(name);
  }

  private held: ReadonlySet<string> | undefined;

  /**
   * What is present because something else that is present asks for it, followed from what stands by itself: packages
   * that only ask for each other are of unknown use and stay.
   */
  private heldByOthers(): ReadonlySet<string> {
    if (this.held !== undefined) return this.held;
    const { present } = this.book.premises;
    const demands = this.request.start.demands.all;
    const asked = new Set(demands.map((demand) => demand.need.name));
    const byLine = new Set(demands.flatMap(({ from, need }) => (from === null ? [need.name] : [])));
    const standsAlone = ({ name, direct, immovable }: Component): boolean =>
      direct || immovable !== undefined || seeds.has(name) || byLine.has(name) || !asked.has(name);
    const roots = new Set([...present.values()].filter(standsAlone).map((component) => component.name));
    // What no line pins is there for a reason too.
    const reached = new Set([
      ...roots,
      ...demands.flatMap(({ from }) => (from === null || present.has(from) ? [] : [from])),
    ]);
    for (const from of reached)
      for (const demand of demands)
        if (demand.from === from && present.has(demand.need.name)) reached.add(demand.need.name);
    this.held = new Set([...reached].filter((name) => !roots.has(name)));
    return this.held;
  }

  private signatureOf(name: string, version: string, ranges: readonly string[]): string {
    const { book } = this;
    const { premises } = book;
    return JSON.stringify([
      version === book.candidates(name)?.start,
      book.risk.counts(name, version),
      isMajor(book, name, version),
      book.needs(name, version) === undefined,
      this.needsWithin(name, version).map((need) => JSON.stringify(need)).sort(), // prettier-ignore
      ranges.map((range) => premises.fits(version, range)),
    ]);
  }

  private rangesOn(): ReadonlyMap<string, readonly string[]> {
    const ranges = new Map<string, Set<string>>();
    const add = ({ name, range }: Need): void => {
      const known = ranges.get(name);
      if (known === undefined) ranges.set(name, new Set([range]));
      else known.add(range);
    };
    for (const name of this.request.admitted)
      for (const version of this.versionsOf(name)) this.needsWithin(name, version).forEach(add);
    for (const line of this.book.premises.lines) if (this.request.admitted.has(line.name)) add(line);
    return new Map([...ranges].map(([name, set]) => [name, [...set].sort()]));
  }

  private extraColumn(name: string, extra: string): number {
    const key = `${name}[${extra}]`;
    let column = this.extras.get(key);
    if (column === undefined) this.extras.set(key, (column = this.columns++));
    return column;
  }

  private requireOfPackages(): void {
    for (const name of this.request.admitted) {
      const groups = new Map<string, { need: Need; choices: Choice[] }>();
      for (const choice of this.choices.get(name) ?? [])
        for (const need of this.needsWithin(name, choice.version)) {
          const key = JSON.stringify(need);
          const group = groups.get(key);
          if (group === undefined) groups.set(key, { need, choices: [choice] });
          else group.choices.push(choice);
        }
      for (const { need, choices } of groups.values()) this.require(name, need, choices);
    }
  }

  /** Where any of these versions of `name` is chosen (and the extra is on), one that serves must be chosen. */
  private require(name: string, need: Need, choices: readonly Choice[]): void {
    const terms = choices.map((choice): Term => [choice.column, 1]);
    if (need.under !== null) terms.push([this.extraColumn(name, need.under), 1]);
    const slack = need.under === null ? 0 : 1;
    const words = `${name} ${spanOf(choices)} requires ${writeNeed(need)}${this.stuckWords(need)}`;
    this.serve(name, need, { terms, slack, words });
    for (const extra of need.extras)
      this.row({ terms: [...terms, [this.extraColumn(need.name, extra), -1]], max: slack }, words);
  }

  /** Says of a requirement whose package cannot go anywhere that it stays as it is. */
  private stuckWords(need: Need): string {
    const versions = (this.choices.get(need.name) ?? []).flatMap((choice) => choice.members);
    const [only] = versions;
    return versions.length === 1 && only !== undefined && !this.book.premises.fits(only, need.range)
      ? `, and ${need.name} stays at ${only}`
      : "";
  }

  private requireOfProject(): void {
    for (const need of this.book.premises.lines) {
      if (!this.request.admitted.has(need.name)) continue;
      this.serve(null, need, { terms: [], slack: -1, words: `the project requires ${writeNeed(need)}` });
      for (const extra of need.extras) this.row({ terms: [[this.extraColumn(need.name, extra), 1]], min: 1 });
    }
  }

  private serve(
    from: string | null,
    need: Need,
    left: { terms: readonly Term[]; slack: number; words: string },
  ): void {
    const { premises } = this.book;
    const factors = new Map<number, number>();
    const add = (column: number, factor: number): void => {
      factors.set(column, (factors.get(column) ?? 0) + factor);
    };
    for (const [column, factor] of left.terms) add(column, factor);
    const choices = this.choices.get(need.name) ?? [];
    for (const choice of choices) if (premises.fits(choice.version, need.range)) add(choice.column, -1);
    let max = left.slack;
    if (this.request.start.brokenPairs.has(pairOf(from, need.name))) {
      const before = this.request.start.assignment.get(need.name) ?? null;
      if (before === null) {
        max++;
        for (const choice of choices) add(choice.column, 1);
      } else {
        const asItWas = choices.find((choice) => choice.version === before);
        if (asItWas !== undefined && !premises.fits(before, need.range)) add(asItWas.column, -1);
      }
    }
    const terms = [...factors].filter(([, factor]) => factor !== 0);
    const most = terms.reduce((sum, [, factor]) => sum + Math.max(0, factor), 0);
    const isServedByAll =
      premises.present.has(need.name) &&
      !this.mayVanish(need.name) &&
      choices.every((choice) => premises.fits(choice.version, need.range));
    if (most > max && !isServedByAll) this.row({ terms, max }, left.words);
  }

  private stages(): readonly Stage[] {
    const parts: Term[][] = costNames.map(() => []);
    const push = (index: number, column: number, factor: number): void => {
      if (factor !== 0) parts[index]?.push([column, factor]);
    };
    const { book } = this;
    for (const [name, choices] of this.choices) {
      const before = book.premises.present.get(name)?.version;
      for (const { column, version } of choices) {
        tiers.forEach((_, tier) => {
          push(tier, column, book.risk.counts(name, version)[tier] ?? 0);
        });
        const step = breakingStep(book, name, version);
        if (step !== undefined) push(step, column, 1);
        const isOpen = book.premises.open.has(name);
        if (before === undefined && !isOpen) push(afterFindings + 2, column, 1);
        else if (version === before) push(afterFindings + 2, column, -1);
        const isUnread = this.request.penaliseUnread && book.needs(name, version) === undefined;
        push(afterFindings + 3, column, distanceOf(book, name, version) + (isUnread ? unreadPenalty : 0));
      }
    }
    return costNames.map((name, index) => ({ name, terms: parts[index] ?? [] }));
  }

  private decode(values: Uint8Array): Assignment {
    const assignment = new Map(this.request.start.assignment);
    for (const [name, choices] of this.choices) {
      const chosen = choices.find((choice) => values[choice.column] === 1);
      assignment.set(name, chosen?.version ?? null);
    }
    return assignment;
  }

  private encode(assignment: Assignment): Uint8Array | undefined {
    const values = new Uint8Array(this.columns);
    for (const [name, choices] of this.choices) {
      const version = assignment.get(name) ?? null;
      if (version === null) continue;
      const choice = choices.find((one) => one.members.includes(version));
      if (choice === undefined) return undefined;
      values[choice.column] = 1;
    }
    const { extras } = demandsOf(assignment, this.request.needsOf, this.book.premises);
    for (const [name, active] of extras)
      for (const extra of active) {
        const column = this.extras.get(`${name}[${extra}]`);
        if (column !== undefined) values[column] = 1;
      }
    return values;
  }
}

/** `1.2`, or `1.2 to 1.9` for a run of versions. */
function spanOf(choices: readonly Choice[]): string {
  const versions = choices.flatMap((choice) => choice.members);
  const [first = ""] = versions;
  const last = versions.at(-1) ?? first;
  return first === last ? first : `${first} to ${last}`;
}
