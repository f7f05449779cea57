/**
 * A pure function of a string that remembers its answers, at most about `2 × limit` of them: two generations, the
 * older one dropped when the younger is full, so that what is asked often stays and hostile input cannot fill memory.
 */
export function boundedMemo<V>(compute: (text: string) => V, limit: number): (text: string) => V {
  let young = new Map<string, V>();
  let old = new Map<string, V>();
  return (text) => {
    const known = young.get(text);
    if (known !== undefined || young.has(text)) return known as V;
    const value = old.has(text) ? (old.get(text) as V) : compute(text);
    if (young.size >= limit) {
      old = young;
      young = new Map();
    }
    young.set(text, value);
    return value;
  };
}
