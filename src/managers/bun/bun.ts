import type { Place, Target } from "../../model/index.ts";
import { isObject, objectAt, parseJsonObject, type JsonObject } from "../json-text.ts";
import { editManifests } from "../npm/edit-manifest.ts";
import { keyLines } from "../npm/read-lockfile.ts";
import { Tree } from "../npm/tree.ts";
import { openEntry, type PackageManager, type Reading } from "../package-manager.ts";
import { fileNameOf, folderOf, joinPath } from "../paths.ts";

/** bun's text lockfile. */
export const bun: PackageManager = {
  id: "bun",
  ecosystem: "npm",
  claims: (path) => fileNameOf(path) === "bun.lock",
  read: readBun,
  edit: editManifests,
};

function readBun(
  entry: string,
  files: ReadonlyMap<string, string>,
  target: Target,
  path = folderOf(entry),
): Reading {
  const opened = openEntry({ entry, files }, (source) => parseJsonObject(stripJsonc(source)));
  if (opened.state === "ended") return opened.reading;
  const {
    text,
    parsed: { value },
  } = opened;
  const tree = new Tree(path, entry, "lockfile");
  const folders = new Map<string, string>();
  const workspaces = objectAt(value, "workspaces");
  for (const [folder, manifest] of Object.entries(workspaces)) {
    if (!isObject(manifest)) continue;
    tree.addOwn(folder, withPeers(manifest));
    const name = manifest["name"];
    if (typeof name === "string" && folder !== "") folders.set(name, folder);
  }
  const lineOf = keyLines(text, " [");
  const packages = objectAt(value, "packages");
  for (const key of Object.keys(packages))
    addPackage(tree, { key, value: packages[key], folders, line: lineOf(key) });
  const manifestOf = (folder: string): string | undefined =>
    joinPath(folderOf(entry), folder === "" ? "package.json" : `${folder}/package.json`);
  const manifests = Object.keys(workspaces).flatMap((folder) => manifestOf(folder) ?? []);
  tree.link((at): Place | undefined => {
    const manifest = manifestOf(at);
    return manifest === undefined ? undefined : { path: manifest, source: "manifest" };
  });
  tree.components.scopeByReach(tree.dependencies);
  return tree.reading({ path, ecosystem: "npm", manager: "bun", files: [entry, ...manifests], target });
}

/** `"a/b": ["b@1.0.0", registry, {dependencies…}, integrity]`, where the key is the chain of folders. */
function addPackage(
  tree: Tree,
  entry: { key: string; value: unknown; folders: ReadonlyMap<string, string>; line: number | undefined },
): void {
  const at = placementOf(entry.key, entry.folders);
  const parts: readonly unknown[] = Array.isArray(entry.value) ? (entry.value as unknown[]) : [];
  const identity = parts[0];
  if (typeof identity !== "string") {
    tree.refuse(entry.line, `${entry.key.slice(0, 200)} is not described by a list`);
    return;
  }
  const sign = identity.indexOf("@", 1);
  const name = identity.slice(0, sign);
  const reference = identity.slice(sign + 1);
  if (reference.startsWith("workspace:")) {
    tree.addLink(at, reference.slice("workspace:".length));
    return;
  }
  const details = withPeers(parts.find(isObject) ?? {});
  if (!/^\d/.test(reference)) {
    tree.note(
      `${entry.key} comes from ${reference.slice(0, 100)}; the lockfile does not show its version`,
      tree.placeOf(at, entry.line),
    );
    tree.addForeign(at, details);
    return;
  }
  const integrity = parts.find((part) => typeof part === "string" && /^sha\d+-/.test(part));
  tree.add(at, { ...details, name, version: reference, integrity }, entry.line);
}

/** `optionalPeers: [name]` in the words of npm. */
function withPeers(manifest: JsonObject): JsonObject {
  const optional = manifest["optionalPeers"];
  if (!Array.isArray(optional)) return manifest;
  const meta = Object.fromEntries(
    optional.filter((name) => typeof name === "string").map((name) => [name, { optional: true }]),
  );
  return { ...manifest, peerDependenciesMeta: meta };
}

function placementOf(key: string, folders: ReadonlyMap<string, string>): string {
  const names: string[] = [];
  const parts = key.split("/");
  for (let index = 0; index < parts.length; index++) {
    const part = parts[index] ?? "";
    names.push(part.startsWith("@") ? `${part}/${parts[++index] ?? ""}` : part);
  }
  const [first = "", ...rest] = names;
  const folder = rest.length > 0 ? folders.get(first) : undefined;
  return [folder ?? `node_modules/${first}`, ...rest.map((name) => `node_modules/${name}`)].join("/");
}

/** JSON with comments and trailing commas as JSON; every other character keeps its place, so that lines stay true. */
export function stripJsonc(text: string): string {
  return text.replace(
    /"(?:[^"\\\n]|\\.)*"|\/\/[^\n]*|\/\*[\s\S]*?\*\/|,(?=(?:\s|\/\/[^\n]*\n|\/\*[\s\S]*?\*\/)*[}\]])/g,
    (token) => (token.startsWith('"') ? token : token.replace(/[^\n]/g, " ")),
  );
}
