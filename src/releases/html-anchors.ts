/** What a page of the simple index in HTML form says (PEP 503). */
export interface AnchorPage {
  /** `<base href>` */
  readonly base?: string;
  /** `<meta name="pypi:repository-version">` (PEP 629) */
  readonly version?: string;
  readonly anchors: readonly { readonly attributes: ReadonlyMap<string, string>; readonly text: string }[];
}

/** Reads the anchors of an HTML page in one pass over the text, in linear time. */
export function parseAnchors(html: string, maxAnchors: number): AnchorPage {
  const anchors: { attributes: ReadonlyMap<string, string>; text: string }[] = [];
  let base: string | undefined;
  let version: string | undefined;
  let at = 0;
  while (anchors.length < maxAnchors) {
    at = html.indexOf("<", at);
    if (at === -1) break;
    if (html.startsWith("<!--", at)) {
      const end = html.indexOf("-->", at + 4);
      if (end === -1) break;
      at = end + 3;
      continue;
    }
    const name = /[a-z]*/iy;
    name.lastIndex = at + 1;
    const tag = name.exec(html)?.[0].toLowerCase() ?? "";
    if (tag !== "a" && tag !== "base" && tag !== "meta") {
      at += 1;
      continue;
    }
    const { attributes, end } = parseAttributes(html, name.lastIndex);
    at = end;
    if (tag === "base") base ??= attributes.get("href");
    else if (tag === "meta") {
      if (attributes.get("name") === "pypi:repository-version") version ??= attributes.get("content");
    } else {
      const close = html.indexOf("<", end);
      anchors.push({ attributes, text: decodeEntities(html.slice(end, close === -1 ? undefined : close)) });
    }
  }
  return {
    ...(base === undefined ? {} : { base }),
    ...(version === undefined ? {} : { version }),
    anchors,
  };
}

/** Attributes from behind the tag's name to behind its `>`; quoted values may hold `>`. */
function parseAttributes(html: string, from: number): { attributes: Map<string, string>; end: number } {
  const attributes = new Map<string, string>();
  const token = /[\s/]*(?:(>)|([^\s=>/]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]*)))?)/y;
  token.lastIndex = from;
  for (;;) {
    const start = token.lastIndex;
    const match = token.exec(html);
    if (match === null) return { attributes, end: start + 1 };
    const [, close, name, double, single, bare] = match;
    if (close !== undefined) return { attributes, end: token.lastIndex };
    const key = name?.toLowerCase();
    if (key !== undefined && !attributes.has(key))
      attributes.set(key, decodeEntities(double ?? single ?? bare ?? ""));
  }
}

const named: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

function decodeEntities(text: string): string {
  return text.replace(
    /&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|(amp|lt|gt|quot|apos));/gi,
    (whole, decimal, hex, name) => {
      const code = decimal === undefined ? Number.parseInt(String(hex), 16) : Number(decimal);
      if (name !== undefined) return named[String(name).toLowerCase()] ?? whole;
      return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
    },
  );
}
