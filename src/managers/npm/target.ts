import { serves } from "./spec.ts";

/**
 * The full Node version that a project runs on: `.nvmrc` or `.node-version` where they give a number, else the
 * caller's version where `engines.node` admits it, else the smallest number that `engines.node` names.
 */
export function nodeVersionOf(declared: {
  readonly versionFile?: string;
  readonly engines?: string;
  readonly present?: string;
}): string | undefined {
  const file = /^\s*v?(\d+)(?:\.(\d+))?(?:\.(\d+))?\s*$/.exec(declared.versionFile ?? "");
  if (file !== null) return fill(file.slice(1), declared.present);
  const { engines, present } = declared;
  if (engines === undefined || (present !== undefined && serves(present, engines) !== false)) return present;
  const low = /(\d+)(?:\.(\d+))?(?:\.(\d+))?/.exec(engines);
  return low === null ? present : fill(low.slice(1), undefined);
}

function fill(parts: readonly (string | undefined)[], present: string | undefined): string {
  const given = parts.filter((part) => part !== undefined && part !== "");
  // "20" means the newest of that line: the caller's own, where it is of that line.
  if (present !== undefined && `${present}.`.startsWith(`${given.join(".")}.`)) return present;
  return [...given, "0", "0"].slice(0, 3).join(".");
}
