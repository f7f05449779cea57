import * as fs from "node:fs";
import path from "node:path";
import { sha256 } from "../system/index.ts";

type Skip = (relative: string, isFolder: boolean) => boolean;

function* entriesOf(folder: string, skip: Skip): Generator<{ name: string; stat: fs.Stats }> {
  const stack = [""];
  for (let at = stack.pop(); at !== undefined; at = stack.pop())
    for (const entry of fs.readdirSync(path.join(folder, at), { withFileTypes: true })) {
      const name = path.join(at, entry.name);
      if (skip(name, entry.isDirectory())) continue;
      if (entry.isDirectory()) stack.push(name);
      const stat = fs.lstatSync(path.join(folder, name), { throwIfNoEntry: false });
      if (stat !== undefined) yield { name, stat };
    }
}

/** Bytes on disk of what lies in a folder; 0 where there is none. */
export function sizeOf(folder: string, skip: Skip = () => false): number {
  if (fs.lstatSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) return 0;
  let sum = 0;
  for (const { stat } of entriesOf(folder, skip)) sum += Math.max(stat.blocks * 512, stat.size > 0 ? 512 : 0);
  return sum;
}

/** Compiled Python is written by whoever imports it, also while a run goes on. */
const isCompiled: Skip = (relative) => path.basename(relative) === "__pycache__";

/**
 * SHA-256 over name, kind, mode, size, time and link text of everything in a folder but compiled Python. A rename leaves
 * it as it is; writing into a file, also through another name of the same file, changes it.
 */
export function fingerprintOf(folder: string): string {
  const lines: string[] = [];
  for (const { name, stat } of entriesOf(folder, isCompiled)) {
    const content = stat.isFile()
      ? `${stat.size} ${Math.floor(stat.mtimeMs)}`
      : stat.isSymbolicLink()
        ? fs.readlinkSync(path.join(folder, name))
        : "";
    lines.push(`${name}\0${stat.mode}\0${content}`);
  }
  return sha256(lines.sort().join("\n"));
}

/** Bytes that an unprivileged user may still write where a folder lies. */
export function freeBytesAt(folder: string): number {
  const { bavail, bsize } = fs.statfsSync(folder);
  return bavail * bsize;
}

/** Which disk a folder lies on. */
export function diskOf(folder: string): number {
  return fs.statSync(folder).dev;
}
