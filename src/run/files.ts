import { constants } from "node:fs";
import * as fs from "node:fs/promises";
import path from "node:path";
import { execute } from "../system/index.ts";
import { cloneFolder, type CloneRequest } from "./clone-folder.ts";
import { removeFolder } from "./remove-folder.ts";

/** What lies at a path; links are not followed. */
export interface Lying {
  readonly kind: "file" | "folder" | "link" | "other";
  readonly sizeBytes: number;
  /** Permission bits. */
  readonly mode: number;
  readonly mtimeMs: number;
  readonly owner: number;
  readonly group: number;
}

/**
 * Every way in which a run touches the disk, so that a test can break each on purpose (`test/crash/`). Each method
 * throws what Node throws.
 */
export interface Files {
  /** `undefined` where there is nothing. */
  look(file: string): Promise<Lying | undefined>;
  /** Names in a folder; none where there is no folder. */
  list(folder: string): Promise<readonly string[]>;
  read(file: string): Promise<Buffer>;
  /** With the folders above it. */
  makeFolder(folder: string): Promise<void>;
  /** Writes a whole file, new or not, and syncs it. */
  write(file: string, content: string | Uint8Array, mode?: number): Promise<void>;
  /** Cuts a file to `at` bytes, writes after them and syncs; makes the file where there is none. */
  append(file: string, text: string, at: number): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  /** Whole folders too; nothing there is no error. */
  remove(file: string): Promise<void>;
  setTime(file: string, mtimeMs: number): Promise<void>;
  setOwner(file: string, owner: number, group: number): Promise<void>;
  /** Makes a folder's entries durable. */
  sync(folder: string): Promise<void>;
  /** Makes everything below a folder durable, also what other programs wrote there. */
  flush(folder: string): Promise<void>;
  clone(request: CloneRequest): Promise<void>;
}

/** The disk. */
export const disk: Files = {
  async look(file) {
    try {
      const stat = await fs.lstat(file);
      return {
        kind: stat.isFile()
          ? "file"
          : stat.isDirectory()
            ? "folder"
            : stat.isSymbolicLink()
              ? "link"
              : "other",
        sizeBytes: stat.size,
        mode: stat.mode & 0o7777,
        mtimeMs: stat.mtimeMs,
        owner: stat.uid,
        group: stat.gid,
      };
    } catch (error) {
      if (isAbsent(error)) return undefined;
      throw error;
    }
  },
  async list(folder) {
    try {
      return (await fs.readdir(folder)).sort();
    } catch (error) {
      if (isAbsent(error)) return [];
      throw error;
    }
  },
  read: (file) => fs.readFile(file),
  async makeFolder(folder) {
    const first = await fs.mkdir(folder, { recursive: true });
    if (first !== undefined) await syncFolder(path.dirname(first));
  },
  async write(file, content, mode = 0o644) {
    const handle = await fs.open(file, "w", mode);
    try {
      await handle.writeFile(content);
      await handle.chmod(mode);
      await handle.sync();
    } finally {
      await handle.close();
    }
  },
  async append(file, text, at) {
    const handle = await fs.open(file, constants.O_RDWR | constants.O_CREAT, 0o600);
    try {
      await handle.truncate(at);
      await handle.write(text, at, "utf8");
      await handle.sync();
    } finally {
      await handle.close();
    }
  },
  rename: (from, to) => fs.rename(from, to),
  remove: removeFolder,
  setTime: (file, mtimeMs) => fs.utimes(file, mtimeMs / 1000, mtimeMs / 1000),
  setOwner: (file, owner, group) => fs.chown(file, owner, group),
  sync: syncFolder,
  flush: flushBelow,
  clone: cloneFolder,
};

/** By the system's own `sync`, of the one file system where it can; Node has no call for it. */
async function flushBelow(folder: string): Promise<void> {
  const call = async (argv: readonly string[]): Promise<boolean> =>
    execute(argv, { cwd: folder, timeoutMs: 600_000 }).then(
      (done) => done.code === 0,
      () => false,
    );
  if ((await call(["sync", "-f", folder])) || (await call(["sync"])) || process.platform === "win32") return;
  throw Object.assign(new Error(`EIO: sync of ${folder} failed`), { code: "EIO" });
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await fs.open(folder, constants.O_RDONLY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function isAbsent(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === "ENOENT" || code === "ENOTDIR";
}

/** Renames and makes it durable in both folders. */
export async function move(files: Files, from: string, to: string): Promise<void> {
  await files.rename(from, to);
  await files.sync(path.dirname(to));
  if (path.dirname(from) !== path.dirname(to)) await files.sync(path.dirname(from));
}
