import type {
  Budget,
  Command,
  CoverageGate,
  GateSettings,
  HealthGate,
  Measure,
  PerformanceSettings,
  ProcessSettings,
  TestGate,
} from "../../model/index.ts";
import { normalise, readDuration, readGate, splitWords } from "./load-configuration.ts";
import type { ConfigurationFile } from "./schema.ts";

type GatesFile = NonNullable<ConfigurationFile["gates"]>;

/** The gates beside tests and commands, with the defaults; `undefined` where none is spoken of. */
export function readGates(file: ConfigurationFile["gates"]): GateSettings | undefined {
  if (file === undefined) return undefined;
  const processes = Object.entries(file.processes ?? {}).map(([name, one]) => readProcess(name, one));
  return {
    versions: file.versions ?? "enforce",
    security: file.security ?? "enforce",
    processes,
    health: (file.health ?? []).map(readHealth),
    coverage: (file.coverage ?? []).map(readCoverageGate),
    ...(file.performance === undefined ? {} : { performance: readPerformance(file.performance, processes) }),
    ...(file.license === undefined
      ? {}
      : {
          license: {
            mode: file.license.mode ?? "enforce",
            deny: file.license.deny ?? [],
            ...(file.license.allow === undefined ? {} : { allow: file.license.allow }),
          },
        }),
  };
}

/** The tests of business functions, as gates named for them. */
export function readFunctionTests(file: ConfigurationFile["functions"]): TestGate[] {
  return Object.entries(file ?? {}).flatMap(([name, { tests = [] }]) =>
    tests.map((test, index) => {
      const gate = typeof test === "string" || Array.isArray(test) ? { command: test } : test;
      const number = tests.length === 1 ? "" : ` ${index + 1}`;
      return { ...readGate(gate, `function ${name}${number}`), function: name };
    }),
  );
}

const argvOf = (words: string | string[]): string[] =>
  typeof words === "string" ? splitWords(words) : words;

function readCommand(
  words: string | string[],
  { cwd, timeout }: { cwd?: string | undefined; timeout?: string | undefined },
): Command {
  return { argv: argvOf(words), cwd: normalise(cwd ?? "."), timeoutMs: readDuration(timeout ?? "10m") };
}

function readProcess(name: string, file: NonNullable<GatesFile["processes"]>[string]): ProcessSettings {
  return {
    ...readCommand(file.command, { cwd: file.cwd, timeout: file.timeout ?? "60s" }),
    name,
    class: file.class ?? name,
    portVariable: file.port ?? "PORT",
    variables: file.variables ?? {},
    ready: file.ready ?? { path: "/" },
  };
}

function readHealth(file: NonNullable<GatesFile["health"]>[number]): HealthGate {
  const { url, process: name = "", path = "/", status } = file;
  return {
    name: file.name ?? (url === undefined ? `${name} ${path}` : new URL(url).pathname),
    mode: file.mode ?? "enforce",
    target: url === undefined ? { process: name, path } : { url },
    intervalMs: readDuration(file.interval ?? "1s"),
    count: file.count ?? 5,
    failureLimit: file.failureLimit ?? 0,
    timeoutMs: readDuration(file.timeout ?? "10s"),
    // An address is of the running application, which the rehearsal does not touch.
    stages: file.at ?? (url === undefined ? ["rehearsal", "promotion", "watch"] : ["watch"]),
    ...(file.consecutiveSuccess === undefined ? {} : { consecutiveSuccess: file.consecutiveSuccess }),
    ...(status === undefined ? {} : { status: typeof status === "number" ? [status] : status }),
    ...(file.body === undefined ? {} : { body: file.body }),
  };
}

function readCoverageGate(file: NonNullable<GatesFile["coverage"]>[number]): CoverageGate {
  return {
    name: file.name ?? file.file,
    mode: file.mode ?? "enforce",
    file: normalise(file.file),
    allowedDrop: file.allowedDrop ?? 1,
  };
}

type PerformanceFile = NonNullable<GatesFile["performance"]>;

function readPerformance(file: PerformanceFile, processes: readonly ProcessSettings[]): PerformanceSettings {
  return {
    measures: file.measures.map((measure) => readMeasure(measure, processes)),
    budgets: Object.fromEntries(
      Object.entries(file.budgets ?? {}).map(([name, one]) => [name, readBudget(one)]),
    ),
    exceptions: (file.exceptions ?? []).map(({ measure, reason, by, until, ...one }) => ({
      ...readBudget(one),
      measure,
      reason,
      by,
      ...(until === undefined ? {} : { until }),
    })),
    samples: file.samples ?? 15,
    warmUp: file.warmUp ?? 3,
    requests: file.requests ?? 10,
  };
}

/** The defaults are the lines that `docs/configuration.md` names. */
const readBudget = ({
  budget = 5,
  rollback = Math.max(20, budget),
}: { [K in keyof Budget]?: number | undefined }): Budget => ({
  budget,
  rollback,
});

function readMeasure(
  file: PerformanceFile["measures"][number],
  processes: readonly ProcessSettings[],
): Measure {
  const { name, mode = "enforce", startup, memory, http, numbers, duration } = file;
  const watched = startup ?? memory ?? http;
  const base = {
    name,
    mode,
    class: file.class ?? processes.find((one) => one.name === watched)?.class ?? name,
    ...(file.packages === undefined ? {} : { packages: file.packages }),
  };
  if (startup !== undefined) return { ...base, kind: "startup", process: startup };
  if (memory !== undefined) return { ...base, kind: "memory", process: memory };
  if (http !== undefined) return { ...base, kind: "http", process: http, path: file.path ?? "/" };
  return {
    ...base,
    kind: numbers === undefined ? "duration" : "numbers",
    command: readCommand(numbers ?? duration ?? [], file),
    better: file.better ?? "lower",
  };
}
