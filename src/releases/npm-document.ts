import type { Release, Requirement, Target } from "../model/index.ts";

/** A package's document reduced to what is planned with; the same for every target. */
export interface NpmPackage {
  readonly versions: readonly NpmVersion[];
  /** Each different list of requirements once: most releases of a package require the same. */
  readonly requires: readonly (readonly Requirement[])[];
  readonly tags: Readonly<Record<string, string>>;
}

/** One version as the registry lists it. */
export interface NpmVersion {
  readonly version: string;
  /** Index into `NpmPackage.requires`. */
  readonly requires: number;
  readonly publishedAt?: string;
  readonly deprecated?: string;
  readonly node?: string;
  readonly os?: readonly string[];
  readonly cpu?: readonly string[];
  readonly hash?: string;
  /** Whether an archive is listed. */
  readonly hasArchive: boolean;
  readonly bundles?: true;
  readonly installScript?: true;
  readonly publisher?: string;
}

/** A part of a registry's document: any value may be missing or of another kind. */
export type Json = Readonly<Record<string, unknown>>;

/** Most versions of one package that are taken in; the largest known has some 10,000. */
const maxVersions = 50_000;
const maxRequirements = 2_000;

/** An object, or an empty one for anything else. */
export function objectOf(value: unknown): Json {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : {};
}

const own = (object: Json, key: string): unknown => (Object.hasOwn(object, key) ? object[key] : undefined);

/**
 * Reduces a document of the registry, abbreviated or full, to what is planned with.
 * @throws {Error} when it is no JSON object with a list of versions.
 */
export function reduceDocument(text: string): NpmPackage {
  const document = objectOf(JSON.parse(text));
  const listed = own(document, "versions");
  if (typeof listed !== "object" || listed === null) throw new Error("it lists no versions");
  const times = objectOf(own(document, "time"));
  const sets = new Map<string, number>();
  const requires: (readonly Requirement[])[] = [];
  const versions: NpmVersion[] = [];
  for (const [version, entry] of Object.entries(objectOf(listed)).slice(0, maxVersions)) {
    const manifest = objectOf(entry);
    const wanted = requirementsOf(manifest);
    const identity = JSON.stringify(wanted);
    let index = sets.get(identity);
    if (index === undefined) {
      sets.set(identity, (index = requires.length));
      requires.push(wanted);
    }
    versions.push(reduceVersion(version, manifest, { requires: index, publishedAt: own(times, version) }));
  }
  return { versions, requires, tags: textsOf(own(document, "dist-tags")) };
}

function reduceVersion(
  version: string,
  manifest: Json,
  rest: { readonly requires: number; readonly publishedAt: unknown },
): NpmVersion {
  const dist = objectOf(own(manifest, "dist"));
  const node = own(objectOf(own(manifest, "engines")), "node");
  const deprecated = own(manifest, "deprecated");
  const publisher = own(objectOf(own(manifest, "_npmUser")), "name");
  const { publishedAt } = rest;
  const hash = hashOf(dist);
  const os = listOf(own(manifest, "os"));
  const cpu = listOf(own(manifest, "cpu"));
  return {
    version,
    requires: rest.requires,
    ...(typeof publishedAt === "string" && !Number.isNaN(Date.parse(publishedAt)) ? { publishedAt } : {}),
    ...(typeof deprecated === "string" && deprecated !== "" ? { deprecated } : {}),
    ...(deprecated === true ? { deprecated: "deprecated" } : {}),
    ...(typeof node === "string" ? { node } : {}),
    ...(os === undefined ? {} : { os }),
    ...(cpu === undefined ? {} : { cpu }),
    ...(hash === undefined ? {} : { hash }),
    hasArchive: typeof own(dist, "tarball") === "string",
    ...(bundledNames(manifest).length > 0 ? { bundles: true as const } : {}),
    ...(hasInstallScript(manifest) ? { installScript: true as const } : {}),
    ...(typeof publisher === "string" ? { publisher } : {}),
  };
}

/**
 * What a release requires. An alias (`npm:real@range`) is given under its real name. A package listed both as a
 * dependency and as optional is optional; a peer may be absent where `peerDependenciesMeta` says so.
 */
export function requirementsOf(manifest: Json): Requirement[] {
  const optional = textsOf(own(manifest, "optionalDependencies"));
  const meta = objectOf(own(manifest, "peerDependenciesMeta"));
  const requires: Requirement[] = [];
  for (const [name, range] of Object.entries(textsOf(own(manifest, "dependencies"))))
    if (!Object.hasOwn(optional, name)) requires.push({ ...readTarget(name, range), kind: "production" });
  for (const [name, range] of Object.entries(optional))
    requires.push({ ...readTarget(name, range), kind: "optional" });
  for (const [name, range] of Object.entries(textsOf(own(manifest, "peerDependencies"))))
    requires.push({
      ...readTarget(name, range),
      kind: "peer",
      ...(own(objectOf(own(meta, name)), "optional") === true ? { optional: true } : {}),
    });
  return requires.slice(0, maxRequirements);
}

function readTarget(name: string, spec: string): { name: string; range: string; url?: string } {
  const alias = /^npm:((?:@[^/@]+\/)?[^/@]+)(?:@(.*))?$/s.exec(spec.trim());
  if (alias !== null) return { name: alias[1] ?? name, range: (alias[2] ?? "").trim() };
  // A scheme, a path, `user/repository` or an scp-like address: nothing that a registry serves.
  if (/^[a-z][a-z+.-]*:|^(?:\.{0,2}|~)\/|^[\w.-]+\/[\w.-]+(?:#|$)|^[^@\s]+@[^:\s]+:/i.test(spec.trim()))
    return { name, range: "", url: spec };
  return { name, range: spec };
}

/** Names that a release carries in its own archive; `true` stands for all of its dependencies. */
export function bundledNames(manifest: Json): readonly string[] {
  const value = own(manifest, "bundleDependencies") ?? own(manifest, "bundledDependencies");
  if (value === true) return Object.keys(textsOf(own(manifest, "dependencies")));
  return Array.isArray(value) ? value.filter((name): name is string => typeof name === "string") : [];
}

/** The registry's own flag, else the scripts that npm runs when it installs a package. */
function hasInstallScript(manifest: Json): boolean {
  if (own(manifest, "hasInstallScript") === true) return true;
  const scripts = objectOf(own(manifest, "scripts"));
  return ["preinstall", "install", "postinstall"].some((name) => typeof own(scripts, name) === "string");
}

/** SRI of the archive; a lone SHA-1 is written as SRI too. */
function hashOf(dist: Json): string | undefined {
  const integrity = own(dist, "integrity");
  if (typeof integrity === "string" && integrity !== "") return integrity;
  const sum = own(dist, "shasum");
  return typeof sum === "string" && /^[0-9a-f]{40}$/i.test(sum)
    ? `sha1-${Buffer.from(sum, "hex").toString("base64")}`
    : undefined;
}

function textsOf(value: unknown): Record<string, string> {
  return Object.fromEntries(
    Object.entries(objectOf(value)).filter(
      (entry): entry is [string, string] => typeof entry[1] === "string",
    ),
  );
}

function listOf(value: unknown): readonly string[] | undefined {
  const list = (Array.isArray(value) ? value : [value]).filter(
    (one): one is string => typeof one === "string",
  );
  return list.length === 0 ? undefined : list;
}

/** The release as one target sees it: unusable without an archive, foreign on another operating system or processor. */
export function toRelease(one: NpmVersion, target: Target): Release {
  const dash = target.platform.indexOf("-");
  const os = dash < 0 ? target.platform : target.platform.slice(0, dash);
  const fits =
    admits(one.os, os) && (dash < 0 || admits(one.cpu, target.platform.slice(dash + 1).split("-")[0] ?? ""));
  return {
    version: one.version,
    ...(one.publishedAt === undefined ? {} : { publishedAt: one.publishedAt }),
    ...(one.deprecated === undefined ? {} : { deprecated: one.deprecated }),
    usable: one.hasArchive ? "tarball" : "no",
    ...(fits ? {} : { foreign: true }),
    ...(one.node === undefined ? {} : { requiresRuntime: one.node }),
    hashes: one.hash === undefined ? [] : [one.hash],
    ...(one.bundles === undefined ? {} : { bundles: true }),
    ...(one.installScript === undefined ? {} : { installScript: true }),
    ...(one.publisher === undefined ? {} : { publisher: one.publisher }),
  };
}

/** npm's rule for `os` and `cpu`: `!value` forbids; a list of prohibitions only admits the rest. */
function admits(list: readonly string[] | undefined, value: string): boolean {
  if (list === undefined || (list.length === 1 && list[0] === "any")) return true;
  if (list.includes(`!${value}`)) return false;
  return list.includes(value) || list.every((one) => one.startsWith("!"));
}
