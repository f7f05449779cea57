import { spawn } from "node:child_process";
import { Failure } from "../model/index.ts";

/** What a program left behind. */
export interface Execution {
  readonly argv: readonly string[];
  /** Exit code; `null` when a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** The first and last parts of the output where it was longer than the cap. */
  readonly stdout: string;
  readonly stderr: string;
  readonly durationMs: number;
  readonly timedOut: boolean;
}

export interface ExecuteOptions {
  readonly cwd: string;
  /** The whole environment the program gets, beside what `scrubbedEnvironment` passes on. */
  readonly env?: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
  readonly stdin?: string;
  /** Most bytes kept of each stream. */
  readonly maxOutputBytes?: number;
  /** Called with each complete line of output as it comes. */
  readonly onLine?: (line: string, stream: "stdout" | "stderr") => void;
  /** Called once it runs, with its process id, which is its group's too. */
  readonly onStart?: (pid: number) => void;
}

/** Names of variables that programs may inherit: where things are and how to reach the network, no secrets of ours. */
const inherited =
  /^(PATH|HOME|USER|LOGNAME|SHELL|TERM|LANG|LC_[A-Z]+|TZ|TMPDIR|TEMP|TMP|XDG_[A-Z_]+|(HTTPS?|ALL|NO)_PROXY|(https?|all|no)_proxy|SSL_CERT_(FILE|DIR)|REQUESTS_CA_BUNDLE|CURL_CA_BUNDLE|NODE_EXTRA_CA_CERTS|PIP_[A-Z_]+|UV_[A-Z_]+|NPM_CONFIG_[A-Za-z_]+|npm_config_[A-Za-z_]+|PYENV_[A-Z_]+|CI|SYSTEMROOT|APPDATA|LOCALAPPDATA)$/;

/** The variables of an environment that a program may inherit. */
export function scrubbedEnvironment(environment: NodeJS.ProcessEnv = process.env): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(environment))
    if (value !== undefined && inherited.test(name)) kept[name] = value;
  return kept;
}

/** Process groups that are running now, so that an ending Redress takes them with it. */
const running = new Set<number>();

const watchers = new Set<(done: Execution) => void>();

/** Tells of every program that `execute` has run from now on; gives the means to stop that. */
export function watchExecutions(watcher: (done: Execution) => void): () => void {
  watchers.add(watcher);
  return () => void watchers.delete(watcher);
}

/** Ends every program started by `execute`, whole groups, at once. */
export function endAll(): void {
  for (const pid of running) killGroup(pid, "SIGKILL");
}

function killGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // The group is gone: that is what was wanted.
  }
}

/** Keeps the head and the tail of a stream within a bound. */
class Capture {
  private head = "";
  private tail = "";
  private dropped = 0;
  private readonly half: number;

  constructor(maxBytes: number) {
    this.half = Math.floor(maxBytes / 2);
  }

  add(text: string): void {
    const room = this.half - this.head.length;
    if (room > 0) this.head += text.slice(0, room);
    const rest = room > 0 ? text.slice(room) : text;
    this.tail += rest;
    if (this.tail.length > this.half) {
      this.dropped += this.tail.length - this.half;
      this.tail = this.tail.slice(-this.half);
    }
  }

  text(): string {
    return this.dropped === 0
      ? this.head + this.tail
      : `${this.head}\n[… ${this.dropped} characters left out …]\n${this.tail}`;
  }
}

/**
 * Runs a program by its argument vector (never a shell) in its own process group with a scrubbed environment and
 * bounded time and output; the whole group is ended on time-out or cancellation (asked first, killed after 3 s).
 * A non-zero exit is data, not an error.
 * @throws {Failure} `tool` when the program cannot be started; `cancelled` when the signal fired.
 */
export async function execute(argv: readonly string[], options: ExecuteOptions): Promise<Execution> {
  const [program, ...args] = argv;
  if (program === undefined) throw new Failure("internal", "execute() was given no program");
  options.signal?.throwIfAborted();
  const started = performance.now();
  const child = spawn(program, args, {
    cwd: options.cwd,
    env: { ...scrubbedEnvironment(), ...options.env },
    detached: true,
    stdio: ["pipe", "pipe", "pipe"],
    shell: false,
  });
  const { pid } = child;
  if (pid !== undefined) {
    running.add(pid);
    options.onStart?.(pid);
  }
  const captures = {
    stdout: new Capture(options.maxOutputBytes ?? 4_000_000),
    stderr: new Capture(options.maxOutputBytes ?? 4_000_000),
  };
  for (const stream of ["stdout", "stderr"] as const) {
    let partial = "";
    child[stream].setEncoding("utf8").on("data", (text: string) => {
      captures[stream].add(text);
      if (options.onLine === undefined) return;
      const lines = (partial + text).split("\n");
      partial = (lines.pop() ?? "").slice(-100_000);
      for (const line of lines) options.onLine(line, stream);
    });
  }
  child.stdin.on("error", () => undefined);
  child.stdin.end(options.stdin ?? "");

  let timedOut = false;
  let cancelled = false as boolean; // as: set in a callback, which the checker does not see
  let hardKill: NodeJS.Timeout | undefined;
  const end = (): void => {
    if (pid === undefined) return;
    killGroup(pid, "SIGTERM");
    hardKill = setTimeout(() => {
      killGroup(pid, "SIGKILL");
    }, 3000);
  };
  const onAbort = (): void => {
    cancelled = true;
    end();
  };
  const timer = setTimeout(() => {
    timedOut = true;
    end();
  }, options.timeoutMs);
  options.signal?.addEventListener("abort", onAbort, { once: true });
  try {
    const { code, signal } = await new Promise<{ code: number | null; signal: NodeJS.Signals | null }>(
      (resolve, reject) => {
        child.on("error", (error) => {
          reject(
            new Failure(
              "tool",
              `cannot start ${program}: ${error.message}`,
              `Is ${program} installed and on the PATH?`,
              {
                cause: error,
              },
            ),
          );
        });
        child.on("exit", () => {
          // What it left running in its group would hold the output open.
          if (pid !== undefined) killGroup(pid, "SIGKILL");
        });
        child.on("close", (code, signal) => {
          resolve({ code, signal });
        });
      },
    );
    if (cancelled) throw new Failure("cancelled", `stopped while running ${program}`);
    const done = {
      argv,
      code,
      signal,
      stdout: captures.stdout.text(),
      stderr: captures.stderr.text(),
      durationMs: performance.now() - started,
      timedOut,
    };
    for (const watcher of watchers) watcher(done);
    return done;
  } finally {
    clearTimeout(timer);
    options.signal?.removeEventListener("abort", onAbort);
    if (pid !== undefined) running.delete(pid);
    clearTimeout(hardKill);
  }
}
