import * as fs from "node:fs";
import path from "node:path";
import { Failure, reasonOf } from "../model/index.ts";

/** One file of a source. */
export interface SourceFile {
  /** Absolute path. */
  readonly path: string;
  /** Path inside the source's folder; empty for a source that is one file, whose name does not change its content. */
  readonly name: string;
  readonly sizeBytes: number;
}

/** Advisories in a file or folder of this machine. */
export interface LocalSource {
  /** Absolute, links resolved. */
  readonly path: string;
  readonly files: readonly SourceFile[];
  /**
   * Changes whenever the content may have: place, size, times of content and inode of every file. Reading them costs
   * microseconds where a digest costs the whole file. What it cannot see is a change within one tick of the file
   * system's clock, so an identity younger than `settledMs` is never remembered, and a machine whose clock is set
   * back on purpose.
   */
  readonly identity: string;
  /** The latest change of any of the files, in ms since 1970. */
  readonly changedMs: number;
}

/** How long a file must have been left alone before its identity stands for its content. */
export const settledMs = 2000;

const mostFiles = 2_000_000;
const deepest = 32;

/**
 * Finds the files of a source: the file itself, or every `.json`, `.jsonl`, `.ndjson` and `.zip` under the folder
 * (links inside a folder are not followed).
 * @throws {Failure} `unreadable` when there is nothing to read.
 */
export function locateSource(given: string): LocalSource {
  try {
    const place = fs.realpathSync(given);
    const stat = fs.statSync(place, { bigint: true });
    if (stat.isFile())
      return sourceOf(place, [{ file: { path: place, name: "", sizeBytes: Number(stat.size) }, stat }]);
    if (!stat.isDirectory()) throw new Error("it is neither a file nor a folder");
    const found: Found[] = [];
    walk(place, "", found);
    if (found.length === 0) throw new Error("the folder holds no .json, .jsonl, .ndjson or .zip file");
    return sourceOf(place, found);
  } catch (error) {
    throw new Failure(
      "unreadable",
      `cannot read advisories from ${given}: ${reasonOf(error)}`,
      "Name a file or folder of OSV records (JSON, JSONL), an OSV export zip, or osv, npm, pypi.",
      { cause: error },
    );
  }
}

interface Found {
  readonly file: SourceFile;
  readonly stat: fs.BigIntStats;
}

function walk(root: string, relative: string, found: Found[], depth = 0): void {
  if (depth > deepest) throw new Error(`the folder is nested deeper than ${deepest}`);
  const entries = fs.readdirSync(path.join(root, relative), { withFileTypes: true });
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const name = relative === "" ? entry.name : `${relative}/${entry.name}`;
    if (entry.isDirectory() && !entry.name.startsWith(".")) walk(root, name, found, depth + 1);
    if (!entry.isFile() || !/\.(jsonl?|ndjson|zip)$/i.test(entry.name)) continue;
    if (found.length >= mostFiles) throw new Error(`the folder holds more than ${mostFiles} files`);
    const file = path.join(root, name);
    const stat = fs.statSync(file, { bigint: true });
    found.push({ file: { path: file, name, sizeBytes: Number(stat.size) }, stat });
  }
}

function sourceOf(place: string, found: readonly Found[]): LocalSource {
  return {
    path: place,
    files: found.map(({ file }) => file),
    identity: found
      .map(({ file, stat }) =>
        [file.name, stat.size, stat.mtimeNs, stat.ctimeNs, stat.ino, stat.dev].join(":"),
      )
      .join("\n"),
    changedMs: Math.max(...found.map(({ stat }) => Math.max(Number(stat.mtimeMs), Number(stat.ctimeMs)))),
  };
}
