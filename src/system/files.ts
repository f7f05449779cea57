import { createHash } from "node:crypto";
import { constants, createReadStream } from "node:fs";
import * as fs from "node:fs/promises";
import path from "node:path";
import { Failure, reasonOf } from "../model/index.ts";

/** The largest text file that is read whole, in bytes; a larger one is listed as unread. */
export const maxTextBytes = 128 * 1024 * 1024;

/** SHA-256 of bytes or text (as UTF-8), lower-case hex. */
export function sha256(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}

/** SHA-256 of a file's bytes, streamed. */
export async function sha256File(file: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  return hash.digest("hex");
}

/**
 * Text of a file as UTF-8 (a BOM is dropped; UTF-16 with a BOM is decoded).
 * @throws {Failure} `unreadable` when it is absent, no regular file, too large or holds NUL bytes.
 */
export async function readText(file: string): Promise<string> {
  let bytes: Buffer;
  try {
    const handle = await fs.open(file, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const stat = await handle.stat();
      if (!stat.isFile()) throw new Failure("unreadable", `${file} is not a regular file`);
      if (stat.size > maxTextBytes)
        throw new Failure(
          "unreadable",
          `${file} has ${stat.size} bytes, more than the ${maxTextBytes} that are read`,
        );
      bytes = await handle.readFile();
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw new Failure("unreadable", `cannot read ${file}: ${reasonOf(error)}`, "", { cause: error });
  }
  return decodeText(bytes, file);
}

/** Bytes as text, as `readText` does. */
export function decodeText(bytes: Uint8Array, name: string): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return new TextDecoder("utf-16le").decode(bytes);
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return new TextDecoder("utf-16be").decode(bytes);
  if (bytes.includes(0)) throw new Failure("unreadable", `${name} holds NUL bytes: it is not a text file`);
  return new TextDecoder("utf-8").decode(bytes);
}

/** Whether something exists at a path (links are not followed). */
export async function exists(file: string): Promise<boolean> {
  return fs.lstat(file).then(
    () => true,
    () => false,
  );
}

/** Makes a folder's entries durable. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await fs.open(folder, constants.O_RDONLY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * Replaces a file in one step: write beside it, fsync, rename, fsync the folder. A reader sees the old or the new
 * content, never a part. The mode is kept when the file existed.
 * @throws {Failure} `storage` when it cannot be written; the old file is then untouched.
 */
export async function replaceFile(file: string, content: string | Uint8Array, mode?: number): Promise<void> {
  const folder = path.dirname(file);
  const temporary = path.join(folder, `.${path.basename(file)}.redress-${process.pid}-${Date.now()}`);
  try {
    await fs.mkdir(folder, { recursive: true });
    const kept =
      mode ??
      (await fs.stat(file).then(
        (s) => s.mode & 0o7777,
        () => undefined,
      ));
    const handle = await fs.open(temporary, "wx", kept ?? 0o644);
    try {
      await handle.writeFile(content);
      if (kept !== undefined) await handle.chmod(kept);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await fs.rename(temporary, file);
    await syncFolder(folder);
  } catch (error) {
    await fs.rm(temporary, { force: true }).catch(() => undefined);
    throw new Failure(
      "storage",
      `cannot write ${file}: ${reasonOf(error)}`,
      "Free space or fix permissions, then try again.",
      {
        cause: error,
      },
    );
  }
}

/** A path relative to a root with forward slashes; `"."` for the root itself. */
export function relativePath(root: string, file: string): string {
  const relative = path.relative(root, file).split(path.sep).join("/");
  return relative === "" ? "." : relative;
}

/** Whether a path lies inside a folder, both taken literally. */
export function isInside(folder: string, file: string): boolean {
  const relative = path.relative(folder, file);
  return (
    relative === "" ||
    (!relative.startsWith(`..${path.sep}`) && relative !== ".." && !path.isAbsolute(relative))
  );
}

/** What process numbers count in: the container's namespace as Linux numbers it, `0` where there is none. */
export async function processSpace(): Promise<string> {
  const link = await fs.readlink("/proc/self/ns/pid").catch(() => "");
  return /\d+/.exec(link)?.[0] ?? "0";
}

/** Redress' folder in the user's cache folder (`XDG_CACHE_HOME`, else `~/.cache`). */
export function cacheFolder(environment: NodeJS.ProcessEnv = process.env): string {
  const base = environment["XDG_CACHE_HOME"];
  return path.join(
    base !== undefined && path.isAbsolute(base) ? base : path.join(environment["HOME"] ?? "/tmp", ".cache"),
    "redress",
  );
}
