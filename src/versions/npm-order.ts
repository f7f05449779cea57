// Not the whole package, which is some forty files.
import Range from "semver/classes/range.js";
import type SemVer from "semver/classes/semver.js";
import parse from "semver/functions/parse.js";
import { boundedMemo } from "./bounded-memo.ts";
import { compareTexts } from "./text-order.ts";
import type { VersionOrder } from "./version-order.ts";

/** Longer ranges are refused: a bound on the work that hostile input can cause, in characters. */
const maxLength = 4096;

const versionOf = boundedMemo((text): SemVer | null => parse(text), 32_768);

function readRange(text: string, includePrerelease: boolean): Range | null {
  if (text.length > maxLength) return null;
  try {
    return new Range(text, { includePrerelease });
  } catch {
    return null;
  }
}
const rangeOf = boundedMemo((text) => readRange(text, false), 16_384);
const rangeWithPrereleases = boundedMemo((text) => readRange(text, true), 4096);

/** node-semver, strict (`loose` off). */
export const npmOrder: VersionOrder = {
  ecosystem: "npm",
  isValid: (version) => versionOf(version) !== null,
  compare(a, b) {
    if (a === b) return 0;
    const left = versionOf(a);
    const right = versionOf(b);
    if (left === null) return right === null ? compareTexts(a, b) : -1;
    return right === null ? 1 : left.compare(right);
  },
  isPrerelease: (version) => (versionOf(version)?.prerelease.length ?? 0) > 0,
  isRange: (range) => rangeOf(range) !== null,
  satisfies(version, range, options) {
    const read = options?.prereleases === true ? rangeWithPrereleases(range) : rangeOf(range);
    const parsed = versionOf(version);
    return read !== null && parsed !== null && read.test(parsed);
  },
  level(from, to) {
    const left = versionOf(from);
    const right = versionOf(to);
    if (left === null || right === null) return "other";
    if (left.major !== right.major) return "major";
    if (left.minor !== right.minor) return left.major === 0 ? "major" : "minor";
    return left.patch === right.patch ? "other" : "patch";
  },
};
