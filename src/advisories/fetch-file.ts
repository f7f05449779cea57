import * as fs from "node:fs/promises";
import path from "node:path";
import { Failure } from "../model/index.ts";
import { ask, replaceFile, shown, type Answer, type Clock } from "../system/index.ts";
import { readFacts, readFetched, type CachedFile } from "./cached-files.ts";

export interface FetchOptions {
  readonly clock: Clock;
  readonly signal?: AbortSignal;
  /** For one attempt of one request. */
  readonly timeoutMs?: number;
  readonly retries?: number;
  readonly maxBytes?: number;
  /** What is fetched in one request. */
  readonly pieceBytes?: number;
  /** Told how much is there; `totalBytes` where the server says it. */
  readonly onBytes?: (bytes: number, totalBytes: number | undefined) => void;
  /** Looks at the fetched file before it replaces the old one, and throws when it is not what it should be. */
  readonly verify?: (file: string) => Promise<void>;
}

export type FetchOutcome = "unchanged" | "replaced";

/** What is fetched in one request: small enough to hold, large enough that requests do not count. */
const defaultPieceBytes = 8 * 1024 * 1024;
const maxFileBytes = 1024 * 1024 * 1024;
const mostRestarts = 2;

/**
 * Fetches a file piece by piece into a part file, which a later call takes up where an earlier one was stopped, and
 * puts it in place of the old one when it is whole and verified. Unchanged by its validators: nothing is fetched.
 * @throws {Failure} `unavailable`, `storage`, `cancelled`; the old file is then as it was.
 */
export async function refresh(file: CachedFile, options: FetchOptions): Promise<FetchOutcome> {
  await fs.mkdir(path.dirname(file.path), { recursive: true, mode: 0o700 });
  for (let restart = 0; ; restart++) {
    // A server whose pieces cannot be told to belong together is asked for the whole.
    const outcome = await fetchOnce(file, options, restart === 0);
    if (outcome !== "changed") return outcome;
    if (restart === mostRestarts)
      throw new Failure("unavailable", `${shown(file.url)} changes while it is fetched`, "Try again later.");
  }
}

interface Part {
  readonly path: string;
  sizeBytes: number;
  /** Without one, pieces of two versions could not be told apart. */
  validator?: string;
}

async function fetchOnce(
  file: CachedFile,
  options: FetchOptions,
  inPieces: boolean,
): Promise<FetchOutcome | "changed"> {
  const part = await openPart(file);
  const handle = await fs.open(part.path, "a");
  let last: Answer;
  try {
    for (;;) {
      last = await askPiece(file, part, { options, inPieces });
      if (last.status === 304) return await confirm(file, options);
      const whole = wholeBytes(last, part);
      if (whole === "changed") {
        await discard(part);
        return "changed";
      }
      if (last.status === 200) await handle.truncate(0);
      await handle.appendFile(last.body);
      part.sizeBytes = last.status === 200 ? last.body.length : part.sizeBytes + last.body.length;
      options.onBytes?.(part.sizeBytes, whole);
      if (part.sizeBytes === whole) break;
      await notePart(part, last);
    }
    await handle.sync();
  } finally {
    await handle.close();
  }
  await keep(file, part, { last, options });
  return "replaced";
}

/** The part file as an earlier call left it, where its version is known; else an empty one. */
async function openPart(file: CachedFile): Promise<Part> {
  const part: Part = { path: `${file.path}.part`, sizeBytes: 0 };
  const validator = readFacts(`${part.path}.json`)?.etag;
  const sizeBytes = await fs.stat(part.path).then(
    (stat) => stat.size,
    () => 0,
  );
  if (validator !== undefined && sizeBytes > 0) return { ...part, sizeBytes, validator };
  await discard(part);
  return part;
}

async function discard(part: Part): Promise<void> {
  await fs.rm(part.path, { force: true });
  await fs.rm(`${part.path}.json`, { force: true });
}

async function notePart(part: Part, answer: Answer): Promise<void> {
  const etag = strongTag(answer);
  if (etag === undefined) return;
  part.validator = etag;
  await replaceFile(`${part.path}.json`, JSON.stringify({ fetchedAt: new Date(0).toISOString(), etag }));
}

/** Only a strong validator says that two pieces are of the same bytes (RFC 9110, 13.1.5). */
function strongTag(answer: Answer): string | undefined {
  const etag = answer.headers.get("etag");
  return etag === null || etag.startsWith("W/") ? undefined : etag;
}

async function askPiece(
  file: CachedFile,
  part: Part,
  { options, inPieces }: { options: FetchOptions; inPieces: boolean },
): Promise<Answer> {
  const { pieceBytes = defaultPieceBytes } = options;
  const kept = part.sizeBytes === 0 ? readFetched(file) : undefined;
  const answer = await ask(file.url, {
    headers: {
      ...(inPieces ? { range: `bytes=${part.sizeBytes}-${part.sizeBytes + pieceBytes - 1}` } : {}),
      // Transfer coding would make byte positions meaningless.
      "accept-encoding": "identity",
      ...(part.validator === undefined ? {} : { "if-range": part.validator }),
      ...(kept?.etag === undefined ? {} : { "if-none-match": kept.etag }),
      ...(kept?.etag !== undefined || kept?.lastModified === undefined
        ? {}
        : { "if-modified-since": kept.lastModified }),
    },
    maxBytes: options.maxBytes ?? maxFileBytes,
    ...(options.signal === undefined ? {} : { signal: options.signal }),
    ...(options.timeoutMs === undefined ? {} : { timeoutMs: options.timeoutMs }),
    ...(options.retries === undefined ? {} : { retries: options.retries }),
  });
  if (![200, 206, 304, 416].includes(answer.status))
    throw new Failure(
      "unavailable",
      `${shown(file.url)} answers with status ${answer.status}`,
      "Try again later, or point the configuration to a mirror.",
    );
  return answer;
}

/** The whole file's size by this answer; `changed` when the piece is not the one that was to follow. */
function wholeBytes(answer: Answer, part: Part): number | "changed" {
  if (answer.status === 200) return answer.body.length;
  const [, first, , total] =
    /^bytes (\d+)-(\d+)\/(\d+)$/.exec(answer.headers.get("content-range") ?? "") ?? [];
  const etag = strongTag(answer);
  const continues = part.sizeBytes === 0 || (etag !== undefined && etag === part.validator);
  const size = Number(total);
  if (size > maxFileBytes)
    throw new Failure("unavailable", `${shown(answer.url)} has ${size} bytes, which is too much`);
  if (answer.status !== 206 || !continues || Number(first) !== part.sizeBytes || answer.body.length === 0)
    return "changed";
  const isComplete = part.sizeBytes + answer.body.length === size;
  return Number.isSafeInteger(size) && (isComplete || etag !== undefined) ? size : "changed";
}

async function confirm(file: CachedFile, options: FetchOptions): Promise<"unchanged"> {
  const facts = readFetched(file);
  await replaceFile(
    `${file.path}.json`,
    JSON.stringify({ ...facts, fetchedAt: options.clock().toISOString() }),
  );
  return "unchanged";
}

async function keep(
  file: CachedFile,
  part: Part,
  { last, options }: { last: Answer; options: FetchOptions },
): Promise<void> {
  try {
    await options.verify?.(part.path);
  } catch (error) {
    await discard(part);
    throw error;
  }
  const [etag, lastModified] = [last.headers.get("etag"), last.headers.get("last-modified")];
  // Facts first: an old validator beside a new file would only cost a transfer, a new one beside an old file a lie.
  await fs.rm(`${file.path}.json`, { force: true });
  await fs.rename(part.path, file.path);
  await replaceFile(
    `${file.path}.json`,
    JSON.stringify({
      fetchedAt: options.clock().toISOString(),
      ...(etag === null ? {} : { etag }),
      ...(lastModified === null ? {} : { lastModified }),
    }),
  );
  await fs.rm(`${part.path}.json`, { force: true });
}
