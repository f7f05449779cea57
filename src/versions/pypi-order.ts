import { comparePep440, firstDifference, isPep440Prerelease, parsePep440 } from "./pep440.ts";
import { parseSpecifiers, satisfiesSpecifiers } from "./specifier.ts";
import { compareTexts } from "./text-order.ts";
import type { VersionOrder } from "./version-order.ts";

/** PEP 440. */
export const pypiOrder: VersionOrder = {
  ecosystem: "PyPI",
  isValid: (version) => parsePep440(version) !== undefined,
  compare(a, b) {
    if (a === b) return 0;
    const left = parsePep440(a);
    const right = parsePep440(b);
    if (left === undefined) return right === undefined ? compareTexts(a, b) : -1;
    return right === undefined ? 1 : comparePep440(left, right);
  },
  isPrerelease(version) {
    const parsed = parsePep440(version);
    return parsed !== undefined && isPep440Prerelease(parsed);
  },
  isRange: (range) => parseSpecifiers(range) !== undefined,
  satisfies(version, range, options) {
    const set = parseSpecifiers(range);
    return set !== undefined && satisfiesSpecifiers(version, set, options?.prereleases === true);
  },
  level(from, to) {
    const left = parsePep440(from);
    const right = parsePep440(to);
    if (left === undefined || right === undefined) return "other";
    if (left.epoch !== right.epoch) return "major";
    const index = firstDifference(left, right);
    if (index < 0) return "other";
    return (["major", "minor"] as const)[index] ?? "patch";
  },
};
