import { normaliseName, type Component, type Dependency, type Note, type Place } from "../../model/index.ts";
import { orderOf, parseRequirement } from "../../versions/index.ts";
import { ComponentSet } from "../component-set.ts";
import type { Reading } from "../package-manager.ts";
import type { Distribution } from "./distributions.ts";
import { Markers } from "./markers.ts";

const order = orderOf("PyPI");
const anyPrerelease = { prereleases: true };
/** What every new environment holds by itself. */
export const seededPackages: ReadonlySet<string> = new Set(["pip", "setuptools", "wheel", "distribute"]);

/**
 * Adds what is installed to what the files ask for. Installed versions are components with all their active
 * requirements; a file's pin at another version stays a component of its own beside a `differs` note.
 */
export function joinEnvironment(
  reading: Reading,
  installed: readonly Distribution[],
  environment: string,
): Reading {
  const { project } = reading;
  if (project === undefined) return reading;
  const joiner = new Joiner(reading, { ...project, environment });
  return joiner.join(installed, environment);
}

class Joiner {
  private readonly reading: Reading;
  private readonly project: NonNullable<Reading["project"]>;
  private readonly components: ComponentSet;
  private readonly markers: Markers;
  private readonly notes: Note[] = [];
  /** Normalised name → what is installed under it. */
  private readonly byName = new Map<string, { distribution: Distribution; key: string }>();
  private readonly requested = new Map<string, Set<string>>();

  constructor(reading: Reading, project: NonNullable<Reading["project"]>) {
    this.reading = reading;
    this.project = project;
    this.components = new ComponentSet(project.path, "PyPI");
    this.markers = new Markers(project.target);
  }

  join(installed: readonly Distribution[], environment: string): Reading {
    this.components.take(this.reading.components);
    for (const distribution of installed) this.install(distribution);
    this.noteDifferences(environment);
    const own = this.reading.dependencies
      .filter(({ from }) => from === null || !this.isInstalled(from))
      .map((dependency) => this.resolveOwn(dependency));
    const dependencies = [...own, ...this.resolveInstalled()];
    if (this.project.files.length === 0) this.markRoots(dependencies);
    else this.components.scopeByReach(dependencies);
    const resolved = new Set(own.flatMap(({ to, place }) => (to === null ? [] : [placeKey(place)])));
    return {
      ...this.reading,
      project: this.project,
      components: this.components.list(),
      dependencies,
      notes: [
        ...this.reading.notes.filter(
          (note) => note.kind !== "unresolved" || !resolved.has(placeKey(note.place)),
        ),
        ...this.notes,
      ],
    };
  }

  private isInstalled(key: string): boolean {
    return this.components.get(key)?.places.some((place) => place.source === "environment") === true;
  }

  private install(distribution: Distribution): void {
    const { name, version, origin } = distribution;
    const key = this.components.add({
      name,
      version,
      scope: "production",
      direct: this.reading.dependencies.some((one) => one.from === null && one.name === name),
      requirementsKnown: true,
      place: { path: distribution.path, source: "environment" },
      ...(origin === undefined ? {} : { immovable: wordsFor(origin) }),
    });
    const known = this.byName.get(name);
    if (known === undefined) this.byName.set(name, { distribution, key });
    else if (known.key !== key)
      this.note("other", `${name} is installed twice: ${known.distribution.version} and ${version}`);
  }

  /** Pins that are installed at another version or not at all. */
  private noteDifferences(environment: string): void {
    const absent: Component[] = [];
    for (const component of this.reading.components) {
      const present = this.byName.get(component.name);
      const place = component.places[0];
      if (present === undefined) absent.push(component);
      else if (order.compare(present.distribution.version, component.version) !== 0)
        this.note(
          "differs",
          `${component.name} is ${component.version} in ${place?.path ?? "the file"}, ${present.distribution.version} installed`,
          place,
        );
    }
    const shown = absent.slice(0, 5).map(({ name, version }) => `${name} ${version}`);
    if (absent.length > 0)
      this.note(
        "differs",
        `${absent.length} pinned ${absent.length === 1 ? "package is" : "packages are"} not installed in ${environment}: ${shown.join(", ")}${absent.length > shown.length ? ", …" : ""}`,
      );
  }

  /** A requirement of the files, served by what is installed unless the file pins it. */
  private resolveOwn(dependency: Dependency): Dependency {
    const { name, requirement, marker } = dependency;
    const isActive = marker === undefined || this.markers.holds(marker) !== false;
    if (!isActive) return dependency;
    for (const extra of dependency.extras ?? []) this.request(name, extra);
    if (dependency.to !== null) return dependency;
    const present = this.byName.get(name);
    return present === undefined
      ? { ...dependency, satisfied: false }
      : {
          ...dependency,
          to: present.key,
          satisfied: order.satisfies(present.distribution.version, requirement, anyPrerelease),
        };
  }

  private request(name: string, extra: string): boolean {
    const known = this.requested.get(name);
    if (known?.has(extra) === true) return false;
    if (known === undefined) this.requested.set(name, new Set([extra]));
    else known.add(extra);
    return true;
  }

  /** Active requirements of everything installed; an extra that one package asks of another adds to the other's. */
  private resolveInstalled(): Dependency[] {
    const found = new Map<string, Dependency[]>();
    const queue = [...this.byName.keys()];
    const queued = new Set(queue);
    for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
      queued.delete(name);
      const present = this.byName.get(name);
      if (present === undefined) continue;
      const dependencies = this.requirementsOf(present.distribution, present.key);
      found.set(name, dependencies);
      for (const dependency of dependencies)
        for (const extra of dependency.extras ?? [])
          if (this.request(dependency.name, extra) && !queued.has(dependency.name)) {
            queued.add(dependency.name);
            queue.push(dependency.name);
          }
    }
    return [...this.byName.keys()].flatMap((name) => found.get(name) ?? []);
  }

  private requirementsOf(distribution: Distribution, from: string): Dependency[] {
    const extras = [...(this.requested.get(distribution.name) ?? [])];
    const dependencies: Dependency[] = [];
    for (const text of distribution.requires) {
      // Most requirements of big packages belong to extras that nobody asked for: judge the marker first.
      const semicolon = text.includes("@") ? -1 : text.indexOf(";");
      if (semicolon >= 0 && this.markers.holds(text.slice(semicolon + 1).trim(), extras) === false) continue;
      const parsed = parseRequirement(text);
      if ("error" in parsed) {
        this.note(
          "other",
          `${distribution.name} declares a requirement that cannot be read: ${text.slice(0, 200)}`,
        );
        continue;
      }
      const { marker } = parsed;
      if (semicolon < 0 && marker !== undefined && this.markers.holds(marker, extras) === false) continue;
      const name = normalise(parsed.name);
      const present = this.byName.get(name);
      dependencies.push({
        project: this.project.path,
        from,
        name,
        requirement: parsed.specifier,
        kind: "production",
        to: present?.key ?? null,
        satisfied:
          present === undefined
            ? false
            : parsed.specifier === "" ||
              order.satisfies(present.distribution.version, parsed.specifier, anyPrerelease),
        ...(parsed.extras.length === 0 ? {} : { extras: parsed.extras.map(normalise) }),
        ...(marker === undefined ? {} : { marker }),
      });
    }
    return dependencies;
  }

  /** Where no file says what the project asks for, what nothing else requires is taken as asked for. */
  private markRoots(dependencies: Dependency[]): void {
    const required = new Set(dependencies.map(({ to }) => to));
    for (const component of this.components.list()) {
      const key = this.components.key(component.name, component.version);
      if (required.has(key) || seededPackages.has(component.name)) continue;
      component.direct = true;
      dependencies.push({
        project: this.project.path,
        from: null,
        name: component.name,
        requirement: "",
        kind: "production",
        to: key,
        satisfied: true,
      });
    }
  }

  private note(kind: Note["kind"], text: string, place?: Place): void {
    this.notes.push({ project: this.project.path, kind, text, ...(place === undefined ? {} : { place }) });
  }
}

const normalise = (name: string): string => normaliseName("PyPI", name);
const placeKey = (place: Place | undefined): string => `${place?.path ?? ""}:${place?.line ?? ""}`;

function wordsFor(origin: NonNullable<Distribution["origin"]>): string {
  const words = {
    editable: "an editable install",
    url: "installed from an address",
    repository: "a git checkout",
  };
  return `${words[origin.kind]}: ${origin.address}`;
}
