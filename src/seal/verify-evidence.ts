import type { KeyObject } from "node:crypto";
import path from "node:path";
import { sha256 } from "../system/index.ts";
import { followChain } from "./chain.ts";
import { isSignedBy, readEnvelope, type Envelope } from "./dsse.ts";
import { readSealed, type Problem, type WholeEvidence } from "./read-evidence.ts";
import type { SealFiles } from "./seal-files.ts";
import { checkpointName, type Checkpoint } from "./statement.ts";

/** What checking some evidence came to. */
export interface Verification {
  readonly intact: boolean;
  /** The first thing that is wrong. */
  readonly problem?: Problem;
  /** What the checkpoint says; nothing of it is proven unless `intact`. */
  readonly checkpoint?: Checkpoint;
  readonly keyId?: string;
  /** SHA-256 of the signed statement, to be compared with the one that was published. */
  readonly digest?: string;
  /** Sealed files. */
  readonly files?: number;
}

export interface VerifyRequest {
  /** The evidence folder, or a copy of it. */
  readonly folder: string;
  /** By key id, the public keys that are believed. */
  readonly trusted: ReadonlyMap<string, KeyObject>;
  readonly files: SealFiles;
  /** The run's own journal, where it is at hand: the evidence must be of all of it. */
  readonly journal?: string;
}

/**
 * Checks evidence offline, from the outside in: the checkpoint's form, who signed it, then every file, and the journal
 * line by line. Stops at the first thing that is wrong.
 */
export async function verifyEvidence(request: VerifyRequest): Promise<Verification> {
  const { folder, trusted, files } = request;
  const read = await readSealed(folder, files);
  if (read.state === "none")
    return wrong({
      code: "no-checkpoint",
      path: checkpointName,
      detail: "there is no evidence here",
    });
  // The signature is judged first where the checkpoint can be read at all: what a stranger signed proves nothing.
  const envelope = read.state === "whole" ? read.signed : await readAgain(folder, files);
  const foreign = envelope === undefined ? undefined : judgeSignature(envelope, checkpointName, trusted);
  if (foreign !== undefined) return wrong(foreign, read.state === "whole" ? read : undefined);
  if (read.state === "broken") return wrong(read.problem);
  for (const name of read.statement.checkpoint.earlier) {
    const earlier = readEnvelope(read.files.get(name) ?? Buffer.alloc(0));
    const problem = earlier === undefined ? undefined : judgeSignature(earlier, name, trusted);
    if (problem !== undefined) return wrong(problem, read);
  }
  const stale = request.journal === undefined ? undefined : compareJournal(request.journal, read);
  return stale === undefined ? { intact: true, ...factsOf(read) } : wrong(stale, read);
}

async function readAgain(folder: string, files: SealFiles): Promise<Envelope | undefined> {
  const file = path.join(folder, checkpointName);
  const lying = await files.look(file);
  if (lying?.kind !== "file" || lying.sizeBytes > 1 << 28) return undefined;
  return readEnvelope(await files.read(file));
}

function judgeSignature(
  envelope: Envelope,
  name: string,
  trusted: ReadonlyMap<string, KeyObject>,
): Problem | undefined {
  const key = trusted.get(envelope.keyId);
  if (key === undefined)
    return {
      code: "unknown-key",
      path: name,
      detail: `is signed by the key ${shown(envelope.keyId)}, which is not believed here`,
    };
  if (isSignedBy(envelope, key)) return undefined;
  return { code: "signature", path: name, detail: "its signature does not belong to its content" };
}

/** A key's name may come from a stranger. */
const shown = (keyId: string): string => (/^[0-9a-f]{64}$/.test(keyId) ? keyId : "of no proper name");

/** Whether the evidence is of the whole journal that the run has. */
function compareJournal(text: string, { statement }: WholeEvidence): Problem | undefined {
  const { journal } = statement.checkpoint;
  const whole = text.slice(0, text.lastIndexOf("\n") + 1);
  const { lines, problem } = followChain(whole);
  const where = "../journal.jsonl";
  if (problem !== undefined) return { code: "journal", path: where, ...problem };
  const last = lines[journal.entries - 1];
  if (last === undefined || sha256(last) !== journal.original)
    return {
      code: "journal",
      path: where,
      line: Math.min(lines.length, journal.entries),
      detail:
        lines.length < journal.entries
          ? `ends after ${lines.length} of ${journal.entries} sealed entries`
          : "is another chain than the one that was sealed",
    };
  if (lines.length > journal.entries)
    return {
      code: "went-on",
      path: where,
      line: journal.entries + 1,
      detail: "the run went on after its evidence was sealed; redress resume seals it again",
    };
  return undefined;
}

const factsOf = ({ statement, signed, files }: WholeEvidence): Omit<Verification, "intact" | "problem"> => ({
  checkpoint: statement.checkpoint,
  keyId: signed.keyId,
  digest: sha256(signed.payload),
  files: files.size,
});

const wrong = (problem: Problem, read?: WholeEvidence): Verification => ({
  intact: false,
  problem,
  ...(read === undefined ? {} : factsOf(read)),
});
