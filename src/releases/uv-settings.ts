import path from "node:path";
import { parse } from "smol-toml";
import { words, type IndexSettings } from "./pip-settings.ts";

/**
 * Paths of uv's configuration files, the weaker first: the system's, the user's, the project's own; `UV_CONFIG_FILE`
 * replaces them all and `UV_NO_CONFIG` turns them off (uv, "Configuration files").
 */
export function uvConfigurationFiles(environment: NodeJS.ProcessEnv, root: string): readonly string[] {
  const named = environment["UV_CONFIG_FILE"];
  if (named !== undefined && named !== "") return [path.resolve(named)];
  if (/^(1|y|yes|t|true|on)$/i.test(environment["UV_NO_CONFIG"] ?? "")) return [];
  const files: string[] = [];
  const xdg = environment["XDG_CONFIG_HOME"];
  const home = environment["HOME"];
  files.push("/etc/uv/uv.toml");
  if (xdg !== undefined && path.isAbsolute(xdg)) files.push(path.join(xdg, "uv", "uv.toml"));
  else if (home !== undefined) files.push(path.join(home, ".config", "uv", "uv.toml"));
  files.push(path.join(root, "pyproject.toml"), path.join(root, "uv.toml"));
  return files;
}

/**
 * uv's index settings from its configuration files (path and text, the weaker first) and the environment. Indexes
 * marked `explicit` are for single packages and left out. `UV_INDEX_<NAME>_USERNAME` and `_PASSWORD` are put into
 * the addresses of named indexes.
 */
export function readUvSettings(
  files: readonly { readonly path: string; readonly text: string }[],
  environment: NodeJS.ProcessEnv,
): IndexSettings {
  let main: string | undefined;
  const extra: string[] = [];
  for (const file of files) {
    const settings = settingsOf(file.path, file.text);
    main = settings.main ?? main;
    extra.unshift(...settings.extra);
  }
  main = filled(environment["UV_DEFAULT_INDEX"]) ?? filled(environment["UV_INDEX_URL"]) ?? main;
  extra.unshift(...words(environment["UV_INDEX"]), ...words(environment["UV_EXTRA_INDEX_URL"]));
  const address = (entry: string): string => withCredentials(entry, environment);
  return {
    ...(main === undefined ? {} : { main: address(main) }),
    extra: [...new Set(extra.map(address))],
  };
}

const filled = (text: string | undefined): string | undefined => (text === "" ? undefined : text);

/** One file's settings; entries as `name=url` where they have a name. A file that is no TOML gives none. */
function settingsOf(file: string, text: string): IndexSettings {
  let table: Record<string, unknown>;
  try {
    table = parse(text);
  } catch {
    return { extra: [] };
  }
  if (path.basename(file) === "pyproject.toml") table = tableAt(tableAt(table, "tool"), "uv");
  const pip = tableAt(table, "pip");
  let main = textAt(pip, "index-url") ?? textAt(table, "index-url");
  const extra = [...textsAt(pip, "extra-index-url"), ...textsAt(table, "extra-index-url")];
  const indexes = Array.isArray(table["index"]) ? (table["index"] as unknown[]) : [];
  const declared: string[] = [];
  for (const entry of indexes) {
    if (typeof entry !== "object" || entry === null) continue;
    const index = entry as Record<string, unknown>;
    const url = textAt(index, "url");
    if (url === undefined || index["explicit"] === true) continue;
    const name = textAt(index, "name");
    const named = name === undefined ? url : `${name}=${url}`;
    if (index["default"] === true) main = named;
    else declared.push(named);
  }
  return { ...(main === undefined ? {} : { main }), extra: [...declared, ...extra] };
}

function tableAt(table: Record<string, unknown>, key: string): Record<string, unknown> {
  const value = Object.hasOwn(table, key) ? table[key] : undefined;
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

function textAt(table: Record<string, unknown>, key: string): string | undefined {
  const value = Object.hasOwn(table, key) ? table[key] : undefined;
  return typeof value === "string" && value !== "" ? value : undefined;
}

function textsAt(table: Record<string, unknown>, key: string): string[] {
  const value = Object.hasOwn(table, key) ? table[key] : undefined;
  return Array.isArray(value) ? value.filter((entry) => typeof entry === "string") : [];
}

/** `name=url` as an address, with the credentials that the environment holds for that name. */
function withCredentials(entry: string, environment: NodeJS.ProcessEnv): string {
  const match = /^([A-Za-z0-9._-]+)=(.+)$/.exec(entry);
  const [, name, url] = match ?? [];
  if (name === undefined || url === undefined) return entry;
  const variable = `UV_INDEX_${name.toUpperCase().replace(/[^A-Z0-9]/g, "_")}`;
  const username = environment[`${variable}_USERNAME`];
  const password = environment[`${variable}_PASSWORD`];
  if ((username === undefined && password === undefined) || !URL.canParse(url)) return url;
  const address = new URL(url);
  if (username !== undefined) address.username = encodeURIComponent(username);
  if (password !== undefined) address.password = encodeURIComponent(password);
  return address.href;
}
