import * as fs from "node:fs/promises";
import path from "node:path";
import { Failure, reasonOf } from "../model/index.ts";
import { execute, exists, findProgram, readText, shown } from "../system/index.ts";
import { openCache } from "./cache.ts";
import { useProxies } from "./npm-proxy.ts";
import { parseNpmrc, settingsInEnvironment, variablesIn, type NpmSettings } from "./npm-rc.ts";
import { trustCertificates } from "./trust-certificates.ts";

/** The npm registries that the user's own npm is configured for. */
export interface NpmRegistries {
  /** Ends with `/`; holds no credentials, so it may be shown. */
  readonly main: string;
  /** Registry by scope, with its `@`. */
  readonly scopes: ReadonlyMap<string, string>;
  /** Hosts that are asked without a proxy, as npm writes them (comma-separated). */
  readonly noProxy: string;
  /** Variables that the configuration files name, which npm needs to read them; their values may be secret. */
  readonly variables: Readonly<Record<string, string>>;
  /** The registry that serves a package. */
  registryFor(name: string): string;
  /** The credentials for an address as a header, found by host and path as npm does ("nerf dart"). */
  authorizationFor(url: string): Readonly<Record<string, string>>;
}

export interface NpmRegistriesRequest {
  /** The project's folder, whose `.npmrc` counts. */
  readonly root: string;
  /** Used instead of the configured main registry. */
  readonly registry?: string;
  readonly cacheFolder?: string;
  readonly environment?: NodeJS.ProcessEnv;
}

/** What the installed npm brings along. */
interface Builtin {
  readonly registry: string;
  readonly globalconfig: string;
}

/**
 * Reads npm's configuration as npm does (environment, then the project's, the user's and the global `npmrc`); what none
 * of them says is the default built into the installed npm, asked from it once and remembered. Its `cafile` is trusted and its proxies are used
 * from then on.
 * @throws {Failure} `config` for a file that cannot be read or a registry that is not HTTP; `tool` when no registry is
 * configured and there is no npm to ask.
 */
export async function readNpmRegistries(request: NpmRegistriesRequest): Promise<NpmRegistries> {
  const environment = request.environment ?? process.env;
  const builtin = await askNpm(environment, request.cacheFolder);
  const own = settingsInEnvironment(environment);
  const home = environment["HOME"];
  const project = await readSettings(path.join(request.root, ".npmrc"), environment);
  const userFile = own.get("userconfig") ?? (home === undefined ? undefined : path.join(home, ".npmrc"));
  const user = await readSettings(userFile, environment);
  const prefix = own.get("prefix") ?? user.settings.get("prefix");
  const globalFile =
    own.get("globalconfig") ??
    user.settings.get("globalconfig") ??
    (prefix === undefined ? builtin?.globalconfig : path.join(prefix, "etc", "npmrc"));
  const global = await readSettings(globalFile, environment);
  const settings = new Map([...global.settings, ...user.settings, ...project.settings, ...own]);
  const main = request.registry ?? settings.get("registry") ?? builtin?.registry;
  if (main === undefined)
    throw new Failure(
      "tool",
      "no npm registry is configured and there is no npm to ask for its default",
      "Install npm, or set registry in your .npmrc.",
    );
  useProxies(environment, settings);
  const caFile = settings.get("cafile");
  if (caFile !== undefined) await trustCertificates(path.resolve(request.root, caFile));
  const names = [project, user, global].flatMap((file) => file.variables);
  return registriesFrom(main, settings, {
    noProxy: settings.get("noproxy") ?? environment["no_proxy"] ?? environment["NO_PROXY"] ?? "",
    variables: Object.fromEntries(
      names.flatMap((name) => (environment[name] === undefined ? [] : [[name, environment[name]]])),
    ),
  });
}

function registriesFrom(
  registry: string,
  settings: NpmSettings,
  rest: Pick<NpmRegistries, "noProxy" | "variables">,
): NpmRegistries {
  const embedded = new Map<string, string>();
  const main = addressOf(registry, embedded);
  const scopes = new Map<string, string>();
  for (const [key, value] of settings) {
    const scope = /^(@[^:/]+):registry$/.exec(key)?.[1];
    if (scope !== undefined) scopes.set(scope, addressOf(value, embedded));
  }
  const registries = [main, ...scopes.values()];
  return {
    main,
    scopes,
    ...rest,
    registryFor: (name) => scopes.get(name.split("/")[0] ?? "") ?? main,
    authorizationFor(url) {
      const direct = credentialFor(url, settings);
      const { host, origin } = new URL(url);
      // A file beside the registry, on the same host, is asked for as the registry is.
      const near = registries.find((one) => new URL(one).host === host);
      const value =
        direct ?? (near === undefined ? undefined : credentialFor(near, settings)) ?? embedded.get(origin);
      return value === undefined ? {} : { authorization: value };
    },
  };
}

/** Takes user and password out of a registry's address, for use on that origin only. */
function addressOf(text: string, embedded: Map<string, string>): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== "https:" && url?.protocol !== "http:")
    throw new Failure(
      "config",
      `the npm registry ${shown(text)} is not an HTTP address`,
      "Correct registry in your .npmrc (npm config get registry shows it).",
    );
  if (url.username !== "")
    embedded.set(url.origin, basic(decodeURIComponent(url.username), decodeURIComponent(url.password)));
  url.username = url.password = url.hash = url.search = "";
  if (!url.pathname.endsWith("/")) url.pathname += "/";
  return url.href;
}

const basic = (user: string, password: string): string =>
  `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;

/** The setting of the nearest folder above an address that names credentials: `//host/path/:_authToken` and kin. */
function credentialFor(url: string, settings: NpmSettings): string | undefined {
  const { host, pathname } = new URL(url);
  const steps = pathname.split("/").slice(1, -1);
  for (let depth = steps.length; depth >= 0; depth--) {
    const folder = `//${host}/${steps.slice(0, depth).join("/")}`;
    for (const key of new Set([folder.replace(/\/?$/, "/"), folder.replace(/\/$/, "")])) {
      const token = settings.get(`${key}:_authToken`);
      if (token !== undefined) return `Bearer ${token}`;
      const pair = settings.get(`${key}:_auth`);
      if (pair !== undefined) return `Basic ${pair}`;
      const user = settings.get(`${key}:username`);
      const password = settings.get(`${key}:_password`);
      if (user !== undefined && password !== undefined)
        return basic(user, Buffer.from(password, "base64").toString("utf8"));
    }
  }
  return undefined;
}

async function readSettings(
  file: string | undefined,
  environment: NodeJS.ProcessEnv,
): Promise<{ readonly settings: NpmSettings; readonly variables: readonly string[] }> {
  if (file === undefined || !(await exists(file))) return { settings: new Map(), variables: [] };
  const stat = await fs.stat(file).catch(() => undefined);
  // `/dev/null` and kin are a usual way to say "none".
  if (stat !== undefined && !stat.isFile()) return { settings: new Map(), variables: [] };
  try {
    const text = await readText(file);
    return { settings: parseNpmrc(text, environment), variables: variablesIn(text) };
  } catch (error) {
    throw new Failure("config", reasonOf(error), "Its registry settings are needed; make it readable.", {
      cause: error,
    });
  }
}

/** The installed npm's own default registry and global file, remembered until npm itself changes. */
async function askNpm(
  environment: NodeJS.ProcessEnv,
  cacheFolder: string | undefined,
): Promise<Builtin | undefined> {
  const npm = await findProgram("npm", environment);
  if (npm === undefined) return undefined;
  const cache = openCache(cacheFolder === undefined ? {} : { folder: cacheFolder });
  const real = await fs.realpath(npm);
  const { mtimeMs } = await fs.stat(real);
  return cache.immutable(
    { kind: "npm-default-1", index: "", name: `${real} ${mtimeMs}` },
    async (): Promise<Builtin | undefined> => {
      // Empty variables do not count for npm: the answer is to be that of npm alone.
      const blank = Object.keys(environment).filter((name) => /^npm_config_/i.test(name));
      const cwd = path.parse(npm).root;
      const run = await execute(
        [npm, "config", "get", "registry", "globalconfig", `--userconfig=${path.join(cwd, "nonexistent")}`],
        {
          cwd,
          timeoutMs: 30_000,
          env: { PATH: environment["PATH"] ?? "", ...Object.fromEntries(blank.map((name) => [name, ""])) },
        },
      );
      const registry = /^registry=(.+)$/m.exec(run.stdout)?.[1];
      const globalconfig = /^globalconfig=(.+)$/m.exec(run.stdout)?.[1];
      if (run.code !== 0 || registry === undefined || globalconfig === undefined) return undefined;
      return URL.canParse(registry) ? { registry, globalconfig } : undefined;
    },
  );
}
