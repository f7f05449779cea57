import { normaliseName, type Requirement } from "../model/index.ts";
import { parseRequirement, type ParsedRequirement } from "../versions/index.ts";

/** What a distribution's core metadata says of its requirements. */
export interface PythonMetadata {
  readonly metadataVersion: string;
  readonly requires: readonly Requirement[];
  /** Requirement lines that no PEP 508 reader understands; installers ignore or refuse them. */
  readonly unreadable: readonly string[];
  /** Fields that the build may still change (`Dynamic`, PEP 643), lower case. */
  readonly dynamic: readonly string[];
}

/** The largest metadata text read, in bytes (long descriptions included). */
export const maxMetadataBytes = 4 * 1024 * 1024;
const maxRequirements = 10_000;

/** Reads core metadata (METADATA or PKG-INFO): the headers up to the first empty line, folded lines joined. */
export function parseMetadata(text: string): PythonMetadata {
  const headers: [string, string][] = [];
  for (const line of text.split(/\r?\n/)) {
    if (line === "") break;
    const last = headers.at(-1);
    if (/^[ \t]/.test(line)) {
      if (last !== undefined) last[1] += ` ${line.trim()}`;
      continue;
    }
    const colon = line.indexOf(":");
    if (colon > 0) headers.push([line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]);
  }
  const all = (name: string): string[] => headers.filter(([key]) => key === name).map(([, value]) => value);
  const requires: Requirement[] = [];
  const unreadable: string[] = [];
  for (const line of all("requires-dist").slice(0, maxRequirements)) {
    const parsed = parseRequirement(line);
    if ("error" in parsed) {
      unreadable.push(line.slice(0, 200));
      continue;
    }
    requires.push(requirementFrom(parsed));
  }
  return {
    metadataVersion: all("metadata-version")[0] ?? "",
    requires,
    unreadable,
    dynamic: all("dynamic").map((field) => field.toLowerCase()),
  };
}

/** One requirement line in the words of a release. */
export function requirementFrom(parsed: ParsedRequirement): Requirement {
  return {
    name: normaliseName("PyPI", parsed.name),
    range: parsed.specifier,
    kind: "production",
    ...(parsed.extras.length === 0
      ? {}
      : { extras: parsed.extras.map((extra) => normaliseName("PyPI", extra)) }),
    ...(parsed.marker === undefined ? {} : { marker: parsed.marker }),
    ...(parsed.url === undefined ? {} : { url: parsed.url }),
  };
}

/** Whether an sdist's metadata speaks for what its build will require (PEP 643: version 2.2 on, not `Dynamic`). */
export function isStatic(metadata: PythonMetadata): boolean {
  const [major = 0, minor = 0] = metadata.metadataVersion.split(".").map(Number);
  return (major > 2 || (major === 2 && minor >= 2)) && !metadata.dynamic.includes("requires-dist");
}
