import { normaliseName, type Place, type Unread } from "../../model/index.ts";
import { parseRequirement } from "../../versions/index.ts";
import { isObject, objectAt, stringAt, type JsonObject } from "../json-text.ts";
import { LineCounter } from "../line-counter.ts";
import { parseToml } from "../parsers.ts";
import type { LockedRequirement, RootRequirement } from "./python-lock.ts";

/** What a `pyproject.toml` asks for itself, of whatever form. */
export interface Pyproject {
  readonly roots: readonly RootRequirement[];
  readonly unread: readonly Unread[];
  /** The project's own name, normalised. */
  readonly name?: string;
}

const developmentGroup = /^(?:dev|test|doc|lint|typ|type|ci$)/i;

/** Reads PEP 621 dependencies and extras, PEP 735 groups, and poetry's, pdm's and uv's own tables. */
export function readPyproject(path: string, text: string): Pyproject {
  if (text === "") return { roots: [], unread: [] };
  const parsed = parseToml(text);
  if (parsed.state === "unread")
    return {
      roots: [],
      unread: [{ path, reason: parsed.reason, ...(parsed.line === undefined ? {} : { line: parsed.line }) }],
    };
  const reader = new PyprojectReader(path, text);
  const project = objectAt(parsed.value, "project");
  const tool = objectAt(parsed.value, "tool");
  reader.list(project["dependencies"], "production");
  for (const list of Object.values(objectAt(project, "optional-dependencies"))) reader.list(list, "optional");
  reader.groups(objectAt(parsed.value, "dependency-groups"));
  for (const list of Object.values(objectAt(objectAt(tool, "pdm"), "dev-dependencies")))
    reader.list(list, "development");
  reader.list(objectAt(tool, "uv")["dev-dependencies"], "development");
  reader.poetry(objectAt(tool, "poetry"));
  const name = stringAt(project, "name") ?? stringAt(objectAt(tool, "poetry"), "name");
  return {
    roots: reader.roots,
    unread: reader.unread,
    ...(name === undefined ? {} : { name: normaliseName("PyPI", name) }),
  };
}

class PyprojectReader {
  readonly roots: RootRequirement[] = [];
  readonly unread: Unread[] = [];
  private readonly path: string;
  private readonly text: string;

  constructor(path: string, text: string) {
    this.path = path;
    this.text = text;
  }

  /** A list of PEP 508 texts. */
  list(value: unknown, kind: RootRequirement["kind"]): void {
    if (!Array.isArray(value)) return;
    for (const text of value) {
      if (typeof text !== "string") continue;
      const place = this.placeOf(text);
      const required = fromPep508(text);
      if (required === undefined)
        this.unread.push({
          path: this.path,
          reason: `not a requirement: ${text.slice(0, 100)}`,
          ...(place.line === undefined ? {} : { line: place.line }),
        });
      else this.roots.push({ ...required, kind, place });
    }
  }

  /** PEP 735; a group that includes another adds nothing new, since every group is read. */
  groups(groups: JsonObject): void {
    for (const [name, list] of Object.entries(groups))
      this.list(list, developmentGroup.test(name) ? "development" : "optional");
  }

  poetry(poetry: JsonObject): void {
    this.poetryTable(objectAt(poetry, "dependencies"), "production");
    this.poetryTable(objectAt(poetry, "dev-dependencies"), "development");
    for (const [name, group] of Object.entries(objectAt(poetry, "group")))
      if (isObject(group))
        this.poetryTable(
          objectAt(group, "dependencies"),
          name === "main"
            ? "production"
            : developmentGroup.test(name) || group["optional"] !== true
              ? "development"
              : "optional",
        );
  }

  private poetryTable(table: JsonObject, kind: RootRequirement["kind"]): void {
    for (const [name, value] of Object.entries(table)) {
      if (name.toLowerCase() === "python") continue;
      for (const one of Array.isArray(value) ? (value as unknown[]) : [value]) {
        const required = fromPoetry(name, one);
        this.roots.push({
          ...required,
          kind: required.optional === true && kind === "production" ? "optional" : kind,
          place: this.placeOf(name),
        });
      }
    }
  }

  private placeOf(text: string): Place {
    const found = new RegExp(
      `^[ \\t]*["']?${escapePattern(text)}["']?[ \\t]*[=,]|["']${escapePattern(text)}["']`,
      "m",
    ).exec(this.text);
    if (found === null) return { path: this.path, source: "manifest" };
    return {
      path: this.path,
      source: "manifest",
      line: new LineCounter(this.text).at(found.index + found[0].length - 1),
    };
  }
}

const escapePattern = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

/** A PEP 508 text as a locked requirement; `undefined` when it is none. */
export function fromPep508(text: string): LockedRequirement | undefined {
  const parsed = parseRequirement(text);
  if ("error" in parsed) return undefined;
  return {
    name: normaliseName("PyPI", parsed.name),
    requirement: parsed.specifier,
    ...(parsed.extras.length === 0
      ? {}
      : { extras: parsed.extras.map((extra) => normaliseName("PyPI", extra)) }),
    ...(parsed.marker === undefined ? {} : { marker: parsed.marker }),
  };
}

/** One entry of a poetry table: a constraint, or a table with `version`, `extras`, `markers`, `optional`. */
export function fromPoetry(name: string, value: unknown): LockedRequirement {
  const base = { name: normaliseName("PyPI", name) };
  if (typeof value === "string") return { ...base, requirement: poetryRange(value) };
  if (!isObject(value)) return { ...base, requirement: "" };
  const extras = value["extras"];
  const marker = stringAt(value, "markers");
  return {
    ...base,
    requirement: poetryRange(stringAt(value, "version") ?? ""),
    ...(Array.isArray(extras)
      ? {
          extras: extras
            .filter((extra) => typeof extra === "string")
            .map((extra) => normaliseName("PyPI", extra)),
        }
      : {}),
    ...(marker === undefined ? {} : { marker }),
    ...(value["optional"] === true ? { optional: true } : {}),
  };
}

/** Poetry's constraint as a PEP 440 specifier set: `^` and `~` become bounds, a bare version an exact one. */
export function poetryRange(constraint: string): string {
  return constraint
    .trim()
    .split(/\s*,\s*/)
    .map((clause) => {
      if (clause === "*" || clause === "") return "";
      const [, operator = "", version = ""] = /^(\^|~(?!=))\s*v?(\d[\w.+!-]*)$/.exec(clause) ?? [];
      if (operator !== "") return `>=${version},<${nextOf(version, operator === "^")}`;
      if (/^v?\d[\w.+!-]*$/.test(clause)) return `==${clause.replace(/^v/, "")}`;
      return /^\d+(?:\.\d+)*\.\*$/.test(clause) ? `==${clause}` : clause;
    })
    .filter((clause) => clause !== "")
    .join(",");
}

function nextOf(version: string, isCaret: boolean): string {
  const numbers = (/^\d+(?:\.\d+)*/.exec(version)?.[0] ?? "0").split(".").map(Number);
  const firstSet = numbers.findIndex((number) => number > 0);
  const at = isCaret ? (firstSet < 0 ? numbers.length - 1 : firstSet) : Math.min(1, numbers.length - 1);
  return [...numbers.slice(0, at), (numbers[at] ?? 0) + 1].join(".");
}
