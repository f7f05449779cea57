import path from "node:path";
import { Failure } from "../model/index.ts";
import { sha256 } from "../system/index.ts";
import { followChain } from "./chain.ts";
import { digestList, digestListName } from "./digest-list.ts";
import { signEnvelope } from "./dsse.ts";
import { journalName, makeEvidenceFiles, type Redactions, type RunMaterial } from "./evidence-files.ts";
import type { Signer } from "./keys.ts";
import { readSealed } from "./read-evidence.ts";
import type { SealFiles } from "./seal-files.ts";
import { checkpointName, writeStatement, type Checkpoint } from "./statement.ts";

/** Where a run keeps its evidence, and what it is on the way there. */
export const evidenceFolder = (runFolder: string): string => path.join(runFolder, "evidence");
const freshFolder = (runFolder: string): string => path.join(runFolder, "evidence.new");
const oldFolder = (runFolder: string): string => path.join(runFolder, "evidence.old");

export interface SealRequest {
  /** Absolute path of the run's folder. */
  readonly runFolder: string;
  readonly material: Omit<RunMaterial, "sealed">;
  readonly redactions: Redactions;
  readonly signer: Signer;
  readonly files: SealFiles;
}

/** What came of sealing. */
export interface Sealed {
  readonly checkpoint: Checkpoint;
  readonly keyId: string;
  /** SHA-256 of the statement that was signed: what is published elsewhere. */
  readonly digest: string;
  /** Sealed files, the checkpoint left out. */
  readonly files: number;
}

/**
 * Writes a run's evidence and closes it with a signed checkpoint. The folder is made beside the old one and takes its
 * place by renames, so that a kill leaves the old evidence or the new, never a mixture. What was sealed before and does
 * not hold any more is not sealed again: that would cover what happened to it.
 * @throws {Failure} `corrupt` for evidence or a journal that was changed; `storage` when it cannot be written.
 */
export async function sealEvidence(request: SealRequest): Promise<Sealed> {
  const { runFolder, material, redactions, signer, files } = request;
  await settleFolders(runFolder, files);
  const sealed = await readSealed(evidenceFolder(runFolder), files);
  if (sealed.state === "broken")
    throw new Failure(
      "corrupt",
      `the evidence was changed after it was sealed: ${sealed.problem.path}: ${sealed.problem.detail}`,
      "It is left as it is and not sealed again; compare it with a copy. redress verify tells more.",
    );
  const earlier = sealed.state === "whole" ? sealed : undefined;
  const { files: contents, evidence } = makeEvidenceFiles(
    {
      ...material,
      ...(earlier === undefined
        ? {}
        : {
            sealed: {
              journal: {
                text: Buffer.from(earlier.files.get(journalName) ?? "").toString("utf8"),
                original: earlier.statement.checkpoint.journal.original,
              },
              files: earlier.files,
            },
          }),
    },
    redactions,
  );
  const names: string[] = [];
  if (earlier !== undefined) {
    names.push(...earlier.statement.checkpoint.earlier);
    for (const name of names) contents.set(name, earlier.files.get(name) ?? Buffer.alloc(0));
    const name = `earlier/${names.length + 1}.dsse.json`;
    contents.set(name, earlier.envelope);
    names.push(name);
  }
  contents.set(digestListName, Buffer.from(digestList(contents)));
  const checkpoint = checkpointOf(contents, { journal: material.journal, evidence }, names);
  const statement = writeStatement({
    checkpoint,
    digests: new Map([...contents].map(([name, bytes]) => [name, sha256(bytes)])),
  });
  contents.set(checkpointName, Buffer.from(signEnvelope(statement, signer)));
  await replaceFolder(runFolder, contents, files);
  return { checkpoint, keyId: signer.keyId, digest: sha256(statement), files: contents.size - 1 };
}

/** `evidence` as it is stored: what is signed says nothing that was taken out of it. */
function checkpointOf(
  contents: ReadonlyMap<string, Uint8Array>,
  { journal, evidence }: Pick<RunMaterial, "journal" | "evidence">,
  earlier: readonly string[],
): Checkpoint {
  const chain = followChain(Buffer.from(contents.get(journalName) ?? "").toString("utf8"));
  const whole = followChain(journal.slice(0, journal.lastIndexOf("\n") + 1));
  const last = JSON.parse(chain.lines.at(-1) ?? "{}") as { at?: string };
  const { run, record, before, madeAt } = evidence;
  return {
    run: run?.run ?? "",
    plan: run?.plan ?? "",
    state: run?.state ?? "",
    sealedAt: last.at ?? madeAt,
    tool: `${before.tool.name} ${before.tool.version}`,
    ...(record === undefined ? {} : { by: record.by }),
    journal: { entries: chain.lines.length, head: chain.head, original: whole.head },
    earlier,
  };
}

/** Writes a whole folder beside the old one and puts it into its place. */
async function replaceFolder(
  runFolder: string,
  contents: ReadonlyMap<string, Uint8Array>,
  files: SealFiles,
): Promise<void> {
  const [fresh, place, old] = [freshFolder(runFolder), evidenceFolder(runFolder), oldFolder(runFolder)];
  await files.remove(fresh);
  await files.makeFolder(fresh);
  const folders = new Set<string>([fresh]);
  for (const [name, bytes] of contents) {
    const file = path.join(fresh, ...name.split("/"));
    if (!folders.has(path.dirname(file))) await files.makeFolder(path.dirname(file));
    folders.add(path.dirname(file));
    await files.write(file, bytes, 0o600);
  }
  for (const folder of folders) await files.sync(folder);
  const hasOld = (await files.look(place)) !== undefined;
  if (hasOld) await files.rename(place, old);
  await files.rename(fresh, place);
  await files.sync(runFolder);
  await files.remove(old);
}

/**
 * Puts in order what a kill in the middle of `sealEvidence` left: the old evidence goes back to its place where the new
 * had not got there yet.
 */
export async function settleFolders(runFolder: string, files: SealFiles): Promise<void> {
  const [place, old] = [evidenceFolder(runFolder), oldFolder(runFolder)];
  if ((await files.look(old)) === undefined) return;
  if ((await files.look(place)) === undefined) await files.rename(old, place);
  else await files.remove(old);
  await files.sync(runFolder);
}
