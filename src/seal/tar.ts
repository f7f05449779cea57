import { gzipSync } from "node:zlib";
import { Failure } from "../model/index.ts";

const block = 512;

/**
 * Bytes of a gzipped tar archive (POSIX.1-1988 ustar) of plain files in order of their names: one time, no owner, no
 * machine's name, so that the same content gives the same bytes.
 */
export function makeTarGz(files: ReadonlyMap<string, Uint8Array>, modifiedMs: number): Buffer {
  const parts: Buffer[] = [];
  for (const [name, bytes] of [...files].sort(([a], [b]) => (a < b ? -1 : 1))) {
    parts.push(header(name, bytes.byteLength, modifiedMs), Buffer.from(bytes));
    parts.push(Buffer.alloc((block - (bytes.byteLength % block)) % block));
  }
  parts.push(Buffer.alloc(2 * block));
  const packed = gzipSync(Buffer.concat(parts), { level: 9 });
  // RFC 1952: the ninth byte names the operating system; 255 is "unknown".
  packed[9] = 255;
  return packed;
}

function header(name: string, sizeBytes: number, modifiedMs: number): Buffer {
  const bytes = Buffer.alloc(block);
  const { prefix, rest } = splitName(name);
  const octal = (value: number, length: number): string => `${value.toString(8).padStart(length - 1, "0")}\0`;
  bytes.write(rest, 0, 100);
  bytes.write(octal(0o644, 8), 100);
  bytes.write(octal(0, 8), 108);
  bytes.write(octal(0, 8), 116);
  bytes.write(octal(sizeBytes, 12), 124);
  bytes.write(octal(Math.max(0, Math.floor(modifiedMs / 1000)), 12), 136);
  bytes.write(" ".repeat(8), 148);
  bytes.write("0", 156);
  bytes.write("ustar\u000000", 257);
  bytes.write(prefix, 345, 155);
  const sum = bytes.reduce((total, byte) => total + byte, 0);
  bytes.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return bytes;
}

/** Long names are split at a slash into the header's two fields. */
function splitName(name: string): { prefix: string; rest: string } {
  if (Buffer.byteLength(name) <= 100) return { prefix: "", rest: name };
  for (let at = name.indexOf("/"); at >= 0; at = name.indexOf("/", at + 1)) {
    const [prefix, rest] = [name.slice(0, at), name.slice(at + 1)];
    if (Buffer.byteLength(rest) <= 100 && Buffer.byteLength(prefix) <= 155) return { prefix, rest };
  }
  throw new Failure("internal", `${name} is too long a name for an archive`);
}
