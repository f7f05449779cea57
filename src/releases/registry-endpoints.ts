import { Failure } from "../model/index.ts";
import { readNpmRegistries } from "./npm-registries.ts";
import { authorizationFor, readPythonIndexes } from "./python-indexes.ts";

/** An address of the user's own registry with the headers that its client would send. */
export interface RegistryAddress {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * Where the user's own registries answer about advisories: npm's main registry, and beside the Python index' simple pages
 * (`…/simple/`, PEP 503) its per-project JSON (`…/pypi/`), as the reference implementation and its mirrors lay them out.
 * @throws {Failure} `config` or `tool` when no registry can be told; `unavailable` when an index has no such place.
 */
export async function registryEndpoints(
  root: string,
  wanted: readonly string[],
  rest: { readonly environment?: NodeJS.ProcessEnv; readonly cacheFolder?: string } = {},
): Promise<{ npm?: RegistryAddress; pypi?: RegistryAddress }> {
  const endpoints: { npm?: RegistryAddress; pypi?: RegistryAddress } = {};
  if (wanted.includes("npm")) {
    const registries = await readNpmRegistries({ root, ...rest });
    endpoints.npm = { url: registries.main, headers: registries.authorizationFor(registries.main) };
  }
  if (wanted.includes("pypi")) {
    const indexes = await readPythonIndexes({ root, ...rest });
    const simple = indexes.indexes[0]?.url ?? "";
    if (!simple.endsWith("/simple/"))
      throw new Failure(
        "unavailable",
        `${simple} has no per-project JSON beside it that could be asked for advisories`,
        "Name another source with --advisories.",
      );
    endpoints.pypi = {
      url: simple.replace(/simple\/$/, "pypi/"),
      headers: authorizationFor(simple, indexes),
    };
  }
  return endpoints;
}
