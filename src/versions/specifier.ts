import { boundedMemo } from "./bounded-memo.ts";
import {
  compareBase,
  comparePep440,
  comparePublic,
  isPep440Prerelease,
  parsePep440,
  type Pep440Version,
} from "./pep440.ts";

/** A set of PEP 440 specifiers, all of which must hold. */
export interface SpecifierSet {
  readonly clauses: readonly Clause[];
  /** A pre-release is named by a clause, which lets pre-releases in. */
  readonly namesPrerelease: boolean;
}

interface Clause {
  /** Judges a version; the text serves `===`, which compares texts. */
  readonly holds: (version: Pep440Version, text: string) => boolean;
  readonly arbitrary?: string;
  readonly namesPrerelease: boolean;
}

const operators = ["===", "==", "!=", "~=", "<=", ">=", "<", ">"] as const;
type Operator = (typeof operators)[number];

/** Longer texts and sets are refused, in characters and clauses. */
const maxLength = 4096;
const maxClauses = 256;

function parseSet(text: string): SpecifierSet | undefined {
  if (text.length > maxLength) return undefined;
  const parts = text.split(",", maxClauses + 1);
  if (parts.length > maxClauses) return undefined;
  const clauses: Clause[] = [];
  for (const part of parts) {
    const trimmed = part.trim();
    if (trimmed === "") continue;
    const clause = parseClause(trimmed);
    if (clause === undefined) return undefined;
    clauses.push(clause);
  }
  return { clauses, namesPrerelease: clauses.some((clause) => clause.namesPrerelease) };
}

function parseClause(text: string): Clause | undefined {
  const operator = operators.find((one) => text.startsWith(one));
  if (operator === undefined) return undefined;
  const operand = text.slice(operator.length).trim();
  if (operator === "===") return arbitraryClause(operand);
  if (operand.endsWith(".*")) return wildcardClause(operator, operand.slice(0, -2));
  const version = parsePep440(operand);
  if (version === undefined) return undefined;
  // PEP 440 admits a local version only where the comparison is for equality.
  if (version.local !== null && operator !== "==" && operator !== "!=") return undefined;
  if (operator === "~=" && version.release.length < 2) return undefined;
  return {
    holds: judges[operator](version),
    namesPrerelease: operator !== "!=" && isPep440Prerelease(version),
  };
}

function arbitraryClause(operand: string): Clause | undefined {
  if (operand === "" || /[\s;)]/.test(operand)) return undefined;
  const wanted = operand.toLowerCase();
  const version = parsePep440(operand);
  return {
    holds: (_, text) => text.trim().toLowerCase() === wanted,
    arbitrary: wanted,
    namesPrerelease: version !== undefined && isPep440Prerelease(version),
  };
}

function wildcardClause(operator: Operator, operand: string): Clause | undefined {
  const version = parsePep440(operand);
  if (version === undefined || version.local !== null || hasSuffix(version)) return undefined;
  const { length } = version.release;
  switch (operator) {
    case "==":
      return { holds: (one) => hasPrefix(one, version, length), namesPrerelease: false };
    case "!=":
      return { holds: (one) => !hasPrefix(one, version, length), namesPrerelease: false };
    case ">=":
    case "<":
      // Not PEP 440, but common in old metadata (`>=2.7.*`), and it can only mean one thing.
      return { holds: judges[operator](version), namesPrerelease: false };
    default:
      return undefined;
  }
}

const hasSuffix = (version: Pep440Version): boolean => isPep440Prerelease(version) || version.post !== -1;

/** Prefix match (PEP 440, "Version matching"): the first `length` release numbers, missing ones being zero. */
function hasPrefix(version: Pep440Version, prefix: Pep440Version, length: number): boolean {
  if (version.epoch !== prefix.epoch) return false;
  for (let index = 0; index < length; index++)
    if ((version.release[index] ?? 0) !== prefix.release[index]) return false;
  return true;
}

const equals = (version: Pep440Version, wanted: Pep440Version): boolean =>
  (wanted.local === null ? comparePublic(version, wanted) : comparePep440(version, wanted)) === 0;

/** One judge for each operator of PEP 440, "Version specifiers". */
const judges: Readonly<
  Record<Exclude<Operator, "===">, (wanted: Pep440Version) => (version: Pep440Version) => boolean>
> = {
  "==": (wanted) => (version) => equals(version, wanted),
  "!=": (wanted) => (version) => !equals(version, wanted),
  "<=": (wanted) => (version) => comparePublic(version, wanted) <= 0,
  ">=": (wanted) => (version) => comparePublic(version, wanted) >= 0,
  "~=": (wanted) => (version) =>
    comparePublic(version, wanted) >= 0 && hasPrefix(version, wanted, wanted.release.length - 1),
  // Pre-releases of the named version are not below it, unless it is one: the bound is its earliest dev release.
  "<": (wanted) => {
    const bound = isPep440Prerelease(wanted)
      ? wanted
      : { ...wanted, preRank: wanted.post === -1 ? 0 : wanted.preRank, dev: 0 };
    return (version) => comparePublic(version, bound) < 0;
  },
  // Nor are post releases of the named version above it, unless it is one.
  ">": (wanted) => (version) =>
    comparePublic(version, wanted) > 0 && !(version.post !== -1 && isPostOf(version, wanted)),
};

const isPostOf = (version: Pep440Version, wanted: Pep440Version): boolean =>
  wanted.post === -1 &&
  wanted.dev === Infinity &&
  compareBase(version, wanted) === 0 &&
  version.preRank === wanted.preRank &&
  version.preNumber === wanted.preNumber;

/** Reads a specifier set; `""` is any version; `undefined` where the grammar refuses it. */
export const parseSpecifiers: (text: string) => SpecifierSet | undefined = boundedMemo(parseSet, 16_384);

/**
 * Whether a version lies within a set. Without `prereleases` a pre-release does only where a clause names one
 * (PEP 440, "Handling of pre-releases"). Versions outside PEP 440 can only be met by `===`.
 */
export function satisfiesSpecifiers(text: string, set: SpecifierSet, prereleases: boolean): boolean {
  const version = parsePep440(text);
  if (version === undefined)
    return (
      set.clauses.length > 0 && set.clauses.every((clause) => clause.arbitrary === text.trim().toLowerCase())
    );
  if (!prereleases && !set.namesPrerelease && isPep440Prerelease(version)) return false;
  for (const clause of set.clauses) if (!clause.holds(version, text)) return false;
  return true;
}
