import type { FileHandle } from "node:fs/promises";
import { crc32, inflateRawSync } from "node:zlib";

export interface ZipReading {
  readonly sizeBytes: number;
  readonly wants: (name: string) => boolean;
  /** The most that one entry may unpack to. */
  readonly maxEntryBytes: number;
  readonly onEntry: (name: string, content: Buffer) => void;
  /** An entry that is damaged or refused. */
  readonly onProblem: (name: string, reason: string) => void;
}

interface Entry {
  readonly name: string;
  readonly flags: number;
  readonly method: number;
  readonly crc: number;
  readonly packedBytes: number;
  readonly sizeBytes: number;
  readonly offset: number;
}

const maxDirectoryBytes = 512 * 1024 * 1024;
const maxTotalBytes = 8 * 1024 * 1024 * 1024;
const maxEntries = 4_000_000;
/** JSON packs to a tenth; what packs a thousand times better was made to fill memory. Small entries are let be. */
const maxRatio = 200;
const freeBytes = 1024 * 1024;
const windowBytes = 4 * 1024 * 1024;
const directoryTailBytes = 65_557 + 20;

/**
 * Reads the entries of a ZIP file in the order in which they lie, each checked by size and CRC-32; nothing is written
 * anywhere and names are only names. Refused: overlapping entries, more than is declared, ratios that only a bomb has.
 * @throws {Error} when the archive as a whole cannot be read.
 */
export async function readZip(handle: FileHandle, reading: ZipReading): Promise<void> {
  const entries = parseDirectory(await readDirectory(handle, reading.sizeBytes));
  const total = entries.reduce((sum, entry) => sum + entry.sizeBytes, 0);
  if (total > maxTotalBytes) throw new Error(`the archive unpacks to ${total} bytes, which is too much`);
  entries.sort((a, b) => a.offset - b.offset);
  const window = new Window(handle, reading.sizeBytes);
  let end = 0;
  for (const entry of entries) {
    // One stretch of data named by many entries is how a small archive unpacks to a huge one.
    if (entry.offset < end) throw new Error("the archive's entries overlap");
    end = entry.offset + 30 + entry.packedBytes;
    if (!reading.wants(entry.name)) continue;
    const shown = entry.name.replace(/[^\x20-\x7e]/g, "?").slice(0, 200);
    let content: Buffer;
    try {
      content = await readEntry(entry, window, reading.maxEntryBytes);
    } catch (error) {
      reading.onProblem(shown, error instanceof Error ? error.message : String(error));
      continue;
    }
    reading.onEntry(shown, content);
  }
}

/** A window on a file that moves forwards; entries lie one after the other. */
class Window {
  private readonly handle: FileHandle;
  private readonly sizeBytes: number;
  private start = 0;
  private bytes: Buffer = Buffer.alloc(0);

  constructor(handle: FileHandle, sizeBytes: number) {
    this.handle = handle;
    this.sizeBytes = sizeBytes;
  }

  async read(from: number, length: number): Promise<Buffer> {
    if (from < 0 || from + length > this.sizeBytes) throw new Error("the archive points outside of itself");
    if (from < this.start || from + length > this.start + this.bytes.length) {
      const wanted = Math.min(Math.max(length, windowBytes), this.sizeBytes - from);
      this.bytes = await readExactly(this.handle, from, wanted);
      this.start = from;
    }
    return this.bytes.subarray(from - this.start, from - this.start + length);
  }
}

async function readExactly(handle: FileHandle, from: number, length: number): Promise<Buffer> {
  const bytes = Buffer.alloc(length);
  const { bytesRead } = await handle.read(bytes, 0, length, from);
  if (bytesRead !== length) throw new Error("the archive ends early");
  return bytes;
}

/** The central directory, from the end record or, where that says so, the ZIP64 one (APPNOTE 4.3.14 to 4.3.16). */
async function readDirectory(handle: FileHandle, sizeBytes: number): Promise<Buffer> {
  const tailStart = Math.max(0, sizeBytes - directoryTailBytes);
  const tail = await readExactly(handle, tailStart, sizeBytes - tailStart);
  const at = endRecordAt(tail);
  if (at < 0) throw new Error("the file does not end like a ZIP archive");
  let [length, start] = [tail.readUInt32LE(at + 12), tail.readUInt32LE(at + 16)];
  const saturated = start === 0xffffffff || length === 0xffffffff || tail.readUInt16LE(at + 10) === 0xffff;
  if (saturated && at >= 20 && tail.readUInt32LE(at - 20) === 0x07064b50) {
    const place = Number(tail.readBigUInt64LE(at - 12));
    if (place + 56 > sizeBytes) throw new Error("the archive points outside of itself");
    const record = await readExactly(handle, place, 56);
    if (record.readUInt32LE(0) !== 0x06064b50) throw new Error("the archive's ZIP64 record is damaged");
    [length, start] = [Number(record.readBigUInt64LE(40)), Number(record.readBigUInt64LE(48))];
  }
  if (start + length > sizeBytes) throw new Error("the archive points outside of itself");
  if (length > maxDirectoryBytes) throw new Error("the archive's directory is too large");
  return readExactly(handle, start, length);
}

function endRecordAt(tail: Buffer): number {
  for (let at = tail.length - 22; at >= 0; at--)
    if (tail.readUInt32LE(at) === 0x06054b50 && at + 22 + tail.readUInt16LE(at + 20) === tail.length)
      return at;
  return -1;
}

function parseDirectory(directory: Buffer): Entry[] {
  const entries: Entry[] = [];
  let at = 0;
  while (at < directory.length) {
    if (at + 46 > directory.length || directory.readUInt32LE(at) !== 0x02014b50)
      throw new Error("the archive's directory is damaged");
    const nameEnd = at + 46 + directory.readUInt16LE(at + 28);
    const extraEnd = nameEnd + directory.readUInt16LE(at + 30);
    const next = extraEnd + directory.readUInt16LE(at + 32);
    if (next > directory.length) throw new Error("the archive's directory is damaged");
    if (entries.length >= maxEntries) throw new Error(`the archive has more than ${maxEntries} entries`);
    const [sizeBytes, packedBytes, offset] = widen(directory.subarray(nameEnd, extraEnd), [
      directory.readUInt32LE(at + 24),
      directory.readUInt32LE(at + 20),
      directory.readUInt32LE(at + 42),
    ]);
    entries.push({
      name: directory.toString("utf8", at + 46, nameEnd),
      flags: directory.readUInt16LE(at + 8),
      method: directory.readUInt16LE(at + 10),
      crc: directory.readUInt32LE(at + 16),
      packedBytes,
      sizeBytes,
      offset,
    });
    at = next;
  }
  return entries;
}

/** Puts in the 64-bit values of the ZIP64 extra field, which follow in this order where the 32 bits are full (4.5.3). */
function widen(extra: Buffer, values: [number, number, number]): [number, number, number] {
  if (!values.includes(0xffffffff)) return values;
  for (let at = 0; at + 4 <= extra.length; at += 4 + extra.readUInt16LE(at + 2)) {
    if (extra.readUInt16LE(at) !== 1) continue;
    let place = at + 4;
    const wide = values.map((value) => {
      if (value !== 0xffffffff || place + 8 > extra.length) return value;
      place += 8;
      return Number(extra.readBigUInt64LE(place - 8));
    });
    return [wide[0] ?? 0, wide[1] ?? 0, wide[2] ?? 0];
  }
  return values;
}

async function readEntry(entry: Entry, window: Window, maxBytes: number): Promise<Buffer> {
  if ((entry.flags & 1) !== 0) throw new Error("it is encrypted");
  if (entry.method !== 0 && entry.method !== 8)
    throw new Error(`it is packed by an unknown method (${entry.method})`);
  if (entry.sizeBytes > maxBytes || entry.packedBytes > maxBytes)
    throw new Error(`it has ${entry.sizeBytes} bytes, more than the ${maxBytes} of the largest record`);
  if (entry.sizeBytes > freeBytes && entry.sizeBytes > maxRatio * entry.packedBytes)
    throw new Error("it unpacks to a multiple that no record does");
  const header = await window.read(entry.offset, 30);
  if (header.readUInt32LE(0) !== 0x04034b50) throw new Error("the directory does not fit the content");
  const start = entry.offset + 30 + header.readUInt16LE(26) + header.readUInt16LE(28);
  const packed = await window.read(start, entry.packedBytes);
  const content =
    entry.method === 0
      ? Buffer.from(packed)
      : inflateRawSync(packed, { maxOutputLength: Math.max(1, entry.sizeBytes) });
  if (content.length !== entry.sizeBytes || crc32(content) !== entry.crc)
    throw new Error("it is damaged: size or checksum is wrong");
  return content;
}
