import type { Target } from "../../model/index.ts";
import { isObject } from "../json-text.ts";
import { needing, openEntry, type PackageManager, type Reading } from "../package-manager.ts";
import { parseYaml } from "../parsers.ts";
import { fileNameOf, folderOf } from "../paths.ts";
import { readRequirements } from "../pip/read-requirements.ts";
import { isCondaList, readCondaList } from "./read-list.ts";

const isEnvironmentFile = (path: string): boolean =>
  /^(?:conda[-_.])?environment(?:[-_.][\w-]+)?\.ya?ml$/i.test(fileNameOf(path));

/**
 * conda's `environment.yml`, of which the `pip:` part is judged, and what `conda list` prints; conda's own packages are
 * no releases of an index that is judged here.
 */
export const conda: PackageManager = {
  id: "conda",
  ecosystem: "PyPI",
  claims: (path) => isEnvironmentFile(path) || isCondaList(path),
  read: (entry, files, target, path) =>
    isCondaList(entry) ? readCondaList(entry, files, target, path) : readConda(entry, files, target, path),
  edit: () => new Map(),
};

function readConda(
  entry: string,
  files: ReadonlyMap<string, string>,
  target: Target,
  path = folderOf(entry),
): Reading {
  const opened = openEntry({ entry, files }, parseYaml);
  if (opened.state === "ended") return opened.reading;
  const {
    text,
    parsed: { value },
  } = opened;
  const listed = Array.isArray(value["dependencies"]) ? (value["dependencies"] as unknown[]) : undefined;
  if (listed === undefined) return needing([]);
  const pip = listed.flatMap((one) =>
    isObject(one) && Array.isArray(one["pip"]) ? (one["pip"] as unknown[]) : [],
  );
  const own = listed.filter((one) => typeof one === "string").length;
  const reading = readRequirements(
    entry,
    new Map([...files, [entry, onTheirLines(text, pip)]]),
    target,
    path,
  );
  if (reading.project === undefined) return reading;
  return {
    ...reading,
    project: { ...reading.project, manager: "conda" },
    notes: [
      ...reading.notes,
      ...(own === 0
        ? []
        : [
            {
              project: path,
              kind: "other" as const,
              text: `${own} conda packages are listed but not judged: advisories name releases of the Python index`,
              place: { path: entry, source: "manifest" as const },
            },
          ]),
    ],
  };
}

/** The pip items as a requirements file in which each keeps the line it has in the YAML. */
function onTheirLines(text: string, items: readonly unknown[]): string {
  const lines = text.split("\n");
  const placed = lines.map(() => "");
  let from = 0;
  for (const item of items) {
    if (typeof item !== "string" || item.includes("\n")) continue;
    const found = lines.findIndex((line, index) => index >= from && line.includes(item));
    if (found < 0) placed.push(item);
    else {
      placed[found] = item;
      from = found + 1;
    }
  }
  return placed.join("\n");
}
