import { makeEase, mostOfNewcomers } from "./at-ease.ts";
import type { Catalogue } from "./catalogue.ts";
import type { Need } from "./need.ts";
import { OverrideRules } from "./override-rules.ts";
import { VersionPicker } from "./pick-versions.ts";
import { makeResidues, type Residues } from "./residue.ts";
import { addTo, pairOf, type Slot } from "./tree.ts";
import { mayStand, relevantNames, type Override, type Universe, type UniverseRequest } from "./universe.ts";

/** Bounds on growth: versions admitted because a peer range refused a move, by name; and all in all. */
const mostByPeers = 6;
/** How many releases above a range are looked at for an override, nearest first, beside the better ones. */
const mostAbove = 4;
const mostVersions = 9000;

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
  private readonly plain: Residues;
  private readonly picker: VersionPicker;
  private readonly relevant: ReadonlySet<string>;
  private readonly overridable: boolean;
  private readonly isAtEase: (need: Need) => boolean;
  private readonly rules: OverrideRules;
  private count = 0;
  private complete = true;

  constructor(request: UniverseRequest) {
    this.request = request;
    const { tree, catalogue, risk } = request;
    this.relevant = relevantNames(request);
    this.overridable = request.profile === "full" && request.policy.allowOverrides !== "none";
    const base = { tree, catalogue, risk, relevant: this.relevant };
    this.rules = new OverrideRules(request);
    this.plain = makeResidues({ ...base, overrides: false });
    this.isAtEase = makeEase({ ...request, residues: this.plain, relevant: this.relevant });
    this.picker = new VersionPicker(
      request,
      this.overridable ? [this.plain, makeResidues({ ...base, overrides: true })] : [this.plain],
    );
    for (const slot of tree.slots) this.slots.set(slot.name, [...(this.slots.get(slot.name) ?? []), slot]);
  }

  run(): Universe {
    for (const name of this.relevant) this.join(name);
    for (const [name, versions] of this.request.seed ?? [])
      for (const version of versions) this.admit(name, version);
    for (const [name, version] of this.request.wishes ?? []) {
      this.join(name);
      this.admit(name, version);
    }
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
    if (this.plain.needs(name, version) === null || this.isOnlyCarried(name, version)) return;
    this.count++;
    addTo(this.versions, name, version);
    this.queue.push([name, version]);
  }

  /** Findings of a copy in a bundle count already: one more copy of that version would seem to add none. */
  private isOnlyCarried(name: string, version: string): boolean {
    const { tree, risk, wishes } = this.request;
    if (tree.packages.get(pairOf(name, version))?.free !== false || wishes?.get(name) === version)
      return false;
    return risk.advisories(name, version).length > 0;
  }

  private isStuck(name: string): boolean {
    return (this.request.tree.versions.get(name) ?? []).some(
      (version) => !this.picker.isClean(name, version),
    );
  }

  /** Near: only what has something wrong that nothing beneath it mends. Wide: all that findings hang on. */
  private mayMove(name: string): boolean {
    return this.relevant.has(name) && (this.request.reach === "wide" || this.isStuck(name));
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
    for (const version of this.picker.pick(name, same, today)) this.admit(name, version);
    if (this.request.reach === "near" && [today, ...same].some((one) => this.picker.isClean(name, one)))
      return;
    const others = allowed.filter((one) => order.level(today, one) === "major");
    let line: string | undefined;
    for (const version of others) {
      if (line === undefined || order.level(line, version) === "major") this.admit(name, version);
      line = version;
    }
    for (const version of this.picker.pick(name, others, today)) this.admit(name, version);
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
    this.admitWishedPeer(need);
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
        const first = fitting.find((one) => this.picker.isPlannable(need.name, one));
        if (first !== undefined) this.admit(need.name, first);
        for (const one of this.picker.pick(need.name, fitting)) this.admit(need.name, one);
      }
    }
  }

  /** A package that the tree lacks, or lacks in this range: the newest, and better ones below it. */
  private welcome(need: Need): void {
    const { catalogue } = this.request;
    const within = catalogue.within(need.name, need.range);
    const newestFirst = within.toReversed();
    const top = newestFirst.find((one) => this.picker.isPlannable(need.name, one));
    if (top === undefined) return;
    for (const one of this.picker.improvements(need.name, newestFirst)) this.admit(need.name, one);
    if (this.request.reach === "wide")
      for (const one of this.picker.groups(need.name, newestFirst.slice(0, mostOfNewcomers)))
        this.admit(need.name, one);
    this.admitOverrides(need, within);
  }

  /** A package of the tree that something is wrong with, or with all that it can bring. */
  private move(need: Need, served: readonly string[]): void {
    const { catalogue, tree } = this.request;
    const { name, range } = need;
    const usable = catalogue.usable(name) ?? [];
    catalogue.expect(name, this.newer(name, usable));
    const within = catalogue.within(name, range);
    const { order } = catalogue;
    const start = served[0];
    const lowest = tree.versions.get(name)?.[0];
    const newer = within.filter((one) => lowest === undefined || order.compare(one, lowest) >= 0);
    if (start === undefined && need.kind !== "peer") {
      const top = within.at(-1);
      if (newer.length === 0 && top !== undefined) this.admit(name, top);
      for (const one of this.picker.pick(name, newer)) this.admit(name, one);
    } else if (start === undefined) for (const one of this.picker.pick(name, within)) this.admit(name, one);
    else {
      // A copy may come down to what another copy has outgrown, where its dependent takes that.
      const isAhead = (one: string): boolean => order.compare(one, start) > 0;
      for (const one of this.picker.pick(name, newer.filter(isAhead), start)) this.admit(name, one);
      const between = newer.filter((one) => !isAhead(one));
      for (const one of this.picker.pick(name, between, start)) this.admit(name, one);
    }
    this.admitOverrides(need, within);
  }

  /** A peer range that refuses a version asked for may be overridden, where the policy lets it. */
  private admitWishedPeer({ name, range, kind }: Need): void {
    const version = this.request.wishes?.get(name);
    if (version === undefined || kind !== "peer" || !this.overridable) return;
    if (!this.request.catalogue.satisfies(version, range))
      this.overrides.set(`${name}|${range}|${version}`, { name, range, version });
  }

  /** The lowest clean version of the same major above a range that holds no clean one. */
  private admitOverrides(need: Need, within: readonly string[]): void {
    const { catalogue, policy, tree } = this.request;
    if (!this.overridable || need.kind === "peer") return;
    if (tree.versions.has(need.name) && !this.relevant.has(need.name)) return;
    if (this.request.reach === "wide" && this.isAtEase(need)) return;
    const { name, range } = need;
    const inside = [...(tree.versions.get(name) ?? []), ...within].filter((one) =>
      catalogue.satisfies(one, range),
    );
    if (this.request.reach === "near" && inside.some((one) => this.picker.isClean(name, one))) return;
    const top = inside.sort((a, b) => catalogue.order.compare(a, b)).at(-1);
    if (top === undefined || this.touchesDirect(need)) return;
    const above = (catalogue.usable(name) ?? []).filter(
      (one) =>
        catalogue.order.compare(one, top) > 0 &&
        (policy.allowOverrides === "any" || catalogue.order.level(top, one) !== "major"),
    );
    const near = this.picker.improvements(name, above, top);
    const more = this.request.reach === "near" ? [] : this.picker.groups(name, above.slice(0, mostAbove));
    for (const version of new Set([...near, ...more])) {
      this.admit(name, version);
      this.overrides.set(`${name}|${range}|${version}`, { name, range, version });
    }
  }

  /** Whether wherever a direct dependency of the name may stand, npm refuses to override this range beside it. */
  private touchesDirect({ name, range }: Need): boolean {
    const { catalogue } = this.request;
    return (this.slots.get(name) ?? []).some((slot) => {
      const versions = slot.may === "fixed" ? [] : (catalogue.usable(name) ?? []);
      return ![slot.today, ...versions].some(
        (one) => mayStand(this.request, slot, one) && !this.rules.isRefusedBeside(slot, one, range),
      );
    });
  }

  /** A move of a direct dependency that a dependent's peer range refuses brings that dependent's lowest accepting version and better ones. */
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
            const fitting = usable.filter(
              (one) =>
                this.isWanted(name, one) &&
                accepts(catalogue, this.plain.needs(name, one) ?? [], peer, moved),
            );
            const better = this.picker.improvements(name, fitting).filter((one) => !versions.has(one));
            if (better.length === 0) continue;
            const used = this.byPeers.get(name) ?? 0;
            if (used >= mostByPeers) {
              this.complete = false;
              continue;
            }
            this.byPeers.set(name, used + 1);
            this.join(name);
            for (const one of better) this.admit(name, one);
          }
    }
    return this.count > before;
  }

  /** Whether somebody of today could take this version: the manifest, or a dependent's range. */
  private isWanted(name: string, version: string): boolean {
    const { tree, catalogue } = this.request;
    if (!this.picker.isPlannable(name, version)) return false;
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
