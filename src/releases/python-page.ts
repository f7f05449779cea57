import { normaliseName } from "../model/index.ts";
import { parseAnchors } from "./html-anchors.ts";

/** One file of a package as a simple index lists it. */
export interface PythonFile {
  readonly filename: string;
  /** Absolute, HTTP, without fragment. */
  readonly url: string;
  /** `sha256:…` where given, else another algorithm's. */
  readonly hash?: string;
  readonly sizeBytes?: number;
  /** RFC 3339 (PEP 700). */
  readonly publishedAt?: string;
  readonly requiresPython?: string;
  /** PEP 592; `""` is "yanked without a reason". */
  readonly yanked?: string;
  /** PEP 658/714: a metadata file lies beside it; its hash where given. */
  readonly metadata?: true | string;
}

/** The media types that a client of the simple index asks for, the preferred first (PEP 691). */
export const acceptPage =
  "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.01";

/** Most files of one package that are taken in; the largest known has some 11,000. */
const maxFiles = 100_000;

/**
 * The files of a project page of the simple index, in JSON (PEP 691, 700, 714) or HTML (PEP 503, 592, 658) form.
 * Entries without a file name or HTTP address are left out.
 * @throws {Error} when the page is neither, or of a newer major version than 1.
 */
export function parsePage(text: string, contentType: string, url: string): readonly PythonFile[] {
  return /\bjson\b/i.test(contentType) ? parseJson(text, url) : parseHtml(text, url);
}

function parseJson(text: string, base: string): PythonFile[] {
  const page = JSON.parse(text) as {
    meta?: { "api-version"?: unknown };
    files?: unknown;
  } | null;
  const version = page?.meta?.["api-version"];
  if (typeof version !== "string" || !/^1(\.|$)/.test(version))
    throw new Error(`the page has version ${JSON.stringify(version)} of the simple API; 1.x is read`);
  if (!Array.isArray(page?.files)) throw new Error("the page lists no files");
  return (page.files as unknown[]).slice(0, maxFiles).flatMap((entry) => {
    const file = entry as Record<string, unknown> | null;
    const address = addressOf(file?.["url"], base);
    const filename = file?.["filename"];
    if (file === null || typeof filename !== "string" || address === undefined) return [];
    const yanked = file["yanked"];
    const hash = hashOf(file["hashes"]);
    const beside = metadataOf(file["core-metadata"] ?? file["dist-info-metadata"]);
    return [
      {
        filename,
        url: address.href,
        ...(hash === undefined ? {} : { hash }),
        ...(typeof file["size"] === "number" ? { sizeBytes: file["size"] } : {}),
        ...textField("publishedAt", file["upload-time"]),
        ...textField("requiresPython", file["requires-python"]),
        ...(typeof yanked === "string" ? { yanked } : yanked === true ? { yanked: "" } : {}),
        ...(beside === undefined ? {} : { metadata: beside }),
      },
    ];
  });
}

function parseHtml(text: string, url: string): PythonFile[] {
  const page = parseAnchors(text, maxFiles);
  if (page.version !== undefined && !/^1(\.|$)/.test(page.version))
    throw new Error(`the page has version ${page.version} of the simple API; 1.x is read`);
  if (page.anchors.length === 0 && !/<html|<!doctype|<body/i.test(text))
    throw new Error("the page is neither JSON nor HTML");
  const base = page.base !== undefined && URL.canParse(page.base, url) ? new URL(page.base, url).href : url;
  return page.anchors.flatMap(({ attributes, text: label }) => {
    const address = addressOf(attributes.get("href"), base);
    if (address === undefined) return [];
    const fragment = /^#(?:.*&)?([a-z0-9]+)=([0-9a-f]+)/i.exec(address.hash);
    const [, algorithm = "", digest = ""] = fragment ?? [];
    address.hash = "";
    const beside = attributes.get("data-core-metadata") ?? attributes.get("data-dist-info-metadata");
    const hashed = /^sha256=([0-9a-f]{64})$/i.exec(beside ?? "")?.[1];
    const yanked = attributes.get("data-yanked");
    return [
      {
        filename: label.trim() === "" ? lastSegment(address) : label.trim(),
        url: address.href,
        ...(fragment === null ? {} : { hash: `${algorithm.toLowerCase()}:${digest.toLowerCase()}` }),
        ...textField("requiresPython", attributes.get("data-requires-python")),
        ...(yanked === undefined ? {} : { yanked }),
        ...(beside === undefined || beside === "false"
          ? {}
          : { metadata: hashed === undefined ? (true as const) : `sha256:${hashed.toLowerCase()}` }),
      },
    ];
  });
}

function addressOf(reference: unknown, base: string): URL | undefined {
  if (typeof reference !== "string" || !URL.canParse(reference, base)) return undefined;
  const address = new URL(reference, base);
  return address.protocol === "https:" || address.protocol === "http:" ? address : undefined;
}

function lastSegment(address: URL): string {
  const segment = address.pathname.split("/").pop() ?? "";
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

function textField<K extends string>(key: K, value: unknown): Partial<Record<K, string>> {
  return typeof value === "string" && value !== "" ? ({ [key]: value } as Record<K, string>) : {};
}

/** SHA-256 before any other: it is what installers are given. */
function hashOf(hashes: unknown): string | undefined {
  if (typeof hashes !== "object" || hashes === null) return undefined;
  const entries = Object.entries(hashes).filter(
    (entry): entry is [string, string] => typeof entry[1] === "string" && /^[0-9a-f]+$/i.test(entry[1]),
  );
  const [algorithm, digest] = entries.find(([name]) => name === "sha256") ?? entries[0] ?? [];
  return algorithm === undefined || digest === undefined ? undefined : `${algorithm}:${digest.toLowerCase()}`;
}

function metadataOf(value: unknown): true | string | undefined {
  if (value === true) return true;
  const hash = hashOf(value);
  return hash ?? (typeof value === "object" && value !== null ? true : undefined);
}

/** A file name's package version and kind; `undefined` for what is neither a wheel nor an sdist of that package. */
export function parseFilename(
  filename: string,
  name: string,
): { readonly version: string; readonly kind: "wheel" | "sdist" } | undefined {
  if (filename.endsWith(".whl")) {
    const parts = filename.slice(0, -4).split("-");
    const [distribution = "", version = ""] = parts;
    if (parts.length < 5 || parts.length > 6 || normaliseName("PyPI", distribution) !== name)
      return undefined;
    return { version: version.replaceAll("_", "+"), kind: "wheel" };
  }
  const stem = /^(.+)\.(?:tar\.gz|tgz|zip|tar\.bz2|tar\.xz)$/.exec(filename)?.[1];
  // Names may hold hyphens, versions of old sdists too: the split is where the name is the package's.
  for (let at = stem?.indexOf("-") ?? -1; stem !== undefined && at !== -1; at = stem.indexOf("-", at + 1))
    if (normaliseName("PyPI", stem.slice(0, at)) === name)
      return { version: stem.slice(at + 1), kind: "sdist" };
  return undefined;
}
