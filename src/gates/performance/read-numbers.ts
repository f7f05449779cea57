/** Most names that are read. */
const mostNames = 20;
/** Most numbers of one name. */
const mostNumbers = 10_000;

/**
 * The numbers that a command printed, by name (`""` for numbers without one): JSON (a number, a list of them, or an
 * object of these), or lines `12.5`, `name 12.5`, `name: 12.5` and `name=12.5`, each with a unit behind it or not.
 * Other lines are passed over.
 */
export function readNumbers(output: string): ReadonlyMap<string, readonly number[]> {
  const text = output.trim();
  const found = new Map<string, number[]>();
  const add = (name: string, value: unknown): void => {
    if (typeof value !== "number" || !Number.isFinite(value)) return;
    const known = found.get(name);
    if (known === undefined && found.size < mostNames) found.set(name, [value]);
    else if (known !== undefined && known.length < mostNumbers) known.push(value);
  };
  if (/^[[{]/.test(text)) {
    try {
      addJson(JSON.parse(text), add);
      return found;
    } catch {
      // Not JSON after all: read by lines.
    }
  }
  for (const line of text.split("\n")) {
    const [, name, digits] =
      /^\s*(?:([A-Za-z_][\w./ -]{0,60}?)\s*(?:[:=]|\s)\s*)?([+-]?\d+(?:\.\d+)?(?:e[+-]?\d+)?)\s*(?:[a-zA-Zµ%/]{0,10})\s*$/i.exec(
        line,
      ) ?? [];
    if (digits !== undefined) add(name ?? "", Number(digits));
  }
  return found;
}

function addJson(value: unknown, add: (name: string, value: unknown) => void): void {
  if (typeof value !== "object" || value === null) return;
  if (Array.isArray(value)) {
    for (const one of value) add("", one);
    return;
  }
  for (const [name, inner] of Object.entries(value)) {
    if (Array.isArray(inner)) for (const one of inner) add(name, one);
    else add(name, inner);
  }
}
