import { isObject, objectAt, stringAt, type JsonObject } from "../json-text.ts";
import { serves, readSpec } from "./spec.ts";

/** A rule of `overrides` in a root `package.json`: what npm puts in the place of requirements. */
export interface OverrideRule {
  readonly name: string;
  /** Only requirements that have a version in common with it; absent: all. */
  readonly range?: string;
  /** Whether it holds only below certain packages. */
  readonly isNested: boolean;
  /** What is put in the place of the requirement. */
  readonly to: string;
}

/** Rules may be nested as deep as the tree is; deeper ones than this nobody wrote. */
const deepest = 32;

/**
 * The rules of a root manifest (npm's documentation of `package.json`, "overrides"): `name`, `name@range`, rules below a
 * package with `.` for itself, and `$name` for what the project itself asks for. What is no rule is left out.
 */
export function readOverrides(manifest: JsonObject): OverrideRule[] {
  const rules: OverrideRule[] = [];
  const read = (object: JsonObject, depth: number): void => {
    if (depth > deepest) return;
    for (const key of Object.keys(object)) {
      const value = object[key];
      const { name, range } = splitKey(key);
      const own = isObject(value) ? stringAt(value, ".") : value;
      const to = typeof own === "string" ? resolved(own, manifest) : undefined;
      if (to !== undefined && name !== ".")
        rules.push({ name, isNested: depth > 0, to, ...(range === undefined ? {} : { range }) });
      if (isObject(value)) read(value, depth + 1);
    }
  };
  read(objectAt(manifest, "overrides"), 0);
  // A rule for everything is the one that a plan may change.
  return rules.sort((a, b) => Number(a.isNested) - Number(b.isNested));
}

function splitKey(key: string): { name: string; range?: string } {
  const at = key.indexOf("@", 1);
  return at < 0 ? { name: key } : { name: key.slice(0, at), range: key.slice(at + 1) };
}

function resolved(value: string, manifest: JsonObject): string | undefined {
  if (!value.startsWith("$")) return value;
  for (const section of ["dependencies", "devDependencies", "optionalDependencies"]) {
    const found = stringAt(objectAt(manifest, section), value.slice(1));
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The rule that has put a version where the requirement itself does not admit it. */
export function ruleFor(
  rules: readonly OverrideRule[],
  name: string,
  version: string,
): OverrideRule | undefined {
  return rules.find((rule) => rule.name === name && serves(version, readSpec(name, rule.to).range) === true);
}
