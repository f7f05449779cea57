import { Failure, type Component, type Project, type Upgrade } from "../../model/index.ts";
import { fileNameOf } from "../paths.ts";
import { scanJson, type JsonNode } from "./scan-json.ts";
import { readSpec, serves } from "./spec.ts";

interface Splice {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/**
 * Changes ranges and overrides in the project's `package.json` files, by splices that keep all other bytes. A range
 * keeps its operator; one that already admits the new version stays.
 * @throws {Failure} `conflict` when a range cannot be changed in kind (a tag, an address) or a manifest is no JSON.
 */
export function editManifests(
  files: ReadonlyMap<string, string>,
  project: Project,
  upgrades: readonly Upgrade[],
  installed: readonly Component[] = [],
): ReadonlyMap<string, string> {
  const changed = new Map<string, string>();
  const manifests = project.files.filter((file) => fileNameOf(file) === "package.json");
  for (const path of manifests) {
    const text = files.get(path);
    if (text === undefined || text === "") continue;
    let edited = changeRanges(text, path, upgrades);
    if (path === manifests[0]) edited = addOverrides(edited, path, { upgrades, installed, project });
    if (edited !== text) changed.set(path, edited);
  }
  return changed;
}

function scan(text: string, path: string): JsonNode {
  const root = scanJson(text);
  if (root?.fields === undefined)
    throw new Failure("conflict", `${path} is not a JSON object`, "Repair it, then plan again.");
  return root;
}

const apply = (text: string, splices: readonly Splice[]): string =>
  [...splices]
    .sort((a, b) => b.start - a.start)
    .reduce(
      (current, { start, end, text: part }) => current.slice(0, start) + part + current.slice(end),
      text,
    );

function changeRanges(text: string, path: string, upgrades: readonly Upgrade[]): string {
  const root = scan(text, path);
  const splices: Splice[] = [];
  for (const section of ["dependencies", "devDependencies", "optionalDependencies"])
    for (const [alias, node] of root.fields?.get(section)?.fields ?? []) {
      const range: unknown = JSON.parse(text.slice(node.start, node.end));
      if (typeof range !== "string") continue;
      const spec = readSpec(alias, range);
      const upgrade = upgrades.find(
        (one) => one.package === spec.name && one.to !== null && one.via === "manifest" && one.from !== null,
      );
      if (upgrade === undefined || upgrade.to === null || serves(upgrade.to, spec.range) === true) continue;
      if (
        upgrades.some((one) => one !== upgrade && one.package === spec.name && one.via === "manifest") &&
        upgrade.from !== null &&
        serves(upgrade.from, spec.range) === false
      )
        continue;
      if (spec.foreign !== undefined)
        throw new Failure("conflict", `${path} takes ${alias} from ${spec.foreign}`, "Change it by hand.");
      const prefix = range.startsWith("npm:") ? `npm:${spec.name}@` : "";
      splices.push({
        start: node.start,
        end: node.end,
        text: JSON.stringify(prefix + widenRange(spec.range, upgrade.to)),
      });
    }
  return apply(text, splices);
}

/** The range that admits a version in the manner of an old one: same operator; anything else becomes `^`. */
export function widenRange(range: string, version: string): string {
  const simple = /^([\^~]|>=\s*)?v?\d[\w.+-]*$/.exec(range.trim());
  if (simple !== null && !/[xX*]/.test(range)) return `${simple[1] ?? ""}${version}`;
  const wild = /^v?\d+(\.\d+)?\.[xX*]$/.exec(range.trim());
  if (wild !== null) {
    const parts = version.split(/[.+-]/);
    return wild[1] === undefined ? `${parts[0] ?? ""}.x` : `${parts[0] ?? ""}.${parts[1] ?? "0"}.x`;
  }
  return `^${version}`;
}

function addOverrides(
  text: string,
  path: string,
  context: { upgrades: readonly Upgrade[]; installed: readonly Component[]; project: Project },
): string {
  const wanted = context.upgrades.filter((one) => one.via === "override" && one.to !== null);
  let current = text;
  for (const upgrade of wanted) current = addOverride(current, path, { ...context, upgrade });
  return current;
}

function addOverride(
  text: string,
  path: string,
  context: { upgrade: Upgrade; upgrades: readonly Upgrade[]; installed: readonly Component[] },
): string {
  const root = scan(text, path);
  const { upgrade } = context;
  const isDirect = ["dependencies", "devDependencies", "optionalDependencies"].some(
    (section) => root.fields?.get(section)?.fields?.has(upgrade.package) === true,
  );
  const key = overrideKey(context);
  // npm refuses an override of a direct dependency that is not the very same spec; `$name` says it is.
  const value = JSON.stringify(isDirect ? `$${upgrade.package}` : upgrade.to);
  const overrides = root.fields?.get("overrides");
  const present = overrides?.fields?.get(key);
  if (present !== undefined && text.charAt(present.start) === '"')
    return apply(text, [{ start: present.start, end: present.end, text: value }]);
  if (present !== undefined)
    throw new Failure(
      "conflict",
      `${path} already has rules below overrides.${key}`,
      "Add the override by hand.",
    );
  return overrides === undefined
    ? insertField(text, root, `"overrides": {${nested(text, `${JSON.stringify(key)}: ${value}`)}}`)
    : insertField(text, overrides, `${JSON.stringify(key)}: ${value}`);
}

/** Names the version where another one of the same package stays: npm then overrides only requests that admit it. */
function overrideKey({
  upgrade,
  upgrades,
  installed,
}: {
  upgrade: Upgrade;
  upgrades: readonly Upgrade[];
  installed: readonly Component[];
}): string {
  const moving = new Set(upgrades.filter((one) => one.package === upgrade.package).map((one) => one.from));
  const stays = installed.some(
    (one) => one.name === upgrade.package && one.project === upgrade.project && !moving.has(one.version),
  );
  const targets = new Set(upgrades.filter((one) => one.package === upgrade.package).map((one) => one.to));
  const isOnly = installed.length > 0 && !stays && targets.size === 1;
  return isOnly || upgrade.from === null ? upgrade.package : `${upgrade.package}@${upgrade.from}`;
}

/** The text between the first key and the brace before it: how this file indents. */
function indentOf(text: string, node: JsonNode): string | undefined {
  const first = node.fields?.values().next().value;
  if (first === undefined) return undefined;
  return /\n[\t ]*$/.exec(text.slice(node.start + 1, first.keyStart))?.[0];
}

function nested(text: string, content: string): string {
  const indent = /\n([\t ]+)"/.exec(text)?.[1];
  const feed = text.includes("\r\n") ? "\r\n" : "\n";
  return indent === undefined ? content : `${feed}${indent}${indent}${content}${feed}${indent}`;
}

function insertField(text: string, object: JsonNode, field: string): string {
  const fields = [...(object.fields?.values() ?? [])];
  const last = fields.at(-1);
  const indent = indentOf(text, object);
  const feed = text.includes("\r\n") ? "\r" : "";
  if (last === undefined)
    return apply(text, [{ start: object.start, end: object.end, text: `{${nested(text, field)}}` }]);
  const separator = indent === undefined ? ", " : `,${feed}${indent}`;
  return apply(text, [{ start: last.end, end: last.end, text: `${separator}${field}` }]);
}
