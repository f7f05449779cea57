import { stableJson } from "./stable-json.ts";

/** Name of the signed checkpoint that closes a run's evidence. */
export const checkpointName = "checkpoint.dsse.json";

/** Type of the predicate, for readers of in-toto statements. */
export const predicateType = "urn:redress:run-evidence:1";
const statementType = "https://in-toto.io/Statement/v1";

/** What a checkpoint says of a run, beside the digests of its files. */
export interface Checkpoint {
  readonly run: string;
  readonly plan: string;
  readonly state: string;
  /** RFC 3339: the time of the journal's last entry. */
  readonly sealedAt: string;
  readonly tool: string;
  /** Who ran it, where that was said. */
  readonly by?: string;
  readonly journal: {
    readonly entries: number;
    /** SHA-256 of the last line of the evidence's journal. */
    readonly head: string;
    /** SHA-256 of the last line of the run's own journal, which may name paths of the machine. */
    readonly original: string;
  };
  /** Names of earlier checkpoints of this run, oldest first; the files lie in the evidence. */
  readonly earlier: readonly string[];
}

/** An in-toto statement over the evidence of a run. */
export interface Statement {
  readonly checkpoint: Checkpoint;
  /** SHA-256 by path below the evidence folder. */
  readonly digests: ReadonlyMap<string, string>;
}

/** The text of an in-toto Statement v1: subjects in order of their names, one line. */
export function writeStatement({ checkpoint, digests }: Statement): string {
  return stableJson(
    {
      _type: statementType,
      subject: [...digests]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, sha256]) => ({ name, digest: { sha256 } })),
      predicateType,
      predicate: checkpoint,
    },
    0,
  );
}

const hex64 = /^[0-9a-f]{64}$/;

/** Reads a statement of ours; `undefined` for anything else, also for one that names paths outside its folder. */
export function readStatement(payload: Uint8Array): Statement | undefined {
  let stored: unknown;
  try {
    stored = JSON.parse(Buffer.from(payload).toString("utf8"));
  } catch {
    return undefined;
  }
  const statement = (stored ?? {}) as {
    _type?: unknown;
    predicateType?: unknown;
    subject?: unknown;
    predicate?: unknown;
  };
  if (statement._type !== statementType || statement.predicateType !== predicateType) return undefined;
  const checkpoint = readCheckpoint(statement.predicate);
  const digests = new Map<string, string>();
  for (const one of Array.isArray(statement.subject) ? (statement.subject as unknown[]) : []) {
    const { name, digest } = (one ?? {}) as { name?: unknown; digest?: { sha256?: unknown } };
    const sha256 = digest?.sha256;
    if (typeof name !== "string" || !isPlainPath(name) || typeof sha256 !== "string" || !hex64.test(sha256))
      return undefined;
    digests.set(name, sha256);
  }
  if (checkpoint === undefined || digests.size === 0) return undefined;
  const read = { checkpoint, digests };
  return Buffer.from(writeStatement(read)).equals(payload) ? read : undefined;
}

/** Whether a name stays below its folder and reads the same everywhere. */
export function isPlainPath(name: string): boolean {
  return (
    name.length < 256 &&
    name.split("/").every((part) => /^[\w][\w.+@-]*$/.test(part) && part !== "." && part !== "..")
  );
}

function readCheckpoint(value: unknown): Checkpoint | undefined {
  const one = (value ?? {}) as Partial<Checkpoint>;
  const { journal } = one as { journal?: Partial<Checkpoint["journal"]> };
  const texts = [one.run, one.plan, one.state, one.sealedAt, one.tool];
  const isWhole =
    texts.every((text) => typeof text === "string") &&
    (one.by === undefined || typeof one.by === "string") &&
    Number.isInteger(journal?.entries) &&
    hex64.test(journal?.head ?? "") &&
    hex64.test(journal?.original ?? "") &&
    Array.isArray(one.earlier) &&
    one.earlier.every((name) => typeof name === "string" && isPlainPath(name));
  return isWhole ? (value as Checkpoint) : undefined;
}
