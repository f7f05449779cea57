/** Which versions of a package exist and what they require: clients of the user's own package indexes. */
export { openCache, type Cache, type CacheKey, type CacheOptions, type Fetched } from "./cache.ts";
