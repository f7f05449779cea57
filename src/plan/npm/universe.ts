import type { Policy, Profile } from "../../model/index.ts";
import type { Catalogue } from "./catalogue.ts";
import type { Need } from "./need.ts";
import { compareResidues, makeResidues, type Residue, type Residues } from "./residue.ts";
import type { Risk } from "./risk.ts";
import { addTo, type Slot, type Tree } from "./tree.ts";

/** An override that may be written: requirements `name@range` are served by `version`. */
export interface Override {
  readonly name: string;
  readonly range: string;
  readonly version: string;
}

/** The versions that the programme chooses from. */
export interface Universe {
  /** Names whose versions of today may leave; of every other name today's versions are constants. */
  readonly model: ReadonlySet<string>;
  /** Admitted versions by name, today's of the model included. */
  readonly versions: ReadonlyMap<string, ReadonlySet<string>>;
  readonly overrides: readonly Override[];
  /** `false` where a bound on growth was met. */
  readonly complete: boolean;
  /** Growth was stopped for lack of time: what is admitted rests on metadata not read. */
  readonly unfinished?: boolean;
  /** Names that today's findings hang on. */
  readonly relevant: ReadonlySet<string>;
  readonly residues: Residues;
}

export interface UniverseRequest {
  readonly tree: Tree;
  readonly catalogue: Catalogue;
  readonly risk: Risk;
  readonly profile: Profile;
  readonly policy: Policy;
  /**
   * `near`: of each range the lowest version and each better one up to the first clean; `wide`: one version of every
   * group that findings and requirements tell apart.
   */
  readonly reach: "near" | "wide";
}

/** Bounds on growth: versions admitted because a peer range refused a move, by name; and all in all. */
const mostByPeers = 6;
/** How many releases above a range are looked at for an override, nearest first, beside the better ones. */
const mostAbove = 4;
/** How many releases of a package new to the tree are looked at in one range, newest first. */
const mostOfNewcomers = 12;
const mostVersions = 9000;

/** Names with findings that count and all their ancestors. */
export function relevantNames(tree: Tree, risk: Risk): Set<string> {
  const names = new Set<string>();
  for (const one of tree.packages.values())
    if (risk.advisories(one.name, one.version).length > 0) names.add(one.name);
  for (const name of names) for (const dependent of tree.dependents.get(name) ?? []) names.add(dependent);
  return names;
}

/** Whether the profile lets a direct dependency stand at a version. */
export function mayStand(request: UniverseRequest, slot: Slot, version: string): boolean {
  if (version === slot.today) return true;
  const { order } = request.catalogue;
  if (slot.may === "fixed" || order.compare(version, slot.today) < 0) return false;
  const inRange = request.catalogue.satisfies(version, slot.range);
  if (slot.may === "range" && !inRange) return false;
  if (order.level(slot.today, version) !== "major") return true;
  return request.profile === "full" && request.policy.allowMajor;
}

/** Grows the universe from the findings; looks that the catalogue could not answer are noted there. */
export function growUniverse(request: UniverseRequest): Universe {
  return new Growth(request).run();
}

class Growth {
  private readonly request: UniverseRequest;
  private readonly model = new Set<string>();
  private readonly versions = new Map<string, Set<string>>();
  private readonly overrides = new Map<string, Override>();
  private readonly queue: (readonly [string, string])[] = [];
  private readonly met = new Set<string>();
  private readonly slots = new Map<string, Slot[]>();
  private readonly byPeers = new Map<string, number>();
  private readonly measures: readonly Residues[];
  private readonly relevant: ReadonlySet<string>;
  private readonly overridable: boolean;
  private count = 0;
  private complete = true;

  constructor(request: UniverseRequest) {
    this.request = request;
    const { tree, catalogue, risk } = request;
    this.relevant = relevantNames(tree, risk);
    this.overridable = request.profile === "full" && request.policy.allowOverrides !== "none";
    const base = { tree, catalogue, risk, relevant: this.relevant };
    const plain = makeResidues({ ...base, overrides: false });
    this.measures = this.overridable ? [plain, makeResidues({ ...base, overrides: true })] : [plain];
    for (const slot of tree.slots) this.slots.set(slot.name, [...(this.slots.get(slot.name) ?? []), slot]);
  }

  run(): Universe {
    for (const name of this.relevant) this.join(name);
    do
      for (let next = this.queue.pop(); next !== undefined; next = this.queue.pop())
        for (const need of this.plain.needs(...next) ?? []) this.meet(need);
    while (this.yieldToPeers());
    return {
      model: this.model,
      versions: this.versions,
      overrides: [...this.overrides.values()],
      complete: this.complete,
      relevant: this.relevant,
      residues: this.plain,
    };
  }

  private get plain(): Residues {
    const [first] = this.measures;
    if (first === undefined) throw new TypeError("no measure");
    return first;
  }

  /** Today's versions of a name become variables, and with them everything that requires it. */
  private join(name: string): void {
    const stack = [name];
    for (let one = stack.pop(); one !== undefined; one = stack.pop()) {
      if (this.model.has(one)) continue;
      this.model.add(one);
      for (const version of this.request.tree.versions.get(one) ?? []) this.admit(one, version);
      for (const slot of this.slots.get(one) ?? []) this.admitFor(slot);
      for (const dependent of this.request.tree.dependents.get(one) ?? []) stack.push(dependent);
    }
  }

  private admit(name: string, version: string): void {
    const known = this.versions.get(name);
    if (known?.has(version) === true) return;
    if (this.count >= mostVersions) {
      this.complete = false;
      return;
    }
    if (this.plain.needs(name, version) === null) return;
    this.count++;
    addTo(this.versions, name, version);
    this.queue.push([name, version]);
  }

  private residues(name: string, version: string): readonly Residue[] {
    return this.measures.map((measure) => measure.of(name, version));
  }

  private isClean(name: string, version: string): boolean {
    return this.plain.of(name, version).size === 0;
  }

  private isStuck(name: string): boolean {
    return (this.request.tree.versions.get(name) ?? []).some((version) => !this.isClean(name, version));
  }

  /** Near: only what has something wrong that nothing beneath it mends. Wide: all that findings hang on. */
  private mayMove(name: string): boolean {
    return this.relevant.has(name) && (this.request.reach === "wide" || this.isStuck(name));
  }

  private isPlannable(name: string, version: string): boolean {
    return this.plain.needs(name, version) !== null;
  }

  /** Of versions in ascending order: the first, then each one better than all before, up to the first clean one. */
  private improvements(name: string, versions: readonly string[], from?: string): string[] {
    const least: (Residue | undefined)[] = this.measures.map(() => undefined);
    const chosen: string[] = [];
    const take = (version: string): boolean => {
      let better = false;
      this.residues(name, version).forEach((residue, index) => {
        const before = least[index];
        if (before !== undefined && compareResidues(residue, before) >= 0) return;
        least[index] = residue;
        better = true;
      });
      return better;
    };
    if (from !== undefined) take(from);
    for (const version of versions) {
      if (least[0]?.size === 0) break;
      if (this.isPlannable(name, version) && take(version)) chosen.push(version);
    }
    return chosen;
  }

  /** One version, the nearest, of each group that findings and requirements tell apart. */
  private groups(name: string, versions: readonly string[]): string[] {
    const seen = new Set<string>();
    const chosen: string[] = [];
    for (const version of versions) {
      const needs = this.plain.needs(name, version);
      if (needs === null) continue;
      const mark = JSON.stringify([
        this.request.risk.advisories(name, version),
        (needs ?? []).map((need) => [need.name, need.range, need.kind, need.optional]),
      ]);
      if (seen.has(mark)) continue;
      seen.add(mark);
      chosen.push(version);
    }
    return chosen;
  }

  private pick(name: string, versions: readonly string[], from?: string): string[] {
    const near = this.improvements(name, versions, from);
    return this.request.reach === "near" ? near : [...new Set([...near, ...this.groups(name, versions)])];
  }

  /** Where a direct dependency may go. */
  private admitFor(slot: Slot): void {
    const { name, today } = slot;
    if (slot.may === "fixed" || !this.mayMove(name)) return;
    const usable = this.request.catalogue.usable(name) ?? [];
    this.request.catalogue.expect(name, this.newer(name, usable));
    const allowed = usable.filter((one) => one !== today && mayStand(this.request, slot, one));
    const { order } = this.request.catalogue;
    const same = allowed.filter((one) => order.level(today, one) !== "major");
    for (const version of this.pick(name, same, today)) this.admit(name, version);
    if (this.request.reach === "near" && [today, ...same].some((one) => this.isClean(name, one))) return;
    const others = allowed.filter((one) => order.level(today, one) === "major");
    let line: string | undefined;
    for (const version of others) {
      if (line === undefined || order.level(line, version) === "major") this.admit(name, version);
      line = version;
    }
    for (const version of this.pick(name, others, today)) this.admit(name, version);
  }

  private newer(name: string, usable: readonly string[]): string[] {
    const lowest = this.request.tree.versions.get(name)?.[0];
    const { order } = this.request.catalogue;
    return lowest === undefined ? [] : usable.filter((one) => order.compare(one, lowest) > 0);
  }

  /** Lets into the universe what may serve a requirement of something in it. */
  private meet(need: Need): void {
    const { tree, catalogue } = this.request;
    const mark = `${need.name}|${need.only ?? ""}|${need.range}|${need.kind}|${need.optional}`;
    if (this.met.has(mark)) return;
    this.met.add(mark);
    if (need.only !== undefined) return;
    if (need.kind === "optional" && !this.relevant.has(need.name)) return;
    const direct = need.kind === "peer" ? (this.slots.get(need.name) ?? []) : [];
    if (need.optional && direct.length === 0) return;
    if (!tree.versions.has(need.name)) {
      this.welcome(need);
      return;
    }
    const served = (tree.versions.get(need.name) ?? []).filter((one) => catalogue.satisfies(one, need.range));
    const directServed = direct.every((slot) => catalogue.satisfies(slot.today, need.range));
    if (this.mayMove(need.name)) this.move(need, served);
    else if (served.length === 0 && direct.length === 0) this.welcome(need);
    if (!directServed) {
      this.join(need.name);
      const usable = catalogue.usable(need.name) ?? [];
      for (const slot of direct) {
        const fitting = usable.filter(
          (one) => catalogue.satisfies(one, need.range) && mayStand(this.request, slot, one),
        );
        const first = fitting.find((one) => this.isPlannable(need.name, one));
        if (first !== undefined) this.admit(need.name, first);
        for (const one of this.pick(need.name, fitting)) this.admit(need.name, one);
      }
    }
  }

  /** A package that the tree lacks, or lacks in this range: the newest, and better ones below it. */
  private welcome(need: Need): void {
    const { catalogue } = this.request;
    const within = catalogue.within(need.name, need.range);
    const newestFirst = within.toReversed();
    const top = newestFirst.find((one) => this.isPlannable(need.name, one));
    if (top === undefined) return;
    for (const one of this.improvements(need.name, newestFirst)) this.admit(need.name, one);
    if (this.request.reach === "wide")
      for (const one of this.groups(need.name, newestFirst.slice(0, mostOfNewcomers)))
        this.admit(need.name, one);
    this.admitOverrides(need, within);
  }

  /** A package of the tree that something is wrong with, or with all that it can bring. */
  private move(need: Need, served: readonly string[]): void {
    const { catalogue } = this.request;
    const { name, range } = need;
    const usable = catalogue.usable(name) ?? [];
    catalogue.expect(name, this.newer(name, usable));
    const within = catalogue.within(name, range);
    const start = served[0];
    const ahead =
      start === undefined ? within : within.filter((one) => catalogue.order.compare(one, start) > 0);
    if (start === undefined && need.kind !== "peer") {
      const lowest = this.request.tree.versions.get(name)?.[0];
      const newer = within.filter((one) => lowest === undefined || catalogue.order.compare(one, lowest) >= 0);
      const top = within.at(-1);
      if (newer.length === 0 && top !== undefined) this.admit(name, top);
      for (const one of this.pick(name, newer)) this.admit(name, one);
    } else for (const one of this.pick(name, ahead, start)) this.admit(name, one);
    this.admitOverrides(need, within);
  }

  /** The lowest clean version of the same major above a range that holds no clean one. */
  private admitOverrides(need: Need, within: readonly string[]): void {
    const { catalogue, policy, tree } = this.request;
    if (!this.overridable || need.kind === "peer") return;
    if (tree.versions.has(need.name) && !this.relevant.has(need.name)) return;
    const { name, range } = need;
    const inside = [...(tree.versions.get(name) ?? []), ...within].filter((one) =>
      catalogue.satisfies(one, range),
    );
    if (this.request.reach === "near" && inside.some((one) => this.isClean(name, one))) return;
    const top = inside.sort((a, b) => catalogue.order.compare(a, b)).at(-1);
    if (top === undefined || this.touchesDirect(need)) return;
    const above = (catalogue.usable(name) ?? []).filter(
      (one) =>
        catalogue.order.compare(one, top) > 0 &&
        (policy.allowOverrides === "any" || catalogue.order.level(top, one) !== "major"),
    );
    const near = this.improvements(name, above, top);
    const more = this.request.reach === "near" ? [] : this.groups(name, above.slice(0, mostAbove));
    for (const version of new Set([...near, ...more])) {
      this.admit(name, version);
      this.overrides.set(`${name}|${range}|${version}`, { name, range, version });
    }
  }

  /** npm refuses an override of a direct dependency that is not the manifest's own specifier (EOVERRIDE). */
  private touchesDirect(need: Need): boolean {
    const slots = this.slots.get(need.name) ?? [];
    const listed = this.request.catalogue.listed(need.name) ?? [];
    return slots.some(
      (slot) =>
        slot.may === "fixed" ||
        listed.some(
          (one) =>
            this.request.catalogue.satisfies(one, slot.range) &&
            this.request.catalogue.satisfies(one, need.range),
        ),
    );
  }

  /** A move of a direct dependency that a dependent's peer range refuses brings that dependent's lowest accepting version. */
  private yieldToPeers(): boolean {
    const { tree, catalogue } = this.request;
    const before = this.count;
    for (const [name, versions] of [...this.versions]) {
      if (!tree.versions.has(name) || (this.byPeers.get(name) ?? 0) >= mostByPeers) continue;
      const needs = [...versions].map((version) => this.plain.needs(name, version) ?? []);
      const peers = new Set(
        needs
          .flat()
          .filter((need) => need.kind === "peer")
          .map((need) => need.name),
      );
      for (const peer of peers)
        for (const slot of this.slots.get(peer) ?? [])
          for (const moved of this.versions.get(peer) ?? []) {
            if (moved === slot.today || !mayStand(this.request, slot, moved)) continue;
            if (needs.some((list) => accepts(catalogue, list, peer, moved))) continue;
            const usable = this.newer(name, catalogue.usable(name) ?? []);
            catalogue.expect(name, usable);
            const fitting = usable.find(
              (one) =>
                this.isWanted(name, one) &&
                accepts(catalogue, this.plain.needs(name, one) ?? [], peer, moved),
            );
            if (fitting === undefined || versions.has(fitting)) continue;
            const used = this.byPeers.get(name) ?? 0;
            if (used >= mostByPeers) {
              this.complete = false;
              continue;
            }
            this.byPeers.set(name, used + 1);
            this.join(name);
            this.admit(name, fitting);
          }
    }
    return this.count > before;
  }

  /** Whether somebody of today could take this version: the manifest, or a dependent's range. */
  private isWanted(name: string, version: string): boolean {
    const { tree, catalogue } = this.request;
    if (!this.isPlannable(name, version)) return false;
    if ((this.slots.get(name) ?? []).some((slot) => mayStand(this.request, slot, version))) return true;
    for (const dependent of tree.dependents.get(name) ?? [])
      for (const one of this.versions.get(dependent) ?? [])
        for (const need of this.plain.needs(dependent, one) ?? [])
          if (need.name === name && catalogue.satisfies(version, need.range)) return true;
    return false;
  }
}

function accepts(catalogue: Catalogue, needs: readonly Need[], peer: string, version: string): boolean {
  return needs.every(
    (need) =>
      need.kind !== "peer" ||
      need.name !== peer ||
      (need.only === undefined ? catalogue.satisfies(version, need.range) : need.only === version),
  );
}
