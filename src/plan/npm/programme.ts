import { tiers } from "../../model/index.ts";
import type { Programme, Row, Stage } from "../solver/index.ts";
import type { Catalogue } from "./catalogue.ts";
import { costNames, distanceOf, type Choice } from "./choice.ts";
import type { Need } from "./need.ts";
import { OverrideRules } from "./override-rules.ts";
import type { Risk } from "./risk.ts";
import { pairOf, nameOf, versionOf, type Slot, type Tree } from "./tree.ts";
import { mayStand, type Override, type Universe, type UniverseRequest } from "./universe.ts";

type Term = readonly [column: number, factor: number];

/** A universe as a 0/1 programme, and the way back. */
export interface NpmProgramme {
  readonly programme: Programme;
  /** What each stage costs whatever is chosen (copies in immovable bundles). */
  readonly constants: readonly number[];
  decode(values: Uint8Array): Choice;
  /** The point of a choice made in another universe; absent where this one does not hold it. */
  encode(choice: Choice): Uint8Array | undefined;
}

/** Formulates: sets of (name, version); npm places them, so that nesting is free but for peers. */
export function formulate(request: UniverseRequest, universe: Universe): NpmProgramme {
  return new Formulation(request, universe).build();
}

class Formulation {
  private readonly tree: Tree;
  private readonly catalogue: Catalogue;
  private readonly risk: Risk;
  private readonly request: UniverseRequest;
  private readonly universe: Universe;
  private columns = 0;
  private readonly rows: Row[] = [];
  private readonly stages: [number, number][][] = costNames.map(() => []);
  private readonly constants: number[] = costNames.map(() => 0);
  private readonly x = new Map<string, number>();
  private readonly e = new Map<Slot, Map<string, number>>();
  private readonly o: { readonly override: Override; readonly column: number }[] = [];
  private readonly directs = new Map<string, Slot[]>();
  private readonly start: number[] = [];
  /** Columns that follow from others: on when `own` is (where given) and one of `any` is. */
  private readonly derived: {
    readonly column: number;
    readonly own?: number;
    readonly any: readonly number[];
  }[] = [];
  private readonly byName = new Map<string, { own: number; need: Need }[]>();
  private readonly serving = new Map<string, readonly number[]>();
  private readonly lifting = new Map<string, readonly number[]>();
  private readonly oByName = new Map<string, { readonly override: Override; readonly column: number }[]>();
  private readonly rules: OverrideRules;

  constructor(request: UniverseRequest, universe: Universe) {
    this.request = request;
    this.universe = universe;
    this.tree = request.tree;
    this.catalogue = request.catalogue;
    this.risk = request.risk;
    this.rules = new OverrideRules(request);
    for (const slot of request.tree.slots)
      this.directs.set(slot.name, [...(this.directs.get(slot.name) ?? []), slot]);
  }

  build(): NpmProgramme {
    for (const [name, versions] of this.universe.versions)
      for (const version of versions) {
        const pair = pairOf(name, version);
        this.x.set(pair, this.column(this.isToday(pair)));
      }
    for (const override of this.universe.overrides) {
      if (!this.x.has(pairOf(override.name, override.version))) continue;
      const entry = { override, column: this.column(false) };
      this.o.push(entry);
      this.oByName.set(override.name, [...(this.oByName.get(override.name) ?? []), entry]);
    }
    this.addSlots();
    this.addRoots();
    this.addWishes();
    for (const pair of this.x.keys()) this.addNeeds(pair);
    this.addOverrides();
    this.addFindings();
    this.addChanges();
    const stages: Stage[] = this.stages.map((terms, index) => ({ name: costNames[index] ?? "", terms }));
    const programme = { columns: this.columns, rows: this.rows, stages };
    const start = Uint8Array.from(this.start);
    return {
      programme: this.rows.every((row) => holds(row, start)) ? { ...programme, start } : programme,
      constants: this.constants,
      decode: (values) => this.decode(values),
      encode: (choice) => this.encode(choice),
    };
  }

  private column(start: boolean): number {
    this.start.push(start ? 1 : 0);
    return this.columns++;
  }

  /** A package may require itself: terms of one column are joined. */
  private row(row: Row): void {
    const sums = new Map<number, number>();
    for (const [column, factor] of row.terms) sums.set(column, (sums.get(column) ?? 0) + factor);
    this.rows.push({ ...row, terms: [...sums].filter(([, factor]) => factor !== 0) });
  }

  private isToday(pair: string): boolean {
    return this.tree.packages.get(pair)?.free === true;
  }

  private addSlots(): void {
    for (const slot of this.tree.slots) {
      if (!this.universe.model.has(slot.name)) continue;
      const choices = new Map<string, number>();
      for (const version of this.universe.versions.get(slot.name) ?? []) {
        if (!mayStand(this.request, slot, version)) continue;
        const column = this.column(version === slot.today);
        choices.set(version, column);
        const x = this.x.get(pairOf(slot.name, version));
        if (x !== undefined)
          this.row({
            terms: [
              [column, 1],
              [x, -1],
            ],
            max: 0,
          });
      }
      this.e.set(slot, choices);
      this.row({ terms: [...choices.values()].map((one): Term => [one, 1]), min: 1, max: 1 });
    }
  }

  private addRoots(): void {
    for (const pair of this.tree.roots) {
      const column = this.x.get(pair);
      if (column !== undefined) this.row({ terms: [[column, 1]], min: 1 });
    }
  }

  /** A direct dependency stands at the version asked for; of another package no other version stays. */
  private addWishes(): void {
    for (const [name, wish] of this.request.wishes ?? []) {
      const slots = this.directs.get(name) ?? [];
      for (const slot of slots) {
        const column = this.e.get(slot)?.get(wish);
        this.row({ terms: column === undefined ? [] : [[column, 1]], min: 1 });
      }
      if (slots.length > 0) continue;
      for (const version of this.universe.versions.get(name) ?? []) {
        const column = this.x.get(pairOf(name, version));
        if (column === undefined) continue;
        this.row({ terms: [[column, 1]], ...(version === wish ? { min: 1 } : { max: 0 }) });
      }
    }
  }

  private addNeeds(pair: string): void {
    const own = this.x.get(pair);
    if (own === undefined) return;
    for (const need of this.universe.residues.needs(nameOf(pair), versionOf(pair)) ?? []) {
      const servers = this.serversOf(pair, need);
      if (servers === "always") continue;
      const overrides = need.only === undefined && this.rules.mayTouch(need) ? this.overridesFor(need) : [];
      if (need.kind === "optional" && servers.length === 0 && overrides.length === 0) continue;
      const terms: Term[] = [[own, 1], ...servers.map((one): Term => [one, -1])];
      if (overrides.length > 0) {
        const b = this.column(false);
        terms.push([b, -1]);
        this.derived.push({ column: b, own, any: overrides });
        this.row({ terms: [[b, 1], ...overrides.map((one): Term => [one, -1])], max: 0 });
        this.stages[tiers.length]?.push([b, 1]);
        // An override is a key in the manifest: it takes every requirement it touches out of its range.
        for (const one of overrides)
          this.row({
            terms: [
              [own, 1],
              [one, 1],
              [b, -1],
            ],
            max: 1,
          });
      }
      this.row({ terms, max: 0 });
    }
  }

  /** The columns one of which must be there, or `always` where a constant serves. */
  private serversOf(pair: string, need: Need): readonly number[] | "always" {
    const { name } = need;
    const accepts = (version: string): boolean =>
      need.only === undefined ? this.catalogue.satisfies(version, need.range) : version === need.only;
    if (need.kind === "optional" && !this.universe.relevant.has(name)) return "always";
    if (need.kind === "peer") {
      const slots = this.peerSlots(pair, need);
      if (slots.length > 0) return this.slotServers(slots, accepts);
      if (need.optional && !this.isToday(pair)) return "always";
    }
    if (!this.universe.model.has(name) && (this.tree.versions.get(name) ?? []).some(accepts)) return "always";
    const key = `${name}|${need.only ?? ""}|${need.range}`;
    const known = this.serving.get(key);
    if (known !== undefined) return known;
    const columns = [...(this.universe.versions.get(name) ?? [])]
      .filter(accepts)
      .flatMap((version) => this.x.get(pairOf(name, version)) ?? []);
    this.serving.set(key, columns);
    return columns;
  }

  /** The direct dependencies that a peer requirement is about; none where today's tree serves it by another copy. */
  private peerSlots(pair: string, need: Need): readonly Slot[] {
    const slots = this.directs.get(need.name) ?? [];
    if (slots.length === 0) return slots;
    // A version that stays as it stands by its own edges; a new one as all of its name stand.
    const standing = this.isToday(pair)
      ? [pair]
      : (this.tree.versions.get(nameOf(pair)) ?? []).map((version) => pairOf(nameOf(pair), version));
    const served = standing.flatMap((one) =>
      (this.tree.packages.get(one)?.edges ?? []).filter(
        (edge) => edge.kind === "peer" && edge.name === need.name,
      ),
    );
    const elsewhere =
      served.length > 0 && served.every((edge) => slots.every((slot) => slot.today !== edge.to));
    return elsewhere ? [] : slots;
  }

  private slotServers(
    slots: readonly Slot[],
    accepts: (version: string) => boolean,
  ): readonly number[] | "always" {
    const columns: number[] = [];
    for (const slot of slots) {
      const choices = this.e.get(slot);
      if (choices === undefined) {
        if (accepts(slot.today)) return "always";
      } else for (const [version, column] of choices) if (accepts(version)) columns.push(column);
    }
    return columns;
  }

  /** Overrides that would take this requirement out of its range in a way that the policy allows. */
  private overridesFor(need: Need): readonly number[] {
    const key = `${need.name}|${need.range}`;
    const known = this.lifting.get(key);
    if (known !== undefined) return known;
    const columns = this.overridesOf(need.name).flatMap(({ override, column }) =>
      this.rules.isTouched(need, override) && this.rules.mayLift(need, override) ? [column] : [],
    );
    this.lifting.set(key, columns);
    return columns;
  }

  private overridesOf(name: string): readonly { readonly override: Override; readonly column: number }[] {
    return this.oByName.get(name) ?? [];
  }

  private addOverrides(): void {
    for (const { override, column } of this.o) {
      const x = this.x.get(pairOf(override.name, override.version));
      if (x !== undefined)
        this.row({
          terms: [
            [column, 1],
            [x, -1],
          ],
          max: 0,
        });
      this.stages[tiers.length + 3]?.push([column, 1]);
      for (const other of this.overridesOf(override.name))
        if (
          other.column < column &&
          other.override.version !== override.version &&
          (other.override.range === override.range ||
            this.catalogue.haveCommon(override.name, override.range, other.override.range))
        )
          this.row({
            terms: [
              [column, 1],
              [other.column, 1],
            ],
            max: 1,
          });
      this.forbidOutOfReach(override, column);
      this.forbidBesideDirect(override, column);
    }
  }

  private forbidBesideDirect(override: Override, column: number): void {
    for (const slot of this.directs.get(override.name) ?? [])
      for (const [version, chosen] of this.e.get(slot) ?? [])
        if (this.rules.isRefusedBeside(slot, version, override.range))
          this.row({
            terms: [
              [chosen, 1],
              [column, 1],
            ],
            max: 1,
          });
  }

  /** A requirement that the override would take somewhere it must not go excludes it. */
  private forbidOutOfReach(override: Override, column: number): void {
    for (const { own, need } of this.needsOn(override.name))
      if (this.rules.isOutOfReach(need, override))
        this.row({
          terms: [
            [own, 1],
            [column, 1],
          ],
          max: 1,
        });
  }

  /** Every requirement of the universe on a name. */
  private needsOn(name: string): readonly { readonly own: number; readonly need: Need }[] {
    if (this.byName.size === 0)
      for (const [pair, own] of this.x)
        for (const need of this.universe.residues.needs(nameOf(pair), versionOf(pair)) ?? []) {
          const list = this.byName.get(need.name);
          if (list === undefined) this.byName.set(need.name, [{ own, need }]);
          else list.push({ own, need });
        }
    return this.byName.get(name) ?? [];
  }

  private addFindings(): void {
    const counted = new Set<string>();
    for (const [owner, carried] of this.tree.carried)
      for (const pair of carried) {
        if (counted.has(pair) || this.risk.advisories(nameOf(pair), versionOf(pair)).length === 0) continue;
        counted.add(pair);
        this.countCarried(pair, this.tree.packages.get(pair)?.owners ?? [owner]);
      }
    for (const [pair, column] of this.x) if (!counted.has(pair)) this.count(pair, column);
  }

  /** A version counts once over its free copy and every bundle that holds one. */
  private countCarried(pair: string, owners: readonly string[]): void {
    const columns = [...owners, pair].map((one) => this.x.get(one));
    if (owners.some((owner) => !this.x.has(owner))) {
      this.risk.counts(nameOf(pair), versionOf(pair)).forEach((sum, tier) => {
        this.constants[tier] = (this.constants[tier] ?? 0) + sum;
      });
      return;
    }
    const any = this.column(true);
    this.derived.push({ column: any, any: columns.filter((one) => one !== undefined) });
    for (const one of columns)
      if (one !== undefined)
        this.row({
          terms: [
            [one, 1],
            [any, -1],
          ],
          max: 0,
        });
    this.count(pair, any);
  }

  private count(pair: string, column: number): void {
    this.risk.counts(nameOf(pair), versionOf(pair)).forEach((sum, tier) => {
      if (sum > 0) this.stages[tier]?.push([column, sum]);
    });
  }

  private addChanges(): void {
    const [runtime, development, fresh, distance] = this.stages.slice(tiers.length + 1);
    for (const [slot, choices] of this.e)
      for (const [version, column] of choices) {
        if (version === slot.today) continue;
        distance?.push([column, 1]);
        if (this.catalogue.order.level(slot.today, version) === "major")
          (slot.runtime ? runtime : development)?.push([column, 1]);
      }
    for (const [pair, column] of this.x) {
      if (this.isToday(pair)) continue;
      fresh?.push([column, 1]);
      const far = distanceOf(this.tree, this.catalogue, nameOf(pair), versionOf(pair));
      if (far > 0) distance?.push([column, far]);
    }
  }

  private decode(values: Uint8Array): Choice {
    const present = new Set<string>();
    for (const [pair, one] of this.tree.packages) if (one.free && !this.x.has(pair)) present.add(pair);
    for (const [pair, column] of this.x) if (values[column] === 1) present.add(pair);
    const slots = new Map<Slot, string>();
    for (const slot of this.tree.slots) {
      const chosen = [...(this.e.get(slot) ?? [])].find(([, column]) => values[column] === 1);
      slots.set(slot, chosen?.[0] ?? slot.today);
    }
    const overrides = this.o.filter(({ column }) => values[column] === 1).map(({ override }) => override);
    return { present, slots, overrides };
  }

  private encode(choice: Choice): Uint8Array | undefined {
    const values = new Uint8Array(this.columns);
    for (const [pair, column] of this.x) if (choice.present.has(pair)) values[column] = 1;
    for (const [slot, choices] of this.e) {
      const column = choices.get(choice.slots.get(slot) ?? slot.today);
      if (column !== undefined) values[column] = 1;
    }
    for (const { override, column } of this.o)
      if (
        choice.overrides.some(
          (one) =>
            one.name === override.name && one.range === override.range && one.version === override.version,
        )
      )
        values[column] = 1;
    for (const { column, own, any } of this.derived)
      if ((own === undefined || values[own] === 1) && any.some((one) => values[one] === 1))
        values[column] = 1;
    return this.rows.every((row) => holds(row, values)) ? values : undefined;
  }
}

function holds(row: Row, values: Uint8Array): boolean {
  let sum = 0;
  for (const [column, factor] of row.terms) sum += factor * (values[column] ?? 0);
  return sum >= (row.min ?? -Infinity) && sum <= (row.max ?? Infinity);
}
