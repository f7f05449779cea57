import { Failure, type ProcessSettings } from "../model/index.ts";
import { freePort, lastLines, launch, probe, sleep, type Launched } from "../system/index.ts";
import { commandEnvironment, placeOn, type Bench } from "./bench.ts";

/** A process of the application that is ready to be asked. */
export interface Serving {
  readonly pid: number;
  /** From its start until it was ready. */
  readonly startedMs: number;
  url(path: string): string;
  end(): Promise<void>;
}

/** Longest that a started process lives: far beyond any measurement, so that nothing is left running for ever. */
const longestLifeMs = 3_600_000;
/** Lines of its output that are kept to say why it did not start. */
const mostLines = 40;

/** Starts a declared process and waits until it is ready; a reason in words where it does not become so. */
export async function serve(
  settings: ProcessSettings,
  bench: Bench,
): Promise<Serving | { readonly failed: string }> {
  const cwd = placeOn(bench, settings.cwd);
  if (cwd === undefined) return { failed: `${settings.cwd} lies outside the project` };
  const port = await freePort();
  const { ready } = settings;
  const lines: string[] = [];
  let said = false as boolean; // as: set in a callback, which the checker does not see
  const started = performance.now();
  let running: Launched;
  try {
    running = await launch(
      settings.argv.map((word) => word.replaceAll("{port}", String(port))),
      {
        cwd,
        timeoutMs: longestLifeMs,
        env: {
          ...commandEnvironment(cwd, bench),
          ...settings.variables,
          [settings.portVariable]: String(port),
        },
        maxOutputBytes: 64_000,
        onLine: (line) => {
          lines.push(line);
          if (lines.length > mostLines) lines.shift();
          if ("line" in ready && line.includes(ready.line)) said = true;
        },
        ...(bench.signal === undefined ? {} : { signal: bench.signal }),
      },
    );
  } catch (error) {
    if (error instanceof Failure && error.code === "tool") return { failed: error.message };
    throw error;
  }
  const url = (place: string): string => new URL(place, `http://127.0.0.1:${port}`).href;
  let ended = false as boolean; // as: above
  const end = running.ended.then(
    (done) => {
      ended = true;
      return done;
    },
    () => {
      ended = true;
    },
  );
  try {
    for (;;) {
      const elapsedMs = performance.now() - started;
      if ("line" in ready ? said : await answers(url(ready.path), bench.signal))
        return { pid: running.pid, startedMs: performance.now() - started, url, end: () => running.end() };
      if (ended) {
        const code = (await end)?.code ?? "none";
        return { failed: tailed(`it ended with exit code ${code} before it was ready`, lines) };
      }
      if (elapsedMs > settings.timeoutMs) {
        await running.end();
        return { failed: tailed(`it was not ready within ${settings.timeoutMs / 1000} s`, lines) };
      }
      // Finer than a hundredth of what has passed, so that the time until it is ready is known that well.
      await sleep(Math.min(100, Math.max(1, elapsedMs / 100)), bench.signal);
    }
  } catch (error) {
    await running.end();
    throw error;
  }
}

/** Whether there is an answer that is no server error; who is not ready within a second is asked again. */
async function answers(url: string, signal: AbortSignal | undefined): Promise<boolean> {
  const { status } = await probe(url, { timeoutMs: 1000, ...(signal === undefined ? {} : { signal }) });
  return status !== undefined && status < 500;
}

const tailed = (what: string, lines: readonly string[]): string => {
  const tail = lastLines(lines.join("\n"), 5);
  return tail === "" ? what : `${what}: ${tail}`;
};
