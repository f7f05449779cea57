import type { Dependency, Note, Target } from "../../model/index.ts";
import { isObject, parseJsonObject } from "../json-text.ts";
import { needing, openEntry, type Reading } from "../package-manager.ts";
import { folderOf } from "../paths.ts";
import { manifestLines } from "./manifest.ts";
import { readSpec } from "./spec.ts";

const sections = [
  ["dependencies", "production"],
  ["optionalDependencies", "optional"],
  ["devDependencies", "development"],
] as const;

/** A `package.json` without a lockfile: its ranges, said to be unresolved; never a version. */
export function readManifestAlone(
  entry: string,
  files: ReadonlyMap<string, string>,
  target: Target,
  path = folderOf(entry),
): Reading {
  const opened = openEntry({ entry, files }, parseJsonObject);
  if (opened.state === "ended") return opened.reading;
  const {
    text,
    parsed: { value },
  } = opened;
  const lines = manifestLines(text);
  const dependencies: Dependency[] = [];
  const notes: Note[] = [];
  for (const [section, kind] of sections) {
    const asked = Object.hasOwn(value, section) ? value[section] : undefined;
    if (!isObject(asked)) continue;
    for (const [name, range] of Object.entries(asked)) {
      if (typeof range !== "string") continue;
      const spec = readSpec(name, range);
      const line = lines.get(`${section} ${name}`);
      const place = { path: entry, source: "manifest" as const, ...(line === undefined ? {} : { line }) };
      dependencies.push({
        project: path,
        from: null,
        name: spec.name,
        requirement: spec.range,
        kind,
        to: null,
        satisfied: null,
        place,
      });
      notes.push({
        project: path,
        kind: "unresolved",
        text: `${spec.name} ${range} has no version: there is no lockfile`,
        place,
      });
    }
  }
  if (dependencies.length === 0) return needing([]);
  return {
    needs: [],
    project: { path, ecosystem: "npm", manager: "npm", files: [entry], target },
    components: [],
    dependencies,
    unread: [],
    notes,
  };
}
