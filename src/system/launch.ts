import { createServer, type AddressInfo } from "node:net";
import { execute, type ExecuteOptions, type Execution } from "./execute.ts";

/** A program that runs until it is ended. */
export interface Launched {
  /** Its process id, which is its group's too. */
  readonly pid: number;
  /** How it ended, when it ends by itself or by its time; `undefined` when it was asked to. */
  readonly ended: Promise<Execution | undefined>;
  /** Ends the whole group and waits for that. */
  end(): Promise<void>;
}

/**
 * Starts a program as `execute` does, but gives it back while it runs; `timeoutMs` is the longest that it may live.
 * @throws {Failure} `tool` when it cannot be started; `cancelled` when the signal fired.
 */
export async function launch(
  argv: readonly string[],
  options: Omit<ExecuteOptions, "onStart">,
): Promise<Launched> {
  const stop = new AbortController();
  const started = Promise.withResolvers<number>();
  const running = execute(argv, {
    ...options,
    signal: options.signal === undefined ? stop.signal : AbortSignal.any([stop.signal, options.signal]),
    onStart: started.resolve,
  });
  const ended = running.catch((error: unknown) => {
    if (stop.signal.aborted || options.signal?.aborted === true) return undefined;
    throw error;
  });
  // Whoever waits for the start is told of a failure there; nobody has to wait for the end.
  ended.catch(started.reject);
  const pid = await started.promise;
  return {
    pid,
    ended,
    end: async () => {
      stop.abort();
      await ended.catch(() => undefined);
    },
  };
}

/** A TCP port of the loopback address that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
