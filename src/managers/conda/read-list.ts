import type { Note, Place, Target, Unread } from "../../model/index.ts";
import { normaliseName } from "../../model/index.ts";
import { ComponentSet } from "../component-set.ts";
import { isObject, parseJsonObject, stringAt, type UnreadText } from "../json-text.ts";
import { conflictLine } from "../line-counter.ts";
import { openEntry, unreadable, type Reading } from "../package-manager.ts";
import { fileNameOf, folderOf } from "../paths.ts";
import { isPackageName, isVersionText } from "../purl.ts";

interface Listed {
  readonly name: string;
  readonly version: string;
  /** Installed by pip: a release of the Python index, which conda lists beside its own. */
  readonly isFromIndex: boolean;
  readonly line?: number;
}

interface List {
  readonly state: "read";
  readonly listed: readonly Listed[];
  readonly bad: readonly { readonly line?: number; readonly reason: string }[];
}

/** Names that people give to what `conda list` prints, and conda-lock's explicit files. */
export const isCondaList = (path: string): boolean =>
  /^conda[-_.](?:list|packages|explicit|export|specs?)(?:[-_.][\w-]+)?\.(?:txt|json)$|^conda-(?:linux|osx|win)-[\w-]+\.lock$/i.test(
    fileNameOf(path),
  );

/**
 * Reads what `conda list` prints: as columns, with `--json`, `--export` or `--explicit`. Conda's own packages are
 * counted and named, not judged: they are builds of its own, which no advisory names.
 */
export function readCondaList(
  entry: string,
  files: ReadonlyMap<string, string>,
  target: Target,
  path = folderOf(entry),
): Reading {
  const opened = openEntry({ entry, files }, /\.json$/i.test(entry) ? readJson : readLines);
  if (opened.state === "ended") return opened.reading;
  const { listed, bad } = opened.parsed;
  if (listed.length === 0 && bad.length === 0)
    return unreadable({ path: entry, reason: "lists no packages", line: 1 });
  const components = new ComponentSet(path, "PyPI");
  const own: Listed[] = [];
  const unread: Unread[] = bad.map((one) => ({ path: entry, ...one }));
  for (const one of listed) {
    const name = normaliseName("PyPI", one.name);
    const place: Place = {
      path: entry,
      source: "lockfile",
      ...(one.line === undefined ? {} : { line: one.line }),
    };
    if (!one.isFromIndex) own.push(one);
    else if (isPackageName("PyPI", name) && isVersionText(one.version))
      components.add({
        name,
        version: one.version,
        scope: "production",
        // The list does not say who asked for what.
        direct: false,
        requirementsKnown: false,
        place,
      });
    else
      unread.push({
        path: entry,
        reason: "no valid name or version",
        ...(one.line === undefined ? {} : { line: one.line }),
      });
  }
  return {
    needs: [],
    project: { path, ecosystem: "PyPI", manager: "conda", files: [entry], target },
    components: components.list(),
    dependencies: [],
    unread,
    notes: own.length === 0 ? [] : [noteOn(own, { path, entry })],
  };
}

/** Names beyond these are counted. */
const mostNames = 20;

function noteOn(own: readonly Listed[], { path, entry }: { path: string; entry: string }): Note {
  const shown = own.slice(0, mostNames).map(({ name, version }) => `${name} ${version}`.slice(0, 80));
  return {
    project: path,
    kind: "other",
    text: `${own.length} conda ${own.length === 1 ? "package is" : "packages are"} listed but not judged, since advisories name releases of the Python index: ${shown.join(", ")}${own.length > shown.length ? ", …" : ""}`,
    place: { path: entry, source: "lockfile" },
  };
}

function readJson(text: string): List | UnreadText {
  // The list stands alone in its file; as a field it is read like any other, on the same lines.
  const parsed = parseJsonObject(`{"packages":${text.replace(/^\ufeff/, "")}}`);
  if (parsed.state === "unread") return parsed;
  const packages = parsed.value["packages"];
  if (!Array.isArray(packages)) return { state: "unread", reason: "not a list of packages", line: 1 };
  const listed: Listed[] = [];
  const bad: { reason: string }[] = [];
  for (const one of packages as unknown[]) {
    const [name, version] = isObject(one) ? [stringAt(one, "name"), stringAt(one, "version")] : [];
    if (!isObject(one) || name === undefined || version === undefined)
      bad.push({ reason: "an entry has no name or no version" });
    else listed.push({ name, version, isFromIndex: one["channel"] === "pypi" });
  }
  return { state: "read", listed, bad: bad.slice(0, 1) };
}

const mostCharacters = 2000;

function readLines(text: string): List | UnreadText {
  const conflict = conflictLine(text);
  if (conflict !== undefined) return { state: "unread", reason: "merge conflict marker", line: conflict };
  const listed: Listed[] = [];
  const bad: { line: number; reason: string }[] = [];
  for (const [index, raw] of text
    .replace(/^\ufeff/, "")
    .split("\n")
    .entries()) {
    const content = raw.length > mostCharacters ? raw : raw.trim();
    if (content === "" || content.startsWith("#") || content === "@EXPLICIT") continue;
    const read = content.length > mostCharacters ? undefined : readLine(content);
    if (read === undefined) bad.push({ line: index + 1, reason: "no package of a conda list" });
    else listed.push({ ...read, line: index + 1 });
  }
  return { state: "read", listed, bad };
}

/** `name version build channel`, `name=version=build`, or the address of `name-version-build.conda`. */
function readLine(content: string): Omit<Listed, "line"> | undefined {
  if (/^[a-z]+:\/\//.test(content)) {
    const file =
      content
        .replace(/[#?].*$/, "")
        .split("/")
        .at(-1) ?? "";
    const found = /^([\w.-]+)-([^-]+)-[^-]+(?:\.conda|\.tar\.bz2)$/.exec(file);
    return found === null ? undefined : { name: found[1] ?? "", version: found[2] ?? "", isFromIndex: false };
  }
  const [name = "", version = "", build = "", channel = ""] = content.split(/\s+|=/);
  if (!/^[\w.-]+$/.test(name) || !isVersionText(version) || !/\d/.test(version)) return undefined;
  return { name, version, isFromIndex: channel === "pypi" || /^pypi_\d+$/.test(build) || build === "<pip>" };
}
