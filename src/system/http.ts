import { Failure, reasonOf } from "../model/index.ts";
import { useSharedLookups } from "./share-lookups.ts";

/** An answer whose body has been read whole. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Buffer;
  /** After redirects. */
  readonly url: string;
}

export interface AskOptions {
  readonly method?: "GET" | "POST";
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signal?: AbortSignal;
  /** For one attempt. */
  readonly timeoutMs?: number;
  readonly maxBytes?: number;
  /** How often a network error, 429 or 5xx is tried again. */
  readonly retries?: number;
  /** Whether an answer's body is worth reading; where not, the transfer is ended and the body is empty. */
  readonly wants?: (status: number, headers: Headers) => boolean;
}

const defaults = { timeoutMs: 60_000, maxBytes: 256 * 1024 * 1024, retries: 3 };
const maxRedirects = 5;

/**
 * One HTTP exchange with bounded time, size, redirects and retries (exponential back-off with jitter; `Retry-After`
 * is obeyed up to 30 s). Every status is an answer, but a 429 or 5xx only after the retries. Credentials in headers
 * are not sent on to another origin.
 * @throws {Failure} `unavailable` when there is no whole answer; `cancelled` when the signal fired.
 */
export async function ask(url: string, options: AskOptions = {}): Promise<Answer> {
  useSharedLookups();
  const retries = options.retries ?? defaults.retries;
  for (let attempt = 0; ; attempt++) {
    let delayMs = Math.min(8000, 250 * 2 ** attempt) * (0.5 + Math.random());
    try {
      const answer = await askOnce(url, options);
      if (!isTransient(answer.status) || attempt >= retries) return answer;
      const after = Number(answer.headers.get("retry-after"));
      if (Number.isFinite(after) && after > 0) delayMs = Math.min(30, after) * 1000;
    } catch (error) {
      if (options.signal?.aborted === true)
        throw new Failure("cancelled", "stopped while waiting for an answer");
      if (attempt >= retries || (error instanceof Failure && error.code !== "unavailable")) throw error;
    }
    await sleep(delayMs, options.signal);
  }
}

const isTransient = (status: number): boolean => status === 429 || status >= 500;

async function askOnce(url: string, options: AskOptions): Promise<Answer> {
  const timeout = AbortSignal.timeout(options.timeoutMs ?? defaults.timeoutMs);
  const signal = options.signal === undefined ? timeout : AbortSignal.any([timeout, options.signal]);
  const maxBytes = options.maxBytes ?? defaults.maxBytes;
  let current = url;
  let headers: Record<string, string> = { "user-agent": "redress", ...options.headers };
  try {
    for (let hop = 0; ; hop++) {
      const response = await fetch(current, {
        method: options.method ?? "GET",
        headers,
        ...(options.body === undefined ? {} : { body: options.body }),
        redirect: "manual",
        signal,
      });
      const location = response.headers.get("location");
      if (response.status >= 300 && response.status < 400 && response.status !== 304 && location !== null) {
        await response.body?.cancel();
        if (hop >= maxRedirects)
          throw new Failure("unavailable", `${shown(url)} redirects more than ${maxRedirects} times`);
        const next = new URL(location, current);
        if (next.protocol !== "https:" && next.protocol !== "http:")
          throw new Failure(
            "unavailable",
            `${shown(url)} redirects to ${next.protocol}, which is not followed`,
          );
        if (next.origin !== new URL(current).origin)
          headers = Object.fromEntries(
            Object.entries(headers).filter(([name]) => !/^(authorization|cookie)$/i.test(name)),
          );
        current = next.href;
        continue;
      }
      const wanted = options.wants?.(response.status, response.headers) ?? true;
      if (!wanted) await response.body?.cancel();
      return {
        status: response.status,
        headers: response.headers,
        body: wanted ? await readBody(response, maxBytes, url) : Buffer.alloc(0),
        url: current,
      };
    }
  } catch (error) {
    if (error instanceof Failure) throw error;
    const cause = error instanceof Error && error.cause instanceof Error ? `: ${error.cause.message}` : "";
    throw new Failure(
      "unavailable",
      `no answer from ${shown(url)}: ${reasonOf(error)}${cause}`,
      "Check the network, or work with --offline.",
      {
        cause: error,
      },
    );
  }
}

async function readBody(response: Response, maxBytes: number, url: string): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  if (response.body === null) return Buffer.alloc(0);
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
    size += chunk.length;
    if (size > maxBytes) throw new Failure("unavailable", `${shown(url)} sends more than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, size);
}

/** A URL fit for messages: without user, password and query. */
export function shown(url: string): string {
  try {
    const parsed = new URL(url);
    return `${parsed.origin}${parsed.pathname}`;
  } catch {
    return "an invalid address";
  }
}

/** Waits, unless the signal fires first. @throws {Failure} `cancelled` */
export async function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    if (signal?.aborted === true) {
      reject(new Failure("cancelled", "stopped while waiting"));
      return;
    }
    const onAbort = (): void => {
      clearTimeout(timer);
      reject(new Failure("cancelled", "stopped while waiting"));
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    }, ms);
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}
