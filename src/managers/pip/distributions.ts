import { normaliseName, type Unread } from "../../model/index.ts";
import { orderOf } from "../../versions/index.ts";
import { shownAddress } from "../paths.ts";
import { isPackageName } from "../purl.ts";

/** The texts that one installed distribution left in `site-packages`. */
export interface DistributionTexts {
  /** Its `*.dist-info` or `*.egg-info` folder or file, relative to the root. */
  readonly path: string;
  /** `METADATA` or `PKG-INFO`, at least up to its first blank line. */
  readonly metadata: string;
  /** `direct_url.json` (PEP 610). */
  readonly directUrl?: string;
  /** `requires.txt` of an egg. */
  readonly requiresText?: string;
}

/** An installed Python distribution, as it describes itself. */
export interface Distribution {
  /** Normalised (PEP 503). */
  readonly name: string;
  readonly version: string;
  /** PEP 508 texts of `Requires-Dist`. */
  readonly requires: readonly string[];
  /** PEP 345 `Requires-Python`. */
  readonly requiresPython?: string;
  /** Where it came from when not from an index (PEP 610): it cannot be moved to a release. */
  readonly origin?: { readonly kind: "editable" | "url" | "repository"; readonly address: string };
  /** Folder or file that describes it, relative to the root. */
  readonly path: string;
}

/** Reads what installed distributions say of themselves (core metadata, PEP 566; eggs). */
export function readDistributions(texts: Iterable<DistributionTexts>): {
  distributions: Distribution[];
  unread: Unread[];
} {
  const distributions: Distribution[] = [];
  const unread: Unread[] = [];
  const order = orderOf("PyPI");
  for (const text of texts) {
    const fields = readFields(text.metadata);
    if (!isPackageName("PyPI", fields.name)) {
      unread.push({ path: text.path, reason: "its metadata gives no valid name" });
      continue;
    }
    if (!order.isValid(fields.version)) {
      unread.push({ path: text.path, reason: "its metadata gives no valid version" });
      continue;
    }
    const origin = originOf(text.directUrl);
    if (origin === "unreadable")
      unread.push({ path: text.path, reason: "direct_url.json is not valid JSON" });
    distributions.push({
      name: normaliseName("PyPI", fields.name),
      version: fields.version,
      requires: text.requiresText === undefined ? fields.requires : readEggRequires(text.requiresText),
      path: text.path,
      ...(fields.requiresPython === "" ? {} : { requiresPython: fields.requiresPython }),
      ...(origin === undefined || origin === "unreadable" ? {} : { origin }),
    });
  }
  return { distributions, unread };
}

interface Fields {
  name: string;
  version: string;
  requiresPython: string;
  readonly requires: string[];
}

/** The header fields that matter; folded lines and the description below the blank line are passed over. */
function readFields(metadata: string): Fields {
  const fields: Fields = { name: "", version: "", requiresPython: "", requires: [] };
  let start = metadata.startsWith("\ufeff") ? 1 : 0;
  while (start < metadata.length) {
    let end = metadata.indexOf("\n", start);
    if (end < 0) end = metadata.length;
    const first = metadata.charCodeAt(start);
    if (end === start || (first === 13 && end === start + 1)) break;
    // Only N(ame), V(ersion) and R(equires-…) are of interest.
    if (first === 78 || first === 86 || first === 82) readField(metadata.slice(start, end), fields);
    start = end + 1;
  }
  return fields;
}

function readField(line: string, fields: Fields): void {
  const colon = line.indexOf(":");
  if (colon < 0) return;
  const value = line.slice(colon + 1).trim();
  switch (line.slice(0, colon)) {
    case "Name":
      fields.name ||= value;
      return;
    case "Version":
      fields.version ||= value;
      return;
    case "Requires-Python":
      fields.requiresPython ||= value;
      return;
    case "Requires-Dist":
      fields.requires.push(value);
  }
}

function originOf(text: string | undefined): Distribution["origin"] | "unreadable" {
  if (text === undefined) return undefined;
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return "unreadable";
  }
  if (parsed === null || typeof parsed !== "object") return "unreadable";
  const { url, dir_info: folder, vcs_info: repository } = parsed as Record<string, unknown>;
  const address = typeof url === "string" ? shownAddress(url) : "";
  const isEditable =
    folder !== null && typeof folder === "object" && (folder as Record<string, unknown>)["editable"] === true;
  return { kind: isEditable ? "editable" : repository === undefined ? "url" : "repository", address };
}

/** `requires.txt` (setuptools): requirements below `[extra]`, `[:marker]` or `[extra:marker]` headings, as PEP 508. */
function readEggRequires(text: string): string[] {
  const requires: string[] = [];
  let condition = "";
  for (const raw of text.split(/\r?\n/)) {
    const line = raw.trim();
    if (line === "" || line.startsWith("#")) continue;
    const heading = /^\[([^:\]]*)(?::(.*))?\]$/.exec(line);
    if (heading === null) requires.push(condition === "" ? line : `${line} ; ${condition}`);
    else {
      const [, extra = "", marker = ""] = heading;
      const parts = [marker === "" ? "" : `(${marker})`, extra === "" ? "" : `extra == "${extra}"`];
      condition = parts.filter((part) => part !== "").join(" and ");
    }
  }
  return requires;
}
