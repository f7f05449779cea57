/** How often something happened, of how many times. */
export interface Occurrence {
  readonly events: number;
  readonly of: number;
}

/**
 * Fisher's exact test, one-sided: the chance to see at least as many events in `second` as there are, were they as
 * likely there as in `first`.
 */
export function fisherGreater(first: Occurrence, second: Occurrence): number {
  const events = first.events + second.events;
  const all = first.of + second.of;
  const chance = (k: number): number =>
    Math.exp(logChoose(second.of, k) + logChoose(first.of, events - k) - logChoose(all, events));
  let sum = 0;
  for (let k = second.events; k <= Math.min(events, second.of); k++) sum += chance(k);
  return Math.min(1, sum);
}

function logChoose(n: number, k: number): number {
  if (k < 0 || k > n) return -Infinity;
  let sum = 0;
  for (let i = 1; i <= Math.min(k, n - k); i++) sum += Math.log((n - i + 1) / i);
  return sum;
}
