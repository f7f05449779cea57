/** Ascending copy of numbers. */
export const ascending = (values: readonly number[]): number[] => [...values].sort((a, b) => a - b);

/**
 * A quantile between the order statistics, linearly (Hyndman and Fan's type 7, as R and NumPy have it by default).
 * `NaN` of no values.
 */
export function quantile(values: readonly number[], share: number): number {
  const sorted = ascending(values);
  const at = (sorted.length - 1) * share;
  const low = Math.floor(at);
  const [a = NaN, b = a] = [sorted[low], sorted[low + 1]];
  return a + (b - a) * (at - low);
}

/** The middle value, or the mean of the two. */
export const median = (values: readonly number[]): number => quantile(values, 0.5);
