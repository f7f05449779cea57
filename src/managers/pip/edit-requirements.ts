import { Failure, type Component, type Project, type Upgrade } from "../../model/index.ts";
import { orderOf } from "../../versions/index.ts";
import { seededPackages } from "./join-environment.ts";
import { folderOf, joinPath } from "../paths.ts";
import { Markers } from "./markers.ts";
import { parseRequirementLines, type NamedRequirement, type Span } from "./requirement-lines.ts";

const order = orderOf("PyPI");

interface Splice extends Span {
  readonly text: string;
}

interface File {
  readonly path: string;
  readonly text: string;
  readonly requirements: readonly NamedRequirement[];
}

/**
 * Changes versions in place in every file of the project that names the package, so that all agree; comments, markers
 * and formatting stay. `--hash` options are renewed. A package that no file names is appended to the entry file when it
 * was there before (its version must now be held), when it is new and the files are a complete list
 * (`isCompleteList`), when its upgrade says so (`via: "manifest"`), or when only a constraint named it. A package that
 * vanishes is removed with its annotation.
 * @throws {Failure} `conflict` when hashes are needed and unknown, two upgrades disagree, or a line has no version to change.
 */
export function editRequirements(
  files: ReadonlyMap<string, string>,
  project: Project,
  upgrades: readonly Upgrade[],
  installed: readonly Component[] = [],
): ReadonlyMap<string, string> {
  const targets = agree(upgrades);
  const markers = new Markers(project.target);
  const constraints = constraintFiles(files, project);
  const read: File[] = project.files
    .filter((path) => files.has(path))
    .map((path) => {
      const text = files.get(path) ?? "";
      const requirements = parseRequirementLines(text).filter((line) => line.kind === "requirement");
      return { path, text, requirements };
    });
  const changed = new Map<string, string>();
  const named = new Set<string>();
  const constrained = new Set<string>();
  const removed = new Set<string>();
  for (const file of read) {
    const splices: Splice[] = [];
    for (const line of file.requirements) {
      const upgrade = targets.get(line.name);
      if (upgrade === undefined || (line.marker !== undefined && markers.holds(line.marker) === false))
        continue;
      if (upgrade.to === null) {
        if (isStillRequired(line)) continue;
        splices.push({ ...wholeLines(file.text, { start: line.span.start, end: line.end }), text: "" });
        removed.add(line.name);
        continue;
      }
      // A constraint installs nothing: it counts for what is asked for already.
      if (upgrade.from !== null || !constraints.has(file.path)) named.add(line.name);
      else constrained.add(line.name);
      splices.push(...changeLine(file, line, upgrade));
    }
    const text = splice(file.text, splices);
    if (text !== file.text) changed.set(file.path, text);
  }
  const entry = read[0];
  if (entry === undefined) return changed;
  const isComplete = isCompleteList(read, installed);
  const missing = [...targets.values()].filter(
    (upgrade) =>
      upgrade.to !== null &&
      !named.has(upgrade.package) &&
      (upgrade.from !== null || upgrade.via === "manifest" || constrained.has(upgrade.package) || isComplete),
  );
  if (missing.length > 0) {
    const needsHashes = read.some((file) => file.requirements.some((line) => line.hashes.length > 0));
    changed.set(entry.path, append(changed.get(entry.path) ?? entry.text, missing, needsHashes));
  }
  return changed;
}

/** The project's files that are included as constraints only, or by such. */
function constraintFiles(files: ReadonlyMap<string, string>, project: Project): ReadonlySet<string> {
  const asked = new Set<string>();
  const queue = project.files.slice(0, 1);
  for (let path = queue.pop(); path !== undefined; path = queue.pop()) {
    if (asked.has(path)) continue;
    asked.add(path);
    for (const line of parseRequirementLines(files.get(path) ?? "")) {
      const included =
        line.kind === "include" && !line.constraint ? joinPath(folderOf(path), line.path) : undefined;
      if (included !== undefined) queue.push(included);
    }
  }
  return new Set(project.files.filter((path) => !asked.has(path)));
}

/** A range names what the project itself wants: it goes only by its owner's hand. */
const isStillRequired = (line: NamedRequirement): boolean => line.pin === undefined;

function agree(upgrades: readonly Upgrade[]): Map<string, Upgrade> {
  const targets = new Map<string, Upgrade>();
  for (const upgrade of upgrades) {
    const known = targets.get(upgrade.package);
    if (known !== undefined && known.to !== null && upgrade.to !== null && known.to !== upgrade.to)
      throw new Failure(
        "conflict",
        `${upgrade.package} cannot be both ${known.to} and ${upgrade.to} in one environment`,
        "Plan again.",
      );
    if (known === undefined || known.to === null) targets.set(upgrade.package, upgrade);
  }
  return targets;
}

/**
 * Whether the files list everything that gets installed: a compiler wrote them (its header says so), or they use
 * hashes (pip then demands all), or every installed component except pip's own tools is pinned in them.
 */
function isCompleteList(files: readonly File[], installed: readonly Component[]): boolean {
  const requirements = files.flatMap((file) => file.requirements);
  if (requirements.length === 0) return false;
  if (requirements.some((line) => line.hashes.length > 0)) return true;
  if (
    files.some((file) => /^#.*autogenerated by (?:pip-compile|uv|pip-tools)/im.test(file.text.slice(0, 2000)))
  )
    return true;
  const pinned = new Set(requirements.filter((line) => line.pin !== undefined).map((line) => line.name));
  const present = installed.filter(
    (component) =>
      component.places.some((place) => place.source === "environment") && !seededPackages.has(component.name),
  );
  return present.length > 0 && present.every((component) => pinned.has(component.name));
}

function changeLine(file: File, line: NamedRequirement, upgrade: Upgrade): Splice[] {
  const to = upgrade.to ?? "";
  if (line.url !== undefined)
    throw new Failure(
      "conflict",
      `${file.path}:${line.line} takes ${line.name} from an address`,
      "Change it by hand.",
    );
  const specifier = specifierSpan(file.text, line);
  if (line.pin === undefined) {
    // A range that admits the new version is not this product's to narrow.
    if (line.specifier === "" || order.satisfies(to, line.specifier, { prereleases: true })) return [];
    if (specifier === undefined) throw noPlace(file, line);
    return [{ ...specifier, text: widenSpecifier(line.specifier, to) }];
  }
  if (line.pin === to) return [];
  if (specifier === undefined) throw noPlace(file, line);
  const written = file.text.slice(specifier.start, specifier.end);
  const clauses = written.split(",").length;
  const text =
    clauses === 1
      ? written.replace(/(={2,3}\s*)[^\s,;]+/, (_, operator: string) => `${operator}${to}`)
      : widenSpecifier(written, to);
  return [{ ...specifier, text }, ...renewHashes(file, line, upgrade)];
}

function noPlace(file: File, line: NamedRequirement): Failure {
  return new Failure(
    "conflict",
    `${file.path}:${line.line} writes ${line.name}'s version in a way that cannot be edited safely`,
    "Put name and version on one line, then plan again.",
  );
}

/** Where the version specifier stands in the file; `undefined` when a continuation cuts it. */
function specifierSpan(text: string, line: NamedRequirement): Span | undefined {
  const own = text.slice(line.span.start, line.span.end);
  const head =
    /^\ufeff?\s*[A-Za-z0-9][A-Za-z0-9._-]*\s*(?:\[[^\]\\]*\])?\s*\(?\s*/.exec(own)?.[0].length ?? 0;
  const rest = /^(?:(?:===?|~=|!=|<=?|>=?)\s*[^\s,;\\)]+\s*,?\s*)+/.exec(own.slice(head))?.[0];
  if (rest === undefined) return undefined;
  const length = rest.replace(/[\s,]+$/, "").length;
  const isWhole = rest.slice(0, length).replace(/\s/g, "") === line.specifier.replace(/\s/g, "");
  if (!isWhole) return undefined;
  return { start: line.span.start + head, end: line.span.start + head + length };
}

/** A specifier set changed only where a clause forbids the version; each clause keeps its operator and its precision. */
export function widenSpecifier(specifier: string, to: string): string {
  return specifier
    .split(",")
    .map((clause) =>
      order.satisfies(to, clause.trim(), { prereleases: true }) ? clause : widenClause(clause, to),
    )
    .filter((clause) => clause !== "")
    .join(",");
}

function widenClause(clause: string, to: string): string {
  const [, before = "", operator = "", gap = "", version = ""] =
    /^(\s*)(===?|~=|!=|<=?|>=?)(\s*)(.*?)\s*$/.exec(clause) ?? [];
  const precision = version.replace(/\.\*$/, "").split(".").length;
  const numbers = (to.replace(/^\d+!/, "").match(/^\d+(?:\.\d+)*/)?.[0] ?? to).split(".");
  const cut = (parts: number): string =>
    Array.from({ length: parts }, (_, index) => numbers[index] ?? "0").join(".");
  const prefix = `${before}${operator}${gap}`;
  switch (operator) {
    case "==":
      return version.endsWith(".*") ? `${prefix}${cut(precision)}.*` : `${prefix}${to}`;
    case "~=":
      return `${prefix}${cut(Math.max(2, precision))}`;
    case "<": {
      const parts = cut(Math.max(1, precision)).split(".");
      parts.push(String(Number(parts.pop()) + 1));
      return `${prefix}${parts.join(".")}`;
    }
    case "!=":
      throw new Failure(
        "conflict",
        `${to} is excluded by ${clause.trim()}`,
        "Remove the exclusion or plan again.",
      );
    case ">":
      return `${before}>=${gap}${to}`;
    default:
      return `${prefix}${to}`;
  }
}

/** New `--hash` options in the place of the old ones, laid out as they were. */
function renewHashes(file: File, line: NamedRequirement, upgrade: Upgrade): Splice[] {
  if (line.hashes.length === 0) return [];
  const hashes = hashOptions(upgrade);
  if (hashes.length === 0)
    throw new Failure(
      "conflict",
      `${file.path}:${line.line} pins ${line.name} by hash, and the index gives no hash for ${upgrade.to ?? ""}`,
      "Use an index that serves hashes, or compile the file anew with your own tool.",
    );
  const own = file.text.slice(line.span.start, line.span.end);
  const found = [...own.matchAll(/--hash[=\s]\s*[^\s\\]+/g)];
  const first = found[0];
  const last = found.at(-1);
  if (first === undefined || last === undefined) throw noPlace(file, line);
  const second = found[1];
  const gap =
    second === undefined
      ? (/(?:\s|\\)+$/.exec(own.slice(0, first.index))?.[0] ?? " ")
      : own.slice(first.index + first[0].length, second.index);
  return [
    {
      start: line.span.start + first.index,
      end: line.span.start + last.index + last[0].length,
      text: hashes.join(/^(?:\s|\\)+$/.test(gap) ? gap : " "),
    },
  ];
}

function hashOptions(upgrade: Upgrade): string[] {
  const options = (upgrade.hashes ?? []).flatMap((hash) => {
    if (/^[0-9a-f]{64}$/i.test(hash)) return [`--hash=sha256:${hash.toLowerCase()}`];
    if (/^sha(?:256|384|512):[0-9a-f]+$/i.test(hash)) return [`--hash=${hash.toLowerCase()}`];
    const sri = /^(sha(?:256|384|512))-([A-Za-z0-9+/]+={0,2})$/.exec(hash);
    return sri === null
      ? []
      : [`--hash=${sri[1] ?? ""}:${Buffer.from(sri[2] ?? "", "base64").toString("hex")}`];
  });
  return [...new Set(options)].sort();
}

function append(text: string, missing: readonly Upgrade[], needsHashes: boolean): string {
  const feed = text.includes("\r\n") ? "\r\n" : "\n";
  const lines = missing.map((upgrade) => {
    const pin = `${upgrade.package}==${upgrade.to ?? ""}`;
    const comment = `# added by redress: ${reasonFor(upgrade)}`;
    if (!needsHashes) return `${pin}  ${comment}`;
    const hashes = hashOptions(upgrade);
    if (hashes.length === 0)
      throw new Failure(
        "conflict",
        `${upgrade.package} must be pinned by hash like the rest, and the index gives none for ${upgrade.to ?? ""}`,
        "Use an index that serves hashes, or compile the file anew with your own tool.",
      );
    return `${[pin, ...hashes].join(` \\${feed}    `)}${feed}    ${comment}`;
  });
  const gap = text === "" || text.endsWith("\n") ? "" : feed;
  return `${text}${gap}${lines.join(feed)}${feed}`;
}

function reasonFor(upgrade: Upgrade): string {
  const words =
    upgrade.fixes.length > 0
      ? `fixes ${upgrade.fixes.join(", ")}`
      : (upgrade.because[0] ?? "needed by the upgrades beside it");
  // One line and no continuation, whatever an index or an advisory calls itself.
  return words.replace(/[\s\\]+/g, " ").slice(0, 160);
}

function wholeLines(text: string, span: Span): Span {
  const feed = text.indexOf("\n", span.end);
  return { start: span.start, end: feed < 0 ? text.length : feed + 1 };
}

function splice(text: string, splices: readonly Splice[]): string {
  return [...splices]
    .sort((a, b) => b.start - a.start)
    .reduce(
      (current, { start, end, text: part }) => current.slice(0, start) + part + current.slice(end),
      text,
    );
}
