import { constants, createGunzip } from "node:zlib";

/** Most bytes of an unpacked archive that are looked through. */
const maxUnpackedBytes = 128 * 1024 * 1024;

/** What a search through a part or the whole of an archive gave. */
export type TarSearch =
  | { readonly state: "found"; readonly text: string }
  /** The archive ended, or the bound was met, without it. */
  | { readonly state: "absent" }
  /** The bytes given end before the archive does. */
  | { readonly state: "cut" };

/**
 * Looks for the first regular file that `wanted` accepts in the given first bytes of a `.tar.gz`, unpacking no more
 * than is needed. What is longer than `maxBytes` counts as absent; damaged bytes count as cut.
 */
export async function findTarEntry(
  packed: Buffer,
  wanted: (name: string) => boolean,
  maxBytes: number,
): Promise<TarSearch> {
  const gunzip = createGunzip({ finishFlush: constants.Z_SYNC_FLUSH });
  gunzip.end(packed);
  let pending = Buffer.alloc(0);
  let skip = 0;
  let unpacked = 0;
  let size: number | undefined;
  try {
    for await (const chunk of gunzip as AsyncIterable<Buffer>) {
      unpacked += chunk.length;
      if (unpacked > maxUnpackedBytes) return { state: "absent" };
      if (skip >= chunk.length) {
        skip -= chunk.length;
        continue;
      }
      pending = Buffer.concat([pending, chunk.subarray(skip)]);
      skip = 0;
      for (;;) {
        if (size !== undefined) {
          if (pending.length < size) break;
          return { state: "found", text: pending.toString("utf8", 0, size) };
        }
        if (pending.length < 512) break;
        const header = readHeader(pending);
        if (header === undefined) return { state: "absent" };
        pending = pending.subarray(512);
        if (header.isFile && wanted(header.name)) {
          if (header.sizeBytes > maxBytes) return { state: "absent" };
          size = header.sizeBytes;
          continue;
        }
        const padded = Math.ceil(header.sizeBytes / 512) * 512;
        skip = Math.max(0, padded - pending.length);
        pending = pending.subarray(Math.min(padded, pending.length));
      }
    }
  } catch {
    return { state: "cut" }; // zlib found the bytes damaged: as good as not there
  } finally {
    gunzip.destroy();
  }
  return { state: "cut" };
}

/** A ustar header; `undefined` for the empty block that ends the archive or for what is no header. */
function readHeader(
  block: Buffer,
): { readonly name: string; readonly sizeBytes: number; readonly isFile: boolean } | undefined {
  const field = (start: number, length: number): string => {
    const end = block.indexOf(0, start);
    return block.toString("utf8", start, end === -1 || end > start + length ? start + length : end);
  };
  const digits = field(124, 12).trim();
  if (block[0] === 0 || !/^[0-7]*$/.test(digits)) return undefined;
  const prefix = field(257, 5) === "ustar" && block[262] === 0 ? field(345, 155) : "";
  const name = field(0, 100);
  return {
    name: prefix === "" ? name : `${prefix}/${name}`,
    sizeBytes: digits === "" ? 0 : Number.parseInt(digits, 8),
    isFile: block[156] === 0x30 || block[156] === 0,
  };
}
