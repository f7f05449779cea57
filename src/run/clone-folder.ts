import * as fs from "node:fs";
import path from "node:path";

export interface CloneRequest {
  readonly from: string;
  readonly to: string;
  /** `link`: a file shares its content until one of the two is replaced; `copy`: its own (copy-on-write if possible). */
  readonly how: (relative: string) => "link" | "copy";
  /** What to leave out, by path relative to `from`. */
  readonly skip?: (relative: string, isFolder: boolean) => boolean;
  readonly signal?: AbortSignal;
}

/**
 * Clones a folder. Modes and times are kept; links stay links and are never followed; those with an absolute text that
 * leads into `from` lead into `to` instead. Sockets, pipes and devices are left out.
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
  fs.utimesSync(to, stat.atime, stat.mtime);
}

function cloneLink(request: CloneRequest, name: string): void {
  const text = fs.readlinkSync(path.join(request.from, name));
  const leadsInside = text.startsWith(request.from + path.sep);
  fs.symlinkSync(
    leadsInside ? request.to + text.slice(request.from.length) : text,
    path.join(request.to, name),
  );
}
