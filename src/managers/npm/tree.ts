import type { Dependency, Note, Place, Project, Scope, Unread } from "../../model/index.ts";
import { ComponentSet, type OpenComponent } from "../component-set.ts";
import { isObject, objectAt, type JsonObject } from "../json-text.ts";
import type { Reading } from "../package-manager.ts";
import { isPackageName, isVersionText } from "../purl.ts";
import { ruleFor, type OverrideRule } from "./overrides.ts";
import { foreignOf, readSpec, serves } from "./spec.ts";

/** One folder of an npm tree, in the words of package-lock 2 and 3. */
export interface Placement {
  /** `node_modules/a/node_modules/b`, a workspace's folder, or `""` for the root. */
  readonly at: string;
  /** Name it is required by; the real one differs for an alias. */
  readonly alias: string;
  readonly manifest: JsonObject;
  /** Key of its component; absent for the project's own folders. */
  readonly key?: string;
  readonly component?: OpenComponent;
  /** A checkout or local file whose version the lockfile does not show: not a component, yet it requires others. */
  readonly isForeign?: boolean;
}

const sections = [
  ["dependencies", "production"],
  ["optionalDependencies", "optional"],
  ["devDependencies", "development"],
  ["peerDependencies", "peer"],
] as const;

/** The own sections of a manifest in which npm looks for what to install. */
export const manifestSections: readonly string[] = sections.map(([section]) => section);

/** An npm tree: which package stands in which folder, and by Node's lookup who finds whom. */
export class Tree {
  readonly components: ComponentSet;
  readonly dependencies: Dependency[] = [];
  readonly notes: Note[] = [];
  readonly unread: Unread[] = [];
  private readonly project: string;
  private readonly entry: string;
  private readonly source: "lockfile" | "environment";
  private readonly placements = new Map<string, Placement>();
  /** Name → its only folder, where that is the top one; `null` where the lookup must look around. */
  private readonly atTop = new Map<string, Placement | null>();
  /** Folder of a link → folder it leads to. */
  private readonly links = new Map<string, string>();
  private overrides: readonly OverrideRule[] = [];

  constructor(project: string, entry: string, source: "lockfile" | "environment") {
    this.project = project;
    this.entry = entry;
    this.source = source;
    this.components = new ComponentSet(project, "npm");
  }

  /** A folder of the project's own: the root, a workspace, or a linked folder. */
  addOwn(at: string, manifest: JsonObject): void {
    this.put({ at, alias: "", manifest });
  }

  /** A package of unknown version that is no registry release. */
  addForeign(at: string, manifest: JsonObject): void {
    this.put({ at, alias: "", manifest, isForeign: true });
  }

  private put(placement: Placement): void {
    this.placements.set(placement.at, placement);
    const { alias, at } = placement;
    if (alias !== "")
      this.atTop.set(alias, this.atTop.has(alias) || at.length !== alias.length + 13 ? null : placement);
  }

  addLink(at: string, target: string): void {
    this.atTop.set(at.slice(at.lastIndexOf("node_modules/") + 13), null);
    this.links.set(at, target);
  }

  /** An installed or locked package, with the flags of package-lock 2 and 3. */
  add(at: string, manifest: JsonObject, line: number | undefined): void {
    const alias = at.slice(at.lastIndexOf("node_modules/") + 13);
    const named = manifest["name"];
    const name = typeof named === "string" ? named : alias;
    const version = manifest["version"];
    if (typeof version !== "string" || !isVersionText(version) || !isPackageName("npm", name)) {
      // npm leaves the entry of an optional package that could not be had without a version.
      if (version === undefined && manifest["optional"] === true) return;
      this.refuse(
        line,
        `${at.slice(0, 200)} has no valid ${typeof version === "string" && isVersionText(version) ? "name" : "version"}`,
      );
      return;
    }
    const place = this.placeOf(at, line);
    const integrity = manifest["integrity"];
    const immovable = immovableBy(manifest);
    const key = this.components.add({
      name,
      version,
      scope: scopeOf(manifest),
      direct: false,
      requirementsKnown: true,
      place,
      ...(typeof integrity === "string" ? { integrity } : {}),
      ...(immovable === undefined ? {} : { immovable }),
    });
    if (name !== alias) this.note(`${name} ${version} is installed under the name ${alias}`, place);
    const component = this.components.get(key);
    this.put({ at, alias, manifest, key, ...(component === undefined ? {} : { component }) });
  }

  /** Where a folder of the tree stands in the file. */
  placeOf(at: string, line: number | undefined): Place {
    return line === undefined
      ? { path: this.entry, source: this.source, at }
      : { path: this.entry, line, source: this.source, at };
  }

  refuse(line: number | undefined, reason: string): void {
    this.unread.push({ path: this.entry, reason, ...(line === undefined ? {} : { line }) });
  }

  note(text: string, place?: Place): void {
    this.notes.push({
      project: this.project,
      kind: "other",
      text,
      ...(place === undefined ? {} : { place }),
    });
  }

  /** Resolves every requirement of every folder once all are known, by the project's own overrides where they hold. */
  link(
    placeOfOwn: (at: string, section: string, name: string) => Place | undefined,
    overrides: readonly OverrideRule[] = [],
  ): void {
    this.overrides = overrides;
    const several = new Set<string>();
    for (const placement of this.placements.values()) {
      const { component } = placement;
      const isRepeated = component !== undefined && component.places.length > 1;
      for (const [section, kind] of sections) {
        if (kind === "development" && (placement.key !== undefined || placement.isForeign === true)) continue;
        const required = placement.manifest[section];
        if (!isObject(required) || !Object.hasOwn(placement.manifest, section)) continue;
        const peers = kind === "peer" ? objectAt(placement.manifest, "peerDependenciesMeta") : undefined;
        for (const name of Object.keys(required)) {
          const range = required[name];
          if (typeof range !== "string") continue;
          if (kind === "production" && isOptionalToo(placement.manifest, name)) continue;
          const isOptional = peers !== undefined && objectAt(peers, name)["optional"] === true;
          const edge = this.edge(placement, { name, range, kind, isOptional });
          if (isRepeated) {
            const identity = `${placement.key ?? ""} ${name} ${edge.to ?? ""}`;
            if (several.has(identity)) continue;
            several.add(identity);
          }
          if (placement.key !== undefined || placement.isForeign === true) {
            this.dependencies.push(edge);
            continue;
          }
          const place = placeOfOwn(placement.at, section, name);
          this.dependencies.push(place === undefined ? edge : { ...edge, place });
          const target = edge.to === null ? undefined : this.components.get(edge.to);
          if (target !== undefined) target.direct = true;
        }
      }
    }
  }

  private edge(
    placement: Placement,
    asked: { name: string; range: string; kind: Dependency["kind"]; isOptional: boolean },
  ): Dependency {
    const spec = readSpec(asked.name, asked.range);
    const found = this.find(placement.at, asked.name);
    const component = found?.component;
    if (component !== undefined && spec.foreign !== undefined) component.immovable ??= spec.foreign;
    const mayBeAbsent = asked.isOptional || asked.kind === "optional";
    const satisfied =
      component !== undefined
        ? spec.foreign === undefined
          ? serves(component.version, spec.range)
          : true
        : found !== undefined
          ? true
          : mayBeAbsent
            ? null
            : false;
    const rule =
      satisfied === false && component !== undefined && this.overrides.length > 0
        ? ruleFor(this.overrides, asked.name, component.version)
        : undefined;
    const edge: Dependency = {
      project: this.project,
      from: placement.key ?? null,
      name: component?.name ?? spec.name,
      requirement: spec.range,
      kind: asked.kind,
      ...(rule === undefined
        ? {}
        : { override: { range: rule.to, ...(rule.isNested ? {} : { rule: rule.range ?? "*" }) } }),
      to: found?.key ?? null,
      satisfied: rule === undefined ? satisfied : true,
    };
    return asked.isOptional ? { ...edge, optional: true } : edge;
  }

  /** Node's lookup: the folder's own `node_modules`, then those of the folders above. */
  private find(at: string, name: string): Placement | undefined {
    const only = this.atTop.get(name);
    if (only !== undefined && only !== null) return only;
    let folder = at;
    for (;;) {
      const candidate = folder === "" ? `node_modules/${name}` : `${folder}/node_modules/${name}`;
      const found = this.placements.get(candidate) ?? this.followed(candidate);
      if (found !== undefined) return found;
      if (folder === "") return undefined;
      // Above a package lies the folder that holds its `node_modules`; above a workspace, its parent folder.
      const modules = folder.lastIndexOf("node_modules/");
      const isPackage = modules >= 0 && (modules === 0 || folder.charCodeAt(modules - 1) === 47);
      const end = isPackage ? modules - 1 : folder.lastIndexOf("/");
      folder = end <= 0 ? "" : folder.slice(0, end);
    }
  }

  private followed(at: string): Placement | undefined {
    const target = this.links.get(at);
    return target === undefined ? undefined : this.placements.get(target);
  }

  reading(project: Project): Reading {
    return {
      needs: [],
      project,
      components: this.components.list(),
      dependencies: this.dependencies,
      unread: this.unread,
      notes: this.notes,
    };
  }
}

/** npm repeats optional dependencies in both sections of a published manifest. */
function isOptionalToo(manifest: JsonObject, name: string): boolean {
  const optional = manifest["optionalDependencies"];
  return isObject(optional) && Object.hasOwn(optional, name);
}

function scopeOf(manifest: JsonObject): Scope {
  if (manifest["dev"] === true) return "development";
  return manifest["optional"] === true || manifest["devOptional"] === true ? "optional" : "production";
}

function immovableBy(manifest: JsonObject): string | undefined {
  if (manifest["inBundle"] === true) return "bundled";
  const resolved = manifest["resolved"];
  if (typeof resolved !== "string" || resolved.startsWith("https://")) return undefined;
  const foreign = foreignOf(resolved);
  return foreign === "an address, not a release" ? undefined : foreign;
}
