/** User name and password for a host, as they stand in the user's own files. Never part of a message. */
export interface Credentials {
  readonly username: string;
  readonly password: string;
}

/**
 * Credentials by host from the text of a `.netrc` file (the format of ftp(1)): `machine` entries, the `default`
 * entry for all other hosts; macro definitions and accounts are skipped. What is malformed gives no entry.
 */
export function parseNetrc(text: string): (host: string) => Credentials | undefined {
  const entries = new Map<string, Credentials>();
  const words = withoutMacros(text).match(/"(?:[^"\\]|\\.)*"|\S+/g) ?? [];
  let host: string | undefined;
  let login: string | undefined;
  let password: string | undefined;
  const close = (): void => {
    if (host !== undefined && password !== undefined && !entries.has(host))
      entries.set(host, { username: login ?? "", password });
    host = login = password = undefined;
  };
  for (let i = 0; i < words.length; i++) {
    const word = words[i];
    if (word === "machine") {
      close();
      host = words[++i];
    } else if (word === "default") {
      close();
      host = "";
    } else if (word === "login") login = unquoted(words[++i]);
    else if (word === "password") password = unquoted(words[++i]);
    else if (word === "account") i++;
  }
  close();
  return (name) => entries.get(name) ?? entries.get("");
}

/** Drops whole-line comments and `macdef` bodies, which end at an empty line. */
function withoutMacros(text: string): string {
  let inMacro = false;
  return text
    .split(/\r?\n/)
    .filter((line) => {
      if (/^\s*macdef\b/.test(line)) inMacro = true;
      else if (line.trim() === "") inMacro = false;
      return !inMacro && !/^\s*#/.test(line);
    })
    .join("\n");
}

const unquoted = (word: string | undefined): string | undefined =>
  word?.startsWith('"') === true ? word.slice(1, -1).replace(/\\(.)/g, "$1") : word;
