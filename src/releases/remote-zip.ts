import { crc32, inflateRawSync } from "node:zlib";

/** The bytes of a remote file from `start` up to, not including, `end`. */
export type ReadBytes = (start: number, end: number) => Promise<Buffer>;

export interface ZipEntry {
  readonly name: string;
  readonly method: number;
  readonly crc: number;
  readonly compressedBytes: number;
  readonly sizeBytes: number;
  readonly offset: number;
}

/** How much of an archive's end is read first: for most wheels it holds the directory and the metadata as well. */
export const tailBytes = 16 * 1024;
const maxDirectoryBytes = 32 * 1024 * 1024;

/**
 * Text of the one entry of a ZIP archive that `wanted` accepts, reading its tail, its directory and that entry only;
 * `undefined` when there is none.
 * @throws {Error} when the archive contradicts itself, or the entry is longer than `maxBytes`.
 */
export async function readZipEntry(
  archive: { readonly sizeBytes: number; readonly tail: Buffer; readonly read: ReadBytes },
  wanted: (name: string) => boolean,
  maxBytes: number,
): Promise<string | undefined> {
  const tailStart = archive.sizeBytes - archive.tail.length;
  const read: ReadBytes = async (start, end) => {
    if (start < 0 || end > archive.sizeBytes || start > end)
      throw new Error("the archive points outside of itself");
    if (start >= tailStart) return archive.tail.subarray(start - tailStart, end - tailStart);
    const stop = Math.min(end, tailStart);
    const head = await archive.read(start, stop);
    if (head.length !== stop - start) throw new Error("the server sent another part than was asked for");
    return end <= tailStart ? head : Buffer.concat([head, archive.tail.subarray(0, end - tailStart)]);
  };
  const directory = await locateDirectory(archive.tail, tailStart, read);
  if (directory.length > maxDirectoryBytes) throw new Error("the archive's directory is too large");
  const bytes = await read(directory.start, directory.start + directory.length);
  const entry = findEntry(bytes, wanted);
  return entry === undefined ? undefined : readEntry(entry, { sizeBytes: archive.sizeBytes, read, maxBytes });
}

/** The central directory's place, from the end record or, where that says so, the ZIP64 one (APPNOTE 4.3.14, 4.3.16). */
async function locateDirectory(
  tail: Buffer,
  tailStart: number,
  read: ReadBytes,
): Promise<{ start: number; length: number }> {
  for (let at = tail.length - 22; at >= 0; at--) {
    if (tail.readUInt32LE(at) !== 0x06054b50 || at + 22 + tail.readUInt16LE(at + 20) !== tail.length)
      continue;
    const length = tail.readUInt32LE(at + 12);
    const start = tail.readUInt32LE(at + 16);
    const count = tail.readUInt16LE(at + 10);
    if (start !== 0xffffffff && length !== 0xffffffff && count !== 0xffff) return { start, length };
    if (at < 20 || tail.readUInt32LE(at - 20) !== 0x07064b50) return { start, length };
    const place = Number(tail.readBigUInt64LE(at - 12));
    const record = await read(place, Math.min(place + 56, tailStart + tail.length));
    if (record.length < 56 || record.readUInt32LE(0) !== 0x06064b50)
      throw new Error("the archive's ZIP64 record is damaged");
    return { start: Number(record.readBigUInt64LE(48)), length: Number(record.readBigUInt64LE(40)) };
  }
  throw new Error("the file does not end like a ZIP archive");
}

function findEntry(directory: Buffer, wanted: (name: string) => boolean): ZipEntry | undefined {
  for (let at = 0; at + 46 <= directory.length && directory.readUInt32LE(at) === 0x02014b50;) {
    const nameLength = directory.readUInt16LE(at + 28);
    const name = directory.toString("utf8", at + 46, at + 46 + nameLength);
    if (wanted(name))
      return {
        name,
        method: directory.readUInt16LE(at + 10),
        crc: directory.readUInt32LE(at + 16),
        compressedBytes: directory.readUInt32LE(at + 20),
        sizeBytes: directory.readUInt32LE(at + 24),
        offset: directory.readUInt32LE(at + 42),
      };
    at += 46 + nameLength + directory.readUInt16LE(at + 30) + directory.readUInt16LE(at + 32);
  }
  return undefined;
}

async function readEntry(
  entry: ZipEntry,
  archive: { readonly sizeBytes: number; readonly read: ReadBytes; readonly maxBytes: number },
): Promise<string> {
  if (Math.max(entry.compressedBytes, entry.sizeBytes) > archive.maxBytes)
    throw new Error(`${entry.name} has more than ${archive.maxBytes} bytes`);
  // The local header repeats the name and has an extra field of its own length; 512 bytes cover it almost always.
  const guess = entry.offset + 30 + Buffer.byteLength(entry.name) + 512 + entry.compressedBytes;
  let bytes = await archive.read(entry.offset, Math.min(guess, archive.sizeBytes));
  if (bytes.length < 30 || bytes.readUInt32LE(0) !== 0x04034b50)
    throw new Error("the archive's directory does not fit its content");
  const start = 30 + bytes.readUInt16LE(26) + bytes.readUInt16LE(28);
  const end = start + entry.compressedBytes;
  if (end > bytes.length) bytes = await archive.read(entry.offset, entry.offset + end);
  const packed = bytes.subarray(start, end);
  if (entry.method !== 0 && entry.method !== 8)
    throw new Error(`${entry.name} is packed by an unknown method (${entry.method})`);
  const content = entry.method === 0 ? packed : inflateRawSync(packed, { maxOutputLength: archive.maxBytes });
  if (crc32(content) !== entry.crc) throw new Error(`${entry.name} is damaged (its checksum is wrong)`);
  return content.toString("utf8");
}
