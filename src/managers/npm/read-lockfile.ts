import type { Place, Target } from "../../model/index.ts";
import { isObject, objectAt, parseJsonObject, stringAt, type JsonObject } from "../json-text.ts";
import { LineCounter } from "../line-counter.ts";
import { openEntry, unreadable, type Reading } from "../package-manager.ts";
import { folderOf, joinPath } from "../paths.ts";
import { manifestLines } from "./manifest.ts";
import { readOverrides } from "./overrides.ts";
import { readNested } from "./read-nested.ts";
import { Tree } from "./tree.ts";

/** Reads `package-lock.json` or `npm-shrinkwrap.json` of version 1, 2 or 3 with the manifest beside it. */
export function readLockfile(
  entry: string,
  files: ReadonlyMap<string, string>,
  target: Target,
  path = folderOf(entry),
): Reading {
  const manifestPath = joinPath(folderOf(entry), "package.json") ?? "package.json";
  const opened = openEntry({ entry, files, beside: [manifestPath] }, parseJsonObject);
  if (opened.state === "ended") return opened.reading;
  const {
    text,
    parsed: { value },
  } = opened;
  const tree = new Tree(path, entry, "lockfile");
  const manifestText = files.get(manifestPath) ?? "";
  const manifest = manifestText === "" ? undefined : readManifest(manifestText, manifestPath, tree);
  const own = isObject(value["packages"])
    ? readPackages(value["packages"], text, tree)
    : readNested(value, text, { tree, manifest });
  if (own === undefined) return unreadable({ path: entry, reason: "holds no list of packages" });
  if (manifest !== undefined && isObject(value["packages"]))
    noteStaleness(objectAt(value["packages"], ""), manifest, { tree, manifestPath });
  const lines = manifestText === "" ? undefined : manifestLines(manifestText);
  tree.link(
    (at, section, name) => {
      if (at === "") return ownPlace(manifestPath, lines?.get(`${section} ${name}`), manifest !== undefined);
      const folder = joinPath(folderOf(entry), at);
      return folder === undefined ? undefined : { path: `${folder}/package.json`, source: "manifest" };
    },
    manifest === undefined ? [] : readOverrides(manifest),
  );
  const manifests = [
    ...(manifestText === "" ? [] : [manifestPath]),
    ...own.flatMap((folder) => joinPath(folderOf(entry), `${folder}/package.json`) ?? []),
  ];
  return tree.reading({ path, ecosystem: "npm", manager: "npm", files: [entry, ...manifests], target });
}

function ownPlace(path: string, line: number | undefined, isRead: boolean): Place | undefined {
  if (!isRead) return undefined;
  return line === undefined ? { path, source: "manifest" } : { path, line, source: "manifest" };
}

function readManifest(text: string, path: string, tree: Tree): JsonObject | undefined {
  const parsed = parseJsonObject(text);
  if (parsed.state === "read") return parsed.value;
  tree.unread.push({
    path,
    reason: parsed.reason,
    ...(parsed.line === undefined ? {} : { line: parsed.line }),
  });
  return undefined;
}

/** Package-lock 2 and 3: a flat list of folders. Returns the project's own folders beside the root. */
function readPackages(packages: JsonObject, text: string, tree: Tree): string[] {
  const own: string[] = [];
  const lineOf = keyLines(text);
  for (const at of Object.keys(packages)) {
    const manifest = packages[at];
    const line = at === "" ? undefined : lineOf(at);
    if (!isObject(manifest)) tree.refuse(line, `${at.slice(0, 200)} is not described by an object`);
    else if (at === "") tree.addOwn("", manifest);
    else if (manifest["link"] === true) tree.addLink(at, stringAt(manifest, "resolved") ?? "");
    else if (at.startsWith("node_modules/") || at.includes("/node_modules/")) tree.add(at, manifest, line);
    else {
      tree.addOwn(at, manifest);
      own.push(at);
    }
  }
  return own;
}

/**
 * Line of each key, asked for in the order of the text: JSON.parse keeps it, so one pass finds all. Gives up after some
 * keys that are not found as written (escapes), which would cost a pass each.
 */
export function keyLines(text: string, opening = ""): (key: string) => number | undefined {
  const counter = new LineCounter(text);
  let position = Math.max(0, text.indexOf('"packages"'));
  let missed = 0;
  return (key) => {
    if (missed > 8) return undefined;
    const found = text.indexOf(`"${key}":${opening}`, position);
    if (found < 0) {
      missed++;
      return undefined;
    }
    position = found;
    return counter.at(found);
  };
}

/** A lockfile made for another manifest than the one beside it. */
function noteStaleness(
  locked: JsonObject,
  manifest: JsonObject,
  { tree, manifestPath }: { tree: Tree; manifestPath: string },
): void {
  for (const section of ["dependencies", "devDependencies", "optionalDependencies"]) {
    const asked = objectAt(manifest, section);
    const known = objectAt(locked, section);
    for (const name of Object.keys(asked)) {
      const range = asked[name];
      const isMoved =
        section === "dependencies" && stringAt(objectAt(locked, "optionalDependencies"), name) === range;
      if (typeof range !== "string" || isMoved || stringAt(known, name) === range) continue;
      tree.notes.push({
        project: tree.components.project,
        kind: "differs",
        text: `${manifestPath} asks for ${name} ${range}, the lockfile was made for ${stringAt(known, name) ?? "none"}`,
        place: { path: manifestPath, source: "manifest" },
      });
    }
  }
}
