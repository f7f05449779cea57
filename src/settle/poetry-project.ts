import { sha256 } from "../system/index.ts";
import { parse } from "smol-toml";

type Json = Readonly<Record<string, unknown>>;

const objectOf = (value: unknown): Json =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : {};

const heading = /^\[\[tool\.poetry\.source\]\]\s*(?:#.*)?$/m;

/** Name of the source that stands for the view where the manifest names none of its own. */
const viewName = "redress-view";

/** The parts of a manifest, each beginning with its table's heading. */
const tablesOf = (text: string): string[] => text.split(/^(?=\s*\[)/m);

const isOwnSource = (table: string): boolean =>
  heading.test(table) && !/^\s*priority\s*=\s*["']explicit["']/m.test(table);

const isPrimary = (table: string): boolean =>
  isOwnSource(table) && !/^\s*priority\s*=\s*["'](?:supplemental|secondary)["']/m.test(table);

/** A manifest whose sources are all the view; those that only packages ask for by name stay. */
export function viewSources(manifest: string, view: string): string {
  const url = JSON.stringify(view);
  const tables = tablesOf(manifest);
  const edited = tables
    .map((table) =>
      isOwnSource(table) ? table.replace(/^(\s*url\s*=\s*)(?:"[^"]*"|'[^']*')/m, `$1${url}`) : table,
    )
    .map((table) =>
      isOwnSource(table) && !/^\s*url\s*=/m.test(table) ? `${table.trimEnd()}\nurl = ${url}\n` : table,
    )
    .join("");
  if (tables.some(isPrimary)) return edited;
  return `${edited.trimEnd()}\n\n[[tool.poetry.source]]\nname = "${viewName}"\nurl = ${url}\npriority = "primary"\n`;
}

/** A lockfile whose packages come from where the manifest has them come from. */
export function putSources(
  written: string,
  { view, manifest }: { readonly view: string; readonly manifest: string },
): string {
  const bare = view.replace(/\/$/, "");
  const urls = new Map(
    tablesOf(manifest)
      .filter((table) => heading.test(table))
      .map((table) => [
        /^\s*name\s*=\s*["']([^"']+)["']/m.exec(table)?.[1]?.toLowerCase() ?? "",
        /^\s*url\s*=\s*["']([^"']+)["']/m.exec(table)?.[1],
      ]),
  );
  return written.replace(
    /\n\[package\.source\]\ntype = "[^"]*"\nurl = "([^"]*)"\nreference = "([^"]*)"\n/g,
    (whole, url: string, reference: string) => {
      if (url.replace(/\/$/, "") !== bare) return whole;
      const own = urls.get(reference.toLowerCase());
      // The default index is no source of its own in a lockfile.
      if (own === undefined) return "";
      return whole.replace(url, own.replace(/\/$/, ""));
    },
  );
}

const legacyKeys = ["dependencies", "source", "extras", "dev-dependencies"];
const projectKeys = ["requires-python", "dependencies", "optional-dependencies"];

/**
 * poetry's `content-hash` of a manifest: SHA-256 of the parts that resolution depends on, as Python writes sorted JSON.
 * `poetry check --lock` judges it afterwards.
 */
export function contentHashOf(manifest: string): string {
  const root: Json = parse(manifest);
  const project = objectOf(root["project"]);
  const groups = objectOf(root["dependency-groups"]);
  const own = objectOf(objectOf(root["tool"])["poetry"]);
  const relevantProject = Object.fromEntries(
    projectKeys.filter((key) => project[key] !== undefined).map((key) => [key, project[key]]),
  );
  const isModern = Object.keys(relevantProject).length > 0 || Object.keys(groups).length > 0;
  const relevant = Object.fromEntries(
    [...legacyKeys, "group"]
      .filter((key) => own[key] !== undefined || (!isModern && legacyKeys.includes(key)))
      .map((key) => [key, own[key] ?? null]),
  );
  if (!isModern) return sha256(pythonJson(relevant));
  return sha256(
    pythonJson({
      ...(Object.keys(relevantProject).length === 0 ? {} : { project: relevantProject }),
      ...(Object.keys(groups).length === 0 ? {} : { "dependency-groups": groups }),
      tool: { poetry: relevant },
    }),
  );
}

/** Python's `json.dumps(value, sort_keys=True)`. */
function pythonJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(pythonJson).join(", ")}]`;
  if (typeof value === "object" && value !== null)
    return `{${Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, one]) => `${asciiJson(key)}: ${pythonJson(one)}`)
      .join(", ")}}`;
  return typeof value === "string" ? asciiJson(value) : JSON.stringify(value);
}

const asciiJson = (text: string): string =>
  JSON.stringify(text).replace(
    /[\u007f-\uffff]/g,
    (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
