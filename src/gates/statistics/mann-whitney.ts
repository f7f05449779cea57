import { ascending, median } from "./quantile.ts";

/** How far the second sample lies above the first. */
export interface Shift {
  /** Hodges–Lehmann: the median of all differences. */
  readonly estimate: number;
  /** Bounds of the confidence interval. */
  readonly lower: number;
  readonly upper: number;
}

/** Up to this size of each sample the distribution is counted; the counts are then exact in a double. */
const mostExact = 25;

/**
 * Hodges–Lehmann shift of `second` against `first` with the interval that the Mann–Whitney test inverts to (Hollander,
 * Wolfe and Chicken, "Nonparametric Statistical Methods", section 4.3): exact for samples up to 25, by the normal
 * approximation above. Its confidence is at least the wanted one, as far as the samples are large enough to reach it.
 */
export function shiftOf(first: readonly number[], second: readonly number[], confidence = 0.98): Shift {
  const differences = ascending(second.flatMap((b) => first.map((a) => b - a)));
  const rank = Math.max(1, criticalRank(first.length, second.length, (1 - confidence) / 2));
  const [lower = NaN, upper = NaN] = [differences[rank - 1], differences[differences.length - rank]];
  return { estimate: median(differences), lower, upper };
}

/** The smallest u with P(U ≤ u) ≥ `tail`: which difference, counted from either end, bounds the interval. */
function criticalRank(m: number, n: number, tail: number): number {
  if (Math.max(m, n) > mostExact) {
    const deviation = Math.sqrt((m * n * (m + n + 1)) / 12);
    return Math.floor((m * n) / 2 - normalQuantile(1 - tail) * deviation);
  }
  const counts = countsOfU(m, n);
  const all = counts.reduce((sum, count) => sum + count, 0);
  let sum = 0;
  for (const [u, count] of counts.entries()) {
    sum += count;
    // A share that equals the tail counts as reached whatever the last bit says.
    if (sum / all >= tail * (1 - 1e-12)) return u;
  }
  return m * n;
}

/** P(U ≤ u) of the Mann–Whitney statistic without ties, exact; for samples up to 25. */
export function probabilityOfU(u: number, m: number, n: number): number {
  const counts = countsOfU(m, n);
  const upTo = counts.slice(0, Math.max(0, Math.floor(u) + 1));
  return upTo.reduce((sum, count) => sum + count, 0) / counts.reduce((sum, count) => sum + count, 0);
}

/** In how many of all orders U takes each value: the coefficients of the Gaussian binomial of m + n over m. */
function countsOfU(m: number, n: number): number[] {
  const most = m * n;
  const counts = new Array<number>(most + 1).fill(0);
  counts[0] = 1;
  for (let i = 1; i <= m; i++) {
    for (let u = most; u >= n + i; u--) counts[u] = (counts[u] ?? 0) - (counts[u - n - i] ?? 0);
    for (let u = i; u <= most; u++) counts[u] = (counts[u] ?? 0) + (counts[u - i] ?? 0);
  }
  return counts;
}

/** Quantile of the standard normal distribution, by bisection of its integral; 0 < share < 1. */
export function normalQuantile(share: number): number {
  let [low, high] = [-10, 10];
  for (let step = 0; step < 80; step++) {
    const middle = (low + high) / 2;
    if (normalShare(middle) < share) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** Share of the standard normal distribution below z: the series of Marsaglia (2004), good to 1e-15 for |z| < 7. */
function normalShare(z: number): number {
  if (z < -8) return 0;
  if (z > 8) return 1;
  let [sum, term] = [z, z];
  for (let i = 3; Math.abs(term) > 1e-17; i += 2) {
    term *= (z * z) / i;
    sum += term;
  }
  return 0.5 + (sum * Math.exp((-z * z) / 2)) / Math.sqrt(2 * Math.PI);
}
