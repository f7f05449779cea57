import path from "node:path";
import { Failure } from "../../model/index.ts";
import { disk, readRuns, runFolder } from "../../run/index.ts";
import {
  checkpointName,
  evidenceFolder,
  keyIdOf,
  readPublicKey,
  settleFolders,
  trustedKeys,
  verifyEvidence,
  type Verification,
} from "../../seal/index.ts";
import type { Exit } from "../program.ts";
import { terminalFor, type CommonOptions } from "../setting.ts";
import { showVerification } from "../show/verification.ts";

interface VerifyOptions extends CommonOptions {
  readonly key?: readonly string[];
}

/** `redress verify`: a run of this project, or a copy of some run's evidence; asks no network. */
export async function run(
  [what]: readonly string[],
  options: VerifyOptions,
  _signal: AbortSignal,
): Promise<Exit> {
  const terminal = terminalFor(options);
  const place = await placeOf(what);
  const trusted = options.key === undefined ? await trustedKeys() : await onlyKeys(options.key);
  const found = await verifyEvidence({ ...place, trusted, files: disk });
  if (options.json === true) terminal.print(JSON.stringify({ schemaVersion: 1, ...found }, null, 2));
  else terminal.print(showVerification(found, { folder: place.folder, colors: terminal.colors }));
  return exitOfVerification(found);
}

const exitOfVerification = ({ intact }: Verification): Exit => (intact ? 0 : 1);

async function onlyKeys(files: readonly string[]): ReturnType<typeof trustedKeys> {
  const keys = await Promise.all(files.map((file) => readPublicKey(path.resolve(file))));
  return new Map(keys.map((key) => [keyIdOf(key), key]));
}

/** The evidence that is meant, with the run's own journal where that lies beside it. @throws {Failure} `usage` */
async function placeOf(what: string | undefined): Promise<{ folder: string; journal?: string }> {
  const root = process.cwd();
  const run = what ?? (await readRuns(root)).at(-1)?.run;
  if (run === undefined)
    throw new Failure("usage", "no run is kept here", "Name a folder with a copy of a run's evidence.");
  if (/^run-\d{8}-\d{6}(?:-\d+)?$/.test(run)) {
    const folder = runFolder(root, run);
    if ((await disk.look(folder)) !== undefined) {
      await settleFolders(folder, disk);
      const journal = await disk.read(path.join(folder, "journal.jsonl")).catch(() => Buffer.alloc(0));
      return { folder: evidenceFolder(folder), journal: journal.toString("utf8") };
    }
  }
  const folder = path.resolve(run);
  if ((await disk.look(folder))?.kind !== "folder")
    throw new Failure("usage", `${run} is neither a run of this project nor a folder`, "See redress status.");
  // An unpacked archive, or a copied run, holds the evidence one folder down.
  const below = evidenceFolder(folder);
  const isAbove =
    (await disk.look(path.join(folder, checkpointName))) === undefined &&
    (await disk.look(below))?.kind === "folder";
  return { folder: isAbove ? below : folder };
}
