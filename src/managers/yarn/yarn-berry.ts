import { objectAt, stringAt, type JsonObject, type UnreadText } from "../json-text.ts";
import { mappingsOf, readLockYaml } from "../lock-yaml.ts";
import type { YarnEntry } from "./yarn-v1.ts";

/** A block of a berry lockfile; `workspace` is its folder for the project's own packages. */
export interface BerryEntry extends YarnEntry {
  /** Name in the resolution: the real one of an alias. */
  readonly name: string;
  readonly workspace?: string;
  /** Protocol of the resolution: `npm`, `patch`, `git`, … */
  readonly protocol: string;
  readonly peerDependencies: [name: string, range: string][];
  readonly optionalPeers: ReadonlySet<string>;
}

/** Reads the lockfile of yarn 2 and later (every `__metadata` version). */
export function parseYarnBerry(
  text: string,
): UnreadText | { readonly state: "read"; readonly entries: BerryEntry[]; readonly bad: [] } {
  const parsed = readLockYaml(text);
  if (parsed.state === "unread") return parsed;
  const { value, lines } = parsed;
  const entries: BerryEntry[] = [];
  for (const [key, block] of mappingsOf(value)) {
    if (key === "__metadata") continue;
    const entry = readBlock(key, block, lines.get(key) ?? 0);
    if (entry !== undefined) entries.push(entry);
  }
  // The project itself has a block, so that an honest lockfile is never empty.
  return entries.length === 0
    ? { state: "unread", reason: "holds no packages" }
    : { state: "read", entries, bad: [] };
}

function readBlock(key: string, block: JsonObject, line: number): BerryEntry | undefined {
  const resolution = stringAt(block, "resolution") ?? "";
  const at = resolution.indexOf("@", 1);
  if (at < 0) return undefined;
  const reference = resolution.slice(at + 1);
  const protocol = /^([a-z+]+):/.exec(reference)?.[1] ?? "npm";
  const optional = new Set<string>();
  for (const [name, meta] of mappingsOf(objectAt(block, "dependenciesMeta")))
    if (String(meta["optional"]) === "true") optional.add(name);
  const optionalPeers = new Set<string>();
  for (const [name, meta] of mappingsOf(objectAt(block, "peerDependenciesMeta")))
    if (String(meta["optional"]) === "true") optionalPeers.add(name);
  const dependencies = pairs(objectAt(block, "dependencies"));
  const version = block["version"];
  const checksum = stringAt(block, "checksum");
  return {
    patterns: key.split(", "),
    line,
    name: resolution.slice(0, at),
    version: typeof version === "string" || typeof version === "number" ? String(version) : "",
    protocol,
    dependencies: dependencies.filter(([name]) => !optional.has(name)),
    optionalDependencies: dependencies.filter(([name]) => optional.has(name)),
    peerDependencies: pairs(objectAt(block, "peerDependencies")),
    optionalPeers,
    ...(protocol === "workspace" ? { workspace: reference.slice("workspace:".length) } : {}),
    ...(checksum === undefined ? {} : { integrity: checksum }),
  };
}

function pairs(value: JsonObject): [string, string][] {
  return Object.keys(value).map((name) => [name, String(value[name])]);
}
