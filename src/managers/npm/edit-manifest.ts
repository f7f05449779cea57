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

/** @throws {Failure} `conflict` where a manifest is no JSON object. */
export function scan(text: string, path: string): JsonNode {
  const root = scanJson(text);
  if (root?.fields === undefined)
    throw new Failure("conflict", `${path} is not a JSON object`, "Repair it, then plan again.");
  return root;
}

/** A text with its splices made. */
export const apply = (text: string, splices: readonly Splice[]): string =>
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
  const rules = context.upgrades
    .filter((one) => isOverride(one) && one.to !== null)
    .flatMap((upgrade) => overrideKeys({ ...context, upgrade }).map((key) => ({ upgrade, key })));
  let current = dropOverrides(text, path, {
    upgrades: context.upgrades,
    written: new Set(rules.map((rule) => rule.key)),
  });
  for (const rule of rules) current = addOverride(current, path, rule);
  return current;
}

/** Whether a change needs a rule that serves others than the project's own requirements. */
export const isOverride = (one: Upgrade): boolean =>
  one.via === "override" || (one.overrides?.length ?? 0) > 0;

/**
 * Takes out rules that hold a package at another version than the one it moves to, where they are not written anew: they
 * are no longer needed.
 */
function dropOverrides(
  text: string,
  path: string,
  { upgrades, written }: { readonly upgrades: readonly Upgrade[]; readonly written: ReadonlySet<string> },
): string {
  let current = text;
  const moving = upgrades.filter((one) => one.to !== null && one.from !== one.to);
  for (const { package: name } of moving) {
    const targets = moving.flatMap((one) => (one.package === name && one.to !== null ? [one.to] : []));
    for (;;) {
      const root = scan(current, path);
      const overrides = root.fields?.get("overrides");
      const old = [...(overrides?.fields ?? [])].find(([key, node]) => {
        if ((key !== name && !key.startsWith(`${name}@`)) || written.has(key)) return false;
        const value: unknown = JSON.parse(current.slice(node.start, node.end));
        return (
          typeof value === "string" &&
          !value.startsWith("$") &&
          targets.every((to) => serves(to, value) === false)
        );
      });
      if (overrides === undefined || old === undefined) break;
      current = removeField(current, overrides.fields?.size === 1 ? root : overrides, {
        key: overrides.fields?.size === 1 ? "overrides" : old[0],
      });
    }
  }
  return current;
}

function addOverride(
  text: string,
  path: string,
  { upgrade, key }: { readonly upgrade: Upgrade; readonly key: string },
): string {
  const root = scan(text, path);
  const isDirect = ["dependencies", "devDependencies", "optionalDependencies"].some(
    (section) => root.fields?.get(section)?.fields?.has(upgrade.package) === true,
  );
  // npm refuses an override of a direct dependency that is not the very same spec; `$name` says it is. A rule for other
  // ranges than the project's own names its version.
  const isWhole = isDirect && (upgrade.overrides?.length ?? 0) === 0;
  const value = JSON.stringify(isWhole ? `$${upgrade.package}` : upgrade.to);
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

/**
 * One key for each declared range that the plan names; else one that names the version where another one of the same
 * package stays. npm applies a key with a range to every requirement whose range has a version in common with it.
 */
export function overrideKeys({
  upgrade,
  upgrades,
  installed,
}: {
  upgrade: Upgrade;
  upgrades: readonly Upgrade[];
  installed: readonly Component[];
}): readonly string[] {
  if (upgrade.overrides !== undefined && upgrade.overrides.length > 0)
    return upgrade.overrides.map((range) =>
      /^(?:\*|x|)$/i.test(range.trim()) ? upgrade.package : `${upgrade.package}@${range}`,
    );
  const moving = new Set(upgrades.filter((one) => one.package === upgrade.package).map((one) => one.from));
  const stays = installed.some(
    (one) => one.name === upgrade.package && one.project === upgrade.project && !moving.has(one.version),
  );
  const targets = new Set(upgrades.filter((one) => one.package === upgrade.package).map((one) => one.to));
  const isOnly = installed.length > 0 && !stays && targets.size === 1;
  return [isOnly || upgrade.from === null ? upgrade.package : `${upgrade.package}@${upgrade.from}`];
}

/** Takes one field out of an object, with the comma that goes with it. */
function removeField(text: string, object: JsonNode, { key }: { readonly key: string }): string {
  const fields = [...(object.fields?.entries() ?? [])];
  const at = fields.findIndex(([name]) => name === key);
  const node = fields[at]?.[1];
  if (node === undefined) return text;
  const before = fields[at - 1]?.[1];
  const after = fields[at + 1]?.[1];
  if (before !== undefined) return apply(text, [{ start: before.end, end: node.end, text: "" }]);
  return after === undefined
    ? apply(text, [{ start: object.start, end: object.end, text: "{}" }])
    : apply(text, [{ start: node.keyStart, end: after.keyStart, text: "" }]);
}

/** The text between the first key and the brace before it: how this file indents. */
function indentOf(text: string, node: JsonNode): string | undefined {
  const first = node.fields?.values().next().value;
  if (first === undefined) return undefined;
  return /\n[\t ]*$/.exec(text.slice(node.start + 1, first.keyStart))?.[0];
}

/** A field as the only content of an object, laid out as the file is. */
export function nested(text: string, content: string): string {
  const indent = /\n([\t ]+)"/.exec(text)?.[1];
  const feed = text.includes("\r\n") ? "\r\n" : "\n";
  return indent === undefined ? content : `${feed}${indent}${indent}${content}${feed}${indent}`;
}

/** A text with one more field at the end of an object. */
export function insertField(text: string, object: JsonNode, field: string): string {
  const fields = [...(object.fields?.values() ?? [])];
  const last = fields.at(-1);
  const indent = indentOf(text, object);
  const feed = text.includes("\r\n") ? "\r" : "";
  if (last === undefined)
    return apply(text, [{ start: object.start, end: object.end, text: `{${nested(text, field)}}` }]);
  const separator = indent === undefined ? ", " : `,${feed}${indent}`;
  return apply(text, [{ start: last.end, end: last.end, text: `${separator}${field}` }]);
}
