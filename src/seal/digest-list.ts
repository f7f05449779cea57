import { sha256 } from "../system/index.ts";

/** Name of the list of digests, in evidence and in bundles. */
export const digestListName = "SHA256SUMS";

/** A list of digests in the form that `sha256sum -c` reads, in order of the names. */
export function digestList(files: ReadonlyMap<string, Uint8Array>): string {
  return [...files]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, bytes]) => `${sha256(bytes)}  ${name}\n`)
    .join("");
}
