import type { Dependency, Note, Place, Target, Unread } from "../../model/index.ts";
import { ComponentSet } from "../component-set.ts";
import { isObject, objectAt, stringAt, type JsonObject } from "../json-text.ts";
import { mappingsOf, readLockYaml } from "../lock-yaml.ts";
import { readSpec, serves } from "../npm/spec.ts";
import { openEntry, unreadable, type Reading } from "../package-manager.ts";
import { folderOf, joinPath } from "../paths.ts";
import { isPackageName, isVersionText } from "../purl.ts";

/** Reads `pnpm-lock.yaml` of format 5, 6 and 9. Ranges of packages on each other are not in it. */
export function readPnpm(
  entry: string,
  files: ReadonlyMap<string, string>,
  target: Target,
  path = folderOf(entry),
): Reading {
  const opened = openEntry({ entry, files }, readLockYaml);
  if (opened.state === "ended") return opened.reading;
  const { value: lock, lines } = opened.parsed;
  if (lock["lockfileVersion"] === undefined)
    return unreadable({ path: entry, reason: "names no lockfileVersion", line: 1 });
  const importers = importersOf(lock);
  const reader = new PnpmReader({ project: path, path: entry, lock, lines });
  for (const [folder, importer] of importers) reader.linkImporter(folder, importer);
  reader.linkPackages();
  reader.checkPackages();
  reader.components.scopeByReach(reader.dependencies);
  const manifests = importers.flatMap(
    ([folder]) => joinPath(folderOf(entry), `${folder}/package.json`) ?? [],
  );
  return {
    needs: [],
    project: { path, ecosystem: "npm", manager: "pnpm", files: [entry, ...new Set(manifests)], target },
    components: reader.components.list(),
    dependencies: reader.dependencies,
    unread: reader.unread,
    notes: reader.notes,
  };
}

/** Before format 6 a project without workspaces stands at the top level. */
function importersOf(lock: JsonObject): [string, JsonObject][] {
  const importers = [...mappingsOf(lock["importers"])];
  return importers.length > 0 ? importers : [[".", lock]];
}

class PnpmReader {
  readonly components: ComponentSet;
  readonly dependencies: Dependency[] = [];
  readonly unread: Unread[] = [];
  readonly notes: Note[] = [];
  private readonly context: {
    project: string;
    path: string;
    lock: JsonObject;
    lines: ReadonlyMap<string, number>;
  };
  /** Key in the lockfile → component key. */
  private readonly byKey = new Map<string, string>();
  /** Format 9 keeps what a package requires apart from what it is. */
  private readonly snapshots: JsonObject;

  constructor(context: PnpmReader["context"]) {
    this.context = context;
    this.components = new ComponentSet(context.project, "npm");
    const packages = objectAt(context.lock, "packages");
    const snapshots = objectAt(context.lock, "snapshots");
    this.snapshots = Object.keys(snapshots).length > 0 ? snapshots : packages;
    for (const [key, entry] of mappingsOf(packages)) this.add(key, entry);
    if (this.snapshots === packages) return;
    for (const key of Object.keys(snapshots)) {
      const known = this.byKey.get(key) ?? this.byKey.get(withoutPeers(key));
      if (known !== undefined) this.byKey.set(key, known);
    }
  }

  private add(key: string, entry: JsonObject): void {
    const named = readKey(key);
    const name = stringAt(entry, "name") ?? named?.name ?? "";
    const given = entry["version"];
    const version =
      typeof given === "string" || typeof given === "number" ? String(given) : (named?.version ?? "");
    const line = this.context.lines.get(`packages ${key}`);
    const place: Place = {
      path: this.context.path,
      source: "lockfile",
      ...(line === undefined ? {} : { line }),
    };
    if (!isPackageName("npm", name) || !isVersionText(version)) {
      const isForeign = isForeignResolution(objectAt(entry, "resolution"));
      if (isForeign) this.note(`${key.slice(0, 100)} is no registry release and shows no version`, place);
      else
        this.unread.push({
          path: this.context.path,
          reason: `${key.slice(0, 100)} has no valid ${isPackageName("npm", name) ? "version" : "name"}`,
          ...(line === undefined ? {} : { line }),
        });
      return;
    }
    const resolution = objectAt(entry, "resolution");
    const integrity = stringAt(resolution, "integrity");
    this.byKey.set(
      key,
      this.components.add({
        name,
        version,
        scope: "production",
        direct: false,
        requirementsKnown: false,
        place,
        ...(integrity === undefined ? {} : { integrity }),
        ...(isForeignResolution(resolution) ? { immovable: "an address or checkout, not a release" } : {}),
      }),
    );
  }

  /** What the root or a workspace asks for, by the lockfile's own copy of its ranges. */
  linkImporter(folder: string, importer: JsonObject): void {
    const specifiers = objectAt(importer, "specifiers");
    const manifest = joinPath(folderOf(this.context.path), `${folder}/package.json`);
    for (const [section, kind] of [
      ["dependencies", "production"],
      ["optionalDependencies", "optional"],
      ["devDependencies", "development"],
    ] as const) {
      const asked = objectAt(importer, section);
      for (const name of Object.keys(asked)) {
        const value = asked[name];
        const reference = isObject(value) ? stringAt(value, "version") : scalar(value);
        const specifier = this.catalogued(
          name,
          (isObject(value) ? stringAt(value, "specifier") : stringAt(specifiers, name)) ?? "",
        );
        if (reference === undefined || /^(?:link|workspace):/.test(reference)) continue;
        const to = this.find(name, reference);
        const component = to === undefined ? undefined : this.components.get(to);
        if (component !== undefined) component.direct = true;
        const spec = readSpec(name, specifier);
        this.dependencies.push({
          project: this.context.project,
          from: null,
          name: component?.name ?? spec.name,
          requirement: spec.range,
          kind,
          to: to ?? null,
          satisfied:
            component === undefined
              ? false
              : spec.foreign === undefined
                ? serves(component.version, spec.range)
                : true,
          ...(manifest === undefined ? {} : { place: { path: manifest, source: "manifest" as const } }),
        });
      }
    }
  }

  /** `catalog:` and `catalog:name` stand for a range kept at the top of the lockfile. */
  private catalogued(name: string, specifier: string): string {
    if (!specifier.startsWith("catalog:")) return specifier;
    const catalog = specifier.slice("catalog:".length);
    const entry = objectAt(
      objectAt(objectAt(this.context.lock, "catalogs"), catalog === "" ? "default" : catalog),
      name,
    );
    return stringAt(entry, "specifier") ?? specifier;
  }

  linkPackages(): void {
    const seen = new Set<string>();
    for (const [key, entry] of mappingsOf(this.snapshots)) {
      const from = this.byKey.get(key);
      if (from === undefined) continue;
      for (const [section, kind] of [
        ["dependencies", "production"],
        ["optionalDependencies", "optional"],
      ] as const) {
        const asked = objectAt(entry, section);
        for (const name of Object.keys(asked)) {
          const to = this.find(name, scalar(asked[name]));
          const identity = `${from} ${to ?? name}`;
          if (to === undefined || seen.has(identity)) continue;
          seen.add(identity);
          this.dependencies.push({
            project: this.context.project,
            from,
            name: this.components.get(to)?.name ?? name,
            requirement: "",
            kind,
            to,
            satisfied: true,
          });
        }
      }
    }
  }

  /** A reference is a version with peers, or a whole key (an alias, an address). */
  private find(name: string, reference: string): string | undefined {
    return (
      this.byKey.get(`${name}@${reference}`) ??
      this.byKey.get(`/${name}@${reference}`) ??
      this.byKey.get(`/${name}/${reference}`) ??
      this.byKey.get(reference) ??
      this.byKey.get(withoutPeers(reference)) ??
      this.byKey.get(withoutPeers(`${name}@${reference}`))
    );
  }

  /** A list that was lost in an edit or a merge must not look like a project without packages. */
  checkPackages(): void {
    const asked = this.dependencies.filter(({ to }) => to === null).length;
    if (asked > 0 && this.byKey.size === 0)
      this.unread.push({
        path: this.context.path,
        reason: `lists no package of the ${asked} that are asked for`,
      });
  }

  private note(text: string, place: Place): void {
    this.notes.push({ project: this.context.project, kind: "other", text, place });
  }
}

/** A version as text: the full parser gives numbers for `1.0`. */
const scalar = (value: unknown): string =>
  typeof value === "string" ? value : typeof value === "number" ? String(value) : "";

function withoutPeers(key: string): string {
  const open = key.indexOf("(");
  return open < 0 ? key : key.slice(0, open);
}

/** `/name/1.0.0_peers` (format 5), `/name@1.0.0(peers)` (6), `name@1.0.0` (9), each with or without a registry before it. */
function readKey(key: string): { name: string; version: string } | undefined {
  const bare = withoutPeers(key);
  const slash = bare.indexOf("/");
  const modern = /^\/?((?:@[^/@]+\/)?[^/@]+)@([^@]+)$/.exec(bare);
  if (modern !== null) return { name: modern[1] ?? "", version: modern[2] ?? "" };
  if (slash < 0) return undefined;
  const old = /^((?:@[^/]+\/)?[^/]+)\/([^/_]+)(?:_.*)?$/.exec(bare.slice(slash + 1));
  return old === null ? undefined : { name: old[1] ?? "", version: old[2] ?? "" };
}

function isForeignResolution(resolution: JsonObject): boolean {
  return ["tarball", "repo", "directory", "type"].some((field) => {
    const value = stringAt(resolution, field);
    return value !== undefined && !(field === "tarball" && /\/-\/[^/]+\.tgz$/.test(value));
  });
}
