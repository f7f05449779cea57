import { constants, linkSync, type Stats } from "node:fs";
import * as fs from "node:fs/promises";
import path from "node:path";
import { isInside, limiter } from "../system/index.ts";

export interface CloneRequest {
  readonly from: string;
  readonly to: string;
  /** Which files share their content until one is replaced, by path relative to `from`; the others are copied. */
  readonly share?: (relative: string) => boolean;
  /** What to leave out, by path relative to `from`. */
  readonly skip?: (relative: string, isFolder: boolean) => boolean;
  /** The text that a link gets in the clone. */
  readonly relink?: (target: string) => string;
  readonly signal?: AbortSignal;
}

/**
 * Clones a folder: modes, times and, for root, owners are kept; links stay links and are never followed; sockets, pipes
 * and devices are left out. Nothing of it is still being written once the promise has settled, well or badly.
 */
export async function cloneFolder(request: CloneRequest): Promise<void> {
  await new Cloning(request).folder("");
}

class Cloning {
  private readonly request: CloneRequest;
  private readonly bounded = limiter(64);
  private failed = false;

  constructor(request: CloneRequest) {
    this.request = request;
  }

  async folder(relative: string): Promise<void> {
    if (this.failed) return;
    this.request.signal?.throwIfAborted();
    const [from, to] = [path.join(this.request.from, relative), path.join(this.request.to, relative)];
    const stat = await fs.stat(from);
    await fs.mkdir(to, { recursive: true, mode: 0o700 });
    const entries = await fs.readdir(from, { withFileTypes: true });
    const done = await Promise.allSettled(
      entries.map(async (entry) => {
        const name = path.join(relative, entry.name);
        if (this.request.skip?.(name, entry.isDirectory()) === true) return;
        if (entry.isDirectory()) await this.folder(name);
        else if (entry.isSymbolicLink()) await this.bounded(() => this.link(name));
        else if (entry.isFile() && !this.hasShared(name)) await this.bounded(() => this.file(name));
      }),
    );
    for (const one of done)
      if (one.status === "rejected") {
        this.failed = true;
        throw one.reason;
      }
    await keepOwner(to, stat);
    await fs.chmod(to, stat.mode & 0o7777);
    await fs.utimes(to, stat.atime, stat.mtime);
  }

  private async link(relative: string): Promise<void> {
    if (this.failed) return;
    const [from, to] = [path.join(this.request.from, relative), path.join(this.request.to, relative)];
    const target = await fs.readlink(from);
    await fs.symlink(this.request.relink?.(target) ?? target, to);
    const stat = await fs.lstat(from);
    await keepOwner(to, stat);
    await fs.lutimes(to, stat.atime, stat.mtime);
  }

  private async file(relative: string): Promise<void> {
    if (this.failed) return;
    const [from, to] = [path.join(this.request.from, relative), path.join(this.request.to, relative)];
    await fs.copyFile(from, to, constants.COPYFILE_FICLONE);
    const stat = await fs.lstat(from);
    await keepOwner(to, stat);
    await fs.chmod(to, stat.mode & 0o7777);
    await fs.utimes(to, stat.atime, stat.mtime);
  }

  /** Links at once: for a hundred thousand files the detour over the thread pool takes ten times as long. */
  private hasShared(relative: string): boolean {
    if (this.failed || this.request.share?.(relative) !== true) return false;
    try {
      linkSync(path.join(this.request.from, relative), path.join(this.request.to, relative));
      return true;
    } catch {
      // Another file system, or one without links: copied instead.
      return false;
    }
  }
}

async function keepOwner(file: string, { uid, gid }: Stats): Promise<void> {
  if (process.getuid?.() === 0 && (uid !== 0 || gid !== 0)) await fs.lchown(file, uid, gid);
}

/**
 * What a link's text becomes in a copy of a tree: an absolute one into the tree leads into the copy, so that nothing
 * done in the copy reaches the tree. Relative ones and those that lead elsewhere stay.
 */
export function linkInto(copies: readonly { from: string; to: string }[]): (target: string) => string {
  return (target) => {
    if (!path.isAbsolute(target)) return target;
    for (const { from, to } of copies) {
      if (isInside(from, target)) return path.join(to, path.relative(from, target));
    }
    return target;
  };
}
