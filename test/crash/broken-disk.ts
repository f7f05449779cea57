import * as fs from "node:fs";
import { execFileSync } from "node:child_process";
import path from "node:path";
import type { Files } from "../../src/run/index.ts";

/** How one call is broken. */
export type Break =
  /** The call fails, the next one works again. */
  | { readonly kind: "fails"; readonly code: string }
  /** The call writes a part and fails (what a full disk does). */
  | { readonly kind: "part"; readonly code: string }
  /** Nothing works from this call on: as if the process had been killed before it, and after the one before. */
  | { readonly kind: "killed" };

const changing = [
  "makeFolder",
  "write",
  "append",
  "rename",
  "remove",
  "setTime",
  "setOwner",
  "sync",
  "flush",
  "clone",
] as const satisfies readonly (keyof Files)[];

type Act = (...args: unknown[]) => Promise<void>;

/** A disk whose `at`th changing call (from 1) breaks; `calls()` says how many there were. */
export function breakDisk(
  real: Files,
  at: number,
  how: Break,
): { files: Files; calls: () => readonly string[] } {
  const calls: string[] = [];
  const failure = (code: string, name: string): Error =>
    Object.assign(new Error(`${code}: ${name}`), { code });
  const wrapped: Partial<Record<keyof Files, Act>> = {};
  for (const name of changing) {
    const act = real[name].bind(real) as Act;
    wrapped[name] = async (...args) => {
      const counts = how.kind !== "part" || name === "write" || name === "append";
      if (counts) calls.push(name);
      if (calls.length >= at && how.kind === "killed") throw failure("EKILLED", name);
      if (!counts || calls.length !== at) {
        await act(...args);
        return;
      }
      if (how.kind === "part") writePart(name, args);
      throw failure(how.kind === "killed" ? "EKILLED" : how.code, name);
    };
  }
  return { files: { ...real, ...(wrapped as unknown as Partial<Files>) }, calls: () => calls };
}

function writePart(name: (typeof changing)[number], args: unknown[]): void {
  const [file, content, at] = args;
  if (typeof file !== "string") return;
  const text =
    typeof content === "string" || content instanceof Uint8Array ? Buffer.from(content) : undefined;
  if (text === undefined) return;
  const half = text.subarray(0, Math.ceil(text.length / 2));
  if (name === "write") fs.writeFileSync(file, half);
  if (name === "append") {
    const handle = fs.openSync(file, "r+");
    fs.ftruncateSync(handle, Number(at));
    fs.writeSync(handle, half, 0, half.length, Number(at));
    fs.closeSync(handle);
  }
}

/**
 * A disk that loses power before its `at`th changing call: what was not synced by then is dropped. File contents are
 * durable when written (`write` and `append` sync them), names when their folder was synced, and what is cloned, with all
 * that an installer writes into it, when it was flushed; until then its files come back empty.
 */
export function losePower(
  real: Files,
  at: number,
  asideFolder: string,
): { files: Files; calls: () => number; lose: () => void } {
  let calls = 0;
  let number = 0;
  let names: { readonly folder: string; readonly undo: () => void }[] = [];
  let contents: string[] = [];
  const count = (): void => {
    if (++calls >= at) throw Object.assign(new Error("EKILLED"), { code: "EKILLED" });
  };
  /** Keeps what lies there by hard links; gives the function that brings it back. */
  const keep = (file: string): (() => void) => {
    if (!fs.existsSync(file)) return () => undefined;
    const kept = path.join(asideFolder, String(++number));
    fs.mkdirSync(asideFolder, { recursive: true });
    execFileSync("cp", ["-al", file, kept]);
    return () => {
      fs.rmSync(file, { recursive: true, force: true });
      fs.mkdirSync(path.dirname(file), { recursive: true });
      execFileSync("cp", ["-al", kept, file]);
    };
  };
  const named = (file: string, undo: () => void): void => {
    names.push({ folder: path.dirname(file), undo });
  };
  const created = (file: string): void => {
    if (!fs.existsSync(file))
      named(file, () => {
        fs.rmSync(file, { force: true });
      });
  };
  const isBelow = (folder: string, file: string): boolean =>
    file === folder || file.startsWith(folder + path.sep);
  const files: Files = {
    ...real,
    makeFolder: (folder) => (count(), real.makeFolder(folder)),
    write: (file, content, mode) => (count(), created(file), real.write(file, content, mode)),
    append: (file, text, place) => (count(), created(file), real.append(file, text, place)),
    rename: async (from, to) => {
      count();
      const bringBack = keep(to);
      await real.rename(from, to);
      contents = contents.map((one) => (isBelow(from, one) ? to + one.slice(from.length) : one));
      named(to, () => {
        fs.mkdirSync(path.dirname(from), { recursive: true });
        if (fs.existsSync(to)) fs.renameSync(to, from);
        contents = contents.map((one) => (isBelow(to, one) ? from + one.slice(to.length) : one));
        bringBack();
      });
    },
    remove: async (file) => {
      count();
      const bringBack = keep(file);
      await real.remove(file);
      contents = contents.filter((one) => !isBelow(file, one));
      named(file, bringBack);
    },
    sync: async (folder) => {
      count();
      await real.sync(folder);
      names = names.filter((one) => one.folder !== folder);
    },
    flush: async (folder) => {
      count();
      await real.flush(folder);
      contents = contents.filter((one) => !isBelow(folder, one));
    },
    clone: async (request) => {
      count();
      await real.clone(request);
      contents.push(request.to);
    },
  };
  const lose = (): void => {
    for (const { undo } of names.reverse()) undo();
    for (const folder of contents) emptyFiles(folder);
  };
  return { files, calls: () => calls, lose };
}

/** Empties the files that no other name shares. */
function emptyFiles(folder: string): void {
  for (const entry of fs.existsSync(folder) ? fs.readdirSync(folder, { withFileTypes: true }) : []) {
    const file = path.join(folder, entry.name);
    if (entry.isDirectory()) emptyFiles(file);
    else if (entry.isFile() && fs.statSync(file).nlink === 1) fs.truncateSync(file);
  }
}
