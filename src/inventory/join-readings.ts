import type { Reading } from "../managers/index.ts";
import { componentKey, type Inventory, type Unread } from "../model/index.ts";

/** What is known of the root beside its readings. */
interface Surroundings {
  /** Whether a file, relative to the root, exists. */
  readonly isThere: (file: string) => boolean;
  /** Files that could not be opened. */
  readonly unopened: readonly Unread[];
  /** What else could not be read. */
  readonly unread: readonly Unread[];
}

/** All projects of a root as one inventory, in the order of their names. */
export function joinReadings(
  readings: readonly Reading[],
  { isThere, unopened, unread }: Surroundings,
): Inventory {
  const projects = readings.flatMap(({ project }) =>
    // A lockfile may name workspaces that are not there.
    project === undefined ? [] : [{ ...project, files: project.files.filter((file) => isThere(file)) }],
  );
  // What could not be opened is said to be so, not to be empty as its reader saw it.
  const closed = new Set(unopened.map((one) => one.path));
  const read = [...unread, ...readings.flatMap((reading) => reading.unread)];
  return {
    projects: projects.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0)),
    components: readings.flatMap((reading) => reading.components),
    dependencies: readings.flatMap((reading) => reading.dependencies),
    unread: distinct([...unopened, ...read.filter((one) => !closed.has(one.path))]),
    notes: readings.flatMap((reading) => reading.notes),
  };
}

/** A reading without what only development needs. */
export function withoutDevelopment(reading: Reading): Reading {
  const left = new Set(
    reading.components
      .filter((component) => component.scope === "development")
      .map((component) => componentKey(component)),
  );
  return {
    ...reading,
    components: reading.components.filter((component) => component.scope !== "development"),
    dependencies: reading.dependencies.filter(
      (one) =>
        one.kind !== "development" &&
        (one.from === null || !left.has(one.from)) &&
        (one.to === null || !left.has(one.to)),
    ),
  };
}

function distinct(unread: readonly Unread[]): Unread[] {
  const seen = new Set<string>();
  return unread.filter((one) => {
    const key = `${one.path}:${one.line ?? ""}:${one.reason}`;
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}
