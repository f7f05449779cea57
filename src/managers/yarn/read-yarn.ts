import type { Dependency, Note, Place, Target, Unread } from "../../model/index.ts";
import { ComponentSet } from "../component-set.ts";
import {
  isObject,
  objectAt,
  parseJsonObject,
  stringAt,
  type JsonObject,
  type UnreadText,
} from "../json-text.ts";
import { manifestLines } from "../npm/manifest.ts";
import { foreignOf, readSpec, serves } from "../npm/spec.ts";
import { needing, openEntry, type Reading } from "../package-manager.ts";
import { folderOf, joinPath } from "../paths.ts";
import { isPackageName, isVersionText } from "../purl.ts";
import { parseYarnBerry, type BerryEntry } from "./yarn-berry.ts";
import { parseYarnV1, type YarnEntry } from "./yarn-v1.ts";

type Entry = YarnEntry | BerryEntry;
const isBerry = (entry: Entry): entry is BerryEntry => "protocol" in entry;

/** Reads `yarn.lock` of any yarn with the manifests of the root and its workspaces. */
export function readYarn(
  entry: string,
  files: ReadonlyMap<string, string>,
  target: Target,
  path = folderOf(entry),
): Reading {
  const opened = openEntry({ entry, files }, parseYarn);
  if (opened.state === "ended") return opened.reading;
  const { entries, bad } = opened.parsed;
  const own = ownManifests(entry, entries, files);
  if (own.needs.length > 0) return needing(own.needs);
  const reader = new YarnReader(path, entry, entries);
  for (const { line, reason } of bad) reader.unread.push({ path: entry, line, reason });
  for (const manifest of own.paths) reader.linkManifest(manifest, files.get(manifest) ?? "");
  reader.linkEntries();
  reader.components.scopeByReach(reader.dependencies);
  return {
    needs: [],
    project: { path, ecosystem: "npm", manager: "yarn", files: [entry, ...own.paths], target },
    components: reader.components.list(),
    dependencies: reader.dependencies,
    unread: reader.unread,
    notes: reader.notes,
  };
}

/** The blocks of a lockfile of any yarn, and what of a text by yarn 1 is none. */
function parseYarn(text: string):
  | UnreadText
  | {
      readonly state: "read";
      readonly entries: readonly Entry[];
      readonly bad: readonly { readonly line: number; readonly reason: string }[];
    } {
  return text.includes("__metadata:") ? parseYarnBerry(text) : { state: "read", ...parseYarnV1(text) };
}

/** The root's manifest, and those of workspaces: named by a berry lockfile, found by the root's globs for yarn 1. */
function ownManifests(
  entry: string,
  entries: readonly Entry[],
  files: ReadonlyMap<string, string>,
): { needs: string[]; paths: string[] } {
  const folder = folderOf(entry);
  const root = joinPath(folder, "package.json") ?? "package.json";
  const wanted = entries.flatMap((one) =>
    isBerry(one) && one.workspace !== undefined
      ? (joinPath(folder, `${one.workspace}/package.json`) ?? [])
      : [],
  );
  const first = [...new Set([root, ...wanted])];
  const missing = first.filter((file) => !files.has(file));
  if (missing.length > 0) return { needs: missing, paths: [] };
  const parsed = parseJsonObject(files.get(root) ?? "");
  const declared = parsed.state === "read" ? parsed.value["workspaces"] : undefined;
  const globs = Array.isArray(declared) ? declared : isObject(declared) ? declared["packages"] : [];
  const patterns = (Array.isArray(globs) ? globs : []).flatMap((glob) =>
    typeof glob === "string" && !glob.startsWith("!") ? (joinPath(folder, `${glob}/package.json`) ?? []) : [],
  );
  const unseen = patterns.filter((pattern) => !files.has(pattern));
  if (unseen.length > 0) return { needs: unseen, paths: [] };
  const found = [...files.keys()].filter((file) => file.endsWith("package.json") && !file.includes("*"));
  return {
    needs: [],
    paths: [...new Set([root, ...found.sort()])].filter((file) => files.get(file) !== ""),
  };
}

class YarnReader {
  readonly components: ComponentSet;
  readonly dependencies: Dependency[] = [];
  readonly unread: Unread[] = [];
  readonly notes: Note[] = [];
  private readonly project: string;
  private readonly path: string;
  /** Pattern → component key; `""` for the project's own packages. */
  private readonly byPattern = new Map<string, string>();
  private readonly byName = new Map<string, Set<string>>();
  private readonly entries: readonly { entry: Entry; key: string }[];
  private resolutions: JsonObject = {};

  constructor(project: string, path: string, entries: readonly Entry[]) {
    this.project = project;
    this.path = path;
    this.components = new ComponentSet(project, "npm");
    this.entries = entries.flatMap((entry) => {
      const key = this.add(entry);
      if (key === undefined) return [];
      for (const pattern of entry.patterns) this.byPattern.set(pattern, key);
      return [{ entry, key }];
    });
  }

  private add(entry: Entry): string | undefined {
    if (isBerry(entry) && entry.workspace !== undefined) return "";
    const pattern = entry.patterns[0] ?? "";
    const at = pattern.indexOf("@", 1);
    const alias = at < 0 ? pattern : pattern.slice(0, at);
    const range = at < 0 ? "" : pattern.slice(at + 1);
    const name = isBerry(entry) ? entry.name : readSpec(alias, range).name;
    if (!isPackageName("npm", name) || !isVersionText(entry.version)) {
      this.unread.push({
        path: this.path,
        ...(entry.line > 0 ? { line: entry.line } : {}),
        reason: `${pattern.slice(0, 100)} has no valid ${isPackageName("npm", name) ? "version" : "name"}`,
      });
      return undefined;
    }
    const place: Place = {
      path: this.path,
      source: "lockfile",
      ...(entry.line > 0 ? { line: entry.line } : {}),
    };
    const immovable = immovableBy(entry, range);
    const key = this.components.add({
      name,
      version: entry.version,
      scope: "production",
      direct: false,
      requirementsKnown: true,
      place,
      ...(entry.integrity === undefined ? {} : { integrity: entry.integrity }),
      ...(immovable === undefined ? {} : { immovable }),
    });
    if (name !== alias)
      this.notes.push({
        project: this.project,
        kind: "other",
        text: `${name} ${entry.version} is installed under the name ${alias}`,
        place,
      });
    const known = this.byName.get(alias);
    if (known === undefined) this.byName.set(alias, new Set([key]));
    else known.add(key);
    return key;
  }

  /** What the root or a workspace asks for. */
  linkManifest(path: string, text: string): void {
    const parsed = parseJsonObject(text);
    if (parsed.state === "unread") {
      this.unread.push({
        path,
        reason: parsed.reason,
        ...(parsed.line === undefined ? {} : { line: parsed.line }),
      });
      return;
    }
    if (Object.keys(this.resolutions).length === 0) this.resolutions = objectAt(parsed.value, "resolutions");
    const lines = manifestLines(text);
    for (const [section, kind] of [
      ["dependencies", "production"],
      ["optionalDependencies", "optional"],
      ["devDependencies", "development"],
    ] as const) {
      const asked = objectAt(parsed.value, section);
      for (const name of Object.keys(asked)) {
        const range = asked[name];
        if (typeof range !== "string") continue;
        const line = lines.get(`${section} ${name}`);
        const place: Place = { path, source: "manifest", ...(line === undefined ? {} : { line }) };
        const edge = this.edge(null, { name, range, kind });
        if (edge === undefined) continue;
        this.dependencies.push({ ...edge, place });
        const component = edge.to === null ? undefined : this.components.get(edge.to);
        if (component !== undefined) component.direct = true;
      }
    }
  }

  linkEntries(): void {
    const seen = new Set<string>();
    for (const { entry, key } of this.entries) {
      if (key === "" || seen.has(key)) continue;
      seen.add(key);
      const push = (edge: Dependency | undefined): void => {
        if (edge !== undefined) this.dependencies.push(edge);
      };
      for (const [name, range] of entry.dependencies)
        push(this.edge(key, { name, range, kind: "production" }));
      for (const [name, range] of entry.optionalDependencies)
        push(this.edge(key, { name, range, kind: "optional" }));
      if (!isBerry(entry)) continue;
      for (const [name, range] of entry.peerDependencies)
        push(this.edge(key, { name, range, kind: "peer", optional: entry.optionalPeers.has(name) }));
    }
  }

  private edge(
    from: string | null,
    asked: { name: string; range: string; kind: Dependency["kind"]; optional?: boolean },
  ): Dependency | undefined {
    const range =
      asked.range.startsWith("npm:") && !/^npm:(?:@[^/]*\/)?[A-Za-z]/.test(asked.range)
        ? asked.range.slice(4)
        : asked.range;
    const spec = readSpec(asked.name, range.replace(/^patch:.*?@(?:npm%3A)?([^#]*)#.*$/, "$1"));
    const to = this.find(asked.name, asked.range, asked.kind === "peer");
    // The project's own packages are no components.
    if (to === "" || /^(?:workspace|link|portal):/.test(asked.range)) return undefined;
    const component = to === undefined ? undefined : this.components.get(to);
    const mayBeAbsent = asked.optional === true || asked.kind === "optional";
    if (asked.kind === "peer" && component === undefined) return undefined;
    return {
      project: this.project,
      from,
      name: component?.name ?? spec.name,
      requirement: spec.range,
      kind: asked.kind,
      to: to ?? null,
      satisfied:
        component === undefined
          ? mayBeAbsent
            ? null
            : false
          : spec.foreign === undefined
            ? serves(component.version, spec.range)
            : true,
      ...(asked.optional === true ? { optional: true } : {}),
    };
  }

  private find(name: string, range: string, isPeer: boolean): string | undefined {
    const forced = stringAt(this.resolutions, name) ?? stringAt(this.resolutions, `**/${name}`);
    const known =
      this.byPattern.get(`${name}@${range}`) ??
      this.byPattern.get(`${name}@npm:${range}`) ??
      (forced === undefined
        ? undefined
        : (this.byPattern.get(`${name}@${forced}`) ?? this.byPattern.get(`${name}@npm:${forced}`)));
    if (known !== undefined) return known;
    const candidates = [...(this.byName.get(name) ?? [])];
    if (candidates.length === 1 && !isPeer) return candidates[0];
    const fitting = candidates.filter(
      (key) => serves(this.components.get(key)?.version ?? "", range) === true,
    );
    // A peer is served by whatever the dependents bring; only an unambiguous one is named.
    return fitting.length === 1 ? fitting[0] : undefined;
  }
}

function immovableBy(entry: Entry, range: string): string | undefined {
  if (isBerry(entry)) {
    if (entry.protocol === "npm") return undefined;
    return entry.protocol === "patch" && entry.patterns.every((one) => /[~!]builtin</.test(one))
      ? undefined
      : entry.protocol === "patch"
        ? "patched"
        : "an address, not a release";
  }
  return foreignOf(range) ?? (entry.resolved === undefined ? undefined : gitOnly(entry.resolved));
}

function gitOnly(resolved: string): string | undefined {
  const foreign = foreignOf(resolved);
  return foreign === "a git checkout" || foreign === "a local file" ? foreign : undefined;
}
