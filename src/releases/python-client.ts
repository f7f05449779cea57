import { Failure, reasonOf } from "../model/index.ts";
import { ask, limiter, shown, type Answer, type AskOptions } from "../system/index.ts";
import { authorizationFor, type PythonIndexes } from "./python-indexes.ts";
import { tailBytes, type ReadBytes } from "./remote-zip.ts";

/** An answer of a package index or file host, or why there was none that is of use. */
export type Got =
  | { readonly state: "answered"; readonly answer: Answer }
  /** `status` 0: no whole answer came. */
  | { readonly state: "refused"; readonly status: number; readonly reason: string };

/** A remote archive opened for reading parts of it. */
export interface RemoteArchive {
  readonly sizeBytes: number;
  readonly tail: Buffer;
  readonly read: ReadBytes;
}

/** The largest file that is fetched whole where a server serves no parts, in bytes. */
const maxWholeBytes = 8 * 1024 * 1024;
/** Exchanges at once; more gain little (measured: 16 connections 1.5 s, 32 1.0 s for 500 wheels). */
const maxExchanges = 20;
/** So many files in a row without any answer, and the network is taken to be gone. */
const maxSilence = 8;

/** The HTTP side of the Python indexes: credentials, a bound on exchanges, and parts of files. Holds no cache. */
export class PythonClient {
  readonly indexes: PythonIndexes;
  private readonly bounded = limiter(maxExchanges);
  private readonly partless = new Set<string>();
  private silence = 0;

  constructor(indexes: PythonIndexes) {
    this.indexes = indexes;
  }

  /**
   * One exchange. Statuses other than 2xx, 3xx and 416 come back as refusals in words.
   * @throws {Failure} `unavailable` when nothing has answered for many exchanges; `cancelled`.
   */
  async get(url: string, options: AskOptions): Promise<Got> {
    const headers = { ...authorizationFor(url, this.indexes), ...options.headers };
    try {
      const answer = await this.bounded(async () => ask(url, { ...options, headers }));
      this.silence = 0;
      if (answer.status < 400 || answer.status === 416) return { state: "answered", answer };
      return { state: "refused", status: answer.status, reason: refusalOf(answer.status, url) };
    } catch (error) {
      if (!(error instanceof Failure) || error.code !== "unavailable") throw error;
      this.silence += 1;
      if (this.silence >= maxSilence) throw error;
      return { state: "refused", status: 0, reason: reasonOf(error) };
    }
  }

  /** Opens an archive by its last bytes, or whole where the server serves no parts and it is small enough. */
  async openArchive(
    file: { readonly url: string; readonly sizeBytes?: number },
    signal: AbortSignal | undefined,
  ): Promise<RemoteArchive | { readonly reason: string; readonly status: number }> {
    const { url, sizeBytes } = file;
    // A plain range where the size is known: some servers know no suffix ranges.
    const range =
      sizeBytes === undefined
        ? `bytes=-${tailBytes}`
        : `bytes=${Math.max(0, sizeBytes - tailBytes)}-${sizeBytes - 1}`;
    const got = await this.getPart(url, range, { sizeBytes, signal });
    if ("reason" in got) return got;
    if (got.part === undefined) {
      const whole = got.body;
      return {
        sizeBytes: whole.length,
        tail: whole,
        read: async () => Promise.resolve(whole.subarray(0, 0)),
      };
    }
    if (got.part.end !== got.part.total) return { status: 206, reason: `${shown(url)} serves wrong parts` };
    const { total } = got.part;
    const read: ReadBytes = async (start, end) => {
      const next = await this.getPart(url, `bytes=${start}-${end - 1}`, { sizeBytes: total, signal });
      if ("reason" in next) throw new Error(next.reason);
      if (next.part?.start !== start) throw new Error(`${shown(url)} stopped serving parts`);
      return next.body;
    };
    return { sizeBytes: total, tail: got.body, read };
  }

  /** The first bytes of a file, or all of it where the server serves no parts and it is small enough. */
  async readHead(
    file: { readonly url: string; readonly sizeBytes?: number },
    count: number,
    signal: AbortSignal | undefined,
  ): Promise<
    { readonly body: Buffer; readonly whole: boolean } | { readonly reason: string; readonly status: number }
  > {
    const { url, sizeBytes } = file;
    const got = await this.getPart(url, `bytes=0-${count - 1}`, { sizeBytes, signal });
    if ("reason" in got) return got;
    if (got.part !== undefined && got.part.start !== 0)
      return { status: 206, reason: `${shown(url)} serves wrong parts` };
    return { body: got.body, whole: got.part === undefined || got.body.length >= got.part.total };
  }

  private async getPart(
    url: string,
    range: string,
    options: { readonly sizeBytes: number | undefined; readonly signal: AbortSignal | undefined },
  ): Promise<
    | { readonly body: Buffer; readonly part?: { start: number; end: number; total: number } }
    | { readonly reason: string; readonly status: number }
  > {
    const { origin } = new URL(url);
    const { sizeBytes, signal } = options;
    if (this.partless.has(origin) && (sizeBytes ?? 0) > maxWholeBytes) return tooLarge(url, sizeBytes);
    const got = await this.get(url, {
      headers: { range, "accept-encoding": "identity" },
      maxBytes: maxWholeBytes,
      wants: (status, headers) => status !== 200 || lengthOf(headers, sizeBytes) <= maxWholeBytes,
      ...(signal === undefined ? {} : { signal }),
    });
    if (got.state === "refused") return { status: got.status, reason: got.reason };
    const { status, headers, body } = got.answer;
    if (status === 200) {
      this.partless.add(origin);
      const length = lengthOf(headers, sizeBytes);
      return length <= maxWholeBytes ? { body } : tooLarge(url, Number.isFinite(length) ? length : undefined);
    }
    const match = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(headers.get("content-range") ?? "");
    const [start = -1, last = -1, total = -1] = (match ?? []).slice(1).map(Number);
    if (status !== 206 || last + 1 - start !== body.length)
      return { status, reason: `${shown(url)} answers ${status} to a request for a part` };
    return { body, part: { start, end: last + 1, total } };
  }
}

function lengthOf(headers: Headers, known: number | undefined): number {
  const length = headers.get("content-length");
  return length === null ? (known ?? Number.POSITIVE_INFINITY) : Number(length);
}

function tooLarge(url: string, sizeBytes: number | undefined): { reason: string; status: number } {
  const size = sizeBytes === undefined ? "of unknown size" : `${Math.ceil(sizeBytes / 1e6)} MB`;
  return { status: 200, reason: `the server serves no parts of files, and ${shown(url)} is ${size}` };
}

function refusalOf(status: number, url: string): string {
  if (status === 401 || status === 403)
    return `${shown(url)} is refused (${status}): check the credentials in pip's or uv's configuration`;
  return `${shown(url)} answers ${status}`;
}
