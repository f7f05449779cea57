import type { Ecosystem, Level } from "../model/index.ts";

/** Order and ranges of one ecosystem's versions. */
export interface VersionOrder {
  readonly ecosystem: Ecosystem;
  isValid(version: string): boolean;
  /**
   * Negative, 0 or positive. A total order: invalid versions sort below all valid ones, among themselves by text;
   * 0 also for different spellings of one version (`1.0` and `1.0.0` on PyPI, build metadata on npm).
   */
  compare(a: string, b: string): number;
  isPrerelease(version: string): boolean;
  /** Whether the grammar can read the range; npm's tags such as `latest` are no ranges. */
  isRange(range: string): boolean;
  /**
   * Whether the version lies within the range; `false` where either cannot be read. Pre-releases count where asked
   * for by `prereleases`, or by the ecosystem's own rule (npm: named with the same numbers; PyPI: named by a clause).
   */
  satisfies(version: string, range: string, options?: { prereleases?: boolean }): boolean;
  /** The leftmost number that differs; below npm's 1.0 a minor counts as a major. `other`: no number differs. */
  level(from: string, to: string): Level;
}
