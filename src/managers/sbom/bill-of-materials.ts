import { normaliseName, type Ecosystem, type Scope } from "../../model/index.ts";
import type { JsonObject } from "../json-text.ts";
import { isPackageName, isVersionText } from "../purl.ts";

/** A package of a bill of materials. */
export interface Listed {
  readonly ref: string;
  readonly name: string;
  readonly version: string;
  readonly scope: Scope;
}

/** What a bill of materials says of one ecosystem, whatever its format. */
export interface BillOfMaterials {
  readonly root?: string;
  readonly listed: readonly Listed[];
  /** Requirer → required, by reference. */
  readonly edges: readonly (readonly [from: string, to: string])[];
  /** How many packages of other ecosystems, or without a package URL, were passed over. */
  readonly others: number;
  /** Packages of the ecosystem that are named without a version, as the document names them. */
  readonly unversioned: readonly string[];
}

/** `pkg:npm/%40scope/name@1.0.0?…#…` (purl-spec); `undefined` for another type or a broken one. */
export function readPurl(purl: string, ecosystem: Ecosystem): { name: string; version: string } | undefined {
  const bare = barePurl(purl, ecosystem);
  const at = bare?.lastIndexOf("@") ?? -1;
  if (bare === undefined || at <= 0) return undefined;
  try {
    const name = normaliseName(ecosystem, decodeURIComponent(bare.slice(0, at)));
    const version = decodeURIComponent(bare.slice(at + 1));
    return isPackageName(ecosystem, name) && isVersionText(version) ? { name, version } : undefined;
  } catch {
    return undefined;
  }
}

/** The name in a purl of the ecosystem that gives no version. */
export function readUnversioned(purl: string, ecosystem: Ecosystem): string | undefined {
  const bare = barePurl(purl, ecosystem);
  if (bare === undefined || bare.lastIndexOf("@") > 0) return undefined;
  try {
    const name = normaliseName(ecosystem, decodeURIComponent(bare));
    return isPackageName(ecosystem, name) ? name : undefined;
  } catch {
    return undefined;
  }
}

function barePurl(purl: string, ecosystem: Ecosystem): string | undefined {
  const prefix = ecosystem === "npm" ? "pkg:npm/" : "pkg:pypi/";
  return purl.toLowerCase().startsWith(prefix)
    ? purl.slice(prefix.length).replace(/[?#].*$/s, "")
    : undefined;
}

/** Sorts what is met into packages, packages without a version, and others. */
export class Listing {
  readonly listed: Listed[] = [];
  readonly unversioned: string[] = [];
  others = 0;
  private readonly ecosystem: Ecosystem;

  constructor(ecosystem: Ecosystem) {
    this.ecosystem = ecosystem;
  }

  add(one: { readonly purl: string | undefined; readonly ref: string; readonly scope: Scope }): void {
    const purl = one.purl ?? "";
    const read = readPurl(purl, this.ecosystem);
    const unversioned = read === undefined ? readUnversioned(purl, this.ecosystem) : undefined;
    if (read !== undefined) this.listed.push({ ...read, ref: one.ref, scope: one.scope });
    else if (unversioned !== undefined) this.unversioned.push(unversioned);
    else this.others++;
  }
}

/** A field that is a list; else an empty one. */
export function listAt(value: JsonObject, field: string): readonly unknown[] {
  const found = Object.hasOwn(value, field) ? value[field] : undefined;
  return Array.isArray(found) ? (found as unknown[]) : [];
}
