import {
  componentKey,
  type Component,
  type Dependency,
  type Ecosystem,
  type Place,
  type Scope,
} from "../model/index.ts";
import { purlOf } from "./purl.ts";

/** A component while its placements are still being found. */
export type OpenComponent = {
  -readonly [K in keyof Component]: K extends "places" ? Place[] : Component[K];
};

/** One more sighting of a name at a version. */
export interface Sighting {
  readonly name: string;
  readonly version: string;
  readonly scope: Scope;
  readonly direct: boolean;
  readonly requirementsKnown: boolean;
  readonly place?: Place;
  readonly immovable?: string;
  readonly integrity?: string | readonly string[];
}

const rank: Record<Scope, number> = { production: 0, optional: 1, development: 2 };

/** The scope that two uses of one component have together: a production use wins, then an optional one. */
export function widerScope(a: Scope, b: Scope): Scope {
  return rank[a] <= rank[b] ? a : b;
}

/** Components of one project, one for each name and version however often it is placed. */
export class ComponentSet {
  readonly project: string;
  readonly ecosystem: Ecosystem;
  private readonly byKey = new Map<string, OpenComponent>();
  private readonly prefix: string;

  constructor(project: string, ecosystem: Ecosystem) {
    this.project = project;
    this.ecosystem = ecosystem;
    this.prefix = `${project}|${ecosystem}|`;
  }

  /** `componentKey()` of a name and version here. */
  key(name: string, version: string): string {
    return `${this.prefix}${name}@${version}`;
  }

  get(key: string): OpenComponent | undefined {
    return this.byKey.get(key);
  }

  /** Adds a sighting and returns the component's key. */
  add(seen: Sighting): string {
    const key = this.key(seen.name, seen.version);
    const known = this.byKey.get(key);
    if (known !== undefined) {
      if (seen.place !== undefined) known.places.push(seen.place);
      known.scope = widerScope(known.scope, seen.scope);
      known.direct ||= seen.direct;
      known.requirementsKnown ||= seen.requirementsKnown;
      if (known.immovable === undefined && seen.immovable !== undefined) known.immovable = seen.immovable;
      return key;
    }
    const component: OpenComponent = {
      project: this.project,
      ecosystem: this.ecosystem,
      name: seen.name,
      version: seen.version,
      purl: purlOf(this.ecosystem, seen.name, seen.version),
      scope: seen.scope,
      direct: seen.direct,
      places: seen.place === undefined ? [] : [seen.place],
      requirementsKnown: seen.requirementsKnown,
    };
    if (seen.immovable !== undefined) component.immovable = seen.immovable;
    if (seen.integrity !== undefined)
      component.integrity = typeof seen.integrity === "string" ? [seen.integrity] : seen.integrity;
    this.byKey.set(key, component);
    return key;
  }

  /** Takes over components that were read elsewhere. */
  take(components: readonly Component[]): void {
    for (const component of components)
      this.byKey.set(componentKey(component), { ...component, places: [...component.places] });
  }

  list(): OpenComponent[] {
    return [...this.byKey.values()];
  }

  /**
   * Gives every component the widest scope it is reached by from the project's own requirements; what nothing reaches
   * keeps `production`, since nobody said otherwise.
   */
  scopeByReach(dependencies: readonly Dependency[]): void {
    const edges = new Map<string, { to: string; kind: Dependency["kind"] }[]>();
    const reached = new Map<string, Scope>();
    const queue: string[] = [];
    const visit = (key: string, scope: Scope): void => {
      const known = reached.get(key);
      if (known !== undefined && rank[known] <= rank[scope]) return;
      reached.set(key, scope);
      queue.push(key);
    };
    for (const { from, to, kind } of dependencies) {
      if (to === null) continue;
      if (from === null) visit(to, kind === "peer" ? "production" : kind);
      else {
        const list = edges.get(from);
        if (list === undefined) edges.set(from, [{ to, kind }]);
        else list.push({ to, kind });
      }
    }
    for (let key = queue.pop(); key !== undefined; key = queue.pop()) {
      const scope = reached.get(key) ?? "production";
      for (const edge of edges.get(key) ?? [])
        visit(edge.to, edge.kind === "optional" && scope === "production" ? "optional" : scope);
    }
    for (const component of this.byKey.values())
      component.scope = reached.get(this.key(component.name, component.version)) ?? "production";
  }
}
