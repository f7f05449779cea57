/** Which versions of a package exist and what they require: clients of the user's own package indexes. */
export { openCache, type Cache, type CacheKey, type CacheOptions, type Fetched } from "./cache.ts";
export { npmReleases, type NpmReleasesRequest } from "./npm-releases.ts";
export { readNpmRegistries, type NpmRegistries } from "./npm-registries.ts";
export { openNpmUpstream, type NpmUpstream } from "./npm-upstream.ts";
export { pypiReleases, type PypiReleasesRequest } from "./pypi-releases.ts";
export { authorisedUrl, readPythonIndexes, type PythonIndex, type PythonIndexes } from "./python-indexes.ts";
export { registryEndpoints, type RegistryAddress } from "./registry-endpoints.ts";
export { openView, type View, type ViewRequest } from "./view.ts";
