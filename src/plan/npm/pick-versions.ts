import type { Need } from "./need.ts";
import { compareResidues, type Residue, type Residues } from "./residue.ts";
import type { UniverseRequest } from "./universe.ts";

/** Chooses, of the versions that could serve, those worth a variable. */
export class VersionPicker {
  private readonly request: UniverseRequest;
  private readonly measures: readonly Residues[];
  private readonly plain: Residues;
  private readonly marks = new WeakMap<readonly Need[], number>();
  private readonly numbers = new Map<string, number>();

  /** `measures`: without overrides first, and with them where they are allowed. */
  constructor(request: UniverseRequest, measures: readonly [Residues, ...Residues[]]) {
    this.request = request;
    this.measures = measures;
    [this.plain] = measures;
  }

  private residues(name: string, version: string): readonly Residue[] {
    return this.measures.map((measure) => measure.of(name, version));
  }

  isClean(name: string, version: string): boolean {
    return this.plain.of(name, version).size === 0;
  }

  isPlannable(name: string, version: string): boolean {
    return this.plain.needs(name, version) !== null;
  }

  /** Of versions in ascending order: the first, then each one better than all before, up to the first clean one. */
  improvements(name: string, versions: readonly string[], from?: string): string[] {
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
  groups(name: string, versions: readonly string[]): string[] {
    const seen = new Set<string>();
    const chosen: string[] = [];
    for (const version of versions) {
      const needs = this.plain.needs(name, version);
      if (needs === null) continue;
      const mark = `${this.request.risk.advisories(name, version).join()} ${this.markOf(needs ?? [])}`;
      if (seen.has(mark)) continue;
      seen.add(mark);
      chosen.push(version);
    }
    return chosen;
  }

  /** A number for requirements that are the same, kept for each list: growing looks at each version many times. */
  private markOf(needs: readonly Need[]): number {
    let mark = this.marks.get(needs);
    if (mark === undefined) {
      const text = JSON.stringify(needs.map((need) => [need.name, need.range, need.kind, need.optional]));
      mark = this.numbers.get(text) ?? this.numbers.size;
      this.numbers.set(text, mark);
      this.marks.set(needs, mark);
    }
    return mark;
  }

  pick(name: string, versions: readonly string[], from?: string): string[] {
    const near = this.improvements(name, versions, from);
    return this.request.reach === "near" ? near : [...new Set([...near, ...this.groups(name, versions)])];
  }
}
