import path from "node:path";
import { Failure } from "../../model/index.ts";
import { disk, readRuns, runFolder } from "../../run/index.ts";
import {
  assembleEvidence,
  evidenceFolder,
  makeBundle,
  publicPem,
  readSealed,
  settleFolders,
  trustedKeys,
  verifyEvidence,
  type WholeEvidence,
} from "../../seal/index.ts";
import { replaceFile, sha256 } from "../../system/index.ts";
import { renderDocuments } from "../documents.ts";
import type { Exit } from "../program.ts";
import { terminalFor, type CommonOptions } from "../setting.ts";

interface BundleOptions extends CommonOptions {
  readonly format: string;
  readonly out?: string;
}

/** `redress bundle`: one archive of a run for an auditor. */
export async function run(
  [named]: readonly string[],
  options: BundleOptions,
  _signal: AbortSignal,
): Promise<Exit> {
  const terminal = terminalFor(options);
  const root = process.cwd();
  const run = named ?? (await readRuns(root)).at(-1)?.run;
  if (run === undefined) throw new Failure("usage", "no run is kept here", "See redress status.");
  const folder = runFolder(root, run);
  await settleFolders(folder, disk);
  const whole = await wholeEvidence(folder, run);
  const key = (await trustedKeys()).get(whole.signed.keyId);
  const evidence = await assembleEvidence((name) => {
    const bytes = whole.files.get(name);
    return bytes === undefined ? undefined : Buffer.from(bytes).toString("utf8");
  });
  if (key === undefined || evidence === undefined)
    throw new Failure("corrupt", `the evidence of ${run} is not whole`, "See redress verify.");
  const { documents, notes } = await renderDocuments(evidence, { name: run, formats: options.format });
  const archive = makeBundle({ evidence: whole, documents, publicKey: publicPem(key) });
  const file = path.resolve(options.out ?? path.join(root, ".redress", "reports", `${run}.tar.gz`));
  await replaceFile(file, archive);
  const told = { file, sha256: sha256(archive), sizeBytes: archive.byteLength, keyId: whole.signed.keyId };
  if (options.json === true)
    terminal.print(JSON.stringify({ schemaVersion: 1, run, ...told, notes }, null, 2));
  else
    terminal.print(
      [
        file,
        `sha256 ${told.sha256}, ${Math.ceil(told.sizeBytes / 1000)} kB; its README.md says how to check it without Redress.`,
        ...notes,
      ].join("\n"),
    );
  return 0;
}

/** Evidence that holds in every respect; nothing else is handed out. @throws {Failure} `corrupt` */
async function wholeEvidence(folder: string, run: string): Promise<WholeEvidence> {
  const place = evidenceFolder(folder);
  const journal = (
    await disk.read(path.join(folder, "journal.jsonl")).catch(() => Buffer.alloc(0))
  ).toString();
  const { problem } = await verifyEvidence({
    folder: place,
    trusted: await trustedKeys(),
    files: disk,
    journal,
  });
  const read = await readSealed(place, disk);
  if (problem === undefined && read.state === "whole") return read;
  throw new Failure(
    "corrupt",
    `the evidence of ${run} does not hold: ${problem === undefined ? "" : `${problem.path}: ${problem.detail}`}`,
    "See redress verify.",
  );
}
