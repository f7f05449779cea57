import { Failure, reasonOf } from "../model/index.ts";
import { ask, shown, type AskOptions } from "../system/index.ts";
import type { SourceContext } from "./advisory-source.ts";

const maxAnswerBytes = 64 * 1024 * 1024;

/**
 * Asks for JSON; `undefined` for a 404.
 * @throws {Failure} `unavailable` for any other status than 200, and for a body that is not JSON.
 */
export async function askJson(
  url: string,
  context: Pick<SourceContext, "timeoutMs" | "retries">,
  options: AskOptions = {},
): Promise<unknown> {
  const answer = await ask(url, {
    maxBytes: maxAnswerBytes,
    ...(context.timeoutMs === undefined ? {} : { timeoutMs: context.timeoutMs }),
    ...(context.retries === undefined ? {} : { retries: context.retries }),
    ...options,
    headers: {
      accept: "application/json",
      ...(options.body === undefined ? {} : { "content-type": "application/json" }),
      ...options.headers,
    },
  });
  if (answer.status === 404) return undefined;
  if (answer.status !== 200)
    throw new Failure(
      "unavailable",
      `${shown(url)} answers with status ${answer.status}`,
      answer.status === 401 || answer.status === 403
        ? "Check the credentials that its client is configured with."
        : "Try again later, or give advisories as files with --advisories.",
    );
  try {
    return JSON.parse(answer.body.toString("utf8"));
  } catch (error) {
    throw wrongAnswer(url, reasonOf(error), error);
  }
}

/** An answer that is not what its service promises. */
export function wrongAnswer(url: string, reason: string, cause?: unknown): Failure {
  return new Failure(
    "unavailable",
    `${shown(url)} gives an answer that cannot be used: ${reason}`,
    "Check that the configured address is the right one, or give advisories as files with --advisories.",
    { cause },
  );
}
