import { normaliseName, type Note, type Target } from "../../model/index.ts";
import { isObject, objectAt, parseJsonObject, stringAt, type JsonObject } from "../json-text.ts";
import { LineCounter } from "../line-counter.ts";
import { openEntry, type Reading } from "../package-manager.ts";
import { parseToml } from "../parsers.ts";
import { folderOf, joinPath } from "../paths.ts";
import { pinOf } from "../pip/requirement-lines.ts";
import { fromPoetry } from "./pyproject.ts";
import { joinPythonLock, type LockedPackage, type RootRequirement } from "./python-lock.ts";

/** Reads `Pipfile.lock` with the `Pipfile` beside it. It does not record who requires whom. */
export function readPipfile(
  entry: string,
  files: ReadonlyMap<string, string>,
  target: Target,
  path = folderOf(entry),
): Reading {
  const manifest = joinPath(folderOf(entry), "Pipfile") ?? "Pipfile";
  const opened = openEntry({ entry, files, beside: [manifest] }, parseJsonObject);
  if (opened.state === "ended") return opened.reading;
  const {
    text,
    parsed: { value },
  } = opened;
  const notes: Note[] = [];
  const counter = new LineCounter(text);
  const packages = new Map<string, LockedPackage>();
  for (const [section, scope] of [
    ["default", "production"],
    ["develop", "development"],
  ] as const) {
    let position = Math.max(0, text.indexOf(`"${section}"`));
    const table = objectAt(value, section);
    for (const name of Object.keys(table)) {
      const found = text.indexOf(`"${name}": {`, position);
      if (found >= 0) position = found;
      const line = found < 0 ? undefined : counter.at(found);
      const one = readEntry(name, table[name], line);
      if (typeof one === "string")
        notes.push({
          project: path,
          kind: "other",
          text: one,
          place: { path: entry, source: "lockfile", ...(line === undefined ? {} : { line }) },
        });
      else if (!packages.has(`${one.name}@${one.version}`))
        packages.set(`${one.name}@${one.version}`, { ...one, scope });
    }
  }
  const declared = readManifest(manifest, files.get(manifest) ?? "");
  return joinPythonLock({
    entry,
    path,
    manager: "pipenv",
    files: files.get(manifest) === "" ? [entry] : [entry, manifest],
    target,
    packages: [...packages.values()],
    roots: declared.roots,
    unread: declared.unread,
    notes,
  });
}

/** A package, or in words why it has no version. */
function readEntry(name: string, value: unknown, line: number | undefined): LockedPackage | string {
  const entry: JsonObject = isObject(value) ? value : {};
  const version = pinOf(stringAt(entry, "version") ?? "");
  const foreign = ["git", "file", "path", "hg", "svn"].find((field) => stringAt(entry, field) !== undefined);
  if (version === undefined)
    return foreign === undefined
      ? `${name} is locked without a version`
      : `${name} comes from ${foreign}; the lockfile does not show its version`;
  const hashes = Array.isArray(entry["hashes"])
    ? entry["hashes"].filter((hash) => typeof hash === "string")
    : [];
  return {
    name: normaliseName("PyPI", name),
    version,
    requires: [],
    requirementsKnown: false,
    integrity: hashes,
    ...(line === undefined ? {} : { line }),
    ...(foreign === undefined ? {} : { immovable: `${foreign}, not a release of an index` }),
  };
}

function readManifest(
  path: string,
  text: string,
): { roots: RootRequirement[]; unread: { path: string; reason: string }[] } {
  if (text === "") return { roots: [], unread: [] };
  const parsed = parseToml(text);
  if (parsed.state === "unread") return { roots: [], unread: [{ path, reason: parsed.reason }] };
  const lines = text.split("\n");
  const roots = (
    [
      ["packages", "production"],
      ["dev-packages", "development"],
    ] as const
  ).flatMap(([section, kind]) =>
    Object.entries(objectAt(parsed.value, section)).map(([name, value]): RootRequirement => {
      const line = lines.findIndex((one) => one.replace(/^["']/, "").startsWith(name)) + 1;
      return {
        ...fromPoetry(name, value),
        kind,
        place: { path, source: "manifest", ...(line === 0 ? {} : { line }) },
      };
    }),
  );
  return { roots, unread: [] };
}
