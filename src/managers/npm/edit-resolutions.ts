import { Failure, type Component, type Project, type Upgrade } from "../../model/index.ts";
import { fileNameOf } from "../paths.ts";
import {
  apply,
  editManifests,
  insertField,
  isOverride,
  nested,
  overrideKeys,
  scan,
} from "./edit-manifest.ts";

/** How a package manager other than npm is told to serve requirements by another version than they ask for. */
export interface RuleStyle {
  /** Where the rules stand in the root's manifest. */
  readonly section: readonly [string] | readonly [string, string];
  /**
   * The manager's own form of a key of npm's, `name` or `name@range`.
   * @throws {Failure} `conflict` where it has none.
   */
  key(npmKey: string): string;
}

/**
 * Changes ranges as for npm, and writes rules for what must be served otherwise in the manager's own section of the root's
 * manifest.
 * @throws {Failure} `conflict` when a range or a rule cannot be written truthfully.
 */
export function editWithRules(
  files: ReadonlyMap<string, string>,
  of: {
    readonly project: Project;
    readonly upgrades: readonly Upgrade[];
    readonly installed: readonly Component[];
  },
  style: RuleStyle,
): ReadonlyMap<string, string> {
  const { project, upgrades, installed } = of;
  const changed = new Map(editManifests(files, project, upgrades.map(withoutRule), installed));
  const path = project.files.find((file) => fileNameOf(file) === "package.json");
  const text = path === undefined ? undefined : (changed.get(path) ?? files.get(path));
  if (path === undefined || text === undefined) return changed;
  let edited = text;
  for (const upgrade of upgrades)
    if (isOverride(upgrade) && upgrade.to !== null)
      for (const key of overrideKeys({ upgrade, upgrades, installed }))
        edited = setRule(edited, path, { section: style.section, key: style.key(key), to: upgrade.to });
  if (edited !== text) changed.set(path, edited);
  return changed;
}

function withoutRule({ overrides: _, ...upgrade }: Upgrade): Upgrade {
  return upgrade.via === "override" ? { ...upgrade, via: "lockfile" } : upgrade;
}

function setRule(
  text: string,
  path: string,
  { section, key, to }: { section: RuleStyle["section"]; key: string; to: string },
): string {
  const root = scan(text, path);
  const field = `${JSON.stringify(key)}: ${JSON.stringify(to)}`;
  let object = root;
  for (const [depth, name] of section.entries()) {
    const next = object.fields?.get(name);
    if (next === undefined) {
      const missing = section.slice(depth).reverse();
      const whole = missing.reduce((content, one, index) => {
        const body = index === 0 && depth === 0 && section.length === 1 ? nested(text, content) : content;
        return `${JSON.stringify(one)}: {${body}}`;
      }, field);
      return insertField(text, object, whole);
    }
    if (next.fields === undefined)
      throw new Failure("conflict", `${path}: ${name} is no object`, "Repair it, then plan again.");
    object = next;
  }
  const present = object.fields?.get(key);
  if (present === undefined) return insertField(text, object, field);
  if (text.charAt(present.start) !== '"')
    throw new Failure("conflict", `${path} already has rules below ${key}`, "Add the rule by hand.");
  return apply(text, [{ start: present.start, end: present.end, text: JSON.stringify(to) }]);
}
