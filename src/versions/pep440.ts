import { boundedMemo } from "./bounded-memo.ts";

/** A number of a version; `bigint` where it is beyond what `number` holds exactly. */
export type VersionNumber = number | bigint;

/** A version by PEP 440, ready to be compared. */
export interface Pep440Version {
  readonly epoch: VersionNumber;
  /** As written, trailing zeros included. */
  readonly release: readonly VersionNumber[];
  /** Where its pre-release part sorts: a dev release alone, `a`, `b`, `rc`, none (0 to 4). */
  readonly preRank: number;
  readonly preNumber: VersionNumber;
  /** `-1`: no post release. */
  readonly post: VersionNumber;
  /** `Infinity`: no dev release. */
  readonly dev: VersionNumber;
  /** Segments of the local version, words in lower case; `null`: none. */
  readonly local: readonly (VersionNumber | string)[] | null;
}

const noPre = 4;
const preRanks: Readonly<Record<string, number>> = {
  a: 1,
  alpha: 1,
  b: 2,
  beta: 2,
  c: 3,
  rc: 3,
  pre: 3,
  preview: 3,
};

// PEP 440, appendix B.
const grammar =
  /^v?(?:(\d+)!)?(\d+(?:\.\d+)*)(?:[-_.]?(alpha|beta|preview|pre|a|b|c|rc)[-_.]?(\d+)?)?(?:-(\d+)|[-_.]?(post|rev|r)[-_.]?(\d+)?)?(?:[-_.]?(dev)[-_.]?(\d+)?)?(?:\+([a-z0-9]+(?:[-_.][a-z0-9]+)*))?$/i;

/** Longer texts are no versions: a bound on the work that hostile input can cause, in characters. */
const maxLength = 512;

function parse(text: string): Pep440Version | undefined {
  if (text.length > maxLength) return undefined;
  const match = grammar.exec(text.trim());
  if (match === null) return undefined;
  const [, epoch, release = "", preWord, pre, impliedPost, postWord, post, devWord, dev, local] = match;
  const isPost = impliedPost !== undefined || postWord !== undefined;
  const withoutPre = !isPost && devWord !== undefined ? 0 : noPre;
  return {
    epoch: toNumber(epoch),
    release: release.split(".").map(toNumber),
    preRank: preWord === undefined ? withoutPre : (preRanks[preWord.toLowerCase()] ?? noPre),
    preNumber: toNumber(pre),
    post: isPost ? toNumber(impliedPost ?? post) : -1,
    dev: devWord === undefined ? Infinity : toNumber(dev),
    local: local === undefined ? null : local.split(/[-_.]/).map(localSegment),
  };
}

/** `1e5` and `0x1f` are words in a local version (as in abbreviated commit ids), so only digits make a number. */
const localSegment = (segment: string): VersionNumber | string =>
  /^\d+$/.test(segment) ? toNumber(segment) : segment.toLowerCase();

function toNumber(digits: string | undefined): VersionNumber {
  if (digits === undefined) return 0;
  if (digits.length <= 15) return Number(digits);
  // Small values stay plain numbers, so that `===` tells equal ones.
  const exact = BigInt(digits);
  return exact <= Number.MAX_SAFE_INTEGER ? Number(exact) : exact;
}

/** Reads a version by PEP 440, white space around it ignored; `undefined` where the grammar refuses it. */
export const parsePep440: (text: string) => Pep440Version | undefined = boundedMemo(parse, 32_768);

/** Whether the version is a pre-release or a dev release (PEP 440, "Handling of pre-releases"). */
export const isPep440Prerelease = (version: Pep440Version): boolean =>
  version.preRank < noPre || version.dev !== Infinity;

const compareNumbers = (a: VersionNumber, b: VersionNumber): number => (a < b ? -1 : a > b ? 1 : 0);

/** Index of the first release number that differs, missing ones being zero; `-1`: none does. */
export function firstDifference(a: Pep440Version, b: Pep440Version): number {
  const length = Math.max(a.release.length, b.release.length);
  for (let index = 0; index < length; index++)
    if ((a.release[index] ?? 0) !== (b.release[index] ?? 0)) return index;
  return -1;
}

/** Epoch and release alone: what PEP 440 calls the base version. */
export function compareBase(a: Pep440Version, b: Pep440Version): number {
  const epochs = compareNumbers(a.epoch, b.epoch);
  if (epochs !== 0) return epochs;
  const index = firstDifference(a, b);
  return index < 0 ? 0 : compareNumbers(a.release[index] ?? 0, b.release[index] ?? 0);
}

/** The order of public versions: local segments do not count. */
export function comparePublic(a: Pep440Version, b: Pep440Version): number {
  return (
    compareBase(a, b) ||
    a.preRank - b.preRank ||
    compareNumbers(a.preNumber, b.preNumber) ||
    compareNumbers(a.post, b.post) ||
    compareNumbers(a.dev, b.dev)
  );
}

/** The total order of PEP 440, local versions included. */
export function comparePep440(a: Pep440Version, b: Pep440Version): number {
  const publicOrder = comparePublic(a, b);
  if (publicOrder !== 0 || a.local === b.local) return publicOrder;
  if (a.local === null) return -1;
  if (b.local === null) return 1;
  for (let index = 0; index < Math.min(a.local.length, b.local.length); index++) {
    const order = compareSegments(a.local[index] ?? 0, b.local[index] ?? 0);
    if (order !== 0) return order;
  }
  return a.local.length - b.local.length;
}

/** Words of a local version sort before its numbers (PEP 440, "Local version identifiers"). */
function compareSegments(a: VersionNumber | string, b: VersionNumber | string): number {
  if (typeof a === "string") return typeof b === "string" ? (a < b ? -1 : a > b ? 1 : 0) : -1;
  return typeof b === "string" ? 1 : compareNumbers(a, b);
}
