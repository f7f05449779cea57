import * as fs from "node:fs";
import path from "node:path";
import { isInside } from "../system/index.ts";

export interface CloneRequest {
  readonly from: string;
  readonly to: string;
  /** `link`: a file shares its content until one of the two is replaced; `copy`: its own (copy-on-write if possible). */
  readonly how: (relative: string) => "link" | "copy";
  /** What to leave out, by path relative to `from`. */
  readonly skip?: (relative: string, isFolder: boolean) => boolean;
  /** Trees that are being copied: a link with an absolute text into one leads into its copy. Absent: texts are kept. */
  readonly copies?: readonly { readonly from: string; readonly to: string }[];
  readonly signal?: AbortSignal;
}

/**
 * Clones a folder. Modes, times and, for root, owners are kept; links stay links and are never followed. Sockets, pipes
 * and devices are left out.
 */
export async function cloneFolder(request: CloneRequest): Promise<void> {
  const stack = [""];
  const folders: string[] = [];
  for (let count = 0, folder = stack.pop(); folder !== undefined; folder = stack.pop()) {
    request.signal?.throwIfAborted();
    fs.mkdirSync(path.join(request.to, folder), { recursive: true });
    folders.push(folder);
    for (const entry of fs.readdirSync(path.join(request.from, folder), { withFileTypes: true })) {
      const name = path.join(folder, entry.name);
      if (request.skip?.(name, entry.isDirectory()) === true) continue;
      if (entry.isDirectory()) stack.push(name);
      else if (entry.isSymbolicLink()) cloneLink(request, name);
      else if (entry.isFile()) cloneFile(request, name);
      // Synchronous calls are several times quicker here; the pause lets a cancellation through.
      if (++count % 500 === 0) await pause();
    }
  }
  // From the deepest up, since writing into a folder moves its time and may need its write permission.
  for (const folder of folders.reverse()) {
    const stat = fs.statSync(path.join(request.from, folder));
    keepOwner(path.join(request.to, folder), stat);
    fs.chmodSync(path.join(request.to, folder), stat.mode & 0o7777);
    fs.utimesSync(path.join(request.to, folder), stat.atime, stat.mtime);
  }
}

const pause = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function cloneFile(request: CloneRequest, name: string): void {
  const [from, to] = [path.join(request.from, name), path.join(request.to, name)];
  if (request.how(name) === "link") {
    try {
      fs.linkSync(from, to);
      return;
    } catch {
      // Another disk, or a file of someone else that may not be linked: copied instead.
    }
  }
  fs.copyFileSync(from, to, fs.constants.COPYFILE_FICLONE | fs.constants.COPYFILE_EXCL);
  const stat = fs.lstatSync(from);
  if (keepOwner(to, stat)) fs.chmodSync(to, stat.mode & 0o7777);
  fs.utimesSync(to, stat.atime, stat.mtime);
}

function cloneLink(request: CloneRequest, name: string): void {
  const text = fs.readlinkSync(path.join(request.from, name));
  const to = path.join(request.to, name);
  const copy = path.isAbsolute(text) ? request.copies?.find(({ from }) => isInside(from, text)) : undefined;
  fs.symlinkSync(copy === undefined ? text : path.join(copy.to, path.relative(copy.from, text)), to);
  keepOwner(to, fs.lstatSync(path.join(request.from, name)));
}

/** What root makes would be root's. Gives whether the owner was changed, which takes away set-user bits. */
function keepOwner(file: string, { uid, gid }: fs.Stats): boolean {
  if (process.getuid?.() !== 0 || (uid === 0 && gid === 0)) return false;
  fs.lchownSync(file, uid, gid);
  return true;
}
