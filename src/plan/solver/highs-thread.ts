import { Worker } from "node:worker_threads";
import { Failure } from "../../model/index.ts";
import type { Row, Term } from "./programme.ts";
import type { Answer, Task } from "./worker.ts";

/** The compiled package holds `worker.js`, the sources `worker.ts`: whichever lies beside this very file. */
const workerFile = new URL(`./worker${import.meta.url.endsWith(".ts") ? ".ts" : ".js"}`, import.meta.url);

/** How long HiGHS may overrun its own time limit before its thread is ended. */
const graceMs = 3_000;

/** Idle threads; loading HiGHS costs more than most programmes do. They do not keep the process alive. */
const idle: Worker[] = [];

export interface Question {
  readonly columns: number;
  readonly rows: readonly Row[];
  readonly objective: readonly Term[];
  readonly timeLimitMs: number;
  readonly presolve: boolean;
  readonly signal?: AbortSignal;
}

/**
 * Has HiGHS minimise one objective in a thread of its own; ends that thread when time is up.
 * @throws {Failure} `cancelled`
 */
export async function askHighs(question: Question): Promise<Answer> {
  const { signal } = question;
  if (signal?.aborted === true) throw cancelled();
  const worker = idle.pop() ?? new Worker(workerFile);
  worker.ref();
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const onAbort = (): void => {
    reject(cancelled());
  };
  const onDeath = (): void => {
    resolve({ status: "failed" });
  };
  // A thread that did not answer, or failed, is in no state to be asked again.
  const outcome = { isReusable: false };
  const onMessage = (said: Answer): void => {
    outcome.isReusable = said.status !== "failed";
    resolve(said);
  };
  const timer = setTimeout(() => {
    resolve({ status: "stopped" });
  }, question.timeLimitMs + graceMs);
  signal?.addEventListener("abort", onAbort, { once: true });
  worker.once("message", onMessage).once("error", onDeath).once("exit", onDeath);
  try {
    worker.postMessage(taskOf(question));
    return await promise;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", onAbort);
    worker.off("message", onMessage).off("error", onDeath).off("exit", onDeath);
    if (outcome.isReusable) {
      worker.unref();
      idle.push(worker);
    } else await worker.terminate();
  }
}

/** The signal said stop. */
export const cancelled = (): Failure =>
  new Failure("cancelled", "planning was stopped before it was finished");

function taskOf({ columns, rows, objective, timeLimitMs, presolve }: Question): Task {
  const cost = new Float64Array(columns);
  for (const [column, factor] of objective) cost[column] = (cost[column] ?? 0) + factor;
  const starts = new Int32Array(rows.length + 1);
  rows.forEach((row, index) => {
    starts[index + 1] = (starts[index] ?? 0) + row.terms.length;
  });
  const entries = rows.flatMap((row) => [...row.terms]);
  return {
    columns,
    cost,
    rowMin: Float64Array.from(rows, (row) => row.min ?? -Infinity),
    rowMax: Float64Array.from(rows, (row) => row.max ?? Infinity),
    starts,
    indices: Int32Array.from(entries, ([column]) => column),
    factors: Float64Array.from(entries, ([, factor]) => factor),
    timeLimitSeconds: Math.max(0.05, timeLimitMs / 1000),
    presolve,
  };
}
