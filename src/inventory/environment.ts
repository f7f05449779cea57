import * as fs from "node:fs";
import path from "node:path";
import { Failure, type Unread } from "../model/index.ts";
import { readDistributions, type Distribution, type DistributionTexts } from "../managers/index.ts";
import { codeOf } from "./walk.ts";

/** A virtual environment as its files describe it. */
export interface Environment {
  /** Full Python version where `pyvenv.cfg` gives one. */
  readonly python?: string;
  /** It also sees what is installed outside of it, which is not read. */
  readonly seesSystem: boolean;
  readonly distributions: readonly Distribution[];
  readonly unread: readonly Unread[];
}

const most = { headBytes: 16_384, metadataBytes: 4_000_000, distributions: 20_000 };

/**
 * The distributions installed in a virtual environment, read from their metadata; nothing in it is executed and no
 * link is followed. Unreadable ones are left out; `inspectEnvironment` names them.
 * @throws {Failure} `unreadable` when the folder is no virtual environment.
 */
export async function readEnvironment(folder: string): Promise<readonly Distribution[]> {
  return Promise.resolve(inspectEnvironment(path.dirname(folder), path.basename(folder)).distributions);
}

/**
 * Reads a virtual environment at a path relative to a root; paths in the result are relative to the root.
 * @throws {Failure} `unreadable` when it is none.
 */
export function inspectEnvironment(root: string, at: string): Environment {
  const folder = path.join(root, at);
  const configuration = readSmall(path.join(folder, "pyvenv.cfg"));
  if (configuration === undefined)
    throw new Failure(
      "unreadable",
      `${at} is not a virtual environment: it has no readable pyvenv.cfg`,
      "Make the environment, or name the right one under projects: in redress.yaml.",
    );
  const unread: Unread[] = [];
  const texts: DistributionTexts[] = [];
  for (const site of siteFolders(folder, at)) {
    for (const text of readSite(root, site, unread)) texts.push(text);
  }
  const read = readDistributions(texts);
  const version = /^version(?:_info)?\s*=\s*(\d+\.\d+(?:\.\d+)?)/m.exec(configuration)?.[1];
  return {
    seesSystem: /^include-system-site-packages\s*=\s*true/im.test(configuration),
    distributions: read.distributions,
    unread: [...unread, ...read.unread],
    ...(version === undefined ? {} : { python: version }),
  };
}

/** `lib/pythonX.Y/site-packages`, and `Lib/site-packages` as Windows has it; `lib64` is a link to `lib`. */
function siteFolders(folder: string, at: string): string[] {
  const candidates = ["Lib/site-packages"];
  for (const library of ["lib", "lib64"])
    if (isFolder(path.join(folder, library)))
      for (const name of fs.readdirSync(path.join(folder, library)))
        if (/^(?:python|pypy)\d/.test(name)) candidates.push(`${library}/${name}/site-packages`);
  const seen = new Set<string>();
  return candidates
    .filter((candidate) => {
      const stat = fs.lstatSync(path.join(folder, candidate), { throwIfNoEntry: false });
      if (stat?.isDirectory() !== true) return false;
      // On a disk that ignores case the two spellings are one folder.
      const identity = `${stat.dev}:${stat.ino}`;
      if (seen.has(identity)) return false;
      seen.add(identity);
      return true;
    })
    .map((candidate) => path.posix.join(at, candidate));
}

const isFolder = (file: string): boolean =>
  fs.lstatSync(file, { throwIfNoEntry: false })?.isDirectory() === true;

function* readSite(root: string, site: string, unread: Unread[]): Generator<DistributionTexts> {
  const folder = path.join(root, site);
  let count = 0;
  for (const entry of fs.readdirSync(folder, { withFileTypes: true })) {
    const { name } = entry;
    // pip renames what it is about to remove to `~name`.
    const kind = name.startsWith("~") ? undefined : /\.(dist-info|egg-info|egg|egg-link)$/.exec(name)?.[1];
    if (kind === undefined) continue;
    const at = `${site}/${name}`;
    if (++count > most.distributions) {
      unread.push({
        path: site,
        reason: `more than ${most.distributions} distributions; the rest is not read`,
      });
      return;
    }
    if (entry.isSymbolicLink()) {
      unread.push({ path: at, reason: "a link; links are not followed" });
      continue;
    }
    const text = readOne(path.join(folder, name), { at, kind, isFile: entry.isFile() });
    if ("reason" in text) unread.push(text);
    else yield text;
  }
}

function readOne(
  file: string,
  { at, kind, isFile }: { at: string; kind: string; isFile: boolean },
): DistributionTexts | Unread {
  if (kind === "egg-link")
    return { path: at, reason: "a development link; its version is not recorded here" };
  if (kind === "egg" && isFile) return { path: at, reason: "a zipped egg; its metadata is not read" };
  const inside = kind === "egg" ? path.join(file, "EGG-INFO") : file;
  const metadata = isFile ? file : path.join(inside, kind === "dist-info" ? "METADATA" : "PKG-INFO");
  try {
    const directUrl = kind === "dist-info" ? readSmall(path.join(inside, "direct_url.json")) : undefined;
    const requiresText =
      kind === "dist-info" || isFile ? undefined : readSmall(path.join(inside, "requires.txt"));
    return {
      path: at,
      metadata: readHead(metadata),
      ...(directUrl === undefined ? {} : { directUrl }),
      ...(requiresText === undefined ? {} : { requiresText }),
    };
  } catch (error) {
    return { path: at, reason: `its metadata cannot be read: ${codeOf(error)}` };
  }
}

const flags = fs.constants.O_RDONLY | fs.constants.O_NONBLOCK | fs.constants.O_NOFOLLOW;
const head = Buffer.allocUnsafe(most.headBytes);

/** The header of a metadata file: what stands before the first blank line. */
function readHead(file: string): string {
  const descriptor = fs.openSync(file, flags);
  try {
    let bytes = head.subarray(0, fs.readSync(descriptor, head, 0, head.length, 0));
    let end = blankLine(bytes);
    if (end < 0 && bytes.length === head.length) {
      const size = Math.min(fs.fstatSync(descriptor).size, most.metadataBytes);
      const whole = Buffer.allocUnsafe(size);
      bytes = whole.subarray(0, fs.readSync(descriptor, whole, 0, size, 0));
      end = blankLine(bytes);
    }
    return bytes.toString("utf8", 0, end < 0 ? bytes.length : end);
  } finally {
    fs.closeSync(descriptor);
  }
}

function blankLine(bytes: Buffer): number {
  const plain = bytes.indexOf("\n\n");
  const windows = bytes.indexOf("\n\r\n");
  return plain < 0 || (windows >= 0 && windows < plain) ? windows : plain;
}

/** A small text file's content; `undefined` where there is none, or it is a link or too large. */
export function readSmall(file: string): string | undefined {
  const stat = fs.lstatSync(file, { throwIfNoEntry: false });
  if (stat?.isFile() !== true || stat.size > 1_000_000) return undefined;
  return fs.readFileSync(file, "utf8");
}
