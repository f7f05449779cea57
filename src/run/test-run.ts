import path from "node:path";
import { Failure, type Project, type TestGate } from "../model/index.ts";
import { execute, isInside, type Execution } from "../system/index.ts";
import { programsOf, projectFolder } from "./environment.ts";
import { keyOf } from "./holdings.ts";
import { lastLines } from "./mask.ts";
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

/** Where commands run. */
export interface Bench {
  /** The tree. */
  readonly root: string;
  readonly projects: readonly Project[];
  /** By `keyOf` a project: its environment's folder, absolute. */
  readonly environments: ReadonlyMap<string, string>;
  /** Added to the environment of the command. */
  readonly trace: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** Runs a command of the owner's in the projects' own environments. @throws {Failure} `cancelled` */
export async function runTests(gate: TestGate, bench: Bench): Promise<TestRun> {
  const cwd = path.resolve(bench.root, gate.cwd);
  const notRun = { ran: null, failed: [], code: null, timedOut: false, tail: "", durationMs: 0 };
  if (!isInside(bench.root, cwd)) return { ...notRun, error: `${gate.cwd} lies outside the project` };
  let done: Execution;
  try {
    done = await execute(gate.argv, {
      cwd,
      timeoutMs: gate.timeoutMs,
      env: { ...commandEnvironment(cwd, bench), ...bench.trace },
      ...(bench.signal === undefined ? {} : { signal: bench.signal }),
    });
  } catch (error) {
    if (error instanceof Failure && error.code === "tool") return { ...notRun, error: error.message };
    throw error;
  }
  const output = `${done.stdout}\n${done.stderr}`;
  return {
    ...readTestResults(output),
    code: done.code,
    timedOut: done.timedOut,
    tail: lastLines(output),
    durationMs: Math.round(done.durationMs),
  };
}

/** The projects' own programs come first on the PATH; those of the project that the command runs in foremost. */
function commandEnvironment(cwd: string, { root, projects, environments }: Bench): Record<string, string> {
  const depth = (project: Project): number => {
    const folder = projectFolder(root, project);
    return isInside(folder, cwd) ? folder.length : 0;
  };
  const near = [...projects].sort((a, b) => depth(b) - depth(a));
  const folders: string[] = [];
  let virtual: string | undefined;
  for (const project of near) {
    const environment = environments.get(keyOf({ project: project.path, ecosystem: project.ecosystem }));
    if (environment === undefined) continue;
    folders.push(project.ecosystem === "npm" ? path.join(environment, ".bin") : programsOf(environment));
    if (project.ecosystem === "PyPI") virtual ??= environment;
  }
  return {
    PATH: [...folders, process.env["PATH"] ?? ""].join(path.delimiter),
    PYTHONDONTWRITEBYTECODE: "1",
    CI: "true",
    ...(virtual === undefined ? {} : { VIRTUAL_ENV: virtual }),
  };
}
