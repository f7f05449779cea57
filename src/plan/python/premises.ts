import {
  componentKey,
  type Component,
  type Configuration,
  type Dependency,
  type Finding,
  type Project,
  type Refusal,
} from "../../model/index.ts";
import {
  evaluateMarker,
  markerEnvironment,
  orderOf,
  type MarkerEnvironment,
  type VersionOrder,
} from "../../versions/index.ts";
import type { PlanRequest } from "../request.ts";
import { declaredBy, needsOf, type Complain, type Need } from "./need.ts";

/** What is fixed before the search: the project as it stands, and the rules. */
export interface Premises {
  readonly request: PlanRequest;
  readonly project: Project;
  readonly configuration: Configuration;
  readonly order: VersionOrder;
  readonly environment: MarkerEnvironment;
  /** By name: the version that is there. */
  readonly present: ReadonlyMap<string, Component>;
  /** Present components that the plan cannot move together with the one in `present`. */
  readonly shadowed: readonly Component[];
  /** Requirements of the project itself; exact pins are the lock and count as any version. */
  readonly lines: readonly Need[];
  /** What no line pins and the installer chooses today, in a project that is only files: may move for nothing. */
  readonly open: ReadonlyMap<string, string>;
  /** Packages that the project asks for, of which not even the installer's choice is known. */
  readonly floats: ReadonlySet<string>;
  /** What present components require, where the inventory knows. */
  readonly known: ReadonlyMap<string, readonly Need[]>;
  /** Names whose own findings are to be cleared; `undefined`: all. */
  readonly selected: ReadonlySet<string> | undefined;
  readonly findings: readonly Finding[];
  readonly refusals: readonly Refusal[];
  readonly complaints: ReadonlyMap<string, string>;
  readonly complain: Complain;
  fits(version: string, range: string): boolean;
}

/** Reads what the inventory and the configuration say of one project. */
export function readPremises(request: PlanRequest, project: Project): Premises {
  const order = orderOf("PyPI");
  const environment = markerEnvironment(project.target);
  const components = request.inventory.components
    .filter((one) => one.project === project.path)
    .sort((a, b) => compareTexts(a.name, b.name));
  const dependencies = request.inventory.dependencies
    .filter((one) => one.project === project.path)
    .sort((a, b) => compareTexts(JSON.stringify(declaredBy(a)), JSON.stringify(declaredBy(b))));
  const { present, shadowed } = choosePresent(components);
  const complaints = new Map<string, string>();
  const complain: Complain = (name, text) => {
    if (!complaints.has(name))
      complaints.set(name, `the requirement "${text}" cannot be read and was left out`);
  };
  const own = dependencies.filter((one) => one.from === null && isActive(one, environment));
  const chosen = project.environment === undefined ? request.chosen : undefined;
  const open = new Map([...(chosen ?? [])].filter(([name]) => !present.has(name)).sort());
  const floats = new Set(
    own.filter((one) => !present.has(one.name) && !open.has(one.name)).map((one) => one.name),
  );
  const memo = new Map<string, Map<string, boolean>>();
  return {
    request,
    project,
    configuration: request.configuration,
    order,
    environment,
    present,
    shadowed,
    lines: needsOf(
      own
        .filter((one) => !floats.has(one.name))
        .map(({ marker: _, ...one }) => ({ ...declaredBy(one), range: isPin(one) ? "" : one.requirement })),
      environment,
      order,
      complain,
    ),
    open,
    floats,
    known: knownNeeds([...present.values()], dependencies, (declared) =>
      needsOf(declared.map(declaredBy), environment, order, complain),
    ),
    selected: request.packages === undefined ? undefined : new Set(request.packages),
    findings: request.findings.filter((one) => one.project === project.path),
    refusals: (request.refusals ?? []).filter((one) => one.project === project.path),
    complaints,
    complain,
    fits(version, range) {
      if (range === "") return true;
      let byVersion = memo.get(range);
      if (byVersion === undefined) memo.set(range, (byVersion = new Map<string, boolean>()));
      const before = byVersion.get(version);
      if (before !== undefined) return before;
      const answer = order.satisfies(version, range, { prereleases: true });
      byVersion.set(version, answer);
      return answer;
    },
  };
}

/** What is installed counts before what a file says; of several pins the last one. */
function choosePresent(components: readonly Component[]): {
  present: ReadonlyMap<string, Component>;
  shadowed: readonly Component[];
} {
  const present = new Map<string, Component>();
  const shadowed: Component[] = [];
  const isInstalled = (one: Component): boolean => one.places.some((place) => place.source === "environment");
  for (const component of components) {
    const other = present.get(component.name);
    if (other === undefined) present.set(component.name, component);
    else if (isInstalled(component) && !isInstalled(other)) {
      shadowed.push(other);
      present.set(component.name, component);
    } else shadowed.push(component);
  }
  return { present, shadowed };
}

function isActive(dependency: Dependency, environment: MarkerEnvironment): boolean {
  return dependency.marker === undefined || evaluateMarker(dependency.marker, environment) !== false;
}

/** `== 1.2.3` and `=== 1.2.3`: the lock, which the plan may move. `== 1.2.*` is a range, a promise. */
function isPin(dependency: Dependency): boolean {
  return /^===?\s*[^\s*,;=<>!~]+$/.test(dependency.requirement.trim());
}

function knownNeeds(
  components: readonly Component[],
  dependencies: readonly Dependency[],
  read: (declared: readonly Dependency[]) => readonly Need[],
): ReadonlyMap<string, readonly Need[]> {
  const byDependent = new Map<string, Dependency[]>();
  for (const one of dependencies) {
    if (one.from === null) continue;
    const known = byDependent.get(one.from);
    if (known === undefined) byDependent.set(one.from, [one]);
    else known.push(one);
  }
  const known = new Map<string, readonly Need[]>();
  for (const component of components)
    if (component.requirementsKnown)
      known.set(component.name, read(byDependent.get(componentKey(component)) ?? []));
  return known;
}

function compareTexts(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
