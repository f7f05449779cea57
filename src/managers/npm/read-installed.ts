import { componentKey, type Component, type Note, type Place } from "../../model/index.ts";
import { isObject, parseJsonObject, type JsonObject } from "../json-text.ts";
import { needing, type Reading } from "../package-manager.ts";
import { ComponentSet } from "../component-set.ts";
import { keyLines } from "./read-lockfile.ts";
import { Tree } from "./tree.ts";

/** What lies in a `node_modules` folder: npm's own list of it, or the manifests found by walking it. */
export interface InstalledTexts {
  /** The folder, relative to the root. */
  readonly folder: string;
  /** Text of `.package-lock.json` inside it. */
  readonly list?: string;
  /** Path of each package inside the folder's parent (`node_modules/a`) and the text of its `package.json`. */
  readonly manifests?: ReadonlyMap<string, string>;
  /** Links among those folders: where one stands and where it leads, both inside the folder's parent. */
  readonly links?: ReadonlyMap<string, string>;
  /** How many links lead elsewhere and so stand for packages that were not read. */
  readonly outside?: number;
  /** There are more packages than are read. */
  readonly isCapped?: boolean;
}

/** Reads an installed `node_modules` folder; `own` is the text of the manifest beside it, `""` where there is none. */
export function readInstalledNodeModules(installed: InstalledTexts, project: string, own: string): Reading {
  const listed = installed.list === undefined ? undefined : parseJsonObject(installed.list);
  const packages = listed?.state === "read" ? listed.value["packages"] : undefined;
  const entry = packages === undefined ? installed.folder : `${installed.folder}/.package-lock.json`;
  const tree = new Tree(project, entry, "environment");
  const manifest = own === "" ? undefined : parseJsonObject(own);
  if (manifest?.state === "read") tree.addOwn("", manifest.value);
  if (listed?.state === "unread")
    tree.unread.push({ path: `${installed.folder}/.package-lock.json`, reason: listed.reason });
  if (isObject(packages)) {
    const lineOf = keyLines(installed.list ?? "");
    for (const at of Object.keys(packages)) {
      const found = packages[at];
      if (isObject(found) && found["link"] !== true && at.includes("node_modules/"))
        tree.add(at, found, lineOf(at));
    }
  }
  for (const [at, text] of installed.manifests ?? [])
    addManifest(tree, { at, text, folder: installed.folder });
  for (const [at, target] of installed.links ?? []) tree.addLink(at, target);
  sayWhatIsLeft(tree, installed);
  tree.link(() => undefined);
  return { ...needing([]), ...tree.reading(projectAt(project)), notes: tree.notes };
}

function sayWhatIsLeft(tree: Tree, { folder, outside = 0, isCapped, manifests }: InstalledTexts): void {
  if (outside > 0)
    tree.note(
      `${outside} ${outside === 1 ? "link" : "links"} in ${folder} ${outside === 1 ? "leads" : "lead"} out of the project: what is installed there is not read`,
    );
  if (isCapped === true)
    tree.unread.push({
      path: folder,
      reason: `holds more than the ${manifests?.size ?? 0} packages that are read`,
    });
}

const projectAt = (path: string): NonNullable<Reading["project"]> => ({
  path,
  ecosystem: "npm",
  manager: "npm",
  files: [],
  target: { platform: "" },
});

function addManifest(tree: Tree, { at, text, folder }: { at: string; text: string; folder: string }): void {
  const parsed = parseJsonObject(text);
  if (parsed.state === "unread") {
    tree.unread.push({
      path: `${folder}/${at.slice("node_modules/".length)}/package.json`,
      reason: parsed.reason,
    });
    return;
  }
  // Only what a lockfile entry would hold: an installed manifest also carries its author's development needs.
  const { name, version, dependencies, optionalDependencies, peerDependencies, peerDependenciesMeta } =
    parsed.value as Record<string, JsonObject | undefined>;
  tree.add(
    at,
    { name, version, dependencies, optionalDependencies, peerDependencies, peerDependenciesMeta },
    undefined,
  );
}

/** Adds what is installed to what the lockfile says: versions that differ are components of their own, with a note. */
export function joinNodeModules(reading: Reading, installed: Reading, folder: string): Reading {
  const { project } = reading;
  if (project === undefined) return reading;
  const lockedAt = new Map<string, Component>();
  const locked = new Set(reading.components.map(componentKey));
  for (const component of reading.components)
    for (const place of component.places) if (place.at !== undefined) lockedAt.set(place.at, component);
  const components = new ComponentSet(project.path, "npm");
  components.take(reading.components);
  const added = new Set<string>();
  const notes: Note[] = [];
  const isLocked = reading.components.length > 0;
  for (const component of installed.components)
    for (const place of component.places) {
      const key = componentKey(component);
      // No lockfile says where in a store a package lies; those of yarn and pnpm say of none where it lies.
      if (locked.has(key) && (lockedAt.size === 0 || isInStore(place))) continue;
      const there = place.at === undefined ? undefined : lockedAt.get(place.at);
      if (there?.name === component.name && there.version === component.version) continue;
      if (components.get(key) === undefined) added.add(key);
      components.add({
        ...component,
        place,
        ...(component.immovable === undefined ? {} : { immovable: component.immovable }),
      });
      if (isLocked) notes.push(differs(project.path, { component, locked: there, place }));
    }
  const kept = isLocked
    ? installed.dependencies.filter((one) => one.from !== null && added.has(one.from))
    : installed.dependencies;
  const resolved = new Set(kept.filter((one) => one.from === null && one.to !== null).map((one) => one.name));
  return {
    ...reading,
    // A run puts a folder of installed packages aside and makes it anew; it cannot do that with bun.
    project: project.manager === "bun" ? project : { ...project, environment: folder },
    components: components.list(),
    dependencies: isLocked
      ? [...reading.dependencies, ...kept]
      : [...reading.dependencies.filter((one) => !resolved.has(one.name)), ...kept],
    unread: [...reading.unread, ...installed.unread],
    notes: [
      ...reading.notes.filter((note) => isLocked || note.kind !== "unresolved"),
      // A note with a place, on an alias, is what the lockfile has said already.
      ...installed.notes.filter((note) => !isLocked || note.place === undefined),
      ...notes.slice(0, 20),
      ...(notes.length > 20
        ? [
            {
              project: project.path,
              kind: "differs" as const,
              text: `${notes.length - 20} more installed packages differ from the lockfile`,
            },
          ]
        : []),
    ],
  };
}

const isInStore = ({ at }: Place): boolean => at?.startsWith("node_modules/.") === true;

function differs(
  project: string,
  { component, locked, place }: { component: Component; locked: Component | undefined; place: Place },
): Note {
  const expected =
    locked === undefined
      ? `not in the lockfile${isInStore(place) ? "" : " there"}`
      : `${locked.version} in the lockfile`;
  return {
    project,
    kind: "differs",
    text: `${component.name} ${component.version} is installed at ${place.at ?? place.path}, ${expected}`,
    place,
  };
}
