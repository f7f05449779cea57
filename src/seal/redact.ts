import { maskSecrets } from "../system/index.ts";

/** What must not leave the machine with a record, beside secrets. */
export interface Redaction {
  /** Absolute folders and what stands in their place, e.g. the project's root as `<project>`. */
  readonly folders: readonly { readonly folder: string; readonly shown: string }[];
  /** Hosts of package indexes, also where they stand without an address around them. */
  readonly hosts: readonly string[];
}

/** Takes secrets, hosts of addresses and absolute paths out of a text. */
export type Redact = (text: string) => string;

/** Folders at the top of a file system under which absolute paths of machines lie. */
const systemFolders =
  "usr|opt|home|root|tmp|var|private|Users|etc|srv|mnt|media|proc|dev|lib|lib64|bin|sbin|run|nix|snap|Library|Applications";
const systemPath = new RegExp(
  `(?<![\\w.~<>*$}@-]|(?<!file:/)/)/(?:${systemFolders})(?:/[^\\s/"'\`,;:()\\[\\]{}<>|]+)+/?`,
  "g",
);
const windowsPath = /(?<![A-Za-z])[A-Za-z]:\\(?:[^\s\\/"'`,;:()[\]{}<>|]+\\)*([^\s\\/"'`,;:()[\]{}<>|]*)/g;
const address = /\b(?!file:)([a-z][a-z0-9+.-]{0,30}):\/\/[^\s/"'<>\\]+/gi;

/** Makes the function that takes out what `Redaction` names; doing it twice changes nothing more. */
export function makeRedact({ folders, hosts }: Redaction): Redact {
  const own = folderPattern(folders);
  const named = hostPattern(hosts);
  const shownBy = new Map(folders.map(({ folder, shown }) => [folder, shown]));
  const secrets = secretVariables();
  return remembering((text) => {
    let redacted = maskSecrets(text, secrets);
    if (redacted.includes("://")) redacted = redacted.replace(address, "$1://***");
    if (own !== undefined) redacted = redacted.replace(own, (folder) => shownBy.get(folder) ?? "…");
    if (redacted.includes("/")) redacted = redacted.replace(systemPath, lastPart);
    if (redacted.includes(":\\")) redacted = redacted.replace(windowsPath, "…\\$1");
    return named === undefined ? redacted : redacted.replace(named, "***");
  });
}

/** Longest text that is remembered with its answer, and most of them: names and versions come thousands of times. */
const remembered = { characters: 200, texts: 200_000 };

function remembering(redact: Redact): Redact {
  const known = new Map<string, string>();
  return (text) => {
    if (text.length > remembered.characters) return redact(text);
    let answer = known.get(text);
    if (answer === undefined) {
      answer = redact(text);
      if (known.size < remembered.texts) known.set(text, answer);
    }
    return answer;
  };
}

/** The variables whose values are secrets: looking at all of them for each text would take most of the time. */
function secretVariables(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(
      ([name, value]) => value !== undefined && maskSecrets(value, { [name]: value }) !== value,
    ),
  );
}

/** Text that a person wrote on purpose keeps its addresses; only the machine's folders and indexes go. */
export function makeLightRedact({ folders, hosts }: Redaction): Redact {
  const own = folderPattern(folders);
  const named = hostPattern(hosts);
  const shownBy = new Map(folders.map(({ folder, shown }) => [folder, shown]));
  return (text) => {
    const local = own === undefined ? text : text.replace(own, (folder) => shownBy.get(folder) ?? "…");
    return named === undefined ? local : local.replace(named, "***");
  };
}

const lastPart = (file: string): string => `…/${file.replace(/\/$/, "").split("/").at(-1) ?? ""}`;

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

function folderPattern(folders: Redaction["folders"]): RegExp | undefined {
  const names = folders
    .map(({ folder }) => folder)
    .filter((folder) => folder.length > 1)
    .sort((a, b) => b.length - a.length);
  return names.length === 0 ? undefined : new RegExp(`(?:${names.map(escaped).join("|")})(?![\\w.-])`, "g");
}

function hostPattern(hosts: readonly string[]): RegExp | undefined {
  const names = hosts.filter((host) => /^[\w.-]+(?::\d+)?$/.test(host) && host.length > 3);
  names.sort((a, b) => b.length - a.length);
  return names.length === 0
    ? undefined
    : new RegExp(`(?<![\\w.-])(?:${names.map(escaped).join("|")})(?![\\w-])`, "gi");
}

/** Keys under which a person's own words stand. */
const human = new Set(["claims", "contacts", "nearWaivers", "waiver", "waivers"]);

/** A JSON value with every text in it redacted; keys that are paths or names too. */
export function redactValue(value: unknown, redact: Redact, light: Redact): unknown {
  if (typeof value === "string") return redact(value);
  if (Array.isArray(value)) return value.map((one) => redactValue(one, redact, light));
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      redact(key),
      redactValue(inner, human.has(key) ? light : redact, light),
    ]),
  );
}

/** Hosts that a project's files name as places of packages. */
export function hostsIn(texts: Iterable<string>): string[] {
  const hosts = new Set<string>();
  for (const text of texts)
    for (const [, host] of text.matchAll(/\bhttps?:\/\/(?:[^\s/"'@<>]*@)?([\w.-]+(?::\d+)?)/gi))
      if (host !== undefined) hosts.add(host.toLowerCase());
  return [...hosts].sort();
}
