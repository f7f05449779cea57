import * as fs from "node:fs/promises";
import { userInfo } from "node:os";
import path from "node:path";
import { Failure, type Configuration, type Person } from "../model/index.ts";
import type { Setting } from "../pipeline/index.ts";
import { findPrograms, isInside, userPythonVersion, type Programs } from "../system/index.ts";
import { loadConfiguration } from "./configuration/load-configuration.ts";
import { withoutCommands } from "./configuration/without-commands.ts";
import { withoutGates } from "./configuration/without-gates.ts";
import { readWaivers } from "./configuration/waivers.ts";
import { openTerminal, type Terminal } from "./terminal.ts";
import { toolVersion } from "./version.ts";

/** Options that every command takes. */
export interface CommonOptions {
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly color: boolean;
  readonly config?: string;
}

/** Options of the commands that look at a tree. */
export interface LookOptions extends CommonOptions {
  readonly advisories?: readonly string[];
  /** File or address of CISA's catalogue, of FIRST's scores. */
  readonly kev?: string;
  readonly epss?: string;
  readonly asOf?: string;
  readonly failOn?: string;
  readonly production?: boolean;
  readonly offline?: boolean;
  /** `--no-commands`: nothing that redress.yaml names is executed. */
  readonly commands?: boolean;
  /** `--without`: gates that are not asked. */
  readonly without?: readonly string[];
}

/** What a command works with. */
export interface Workplace {
  readonly setting: Setting;
  readonly terminal: Terminal;
}

/** Who is at work: the name given, else `REDRESS_BY`, else the account's. */
export function personOf(name = process.env["REDRESS_BY"]?.trim()): Person {
  let account = "unknown";
  try {
    account = userInfo().username;
  } catch {
    // A container may run under a number that has no name.
  }
  return { name: name === undefined || name === "" ? account : name, account };
}

/** Makes the terminal from the options. */
export function terminalFor(options: CommonOptions): Terminal {
  return openTerminal({ color: options.color, quiet: options.quiet === true, json: options.json === true });
}

/**
 * Reads the arguments and the configuration into a setting. A folder is a root; files are looked at alone, with the
 * folder they share as the root.
 * @throws {Failure} `usage` for a path that is not there or a date that is none; `config`
 */
export async function openWorkplace(
  given: readonly string[],
  options: LookOptions,
  signal: AbortSignal,
): Promise<Workplace> {
  const terminal = terminalFor(options);
  const { root, paths } = await rootOf(given.length === 0 ? ["."] : given);
  const written = await loadConfiguration(root, options.config, await readWaivers(root));
  const asked = withoutGates(written, options.without ?? []);
  const configuration = options.commands === false ? withoutCommands(asked) : asked;
  const sources = options.advisories ?? [];
  let programs: Promise<Programs> | undefined;
  let python: Promise<string | undefined> | undefined;
  return {
    terminal,
    setting: {
      root,
      ...(paths === undefined ? {} : { paths }),
      configuration,
      // Flags are relative to where the person stands, configuration to its own folder.
      advisories:
        sources.length > 0
          ? sources.map((source) => placeSource(source, process.cwd()))
          : configuration.advisories.map((source) => placeSource(source, root)),
      advisoryOptions: advisoryOptionsOf(options, { configuration, root }),
      ...(options.asOf === undefined ? {} : { asOf: readDate(options.asOf) }),
      by: personOf(),
      offline: options.offline === true,
      production: options.production === true,
      tool: { name: "redress", version: toolVersion() },
      programs: () => (programs ??= findPrograms()),
      python: () => (python ??= userPythonVersion(root)),
      clock: () => new Date(),
      progress: terminal.progress,
      signal,
    },
  };
}

/**
 * Where the exploitation catalogues and OSV lie: flags are relative to where the person stands, the configuration to its
 * own folder. An address of the configuration is also the one that `redress advisories update` fetches from.
 */
function advisoryOptionsOf(
  options: LookOptions,
  { configuration, root }: { configuration: Configuration; root: string },
): NonNullable<Setting["advisoryOptions"]> {
  const folder = path.dirname(path.resolve(root, configuration.path ?? "redress.yaml"));
  const place = (given: string | undefined, base: string): string | undefined =>
    given === undefined || isAddress(given) ? given : path.resolve(base, given);
  const { enrichment = {} } = configuration;
  const kev = place(options.kev, process.cwd()) ?? place(enrichment.kev, folder);
  const epss = place(options.epss, process.cwd()) ?? place(enrichment.epss, folder);
  return {
    ...(kev === undefined ? {} : { kev }),
    ...(epss === undefined ? {} : { epss }),
    endpoints: {
      ...configuration.osv,
      ...(kev !== undefined && isAddress(kev) ? { kev } : {}),
      ...(epss !== undefined && isAddress(epss) ? { epss } : {}),
    },
  };
}

const isAddress = (text: string): boolean => /^https?:\/\//.test(text);

/** Names of sources that are not paths. */
const onlineSources = new Set(["osv", "npm", "pypi"]);

function placeSource(source: string, folder: string): string {
  return onlineSources.has(source) ? source : path.resolve(folder, source);
}

/** A date or time as the end of that day or that moment, in UTC. */
export function readDate(text: string): string {
  const whole = /^\d{4}-\d{2}-\d{2}$/.test(text) ? `${text}T23:59:59Z` : text;
  const time = new Date(whole);
  if (!/^\d{4}-\d{2}-\d{2}/.test(text) || Number.isNaN(time.getTime()))
    throw new Failure(
      "usage",
      `--as-of ${text} is not a date`,
      "Write it like 2025-09-02 or 2025-09-02T16:10:00Z.",
    );
  return time.toISOString();
}

/** The root that some paths share, and the paths where they are not the root itself. */
export async function rootOf(given: readonly string[]): Promise<{ root: string; paths?: string[] }> {
  const resolved: { file: string; isFolder: boolean }[] = [];
  for (const name of given) {
    const file = path.resolve(name);
    const stat = await fs.stat(file).catch(() => undefined);
    if (stat === undefined)
      throw new Failure("usage", `there is no ${name}`, "Name a folder, a lockfile or a requirements file.");
    resolved.push({ file: await fs.realpath(file), isFolder: stat.isDirectory() });
  }
  const [only] = resolved;
  if (resolved.length === 1 && only?.isFolder === true && !(await isEnvironment(only.file)))
    return { root: only.file };
  let root = path.dirname(only?.file ?? process.cwd());
  for (const { file } of resolved) while (!isInside(root, file)) root = path.dirname(root);
  return { root, paths: resolved.map(({ file }) => file) };
}

/** A virtual environment named by itself is a thing to look at, not a root. */
async function isEnvironment(folder: string): Promise<boolean> {
  return fs.stat(path.join(folder, "pyvenv.cfg")).then(
    () => true,
    () => false,
  );
}
