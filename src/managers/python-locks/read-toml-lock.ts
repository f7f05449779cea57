import { normaliseName, type Note, type Target } from "../../model/index.ts";
import { isObject, objectAt, stringAt, type JsonObject } from "../json-text.ts";
import { openEntry, unreadable, type Reading } from "../package-manager.ts";
import { parseTomlTables } from "../parsers.ts";
import { folderOf, joinPath, shownAddress } from "../paths.ts";
import { fromPep508, fromPoetry, readPyproject } from "./pyproject.ts";
import {
  joinPythonLock,
  tableLines,
  type LockedPackage,
  type LockedRequirement,
  type RootRequirement,
} from "./python-lock.ts";

type Tool = "poetry" | "pdm" | "uv" | "pip";

/** Reads `poetry.lock`, `pdm.lock`, `uv.lock` or `pylock.toml` (PEP 751) with the `pyproject.toml` beside it. */
export function readTomlLock(
  tool: Tool,
  request: { entry: string; files: ReadonlyMap<string, string>; target: Target; path?: string },
): Reading {
  const { entry, files } = request;
  const manifest = joinPath(folderOf(entry), "pyproject.toml") ?? "pyproject.toml";
  const key = tool === "pip" ? "packages" : "package";
  const opened = openEntry({ entry, files, beside: [manifest] }, (text) => {
    const lines = tableLines(text, `[[${key}]]`);
    return parseTomlTables(text, key, (table, index): Entry =>
      readEntry(tool, isObject(table) ? table : {}, lines[index]),
    );
  });
  if (opened.state === "ended") return opened.reading;
  const listed = opened.parsed.value[key];
  if (!Array.isArray(listed) && tool !== "uv" && listed !== undefined)
    return unreadable({ path: entry, reason: "holds no list of packages" });
  const entries = Array.isArray(listed) ? (listed as Entry[]) : [];
  const manifestText = files.get(manifest) ?? "";
  const pyproject = readPyproject(manifest, manifestText);
  const path = request.path ?? folderOf(entry);
  const own = entries.flatMap((one) => (one.kind === "own" ? [one.table] : []));
  const ownNames = new Set(own.map(nameOf));
  const notes = entries.flatMap((one): Note[] => {
    if (one.kind !== "unversioned") return [];
    const { name, line } = one;
    return [
      {
        project: path,
        kind: "other",
        text: `${name} is locked without a version: it comes from a folder, an archive or a repository`,
        place: { path: entry, source: "lockfile", ...(line === undefined ? {} : { line }) },
      },
    ];
  });
  return joinPythonLock({
    entry,
    path,
    manager: tool,
    files: [
      entry,
      ...(manifestText === "" ? [] : [manifest]),
      ...(tool === "uv" ? own.flatMap((table) => memberManifest(entry, table)) : []),
    ],
    target: request.target,
    packages: mergeExtras(entries.flatMap((one) => (one.kind === "locked" ? [one.locked] : []))),
    roots:
      tool === "uv" && own.length > 0
        ? own.flatMap((table) => uvRoots(table, pyproject.roots)).filter((root) => !ownNames.has(root.name))
        : pyproject.roots,
    unread: pyproject.unread,
    notes,
  });
}

/** What is kept of one table of the list. */
type Entry =
  | { readonly kind: "own"; readonly table: JsonObject }
  | { readonly kind: "locked"; readonly locked: LockedPackage }
  | { readonly kind: "unversioned"; readonly name: string; readonly line: number | undefined };

function readEntry(tool: Tool, table: JsonObject, line: number | undefined): Entry {
  if (isOwn(table)) return { kind: "own", table };
  if (tool === "pip" && stringAt(table, "version") === undefined)
    return { kind: "unversioned", name: stringAt(table, "name") ?? "a package", line };
  return { kind: "locked", locked: readers[tool](table, line) };
}

/** pdm lists a package once for itself and once for each set of extras. */
function mergeExtras(packages: readonly LockedPackage[]): LockedPackage[] {
  const merged = new Map<string, LockedPackage>();
  for (const one of packages) {
    const key = `${one.name}@${one.version}`;
    const known = merged.get(key);
    merged.set(key, known === undefined ? one : { ...known, requires: [...known.requires, ...one.requires] });
  }
  return [...merged.values()];
}

/** The project itself and its workspace members (uv: `virtual`, `editable` and `directory` sources). */
function isOwn(table: JsonObject): boolean {
  const source = objectAt(table, "source");
  return ["virtual", "editable"].some((kind) => stringAt(source, kind) !== undefined);
}

/** The manifest of a workspace member, beside the root's own. */
function memberManifest(entry: string, table: JsonObject): string[] {
  const source = objectAt(table, "source");
  const folder = stringAt(source, "virtual") ?? stringAt(source, "editable") ?? ".";
  const path = joinPath(folderOf(entry), `${folder}/pyproject.toml`);
  return folder === "." || path === undefined ? [] : [path];
}

const nameOf = (table: JsonObject): string => normaliseName("PyPI", stringAt(table, "name") ?? "");

function hashesOf(files: unknown): string[] {
  if (!Array.isArray(files)) return [];
  return files.flatMap((file) => {
    const hash = isObject(file)
      ? (stringAt(file, "hash") ?? stringAt(objectAt(file, "hashes"), "sha256"))
      : undefined;
    return hash === undefined ? [] : [hash.includes(":") ? hash : `sha256:${hash}`];
  });
}

function base(table: JsonObject, line: number | undefined): Pick<LockedPackage, "name" | "version" | "line"> {
  const version = stringAt(table, "version") ?? "";
  return { name: nameOf(table), version, ...(line === undefined ? {} : { line }) };
}

const readers: Record<Tool, (table: JsonObject, line: number | undefined) => LockedPackage> = {
  poetry: readPoetry,
  pdm: readPdm,
  uv: readUv,
  pip: readPylock,
};

function readPoetry(table: JsonObject, line: number | undefined): LockedPackage {
  const requires = Object.entries(objectAt(table, "dependencies")).flatMap(([name, value]) =>
    (Array.isArray(value) ? (value as unknown[]) : [value]).map((one) => fromPoetry(name, one)),
  );
  const category = stringAt(table, "category");
  const groups = Array.isArray(table["groups"]) ? (table["groups"] as unknown[]) : undefined;
  const source = objectAt(table, "source");
  const type = stringAt(source, "type");
  const isForeign = type !== undefined && !["legacy", "pypi"].includes(type);
  const isDevelopment =
    category === undefined ? groups !== undefined && !groups.includes("main") : category !== "main";
  const isSaid = category !== undefined || groups !== undefined;
  return {
    ...base(table, line),
    requires,
    requirementsKnown: true,
    integrity: hashesOf(table["files"]),
    ...(isForeign ? { immovable: `${type}: ${shownAddress(stringAt(source, "url") ?? "")}` } : {}),
    ...(isSaid
      ? { scope: isDevelopment ? "development" : table["optional"] === true ? "optional" : "production" }
      : {}),
  };
}

function readPdm(table: JsonObject, line: number | undefined): LockedPackage {
  const listed = Array.isArray(table["dependencies"]) ? (table["dependencies"] as unknown[]) : [];
  const requires = listed.flatMap((text) => (typeof text === "string" ? (fromPep508(text) ?? []) : []));
  const groups = Array.isArray(table["groups"]) ? (table["groups"] as unknown[]) : undefined;
  const foreign = ["git", "url", "path"].find((field) => stringAt(table, field) !== undefined);
  return {
    ...base(table, line),
    requires: requires.filter((one) => one.name !== nameOf(table)),
    requirementsKnown: true,
    integrity: hashesOf(table["files"]),
    ...(foreign === undefined
      ? {}
      : { immovable: `${foreign}: ${shownAddress(stringAt(table, foreign) ?? "")}` }),
    ...(groups === undefined ? {} : { scope: groups.includes("default") ? "production" : "development" }),
  };
}

function uvRequires(list: unknown, optional: boolean): LockedRequirement[] {
  if (!Array.isArray(list)) return [];
  return list.filter(isObject).map((one) => {
    const version = stringAt(one, "version");
    const marker = stringAt(one, "marker");
    const extras = one["extra"];
    return {
      name: nameOf(one),
      requirement: "",
      ...(version === undefined ? {} : { version }),
      ...(marker === undefined ? {} : { marker }),
      ...(Array.isArray(extras) ? { extras: extras.filter((extra) => typeof extra === "string") } : {}),
      ...(optional ? { optional } : {}),
    };
  });
}

function readUv(table: JsonObject, line: number | undefined): LockedPackage {
  const source = objectAt(table, "source");
  const kind = ["git", "url", "path", "directory"].find((one) => stringAt(source, one) !== undefined);
  const wheels = hashesOf(table["wheels"]);
  return {
    ...base(table, line),
    requires: [
      ...uvRequires(table["dependencies"], false),
      ...Object.values(objectAt(table, "optional-dependencies")).flatMap((list) => uvRequires(list, true)),
    ],
    // uv records whom a package requires, not by which range.
    requirementsKnown: false,
    integrity: [...hashesOf([table["sdist"]]), ...wheels],
    ...(kind === undefined ? {} : { immovable: `${kind}: ${shownAddress(stringAt(source, kind) ?? "")}` }),
  };
}

/** What the project or a workspace member asks for, with the ranges of `requires-dist` and the manifest. */
function uvRoots(table: JsonObject, declared: readonly RootRequirement[]): RootRequirement[] {
  const ranges = new Map<string, string>();
  const metadata = objectAt(table, "metadata");
  const lists = [metadata["requires-dist"], ...Object.values(objectAt(metadata, "requires-dev"))];
  for (const one of lists.flatMap((list) => (Array.isArray(list) ? (list as unknown[]) : [])))
    if (isObject(one)) ranges.set(nameOf(one), stringAt(one, "specifier") ?? "");
  const asRoot = (kind: RootRequirement["kind"]) => (one: LockedRequirement) => {
    const place = declared.find((root) => root.name === one.name)?.place;
    return {
      ...one,
      kind,
      requirement: ranges.get(one.name) ?? "",
      ...(place === undefined ? {} : { place }),
    };
  };
  return [
    ...uvRequires(table["dependencies"], false).map(asRoot("production")),
    ...Object.values(objectAt(table, "optional-dependencies")).flatMap((list) =>
      uvRequires(list, false).map(asRoot("optional")),
    ),
    ...Object.values(objectAt(table, "dev-dependencies")).flatMap((list) =>
      uvRequires(list, false).map(asRoot("development")),
    ),
  ];
}

function readPylock(table: JsonObject, line: number | undefined): LockedPackage {
  const kind = ["vcs", "directory", "archive"].find((one) => isObject(table[one]));
  const listed = Array.isArray(table["dependencies"]) ? (table["dependencies"] as unknown[]) : [];
  return {
    ...base(table, line),
    requires: listed.filter(isObject).map((one) => {
      const version = stringAt(one, "version");
      return { name: nameOf(one), requirement: "", ...(version === undefined ? {} : { version }) };
    }),
    requirementsKnown: false,
    integrity: [...hashesOf([table["sdist"]]), ...hashesOf(table["wheels"])],
    ...(kind === undefined ? {} : { immovable: `${kind}, not a release of an index` }),
  };
}
