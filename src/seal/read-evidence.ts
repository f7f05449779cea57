import path from "node:path";
import { reasonOf } from "../model/index.ts";
import { sha256 } from "../system/index.ts";
import { followChain } from "./chain.ts";
import { readEnvelope, type Envelope } from "./dsse.ts";
import { journalName } from "./evidence-files.ts";
import type { SealFiles } from "./seal-files.ts";
import { checkpointName, readStatement, type Statement } from "./statement.ts";

/** The first thing that is wrong with some evidence. */
export interface Problem {
  readonly code:
    | "no-checkpoint"
    | "checkpoint"
    | "unknown-key"
    | "signature"
    | "missing"
    | "added"
    | "changed"
    | "journal"
    | "went-on";
  /** Below the evidence folder. */
  readonly path: string;
  /** From 1. */
  readonly line?: number;
  readonly detail: string;
}

/** Evidence whose files are those that its checkpoint names; who signed that is another question. */
export interface WholeEvidence {
  readonly state: "whole";
  readonly envelope: Uint8Array;
  readonly signed: Envelope;
  readonly statement: Statement;
  /** By path below the folder, the checkpoint left out. */
  readonly files: ReadonlyMap<string, Uint8Array>;
}

export type ReadEvidence =
  WholeEvidence | { readonly state: "none" } | { readonly state: "broken"; readonly problem: Problem };

/** Most bytes of one file and of all files that are read, and most files: a folder from outside is not trusted. */
const most = { fileBytes: 512 * 1024 * 1024, allBytes: 2 * 1024 * 1024 * 1024, files: 50_000 };

/** Paths of everything that is no folder below a folder, and of empty folders, sorted. */
async function listFiles(folder: string, files: SealFiles): Promise<string[]> {
  const found: string[] = [];
  const walk = async (at: string, depth: number): Promise<void> => {
    const names = await files.list(path.join(folder, at));
    if (at !== "" && names.length === 0) found.push(`${at}/`);
    for (const name of names) {
      if (found.length > most.files) return;
      const below = at === "" ? name : `${at}/${name}`;
      const lying = await files.look(path.join(folder, below));
      if (lying?.kind === "folder" && depth < 8) await walk(below, depth + 1);
      else found.push(below);
    }
  };
  await walk("", 0);
  return found.sort();
}

/** Reads the evidence of a folder and holds every byte of it against its checkpoint; the signature is not judged here. */
export async function readSealed(folder: string, files: SealFiles): Promise<ReadEvidence> {
  const names = await listFiles(folder, files);
  if (!names.includes(checkpointName))
    return (await files.look(path.join(folder, journalName))) === undefined
      ? { state: "none" }
      : broken(
          "no-checkpoint",
          checkpointName,
          "there is no checkpoint: the evidence was never closed, or it was removed",
        );
  const checkpoint = await readFile(folder, checkpointName, files);
  if (typeof checkpoint === "string") return broken("checkpoint", checkpointName, checkpoint);
  const signed = readEnvelope(checkpoint);
  const statement = signed === undefined ? undefined : readStatement(signed.payload);
  if (signed === undefined || statement === undefined)
    return broken("checkpoint", checkpointName, "is not a checkpoint as Redress writes it");
  const contents = await readAll(folder, { names, statement, files });
  if (!(contents instanceof Map)) return contents;
  return { state: "whole", envelope: checkpoint, signed, statement, files: contents };
}

async function readAll(
  folder: string,
  { names, statement, files }: { names: readonly string[]; statement: Statement; files: SealFiles },
): Promise<Map<string, Uint8Array> | Extract<ReadEvidence, { state: "broken" }>> {
  const contents = new Map<string, Uint8Array>();
  let total = 0;
  for (const [name, digest] of statement.digests) {
    if (!names.includes(name)) return broken("missing", name, "is sealed and not there");
    const bytes = await readFile(folder, name, files);
    if (typeof bytes === "string") return broken("changed", name, bytes);
    total += bytes.byteLength;
    if (total > most.allBytes)
      return broken("changed", name, "the evidence is larger than any that is written");
    if (sha256(bytes) !== digest) return changedFile(name, bytes, statement);
    contents.set(name, bytes);
  }
  const known = new Set([...statement.digests.keys(), checkpointName]);
  const added = names.find((name) => !known.has(name));
  if (added !== undefined) return broken("added", added, "is there and was not sealed");
  return checkJournals(contents, statement) ?? contents;
}

/** Where a changed file is the journal, the line at which it stops to hold says more than a digest. */
function changedFile(
  name: string,
  bytes: Uint8Array,
  { checkpoint }: Statement,
): Extract<ReadEvidence, { state: "broken" }> {
  if (name !== journalName) return broken("changed", name, "is not what was sealed: its SHA-256 is another");
  const { lines, problem } = followChain(Buffer.from(bytes).toString("utf8"));
  if (problem !== undefined) return broken("journal", name, problem.detail, problem.line);
  if (lines.length < checkpoint.journal.entries)
    return broken(
      "journal",
      name,
      `ends after ${lines.length} of ${checkpoint.journal.entries} entries`,
      lines.length,
    );
  if (lines.length > checkpoint.journal.entries)
    return broken("journal", name, "has more entries than were sealed", checkpoint.journal.entries + 1);
  return broken("journal", name, "is another chain than the one that was sealed", lines.length);
}

/** The chain of the journal, and that every earlier checkpoint saw its beginning. */
function checkJournals(
  contents: ReadonlyMap<string, Uint8Array>,
  { checkpoint }: Statement,
): Extract<ReadEvidence, { state: "broken" }> | undefined {
  const { lines, head, problem } = followChain(Buffer.from(contents.get(journalName) ?? "").toString("utf8"));
  if (problem !== undefined) return broken("journal", journalName, problem.detail, problem.line);
  if (lines.length !== checkpoint.journal.entries || head !== checkpoint.journal.head)
    return broken("journal", journalName, "does not end where the checkpoint says", lines.length);
  for (const name of checkpoint.earlier) {
    const envelope = readEnvelope(contents.get(name) ?? Buffer.alloc(0));
    const statement = envelope === undefined ? undefined : readStatement(envelope.payload);
    const then = statement?.checkpoint.journal;
    if (then === undefined || statement?.checkpoint.run !== checkpoint.run)
      return broken("checkpoint", name, "is not an earlier checkpoint of this run");
    const last = lines[then.entries - 1];
    if (last === undefined || sha256(last) !== then.head)
      return broken("journal", name, "saw another journal than this one's beginning", then.entries);
  }
  return undefined;
}

/** A regular file's bytes, or why not. */
async function readFile(folder: string, name: string, files: SealFiles): Promise<Buffer | string> {
  const file = path.join(folder, ...name.split("/"));
  const lying = await files.look(file);
  if (lying?.kind !== "file")
    return `is ${lying === undefined ? "not there" : `a ${lying.kind}`}, no regular file`;
  if (lying.sizeBytes > most.fileBytes) return "is larger than any that is written";
  return files.read(file).catch((error: unknown) => `cannot be read: ${reasonOf(error)}`);
}

function broken(
  code: Problem["code"],
  name: string,
  detail: string,
  line?: number,
): Extract<ReadEvidence, { state: "broken" }> {
  return {
    state: "broken",
    problem: { code, path: name, detail, ...(line === undefined ? {} : { line }) },
  };
}

/** The end of the run's own journal as the evidence in a folder was sealed with; nothing is checked. */
export async function sealedHead(folder: string, files: SealFiles): Promise<string | undefined> {
  const checkpoint = await readFile(folder, checkpointName, files);
  const envelope = typeof checkpoint === "string" ? undefined : readEnvelope(checkpoint);
  return envelope === undefined ? undefined : readStatement(envelope.payload)?.checkpoint.journal.original;
}
