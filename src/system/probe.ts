import * as http from "node:http";
import * as https from "node:https";
import { reasonOf } from "../model/index.ts";

/** What one request met. */
export interface Probed {
  /** Absent where there was no whole answer. */
  readonly status?: number;
  /** The beginning of the answer. */
  readonly body: string;
  /** Until the last byte of the answer, or until it failed. */
  readonly durationMs: number;
  /** Why there was no whole answer. */
  readonly error?: string;
}

/** Most characters of an answer that are kept. */
const mostKept = 64_000;

/**
 * One GET on a connection of its own, timed: no redirect is followed, nothing is tried again, every failure is an
 * answer. For asking whether something is well, and how quickly it says so; `ask` is for fetching.
 */
export async function probe(
  url: string,
  options: { readonly timeoutMs: number; readonly signal?: AbortSignal },
): Promise<Probed> {
  const started = performance.now();
  const timeout = AbortSignal.timeout(Math.max(1, Math.ceil(options.timeoutMs)));
  const signal = options.signal === undefined ? timeout : AbortSignal.any([timeout, options.signal]);
  try {
    const { status, body } = await new Promise<{ status: number; body: string }>((resolve, reject) => {
      const client = url.startsWith("https:") ? https : http;
      const request = client.get(url, { agent: false, signal, headers: { "user-agent": "redress" } });
      request.on("error", reject);
      request.on("response", (response) => {
        let kept = "";
        response.setEncoding("utf8");
        response.on("data", (text: string) => {
          if (kept.length < mostKept) kept += text.slice(0, mostKept - kept.length);
        });
        response.on("error", reject);
        response.on("end", () => {
          resolve({ status: response.statusCode ?? 0, body: kept });
        });
      });
    });
    return { status, body, durationMs: performance.now() - started };
  } catch (error) {
    const why = timeout.aborted ? `no answer within ${options.timeoutMs} ms` : reasonOf(error);
    return { body: "", durationMs: performance.now() - started, error: why };
  }
}
