/** A start tag of an XML text with its attributes, and where it stands. */
export interface Tag {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  /** Whether it has no content (`<a/>`). */
  readonly empty: boolean;
  readonly kind: "start" | "end";
}

const entities: Readonly<Record<string, string>> = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" };

const decode = (text: string): string =>
  text.replace(/&(?:#x([0-9a-f]{1,6})|#(\d{1,7})|(\w{1,10}));/gi, (whole, hex, decimal, name: string) => {
    if (name) return entities[name] ?? whole;
    const code = hex === undefined ? Number(decimal) : Number.parseInt(String(hex), 16);
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });

/**
 * The tags of an XML text in their order; comments, CDATA sections, declarations and text are passed over, and no
 * entity is defined or fetched. Enough for reports that tools write.
 */
export function* tagsOf(text: string): Generator<Tag> {
  const pattern =
    /<!--[\s\S]*?-->|<!\[CDATA\[[\s\S]*?\]\]>|<[?!][^>]*>|<(\/?)([A-Za-z_][\w.:-]*)((?:[^<>"']|"[^"]*"|'[^']*')*)>/g;
  for (const [, slash, name, rest = ""] of text.matchAll(pattern)) {
    if (name === undefined) continue;
    const attributes = new Map<string, string>();
    for (const [, key = "", double, single] of rest.matchAll(/([\w.:-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g))
      attributes.set(key, decode(double ?? single ?? ""));
    yield { name, attributes, empty: rest.trimEnd().endsWith("/"), kind: slash === "/" ? "end" : "start" };
  }
}
