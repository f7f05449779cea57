import type { Dependency, ManagerId, Note, Place, Scope, Target, Unread } from "../../model/index.ts";
import { orderOf } from "../../versions/index.ts";
import { ComponentSet } from "../component-set.ts";
import type { Reading } from "../package-manager.ts";
import { Markers } from "../pip/markers.ts";
import { isPackageName, isVersionText } from "../purl.ts";

/** A requirement as a Python lockfile or a project file states it; names are normalised. */
export interface LockedRequirement {
  readonly name: string;
  /** PEP 440 specifier set; `""` where the file does not say or any will do. */
  readonly requirement: string;
  readonly marker?: string;
  readonly extras?: readonly string[];
  /** The version meant, where the file locks several of one name. */
  readonly version?: string;
  readonly optional?: boolean;
}

/** One package of a Python lockfile. */
export interface LockedPackage {
  readonly name: string;
  readonly version: string;
  readonly line?: number;
  readonly requires: readonly LockedRequirement[];
  /** Whether `requires` has the true ranges. */
  readonly requirementsKnown: boolean;
  readonly integrity?: readonly string[];
  readonly immovable?: string;
  /** Where the file says what it is for; else it is worked out from who reaches it. */
  readonly scope?: Scope;
}

/** Something that the project itself asks for. */
export interface RootRequirement extends LockedRequirement {
  readonly kind: Dependency["kind"];
  readonly place?: Place;
}

export interface PythonLock {
  readonly entry: string;
  readonly path: string;
  readonly manager: ManagerId;
  readonly files: readonly string[];
  readonly target: Target;
  readonly packages: readonly LockedPackage[];
  readonly roots: readonly RootRequirement[];
  readonly notes?: readonly Note[];
  readonly unread?: readonly Unread[];
}

const order = orderOf("PyPI");

/** Joins packages and requirements of a Python lockfile; every locked package is a component, on any platform. */
export function joinPythonLock(lock: PythonLock): Reading {
  const joiner = new Joiner(lock);
  return joiner.join();
}

class Joiner {
  private readonly lock: PythonLock;
  private readonly components: ComponentSet;
  private readonly markers: Markers;
  private readonly notes: Note[];
  private readonly unread: Unread[];
  private readonly byName = new Map<string, { version: string; key: string }[]>();

  constructor(lock: PythonLock) {
    this.lock = lock;
    this.components = new ComponentSet(lock.path, "PyPI");
    this.markers = new Markers(lock.target);
    this.notes = [...(lock.notes ?? [])];
    this.unread = [...(lock.unread ?? [])];
  }

  join(): Reading {
    const { lock } = this;
    const keyed = lock.packages.flatMap((one) => {
      const key = this.add(one);
      return key === undefined ? [] : [{ one, key }];
    });
    const dependencies: Dependency[] = [];
    // For the scope a requirement counts on every platform, or what only another one needs would seem unasked for.
    const reach: Dependency[] = [];
    for (const root of lock.roots) {
      const edge = this.edge(null, root, root.kind);
      reach.push(edge);
      const isActive = this.isActive(root);
      const component = edge.to === null ? undefined : this.components.get(edge.to);
      if (component !== undefined) component.direct = true;
      dependencies.push(isActive ? edge : { ...edge, to: null, satisfied: null });
      if (!isActive || edge.to !== null || lock.packages.length > 0) continue;
      this.notes.push({
        project: lock.path,
        kind: "unresolved",
        text: `${root.name}${root.requirement === "" ? "" : ` ${root.requirement}`} has no version: nothing here resolves it`,
        ...(root.place === undefined ? {} : { place: root.place }),
      });
    }
    if (lock.roots.length === 0) this.guessRoots(keyed, dependencies);
    for (const { one, key } of keyed)
      for (const required of one.requires) {
        const edge = this.edge(key, required, required.optional === true ? "optional" : "production");
        reach.push(edge);
        if (this.isActive(required)) dependencies.push(edge);
      }
    this.components.scopeByReach(reach);
    for (const { one, key } of keyed) {
      const component = this.components.get(key);
      if (component !== undefined && one.scope !== undefined) component.scope = one.scope;
    }
    return {
      needs: [],
      project: {
        path: lock.path,
        ecosystem: "PyPI",
        manager: lock.manager,
        files: lock.files,
        target: lock.target,
      },
      components: this.components.list(),
      dependencies,
      unread: this.unread,
      notes: this.notes,
    };
  }

  /** Where nothing says what the project asks for, it is what no other package requires. */
  private guessRoots(
    keyed: readonly { one: LockedPackage; key: string }[],
    dependencies: Dependency[],
  ): void {
    const required = new Set(keyed.flatMap(({ one }) => one.requires.map(({ name }) => name)));
    for (const { one, key } of keyed) {
      const component = this.components.get(key);
      if (component === undefined || required.has(one.name)) continue;
      component.direct = true;
      dependencies.push(
        this.edge(null, { name: one.name, requirement: "", version: one.version }, "production"),
      );
    }
  }

  private add(one: LockedPackage): string | undefined {
    if (!isPackageName("PyPI", one.name) || !isVersionText(one.version)) {
      this.unread.push({
        path: this.lock.entry,
        reason: `${one.name.slice(0, 100) || "a package"} has no valid ${isPackageName("PyPI", one.name) ? "version" : "name"}`,
        ...(one.line === undefined ? {} : { line: one.line }),
      });
      return undefined;
    }
    const key = this.components.add({
      name: one.name,
      version: one.version,
      scope: one.scope ?? "production",
      direct: false,
      requirementsKnown: one.requirementsKnown,
      place: {
        path: this.lock.entry,
        source: "lockfile",
        ...(one.line === undefined ? {} : { line: one.line }),
      },
      ...(one.integrity === undefined || one.integrity.length === 0 ? {} : { integrity: one.integrity }),
      ...(one.immovable === undefined ? {} : { immovable: one.immovable }),
    });
    const known = this.byName.get(one.name);
    if (known === undefined) this.byName.set(one.name, [{ version: one.version, key }]);
    else known.push({ version: one.version, key });
    return key;
  }

  private isActive(required: LockedRequirement): boolean {
    return required.marker === undefined || this.markers.holds(required.marker) !== false;
  }

  private edge(from: string | null, required: LockedRequirement, kind: Dependency["kind"]): Dependency {
    const candidates = this.byName.get(required.name) ?? [];
    const found =
      candidates.find((one) => one.version === required.version) ??
      candidates.find((one) => fits(one.version, required.requirement) === true) ??
      candidates[0];
    const mayBeAbsent = required.optional === true || kind === "optional" || this.lock.packages.length === 0;
    return {
      project: this.lock.path,
      from,
      name: required.name,
      requirement: required.requirement,
      kind,
      to: found?.key ?? null,
      satisfied: found !== undefined ? fits(found.version, required.requirement) : mayBeAbsent ? null : false,
      ...(required.extras === undefined || required.extras.length === 0 ? {} : { extras: required.extras }),
      ...(required.marker === undefined ? {} : { marker: required.marker }),
      ...("place" in required && required.place !== undefined ? { place: required.place as Place } : {}),
    };
  }
}

function fits(version: string, requirement: string): boolean | null {
  if (requirement === "") return true;
  return order.isRange(requirement) ? order.satisfies(version, requirement, { prereleases: true }) : null;
}

/** Line of each table that a pattern opens (`[[package]]`), in the order of the text. */
export function tableLines(text: string, heading: string): number[] {
  const lines: number[] = [];
  let line = 1;
  for (let start = 0; start < text.length; line++) {
    let end = text.indexOf("\n", start);
    if (end < 0) end = text.length;
    if (text.startsWith(heading, start)) lines.push(line);
    start = end + 1;
  }
  return lines;
}
