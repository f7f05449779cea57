/** A bound on how many of something run at once; waiting callers go first come, first served. */
export function limiter(most: number): <T>(task: () => Promise<T>) => Promise<T> {
  let active = 0;
  const waiting: (() => void)[] = [];
  return async (task) => {
    if (active >= most) await new Promise<void>((resolve) => waiting.push(resolve));
    else active++;
    try {
      return await task();
    } finally {
      const next = waiting.shift();
      if (next === undefined) active--;
      else next();
    }
  };
}

/** Maps with at most `most` tasks at once; results in the order of the input. The first error wins. */
export async function mapBounded<A, B>(
  items: readonly A[],
  most: number,
  task: (item: A) => Promise<B>,
): Promise<B[]> {
  const bounded = limiter(most);
  return Promise.all(items.map((item) => bounded(() => task(item))));
}

/** Waits for all, also where one fails; the first error wins. */
export async function waitForAll(tasks: readonly Promise<void>[]): Promise<void> {
  for (const ended of await Promise.allSettled(tasks)) if (ended.status === "rejected") throw ended.reason;
}
