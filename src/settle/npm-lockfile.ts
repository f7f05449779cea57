import { Failure } from "../model/index.ts";

/** What a lockfile keeps to: the next one is written the same way. */
export interface LockfileStyle {
  /** `lockfileVersion`; 1 where the file does not say. */
  readonly version: 1 | 2 | 3;
  /** Whether packages carry the address that they came from. */
  readonly hasAddresses: boolean;
  readonly endsWithNewline: boolean;
  /** Of one level; `""` where all stands on one line. */
  readonly indent: string;
  readonly newline: "\n" | "\r\n";
}

type Json = Readonly<Record<string, unknown>>;

const objectOf = (value: unknown): Json =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : {};

function parse(text: string, path: string): Json {
  try {
    return objectOf(JSON.parse(text.replace(/^\ufeff/, "")));
  } catch (error) {
    throw new Failure("unreadable", `${path} is not JSON`, "Repair it, then plan again.", { cause: error });
  }
}

/** How a lockfile is written. @throws {Failure} `unreadable` for no JSON or a version that npm never wrote. */
export function styleOf(text: string, path: string): LockfileStyle {
  const lock = parse(text, path);
  const version = lock["lockfileVersion"] ?? 1;
  if (version !== 1 && version !== 2 && version !== 3)
    throw new Failure(
      "unreadable",
      `${path} has lockfileVersion ${JSON.stringify(version)}; 1 to 3 are written`,
    );
  let hasAddresses = false;
  for (const entry of entriesOf(lock))
    hasAddresses ||=
      typeof entry.manifest["resolved"] === "string" && /^https?:/.test(entry.manifest["resolved"]);
  return { version, hasAddresses, ...layoutOf(text) };
}

function layoutOf(text: string): Pick<LockfileStyle, "endsWithNewline" | "indent" | "newline"> {
  return {
    endsWithNewline: text.endsWith("\n"),
    indent: /\{\r?\n([\t ]+)/.exec(text)?.[1]?.slice(0, 10) ?? "",
    newline: /\r\n/.test(text) ? "\r\n" : "\n",
  };
}

/** A lockfile as npm wrote it, laid out as the project's own is: npm goes by the layout of the manifest. */
export function layOut(written: string, style: LockfileStyle): string {
  const layout = layoutOf(written);
  let text = written.replace(/\s+$/, "");
  if (layout.indent !== style.indent) text = JSON.stringify(JSON.parse(text), null, style.indent);
  text = text.replace(/\r?\n/g, style.newline);
  return style.endsWithNewline ? text + style.newline : text;
}

/** Every version of each package that a lockfile holds in a place of its own: bundled copies belong to their owner. */
export function lockedVersions(text: string, path: string): ReadonlyMap<string, ReadonlySet<string>> {
  const versions = new Map<string, Set<string>>();
  for (const { at, manifest } of entriesOf(parse(text, path))) {
    const copy = copyIn(at, manifest);
    if (copy === undefined) continue;
    const set = versions.get(copy.name) ?? new Set();
    set.add(copy.version);
    versions.set(copy.name, set);
  }
  return versions;
}

/**
 * A lockfile without the copies that may not stay, and all that stands inside them: npm then fills the gaps. Only
 * places are taken out; nothing is written in.
 */
export function withoutCopies(text: string, isKept: (name: string, version: string) => boolean): string {
  const lock = parse(text, "the lockfile");
  const packages = lock["packages"] as Record<string, unknown> | undefined;
  const gone: string[] = [];
  for (const { at, place, owner, manifest } of entriesOf(lock)) {
    const copy = copyIn(at, manifest);
    if (copy === undefined || isKept(copy.name, copy.version)) continue;
    gone.push(place);
    Reflect.deleteProperty(owner, packages === undefined ? at : place);
  }
  for (const place of Object.keys(packages ?? {}))
    if (packages !== undefined && gone.some((one) => place.startsWith(`${one}/`)))
      Reflect.deleteProperty(packages, place);
  return JSON.stringify(lock, null, 2);
}

/** The package that an entry holds in a place of its own. */
function copyIn(at: string, manifest: Json): { readonly name: string; readonly version: string } | undefined {
  const { version } = manifest;
  if (typeof version !== "string" || manifest["inBundle"] === true || manifest["bundled"] === true)
    return undefined;
  // Lockfile 1 writes an alias as the version: `npm:real@1.2.3`.
  const alias = /^npm:((?:@[^/@]+\/)?[^/@]+)@(.+)$/.exec(version);
  const name = alias?.[1] ?? (typeof manifest["name"] === "string" ? manifest["name"] : at);
  return { name, version: alias?.[2] ?? version };
}

/** Local files, relative to the lockfile, that packages were locked from. */
export function localFilesIn(text: string, path: string): readonly string[] {
  const files = new Set<string>();
  for (const { manifest } of entriesOf(parse(text, path)))
    for (const value of [manifest["resolved"], manifest["version"]])
      if (typeof value === "string" && /^file:.*\.(?:tgz|tar\.gz)$/.test(value)) files.add(value.slice(5));
  return [...files];
}

interface Entry {
  /** Name that it is required by. */
  readonly at: string;
  /** Its key in the flat list; the name again in the nested one. */
  readonly place: string;
  /** The object that holds it. */
  readonly owner: Json;
  readonly manifest: Json;
}

/** The entries of packages: of the flat list of versions 2 and 3, else of the nested one of version 1. */
function* entriesOf(lock: Json): Generator<Entry> {
  const packages = lock["packages"];
  if (typeof packages === "object" && packages !== null) {
    const owner = objectOf(packages);
    for (const [place, value] of Object.entries(owner)) {
      const manifest = objectOf(value);
      const start = place.lastIndexOf("node_modules/");
      if (start >= 0 && manifest["link"] !== true)
        yield { at: place.slice(start + 13), place, owner, manifest };
    }
    return;
  }
  const waiting = [lock];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const owner = objectOf(next["dependencies"]);
    for (const [at, value] of Object.entries(owner)) {
      const manifest = objectOf(value);
      yield { at, place: at, owner, manifest };
      waiting.push(manifest);
    }
  }
}
