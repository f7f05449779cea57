import { normaliseName, type Project, type Upgrade } from "../../model/index.ts";
import { orderOf, parseRequirement } from "../../versions/index.ts";
import { isObject, objectAt, type JsonObject } from "../json-text.ts";
import { parseToml } from "../parsers.ts";
import { fileNameOf } from "../paths.ts";
import { widenSpecifier } from "../pip/edit-requirements.ts";
import { changeStrings, type StringChange } from "./edit-toml.ts";
import { poetryRange } from "./pyproject.ts";

type Path = readonly (string | number)[];
/** New versions by normalised name. */
type Targets = ReadonlyMap<string, string>;

const order = orderOf("PyPI");
const serves = (version: string, range: string): boolean =>
  range === "" || !order.isRange(range) || order.satisfies(version, range, { prereleases: true });

/**
 * Changes the requirements of a project's `pyproject.toml` or `Pipfile` that do not admit the new versions, each in its own
 * manner; the rest of the text stays as it is.
 * @throws {Failure} `conflict` when a requirement cannot be changed where it stands.
 */
export function editTomlRequirements(
  files: ReadonlyMap<string, string>,
  project: Project,
  upgrades: readonly Upgrade[],
): ReadonlyMap<string, string> {
  const targets: Targets = new Map(
    upgrades.flatMap(({ package: name, to }) => (to === null ? [] : [[normaliseName("PyPI", name), to]])),
  );
  const changed = new Map<string, string>();
  for (const path of project.files) {
    const kind = fileNameOf(path);
    const text = files.get(path);
    if (text === undefined || text === "" || (kind !== "pyproject.toml" && kind !== "Pipfile")) continue;
    const parsed = parseToml(text);
    if (parsed.state === "unread") continue;
    const changes =
      kind === "Pipfile" ? pipfileChanges(parsed.value, targets) : pyprojectChanges(parsed.value, targets);
    const edited = changeStrings(text, path, changes);
    if (edited !== text) changed.set(path, edited);
  }
  return changed;
}

function pipfileChanges(root: JsonObject, targets: Targets): StringChange[] {
  return ["packages", "dev-packages"].flatMap((section) =>
    tableChanges(objectAt(root, section), [section], targets, widenSpecifier),
  );
}

function pyprojectChanges(root: JsonObject, targets: Targets): StringChange[] {
  const project = objectAt(root, "project");
  const tool = objectAt(root, "tool");
  const lists: [Path, unknown][] = [
    [["project", "dependencies"], project["dependencies"]],
    ...listsOf(["project", "optional-dependencies"], objectAt(project, "optional-dependencies")),
    ...listsOf(["dependency-groups"], objectAt(root, "dependency-groups")),
    [["tool", "uv", "dev-dependencies"], objectAt(tool, "uv")["dev-dependencies"]],
    ...listsOf(["tool", "pdm", "dev-dependencies"], objectAt(objectAt(tool, "pdm"), "dev-dependencies")),
  ];
  const poetry = objectAt(tool, "poetry");
  const tables: [Path, JsonObject][] = [
    ...["dependencies", "dev-dependencies"].map((key): [Path, JsonObject] => [
      ["tool", "poetry", key],
      objectAt(poetry, key),
    ]),
    ...Object.entries(objectAt(poetry, "group")).map(([name, group]): [Path, JsonObject] => [
      ["tool", "poetry", "group", name, "dependencies"],
      isObject(group) ? objectAt(group, "dependencies") : {},
    ]),
  ];
  return [
    ...lists.flatMap(([at, list]) => listChanges(list, at, targets)),
    ...tables.flatMap(([at, table]) => tableChanges(table, at, targets, widenPoetry)),
  ];
}

const listsOf = (at: Path, table: JsonObject): [Path, unknown][] =>
  Object.entries(table).map(([name, list]) => [[...at, name], list]);

/** PEP 508 texts whose specifier does not admit the new version. */
function listChanges(list: unknown, at: Path, targets: Targets): StringChange[] {
  if (!Array.isArray(list)) return [];
  return list.flatMap((text: unknown, index): StringChange[] => {
    if (typeof text !== "string") return [];
    const parsed = parseRequirement(text);
    if ("error" in parsed) return [];
    const to = targets.get(normaliseName("PyPI", parsed.name));
    if (to === undefined || parsed.specifier === "" || serves(to, parsed.specifier)) return [];
    const head = /^\s*[A-Za-z0-9][\w.-]*\s*(?:\[[^\]]*\])?\s*\(?\s*/.exec(text)?.[0] ?? "";
    const specifier = /^[^;)]*/.exec(text.slice(head.length))?.[0].trimEnd() ?? "";
    const widened = widenSpecifier(specifier, to);
    return [
      { at: [...at, index], from: text, to: head + widened + text.slice(head.length + specifier.length) },
    ];
  });
}

/** Entries of a table by name: a constraint, or a table (or list of tables) with a `version`. */
function tableChanges(
  table: JsonObject,
  at: Path,
  targets: Targets,
  widen: (constraint: string, to: string) => string,
): StringChange[] {
  return Object.entries(table).flatMap(([name, value]) => {
    const to = targets.get(normaliseName("PyPI", name));
    if (to === undefined) return [];
    const entries: [Path, unknown][] = Array.isArray(value)
      ? value.map((one: unknown, index) => [[...at, name, index], one])
      : [[[...at, name], value]];
    return entries.flatMap(([place, entry]): StringChange[] => {
      const [where, constraint] = isObject(entry)
        ? [[...place, "version"], entry["version"]]
        : [place, entry];
      if (typeof constraint !== "string" || serves(to, poetryRange(constraint))) return [];
      return [{ at: where, from: constraint, to: widen(constraint, to) }];
    });
  });
}

/** Poetry's constraint with the new version in the place of the old: `^`, `~` and a bare version keep their manner. */
export function widenPoetry(constraint: string, to: string): string {
  const clauses = constraint.split(",");
  const simple = /^(\s*(?:\^|~(?!=))?\s*)v?\d[\w.+!-]*(\s*)$/.exec(constraint);
  if (clauses.length === 1 && simple !== null && !constraint.includes("*"))
    return `${simple[1] ?? ""}${to}${simple[2] ?? ""}`;
  return clauses
    .map((clause) => {
      if (serves(to, poetryRange(clause))) return clause;
      const own = /^(\s*)((?:\^|~(?!=))\s*)?v?(\d[\w.+!-]*)\s*$/.exec(clause);
      return own === null ? widenSpecifier(clause, to) : `${own[1] ?? ""}${own[2] ?? ""}${to}`;
    })
    .join(",");
}
