import path from "node:path";
import { Failure, type GateResult, type Project, type TestGate } from "../model/index.ts";
import { execute, type Execution } from "../system/index.ts";
import { environmentPath, programsOf, projectFolder } from "./environment.ts";
import { lastLines } from "./mask.ts";
import { readTestResults, type TestResults } from "./test-results.ts";

/** One run of a test command. */
export interface TestRun extends TestResults {
  readonly code: number | null;
  readonly timedOut: boolean;
  readonly tail: string;
  readonly durationMs: number;
  /** Why the command could not be started. */
  readonly error?: string;
}

interface Testing {
  readonly root: string;
  readonly projects: readonly Project[];
  readonly signal?: AbortSignal;
}

/** Runs a command of the owner's in the projects' own environments. */
export async function runTests(gate: TestGate, testing: Testing): Promise<TestRun> {
  const failedToStart = (error: string): TestRun => ({
    ran: null,
    failed: [],
    code: null,
    timedOut: false,
    tail: "",
    durationMs: 0,
    error,
  });
  const cwd = path.join(testing.root, gate.cwd);
  let done: Execution;
  try {
    done = await execute(gate.argv, {
      cwd,
      timeoutMs: gate.timeoutMs,
      env: commandEnvironment(cwd, testing),
      ...(testing.signal === undefined ? {} : { signal: testing.signal }),
    });
  } catch (error) {
    if (error instanceof Failure && error.code === "tool") return failedToStart(error.message);
    throw error;
  }
  const output = `${done.stdout}\n${done.stderr}`;
  return {
    ...readTestResults(output),
    code: done.code,
    timedOut: done.timedOut,
    tail: lastLines(output),
    durationMs: done.durationMs,
  };
}

/** The environments of the projects come first on the PATH, the nearest to the command's folder foremost. */
function commandEnvironment(cwd: string, { root, projects }: Testing): Record<string, string> {
  const distance = (project: Project): number => {
    const folder = projectFolder(root, project);
    return path
      .relative(folder, cwd)
      .split(path.sep)
      .filter((part) => part !== "").length;
  };
  const near = [...projects].sort((a, b) => distance(a) - distance(b));
  const python = near.find((project) => project.ecosystem === "PyPI" && project.environment !== undefined);
  const folders = near.flatMap((project) => {
    if (project.ecosystem === "npm") return [path.join(projectFolder(root, project), "node_modules", ".bin")];
    const environment = environmentPath(root, project);
    return environment === undefined ? [] : [programsOf(environment)];
  });
  const virtual = python === undefined ? undefined : environmentPath(root, python);
  return {
    PATH: [...folders, process.env["PATH"] ?? ""].join(path.delimiter),
    PYTHONDONTWRITEBYTECODE: "1",
    CI: "true",
    ...(virtual === undefined ? {} : { VIRTUAL_ENV: virtual }),
  };
}

/** Gate `tests`: against its run on the old versions; a rerun tells flakes from failures. */
export async function testsGate(gate: TestGate, baseline: TestRun, testing: Testing): Promise<GateResult> {
  const first = await runTests(gate, testing);
  const verdict = judgeTests(gate, baseline, first);
  if (verdict.verdict !== "fail") return verdict;
  return judgeRerun(verdict, baseline, await runTests(gate, testing));
}

/** What one run of the tests says against the baseline. */
export function judgeTests(gate: TestGate, baseline: TestRun, run: TestRun): GateResult {
  const result = (verdict: GateResult["verdict"], detail: string): GateResult => ({
    name: `tests: ${gate.name}`,
    mode: gate.mode,
    verdict,
    detail,
  });
  if (run.error !== undefined) return result("error", run.error);
  if (run.ran === 0) return result("missing", "the command ran no test");
  const ran = run.ran === null ? `exit code ${run.code ?? "none"}` : `${run.ran} ran`;
  if (run.timedOut)
    return baseline.timedOut
      ? result("warn", `takes longer than ${gate.timeoutMs / 1000} s, as before`)
      : result("fail", `took longer than ${gate.timeoutMs / 1000} s\n${run.tail}`);
  const newly = newlyFailing(baseline, run);
  if (newly.length > 0)
    return result("fail", `${ran}, newly failing: ${shortList(newly)}\n${run.tail}`);
  if (baseline.ran !== null && run.ran !== null && run.ran < baseline.ran)
    return result("warn", `${ran}, ${baseline.ran - run.ran} fewer than before; none newly failing`);
  if (run.code === 0) return result("pass", `${ran}, none failed${baseline.code === 0 ? "" : " (some failed before)"}`);
  if (run.failed.length === 0) return result("warn", `${ran}, as before; it names no test`);
  return result("pass", `${ran}; ${run.failed.length} failed before and still fail`);
}

/** A failure that does not show again is a flake: a warning. */
export function judgeRerun(failed: GateResult, baseline: TestRun, rerun: TestRun): GateResult {
  if (rerun.error !== undefined || rerun.timedOut || rerun.ran === 0) return failed;
  if (newlyFailing(baseline, rerun).length > 0) return failed;
  const [what = ""] = failed.detail.split("\n");
  return { ...failed, verdict: "warn", detail: `${what}; not so when run again` };
}

const shortList = (names: readonly string[]): string =>
  names.slice(0, 8).join(", ") + (names.length > 8 ? ` and ${names.length - 8} more` : "");

/** What fails now and did not on the old versions; the command itself where the runner names no test. */
function newlyFailing(baseline: TestRun, now: TestRun): string[] {
  if (now.code === 0) return [];
  if (now.failed.length === 0) {
    const isAsBefore =
      baseline.code === now.code && baseline.failed.length === 0 && (baseline.ran === null) === (now.ran === null);
    return isAsBefore ? [] : ["the command as a whole"];
  }
  const before = new Set(baseline.failed);
  return now.failed.filter((name) => !before.has(name));
}

/** Gate `command`: exit code 0. */
export async function commandGate(gate: TestGate, testing: Testing): Promise<GateResult> {
  const done = await runTests(gate, testing);
  const base = { name: `command: ${gate.name}`, mode: gate.mode };
  if (done.error !== undefined) return { ...base, verdict: "error", detail: done.error };
  return done.code === 0
    ? { ...base, verdict: "pass", detail: "exit code 0" }
    : {
        ...base,
        verdict: "fail",
        detail: done.timedOut ? "took too long" : `exit code ${done.code ?? "none"}\n${done.tail}`,
      };
}
