import path from "node:path";
import { Failure, reasonOf } from "../model/index.ts";
import { execute, exists, findProgram, readText } from "../system/index.ts";
import { openCache } from "./cache.ts";
import { parseNetrc, type Credentials } from "./netrc.ts";
import { pipConfigurationFiles, readPipSettings } from "./pip-settings.ts";
import { trustCertificates } from "./trust-certificates.ts";
import { readUvSettings, uvConfigurationFiles } from "./uv-settings.ts";

/** A Python package index in the simple form (PEP 503). */
export interface PythonIndex {
  /** Ends with `/`; holds no credentials, so it may be shown. */
  readonly url: string;
  /** Whether it also ends so where it is configured. */
  readonly endsWithSlash: boolean;
  readonly credentials?: Credentials;
}

/** The Python package indexes that the user's own clients are configured for. */
export interface PythonIndexes {
  /** The preferred first. Not empty. */
  readonly indexes: readonly PythonIndex[];
  /**
   * `first`: the first index that knows a package is the only one asked (uv's rule); `all`: every index adds its
   * files (pip's rule).
   */
  readonly strategy: "first" | "all";
  /** Where the setting was found, in words, for people. */
  readonly from: string;
  /** PEM file of CA certificates that pip is told to trust. */
  readonly certificates?: string;
  /** What `.netrc` holds for a host. */
  netrc(host: string): Credentials | undefined;
}

export interface PythonIndexesRequest {
  /** The project's root, whose uv settings count. */
  readonly root: string;
  /** Used instead of any configuration. */
  readonly indexUrls?: readonly string[];
  readonly cacheFolder?: string;
  readonly environment?: NodeJS.ProcessEnv;
}

/**
 * Reads which indexes are in use: those given, else pip's settings joined by uv's, else the default built into the
 * installed pip, asked from it once and remembered. Python packages are looked for nowhere else.
 * @throws {Failure} `config` for an address that is not HTTP, or where pip is told to use no index;
 * `tool` when nothing is configured and no pip can be asked.
 */
export async function readPythonIndexes(request: PythonIndexesRequest): Promise<PythonIndexes> {
  const environment = request.environment ?? process.env;
  const netrc = await readNetrc(environment);
  const given = request.indexUrls ?? [];
  if (given.length > 0)
    return { indexes: unique(given), strategy: "first", from: "the indexes given", netrc };
  const pip = readPipSettings(
    (await textsOf(pipConfigurationFiles(environment))).map((file) => file.text),
    environment,
  );
  const uv = readUvSettings(await textsOf(uvConfigurationFiles(environment, request.root)), environment);
  if (pip.none === true && uv.main === undefined)
    throw new Failure(
      "config",
      "pip is configured to use no package index (no-index), so no upgrades can be looked up",
      "Set an index-url for pip, or UV_DEFAULT_INDEX, to the index that this application installs from.",
    );
  const main = pip.main ?? uv.main ?? (await askPip(environment, request.cacheFolder));
  const from =
    pip.main !== undefined
      ? "pip's configuration"
      : uv.main !== undefined
        ? "uv's configuration"
        : "pip's default";
  const { certificates } = pip;
  if (certificates !== undefined) await trustCertificates(certificates);
  const common = { from, netrc, ...(certificates === undefined ? {} : { certificates }) };
  // pip adds what its extra indexes hold to what the main one holds; uv takes the first that knows the name.
  return pip.extra.length > 0
    ? { indexes: unique([main, ...pip.extra, ...uv.extra]), strategy: "all", ...common }
    : { indexes: unique([...uv.extra, main]), strategy: "first", ...common };
}

/** The credentials for a URL: those of the index on the same origin, else `.netrc`'s, as a header. */
export function authorizationFor(url: string, indexes: PythonIndexes): Record<string, string> {
  const { origin, hostname } = new URL(url);
  const own = indexes.indexes.find(
    (index) => index.credentials !== undefined && new URL(index.url).origin === origin,
  );
  const credentials = own?.credentials ?? indexes.netrc(hostname);
  if (credentials === undefined) return {};
  const pair = Buffer.from(`${credentials.username}:${credentials.password}`).toString("base64");
  return { authorization: `Basic ${pair}` };
}

function unique(urls: readonly string[]): PythonIndex[] {
  const indexes = new Map<string, PythonIndex>();
  for (const url of urls) {
    const index = indexOf(url);
    if (!indexes.has(index.url)) indexes.set(index.url, index);
  }
  return [...indexes.values()];
}

function indexOf(text: string): PythonIndex {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== "https:" && url?.protocol !== "http:")
    throw new Failure(
      "config",
      `the Python package index in use is no HTTP address${url === undefined ? "" : ` but begins with ${url.protocol}`}`,
      "Only indexes served over HTTP can be asked for releases; set one in pip's or uv's configuration.",
    );
  const credentials =
    url.username === "" && url.password === ""
      ? undefined
      : { username: decoded(url.username), password: decoded(url.password) };
  url.username = "";
  url.password = "";
  url.hash = "";
  const endsWithSlash = url.pathname.endsWith("/");
  if (!endsWithSlash) url.pathname += "/";
  return { url: url.href, endsWithSlash, ...(credentials === undefined ? {} : { credentials }) };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // a lone "%" stands for itself
  }
}

async function textsOf(files: readonly string[]): Promise<{ path: string; text: string }[]> {
  const texts: { path: string; text: string }[] = [];
  for (const file of files) {
    if (!(await exists(file))) continue;
    try {
      texts.push({ path: file, text: await readText(file) });
    } catch (error) {
      throw new Failure("config", reasonOf(error), "Its index settings are needed; make it readable.", {
        cause: error,
      });
    }
  }
  return texts;
}

async function readNetrc(environment: NodeJS.ProcessEnv): Promise<PythonIndexes["netrc"]> {
  const home = environment["HOME"];
  const file = environment["NETRC"] ?? (home === undefined ? undefined : `${home}/.netrc`);
  if (file === undefined || !(await exists(file))) return () => undefined;
  return readText(file).then(parseNetrc, () => () => undefined);
}

/** Prints pip's default; where the interpreter has no pip of its own, asks the copy that `ensurepip` carries. */
const question = `
import glob, os, sys
try:
    import pip._internal
except ImportError:
    import ensurepip
    bundled = os.path.join(os.path.dirname(ensurepip.__file__), "_bundled")
    sys.path[:0] = glob.glob(os.path.join(bundled, "pip-*.whl")) + glob.glob("/usr/share/python-wheels/pip-*.whl")
from pip._internal.models.index import PyPI
print(PyPI.simple_url)
`;

/** The default index of the installed pip, run isolated from the project; remembered per interpreter. */
async function askPip(environment: NodeJS.ProcessEnv, cacheFolder: string | undefined): Promise<string> {
  const python = await findProgram("python3", environment);
  const hint = "Install pip, or set PIP_INDEX_URL to the index that this application installs from.";
  if (python === undefined)
    throw new Failure("tool", "no package index is configured and there is no python3 to ask", hint);
  const cache = openCache(cacheFolder === undefined ? {} : { folder: cacheFolder });
  const url = await cache.immutable({ kind: "pip-default-1", index: "", name: python }, async () => {
    // -I and the neutral folder: nothing of the project's may be imported in place of pip.
    const cwd = path.parse(python).root;
    const run = await execute([python, "-I", "-c", question], { cwd, timeoutMs: 30_000 });
    const answer = run.stdout.trim();
    return run.code === 0 && URL.canParse(answer) ? answer : undefined;
  });
  if (url === undefined)
    throw new Failure("tool", "no package index is configured and python3 has no pip to ask", hint);
  return url;
}

/**
 * An index's URL with its credentials, for the environment of a tool that must ask it; never for messages. As it is
 * configured, since uv keeps what it fetched by that text: with another one, all of it would be fetched again.
 */
export function authorisedUrl(index: PythonIndex): string {
  const url = new URL(index.url);
  if (!index.endsWithSlash) url.pathname = url.pathname.replace(/\/$/, "");
  if (index.credentials === undefined) return url.href;
  url.username = encodeURIComponent(index.credentials.username);
  url.password = encodeURIComponent(index.credentials.password);
  return url.href;
}
