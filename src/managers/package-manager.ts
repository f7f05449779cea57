import type {
  Component,
  Dependency,
  Ecosystem,
  ManagerId,
  Note,
  Project,
  Target,
  Unread,
  Upgrade,
} from "../model/index.ts";

import type { UnreadText } from "./json-text.ts";

/** What an adapter made of one project's files. */
export interface Reading {
  /** Files, relative to the root, that it must see first: call again with them; `""` stands for absent. */
  readonly needs: readonly string[];
  /** Absent while something is needed, and where the files hold nothing that the adapter knows. */
  readonly project?: Project;
  /** Its files that are no projects of their own, where that is not all of them (a constraints file may be one). */
  readonly owns?: readonly string[];
  readonly components: readonly Component[];
  readonly dependencies: readonly Dependency[];
  readonly unread: readonly Unread[];
  readonly notes: readonly Note[];
}

/** One package manager's files: text in, inventory out; upgrades in, edited text out. No I/O. */
export interface PackageManager {
  readonly id: ManagerId;
  readonly ecosystem: Ecosystem;
  /** Whether a file, by its path relative to the root, is where a project of this manager may begin. */
  claims(path: string): boolean;
  /** Reads the project that begins at `entry`; `path` is the `Project.path` to give it instead of its folder. */
  read(entry: string, files: ReadonlyMap<string, string>, target: Target, path?: string): Reading;
  /**
   * The new text of each hand-edited file that changes (requirements files; ranges and overrides in a manifest);
   * lockfiles are written by the tool itself. `installed` tells a complete list from a list of direct requirements.
   * @throws {Failure} `conflict` where the change cannot be written truthfully.
   */
  edit(
    files: ReadonlyMap<string, string>,
    project: Project,
    upgrades: readonly Upgrade[],
    installed?: readonly Component[],
  ): ReadonlyMap<string, string>;
}

/** The files that must be seen before anything can be said. */
export function needing(needs: readonly string[]): Reading {
  return { needs, components: [], dependencies: [], unread: [], notes: [] };
}

/** A file that a reader begins with, or the reading to give back as long as there is nothing to go on with. */
export type Opened<Parsed> =
  | { readonly state: "open"; readonly text: string; readonly parsed: Parsed }
  | { readonly state: "ended"; readonly reading: Reading };

/** Parses the file that a project begins at; files that the reader needs `beside` it are asked for first. */
export function openEntry<Parsed extends { readonly state: "read" }>(
  {
    entry,
    files,
    beside = [],
  }: { entry: string; files: ReadonlyMap<string, string>; beside?: readonly string[] },
  parse: (text: string) => Parsed | UnreadText,
): Opened<Parsed> {
  const needs = [entry, ...beside].filter((file) => !files.has(file));
  if (needs.length > 0) return { state: "ended", reading: needing(needs) };
  const text = files.get(entry) ?? "";
  const parsed = parse(text);
  if (parsed.state === "read") return { state: "open", text, parsed };
  const { reason, line } = parsed;
  const unread = { path: entry, reason, ...(line === undefined ? {} : { line }) };
  return { state: "ended", reading: unreadable(unread) };
}

/** A file from which nothing could be read. */
export function unreadable(unread: Unread): Reading {
  return { needs: [], components: [], dependencies: [], unread: [unread], notes: [] };
}
