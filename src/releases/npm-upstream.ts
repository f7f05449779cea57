import { NpmClient, type NpmForm, type NpmGot } from "./npm-client.ts";
import { readNpmRegistries, type NpmRegistries, type NpmRegistriesRequest } from "./npm-registries.ts";

/** The user's npm registries as views pass them on: each document is fetched once for all of them. */
export interface NpmUpstream {
  readonly registries: NpmRegistries;
  document(name: string, form: NpmForm, signal?: AbortSignal): Promise<NpmGot>;
  archive(url: string, signal?: AbortSignal): Promise<NpmGot>;
}

/** Documents held in memory, in bytes; the oldest are let go first. */
const maxHeldBytes = 256 * 1024 * 1024;

/**
 * Opens the registries that the user's own npm is configured for, for passing them on.
 * @throws {Failure} `config` or `tool` (`readNpmRegistries`).
 */
export async function openNpmUpstream(request: NpmRegistriesRequest): Promise<NpmUpstream> {
  const client = new NpmClient(await readNpmRegistries(request));
  const held = new Map<string, { readonly got: Promise<NpmGot>; sizeBytes: number }>();
  let heldBytes = 0;
  const drop = (key: string): void => {
    heldBytes -= held.get(key)?.sizeBytes ?? 0;
    held.delete(key);
  };
  return {
    registries: client.registries,
    archive: (url, signal) => client.archive(url, signal),
    async document(name, form, signal) {
      const key = `${form} ${name}`;
      const earlier = held.get(key);
      if (earlier !== undefined) return earlier.got;
      const entry = { got: client.document(name, form, { signal }), sizeBytes: 0 };
      held.set(key, entry);
      try {
        const got = await entry.got;
        if (got.state === "refused") drop(key);
        else if (got.state === "answered" && held.get(key) === entry) {
          entry.sizeBytes = got.answer.body.length;
          heldBytes += entry.sizeBytes;
          for (const old of held.keys()) {
            if (heldBytes <= maxHeldBytes) break;
            if (old !== key) drop(old);
          }
        }
        return got;
      } catch (error) {
        drop(key);
        throw error;
      }
    },
  };
}
