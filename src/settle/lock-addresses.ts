/** `https://host/path/` up to the part that a registry's own layout adds: `name/-/file`. */
const archive = /https?:\/\/[^\s"'#]*?(?=(?:@[^\s"'/]+\/)?[^\s"'/@]+\/-\/[^\s"'/#]+)/g;

/** How often each registry's address stands before an archive of a lockfile, the most frequent first. */
function prefixesOf(text: string): readonly string[] {
  const counts = new Map<string, number>();
  for (const [prefix] of text.matchAll(archive)) counts.set(prefix, (counts.get(prefix) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1]).map(([prefix]) => prefix);
}

/**
 * A lockfile whose archives stand under the registries that the old one names: the view passes on the addresses of the
 * registry in use, which may be a mirror of the one that the project was locked from.
 */
export function keepRegistries(written: string, before: string): string {
  const known = prefixesOf(before);
  const [main] = known;
  if (main === undefined) return written;
  return written.replace(archive, (prefix) => (known.includes(prefix) ? prefix : main));
}

/** A text with the view's address replaced, with its last slash or without. */
export function withoutView(text: string, view: string, instead: string): string {
  const bare = view.replace(/\/$/, "");
  const target = instead.replace(/\/$/, "");
  // With the slash only where the old address has one.
  return text
    .replaceAll(`${bare}/"`, `${instead}"`)
    .replaceAll(`${bare}"`, `${instead}"`)
    .replaceAll(bare, target);
}

/** The value that stands most often in the first group of a pattern. */
export function mostFrequent(text: string, pattern: RegExp): string | undefined {
  const counts = new Map<string, number>();
  for (const [, value = ""] of text.matchAll(pattern)) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1])[0]?.[0];
}
