/** Settings of npm by key, as text; later files of a list override earlier ones. */
export type NpmSettings = ReadonlyMap<string, string>;

/** Most lines of one file that are read. */
const maxLines = 10_000;

/**
 * Settings from the text of an `npmrc` file: lines of `key = value`, comments after `;` or `#`, quoted values,
 * `${NAME}` and `${NAME?}` filled in from the environment (npm's `npmrc(5)`). Lists (`key[]`) and sections are left out:
 * no setting that is needed here is one. A variable that is not set stays as written.
 */
export function parseNpmrc(text: string, environment: NodeJS.ProcessEnv): NpmSettings {
  const settings = new Map<string, string>();
  for (const line of text
    .replace(/^\ufeff/, "")
    .split(/\r?\n/)
    .slice(0, maxLines)) {
    const trimmed = line.trim();
    if (trimmed === "" || /^[;#[]/.test(trimmed)) continue;
    const equals = trimmed.indexOf("=");
    const key = expand(readValue(equals < 0 ? trimmed : trimmed.slice(0, equals)), environment);
    if (key === "" || key.endsWith("[]")) continue;
    settings.set(key, expand(equals < 0 ? "true" : readValue(trimmed.slice(equals + 1)), environment));
  }
  return settings;
}

/** Settings given as variables: `npm_config_some_key` is `some-key`; keys of a host (`//host/:_authToken`) stay as written. */
export function settingsInEnvironment(environment: NodeJS.ProcessEnv): NpmSettings {
  const settings = new Map<string, string>();
  for (const [name, value] of Object.entries(environment)) {
    const key = /^npm_config_(.+)$/i.exec(name)?.[1];
    if (key === undefined || value === undefined || value === "") continue;
    settings.set(
      key.startsWith("//") ? key : key.replace(/(?!^)_/g, "-").toLowerCase(),
      expand(value, environment),
    );
  }
  return settings;
}

/** Names of the variables that a file's text asks for. */
export function variablesIn(text: string): readonly string[] {
  return [...text.matchAll(/\$\{([^${}?]{1,200})\??\}/g)].map((match) => match[1] ?? "");
}

function expand(text: string, environment: NodeJS.ProcessEnv): string {
  return text.replace(
    /(\\*)\$\{([^${}?]{1,200})(\?)?\}/g,
    (whole, escapes: string, name: string, mayBeAbsent: string | undefined) => {
      if (escapes.length % 2 === 1) return whole.slice((escapes.length + 1) / 2);
      const value = environment[name] ?? (mayBeAbsent === undefined ? undefined : "");
      return value === undefined ? whole : escapes.slice(escapes.length / 2) + value;
    },
  );
}

/** A value as npm's own reader takes it: a quoted one is JSON or literal, another one ends at `;` or `#`. */
function readValue(text: string): string {
  const value = text.trim();
  const quote = value.charAt(0);
  if ((quote === '"' || quote === "'") && value.length > 1 && value.endsWith(quote)) {
    const inner = value.slice(1, -1);
    if (quote === "'") return inner;
    try {
      return String(JSON.parse(value));
    } catch {
      return inner;
    }
  }
  let read = "";
  for (let at = 0; at < value.length; at++) {
    const character = value.charAt(at);
    if (character === ";" || character === "#") break;
    const next = value.charAt(at + 1);
    if (character === "\\" && (next === ";" || next === "#" || next === "\\")) {
      read += next;
      at++;
    } else read += character;
  }
  return read.trim();
}
