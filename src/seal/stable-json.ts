/** JSON with sorted keys: the same value always gives the same bytes. `indent` as for `JSON.stringify`. */
export function stableJson(value: unknown, indent = 1): string {
  return `${JSON.stringify(sorted(value), null, indent)}\n`;
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, inner]) => inner !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
      .map(([key, inner]) => [key, sorted(inner)]),
  );
}
