import * as fs from "node:fs/promises";
import { Failure, type TestGate } from "../model/index.ts";
import { execute, lastLines, readText, type Execution } from "../system/index.ts";
import { commandEnvironment, placeOn, type Bench } from "./bench.ts";
import { readTestReport } from "./test-report.ts";
import { readTestResults, type TestResults } from "./test-results.ts";

/** One run of one of the owner's commands. */
export interface TestRun extends TestResults {
  readonly code: number | null;
  readonly timedOut: boolean;
  /** The last lines of its output, masked. */
  readonly tail: string;
  readonly durationMs: number;
  /** Why it could not be started. */
  readonly error?: string;
}

/** Characters of a program's last words that stand in a sentence. */
const longestEnd = 600;

/** What a program said last, on one line, after a colon; nothing where it said nothing. */
export function lastWords({ tail }: Pick<TestRun, "tail">): string {
  // Lines that only point at a place in the one above them say nothing here.
  const text = tail
    .replace(/^[\s^~]+$/gm, "")
    .replace(/\s+/g, " ")
    .trim();
  if (text === "") return "";
  return text.length > longestEnd ? `: … ${text.slice(-longestEnd).replace(/^\S*\s/, "")}` : `: ${text}`;
}

const notRun = { ran: null, failed: [], code: null, timedOut: false, tail: "", durationMs: 0 };

/** Runs a command of the owner's in the projects' own environments. @throws {Failure} `cancelled` */
export async function runTests(gate: TestGate, bench: Bench): Promise<TestRun> {
  const cwd = placeOn(bench, gate.cwd);
  if (cwd === undefined) return { ...notRun, error: `${gate.cwd} lies outside the project` };
  const report = gate.results === undefined ? undefined : placeOn(bench, `${gate.cwd}/${gate.results}`);
  // What an earlier run left must not be taken for this one's.
  if (report !== undefined) await fs.rm(report, { force: true }).catch(() => undefined);
  let done: Execution;
  try {
    done = await execute(gate.argv, {
      cwd,
      timeoutMs: gate.timeoutMs,
      env: commandEnvironment(cwd, bench),
      ...(bench.signal === undefined ? {} : { signal: bench.signal }),
    });
  } catch (error) {
    if (error instanceof Failure && error.code === "tool") return { ...notRun, error: error.message };
    throw error;
  }
  const output = `${done.stdout}\n${done.stderr}`;
  const written = report === undefined ? undefined : await readText(report).catch(() => undefined);
  const results =
    (written === undefined ? undefined : readTestReport(written)) ??
    readTestReport(done.stdout) ??
    readTestResults(output);
  return {
    ...results,
    code: done.code,
    timedOut: done.timedOut,
    tail: lastLines(output),
    durationMs: Math.round(done.durationMs),
  };
}
