import { folderOf, type PackageManager, type Reading } from "../managers/index.ts";
import type { Project } from "../model/index.ts";

/** A project as its adapter read it, before it is known which others there are. */
export interface Draft {
  readonly entry: string;
  readonly manager: PackageManager;
  readonly reading: Reading & { readonly project: Project };
}

const depthOf = (draft: Draft): number => draft.entry.split("/").length;
const fileOf = (path: string): string => path.slice(path.lastIndexOf("/") + 1);

/** Leaves out what belongs to another project: included requirements files, and manifests that a lockfile covers. */
export function keepRoots(drafts: readonly Draft[]): Draft[] {
  const byFile = new Map<string, Draft[]>();
  for (const draft of drafts)
    for (const file of draft.reading.owns ?? draft.reading.project.files) {
      const list = byFile.get(file);
      if (list === undefined) byFile.set(file, [draft]);
      else list.push(draft);
    }
  const dropped = new Set<Draft>();
  // Where files include each other, the one nearest to the root is kept.
  for (const draft of [...drafts].sort((a, b) => depthOf(b) - depthOf(a))) {
    const holders = (byFile.get(draft.entry) ?? []).filter(
      (other) =>
        other.entry !== draft.entry &&
        !dropped.has(other) &&
        other.reading.project.ecosystem === draft.reading.project.ecosystem,
    );
    if (holders.length > 0) dropped.add(draft);
  }
  const kept = drafts.filter((draft) => !dropped.has(draft));
  const entries = new Set(kept.map((draft) => draft.entry));
  return kept.filter((draft) => {
    const folder = folderOf(draft.entry);
    const shrinkwrap = folder === "." ? "npm-shrinkwrap.json" : `${folder}/npm-shrinkwrap.json`;
    // npm reads the shrinkwrap where both exist.
    return fileOf(draft.entry) !== "package-lock.json" || !entries.has(shrinkwrap);
  });
}

/**
 * The `Project.path` of each draft: its folder, where it is the only project of its ecosystem there, else for the
 * first lockfile or, among requirements files, `requirements.txt`; the others are called by their file.
 */
export function pathsFor(drafts: readonly Draft[]): Map<Draft, string> {
  const groups = new Map<string, Draft[]>();
  for (const draft of drafts) {
    const group = `${draft.manager.ecosystem} ${folderOf(draft.entry)}`;
    const list = groups.get(group);
    if (list === undefined) groups.set(group, [draft]);
    else list.push(draft);
  }
  const paths = new Map<Draft, string>();
  for (const group of groups.values()) {
    const owner = ownerOf(group);
    for (const draft of group) paths.set(draft, draft === owner ? folderOf(draft.entry) : draft.entry);
  }
  return paths;
}

function ownerOf(group: readonly Draft[]): Draft | undefined {
  if (group.length === 1) return group[0];
  const [first] = [...group].filter((draft) => draft.manager.id !== "pip").sort((a, b) => rank(a) - rank(b));
  return first ?? group.find((draft) => fileOf(draft.entry) === "requirements.txt");
}

/** A document about the project comes after the files that make it. */
const rank = (draft: Draft): number => (["sbom", "conda"].includes(draft.manager.id) ? 1 : 0);
