import type { RangeEvent } from "../model/index.ts";

/** Versions that an advisory names, in OSV's form. */
export interface OsvVersions {
  readonly ranges: readonly { readonly type: "SEMVER"; readonly events: readonly RangeEvent[] }[];
  readonly versions: readonly string[];
}

const version = String.raw`\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?`;
const comparator = new RegExp(String.raw`^(>=|<=|>|<|=)?\s*v?(${version})$`);

/**
 * The range form of npm's advisories (`>=1.0.0 <1.2.3 || =2.0.0`, comparators with full versions) as OSV events;
 * `undefined` when it holds anything else.
 */
export function readNpmRange(range: string): OsvVersions | undefined {
  const ranges: { type: "SEMVER"; events: RangeEvent[] }[] = [];
  const versions: string[] = [];
  for (const part of range.split("||").map((text) => text.trim())) {
    if (part === "*" || part === "") {
      ranges.push({ type: "SEMVER", events: [{ introduced: "0" }] });
      continue;
    }
    const read = readComparators(part);
    if (read === undefined) return undefined;
    if (typeof read === "string") versions.push(read);
    else ranges.push({ type: "SEMVER", events: read });
  }
  return { ranges, versions };
}

function readComparators(part: string): RangeEvent[] | string | undefined {
  let lower: string | undefined;
  let upper: RangeEvent | undefined;
  const texts = part.replace(/(>=|<=|>|<|=)\s+/g, "$1").split(/[\s,]+/);
  for (const text of texts) {
    const [, sign = "=", at] = comparator.exec(text) ?? [];
    if (at === undefined) return undefined;
    if (sign === "=") return texts.length === 1 ? at : undefined;
    if (sign.startsWith(">")) {
      if (lower !== undefined) return undefined;
      lower = sign === ">" ? nextVersion(at) : at;
    } else {
      if (upper !== undefined) return undefined;
      upper = sign === "<" ? { fixed: at } : { last_affected: at };
    }
  }
  return [{ introduced: lower ?? "0" }, ...(upper === undefined ? [] : [upper])];
}

/** The smallest version above another: OSV has no exclusive lower bound. */
function nextVersion(at: string): string {
  const plain = at.replace(/\+.*$/, "");
  if (plain.includes("-")) return `${plain}.0`;
  const [major = "0", minor = "0", patch = "0"] = plain.split(".");
  return `${major}.${minor}.${BigInt(patch) + 1n}-0`;
}
