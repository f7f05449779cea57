import path from "node:path";

/** What a package index client is told about indexes: the main one and those beside it, in order. */
export interface IndexSettings {
  readonly main?: string;
  readonly extra: readonly string[];
  /** The user wants no index at all (pip's `no-index`). */
  readonly none?: boolean;
  /** CA certificates in PEM form to trust (pip's `cert`). */
  readonly certificates?: string;
}

/**
 * Paths of pip's configuration files, the weaker first: global, user (legacy before new), the active environment's,
 * then `PIP_CONFIG_FILE`, which replaces the user's; the null device turns all off (pip, "Configuration").
 */
export function pipConfigurationFiles(
  environment: NodeJS.ProcessEnv,
  platform: string = process.platform,
): readonly string[] {
  const named = environment["PIP_CONFIG_FILE"];
  if (named === "/dev/null" || named?.toLowerCase() === "nul") return [];
  const home = environment["HOME"] ?? environment["USERPROFILE"];
  const inHome = (...parts: string[]): string[] => (home === undefined ? [] : [path.join(home, ...parts)]);
  const xdg = environment["XDG_CONFIG_HOME"];
  const files: string[] = [];
  if (platform === "darwin") files.push("/Library/Application Support/pip/pip.conf");
  else
    for (const folder of (environment["XDG_CONFIG_DIRS"] ?? "/etc/xdg").split(":").reverse())
      if (path.isAbsolute(folder)) files.push(path.join(folder, "pip", "pip.conf"));
  files.push("/etc/pip.conf");
  if (named === undefined || named === "") {
    files.push(...inHome(".pip", "pip.conf"));
    if (platform === "darwin") files.push(...inHome("Library", "Application Support", "pip", "pip.conf"));
    files.push(
      ...(xdg !== undefined && path.isAbsolute(xdg)
        ? [path.join(xdg, "pip", "pip.conf")]
        : inHome(".config", "pip", "pip.conf")),
    );
  }
  const active = environment["VIRTUAL_ENV"];
  if (active !== undefined && path.isAbsolute(active)) files.push(path.join(active, "pip.conf"));
  if (named !== undefined && named !== "") files.push(path.resolve(named));
  return files;
}

/**
 * pip's index settings from the texts of its configuration files (the weaker first) and the environment: any
 * `[install]` entry beats any `[global]` one, and a variable beats both, as pip's option parser has it.
 */
export function readPipSettings(texts: readonly string[], environment: NodeJS.ProcessEnv): IndexSettings {
  const values = new Map<string, string>();
  const files = texts.map(parseIni);
  for (const section of ["global", "install"])
    for (const file of files)
      for (const [key, value] of file.get(section) ?? [])
        values.set(key.toLowerCase().replaceAll("_", "-"), value);
  for (const key of ["index-url", "extra-index-url", "no-index", "cert"]) {
    const value = environment[`PIP_${key.toUpperCase().replaceAll("-", "_")}`];
    if (value !== undefined && value !== "") values.set(key, value);
  }
  const main = values.get("index-url")?.trim();
  const certificates = values.get("cert")?.trim();
  return {
    ...(main === undefined || main === "" ? {} : { main }),
    extra: words(values.get("extra-index-url")),
    ...(/^(1|y|yes|t|true|on)$/i.test(values.get("no-index")?.trim() ?? "") ? { none: true } : {}),
    ...(certificates === undefined || certificates === "" ? {} : { certificates }),
  };
}

/** Whitespace-separated words. */
export const words = (text: string | undefined): string[] =>
  (text ?? "").split(/\s+/).filter((word) => word !== "");

/** Python `configparser` text without interpolation: sections, `key = value` or `key: value`, indented continuations. */
export function parseIni(text: string): ReadonlyMap<string, ReadonlyMap<string, string>> {
  const sections = new Map<string, Map<string, string>>();
  let section: Map<string, string> | undefined;
  let key: string | undefined;
  for (const line of text.split(/\r?\n/)) {
    const trimmed = line.trim();
    if (trimmed === "" || trimmed.startsWith("#") || trimmed.startsWith(";")) continue;
    const heading = /^\[([^\]]+)\]/.exec(line);
    const name = heading?.[1];
    const split = /[=:]/.exec(trimmed)?.index;
    if (name !== undefined) {
      section = sections.get(name) ?? new Map<string, string>();
      sections.set(name, section);
      key = undefined;
    } else if (/^\s/.test(line) && key !== undefined)
      section?.set(key, `${section.get(key) ?? ""}\n${trimmed}`);
    else if (split !== undefined && section !== undefined) {
      key = trimmed.slice(0, split).trim().toLowerCase();
      section.set(key, trimmed.slice(split + 1).trim());
    }
  }
  return sections;
}
