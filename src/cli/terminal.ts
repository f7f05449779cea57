import pc from "picocolors";
import type { Progress } from "../system/index.ts";

type Colors = ReturnType<typeof pc.createColors>;

/** Where a command writes: results to standard output, everything else to standard error. */
export interface Terminal {
  readonly colors: Colors;
  /** A person is there to answer. */
  readonly interactive: boolean;
  readonly width: number;
  readonly progress: Progress;
  /** Writes lines of result. */
  print(text: string): void;
  /** Writes lines beside the result; nothing when quiet. */
  note(text: string): void;
}

/** The real terminal. Colours only when standard output is one and `NO_COLOR` is not set. */
export function openTerminal(options: { color: boolean; quiet: boolean; json: boolean }): Terminal {
  const { stdout, stderr } = process;
  const noColor = process.env["NO_COLOR"] !== undefined && process.env["NO_COLOR"] !== "";
  const quiet = options.quiet || options.json;
  return {
    colors: pc.createColors(options.color && stdout.isTTY && !noColor),
    // Read when it matters: opening standard input costs milliseconds.
    get interactive() {
      return process.stdin.isTTY && stdout.isTTY && !options.json;
    },
    width: stdout.isTTY ? Math.min(stdout.columns, 160) : 110,
    progress: quiet ? quietProgress : stderr.isTTY ? liveProgress() : plainProgress(),
    print: (text) => stdout.write(`${text}\n`),
    note: (text) => {
      if (!quiet) stderr.write(`${text}\n`);
    },
  };
}

const quietProgress: Progress = {
  step: () => ({ update: () => undefined, done: () => undefined }),
  line: () => undefined,
};

/** How long a step may take before it is worth a line. */
const quickMs = 1000;

/** Seconds in words, e.g. `3.2 s` or `2 min 5 s`. */
export function elapsed(ms: number): string {
  const seconds = ms / 1000;
  return seconds < 100
    ? `${seconds.toFixed(1)} s`
    : `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
}

/** One line a step, for logs: when it ends, if it took longer than a second. */
function plainProgress(): Progress {
  const write = (text: string): void => void process.stderr.write(`${text}\n`);
  return {
    step(name) {
      const started = performance.now();
      const timer = setTimeout(() => {
        write(`${name} …`);
      }, quickMs);
      timer.unref();
      return {
        update: () => undefined,
        done: (detail) => {
          clearTimeout(timer);
          const ms = performance.now() - started;
          if (ms >= quickMs) write(`${name}: ${detail ?? "done"} (${elapsed(ms)})`);
        },
      };
    },
    line: write,
  };
}

/** A line that is rewritten while something goes on. */
function liveProgress(): Progress {
  const active: { name: string; detail: string; started: number }[] = [];
  let timer: NodeJS.Timeout | undefined;
  const clear = (): void => void process.stderr.write("\r\u001b[2K");
  const draw = (): void => {
    const top = active.at(-1);
    if (top === undefined || performance.now() - top.started < quickMs / 2) return;
    const line = `${pc.cyan("•")} ${top.name} ${pc.dim(`${top.detail} ${elapsed(performance.now() - top.started)}`)}`;
    clear();
    process.stderr.write(line.slice(0, (process.stderr.columns || 80) + 20));
  };
  return {
    step(name) {
      const entry = { name, detail: "", started: performance.now() };
      active.push(entry);
      timer ??= setInterval(draw, 120);
      timer.unref();
      return {
        update: (detail) => {
          entry.detail = detail;
        },
        done: (detail) => {
          const place = active.indexOf(entry);
          if (place < 0) return;
          active.splice(place, 1);
          clear();
          const ms = performance.now() - entry.started;
          if (ms >= quickMs)
            process.stderr.write(`${pc.green("✓")} ${name} ${pc.dim(`${detail ?? ""} ${elapsed(ms)}`)}\n`);
          if (active.length === 0) {
            clearInterval(timer);
            timer = undefined;
          }
        },
      };
    },
    line: (text) => {
      clear();
      process.stderr.write(`${text}\n`);
    },
  };
}
