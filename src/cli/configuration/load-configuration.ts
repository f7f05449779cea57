import path from "node:path";
import {
  type Claims,
  Failure,
  severities,
  type Configuration,
  type Criteria,
  type TestGate,
  type Waiver,
} from "../../model/index.ts";
import { exists, readText, sha256 } from "../../system/index.ts";
import { readDatabases, readDeployment } from "./deployment.ts";
import { readFunctionTests, readGates } from "./gates.ts";
import type { ConfigurationFile } from "./schema.ts";

/** Names under which the configuration is looked for, at the root. */
export const configurationNames = ["redress.yaml", "redress.yml"] as const;

/** A problem of the configuration file, with its place. */
interface Problem {
  readonly line: number;
  readonly message: string;
}

/**
 * The configuration of a root: `file` when given, else `redress.yaml` when there is one, else the defaults. Data only:
 * nothing in it is executed here.
 * @throws {Failure} `config` naming every problem at once with its line.
 */
export async function loadConfiguration(
  root: string,
  file?: string,
  waivers: readonly Waiver[] = [],
): Promise<Configuration> {
  const found = file ?? (await findFile(root));
  if (found === undefined) return fillIn({}, waivers);
  const source = await readText(found).catch((error: unknown) => {
    throw new Failure(
      "config",
      `cannot read the configuration ${found}`,
      "Name another with --config FILE.",
      { cause: error },
    );
  });
  return {
    ...fillIn(await parse(source, found), waivers),
    path: path.relative(root, found) || path.basename(found),
  };
}

async function findFile(root: string): Promise<string | undefined> {
  for (const name of configurationNames)
    if (await exists(path.join(root, name))) return path.join(root, name);
  return undefined;
}

/** Reads the text and checks it against the schema. */
export async function parse(source: string, file: string): Promise<ConfigurationFile> {
  // Loaded here: most scans have no configuration and must not pay for these.
  const [{ LineCounter, parseDocument, visit }, { configurationSchema }, { tooDeepLine }] = await Promise.all(
    [import("yaml"), import("./schema.ts"), import("../../managers/index.ts")],
  );
  const tooDeep = tooDeepLine(source);
  if (tooDeep !== undefined) throw invalid(file, [{ line: tooDeep, message: "nested too deeply" }]);
  const counter = new LineCounter();
  const document = parseDocument(source, { lineCounter: counter, maxAliasCount: 0 } as object);
  if (document.errors.length > 0)
    throw invalid(
      file,
      document.errors.map((error) => ({
        line: counter.linePos(error.pos[0]).line,
        message: error.message.split("\n")[0] ?? "",
      })),
    );
  // Aliases can make a short text endless, and hide what a line says from whoever reviews it.
  const aliases: Problem[] = [];
  visit(document, {
    Alias: (_, { range, source: name }) => {
      aliases.push({
        line: counter.linePos(range?.[0] ?? 0).line,
        message: `*${name}: write out what it stands for`,
      });
    },
  });
  if (aliases.length > 0) throw invalid(file, aliases);
  const checked = configurationSchema.safeParse(document.toJS({ maxAliasCount: 0 }) ?? {});
  if (checked.success) return checked.data;
  const lineOf = (keys: readonly PropertyKey[]): number => {
    for (let length = keys.length; length > 0; length--) {
      const node = document.getIn(keys.slice(0, length), true) as
        { range?: [number, number, number] } | undefined;
      if (node?.range !== undefined) return counter.linePos(node.range[0]).line;
    }
    return 1;
  };
  throw invalid(
    file,
    checked.error.issues.map((issue) => {
      const unknown = issue.code === "unrecognized_keys" ? issue.keys[0] : undefined;
      return {
        line: lineOf(unknown === undefined ? issue.path : [...issue.path, unknown]),
        message: `${issue.path.join(".") || "the file"}: ${issue.message}`,
      };
    }),
  );
}

function invalid(file: string, problems: readonly Problem[]): Failure {
  const lines = problems.map(({ line, message }) => `  line ${line}: ${message}`);
  return new Failure(
    "config",
    `${path.basename(file)} has ${problems.length} ${problems.length === 1 ? "problem" : "problems"}:\n${lines.join("\n")}`,
    "docs/configuration.md describes every key; redress init writes a commented example.",
  );
}

function fillIn(file: ConfigurationFile, waivers: readonly Waiver[]): Configuration {
  const policy = file.policy ?? {};
  const gates = readGates(file.gates);
  return {
    digest: sha256(
      JSON.stringify(
        sortKeys({
          ...file,
          contacts: undefined,
          claims: undefined,
          advisories: undefined,
          enrichment: undefined,
          retention: undefined,
          waivers,
        }),
      ),
    ),
    projects: (file.projects ?? []).map((project) => ({
      path: normalise(project.path),
      exposure: project.exposure ?? "internal",
      ...(project.environment === undefined ? {} : { environment: normalise(project.environment) }),
      ...(project.python === undefined ? {} : { python: project.python }),
    })),
    functions: Object.entries(file.functions ?? {}).map(([name, value]) => ({
      name,
      packages: value.packages,
      criticality: value.criticality ?? "medium",
      ...(value.atMost === undefined ? {} : { atMost: value.atMost }),
      ...(value.reason === undefined ? {} : { reason: value.reason }),
    })),
    policy: {
      profile: policy.profile ?? "default",
      ...(policy.compliance === undefined ? {} : { compliance: policy.compliance }),
      cooldownDays: policy.cooldownDays ?? 7,
      allowMajor: policy.allowMajor ?? true,
      allowOverrides: policy.allowOverrides ?? "same-major",
      installScripts: policy.installScripts ?? [],
      pinned: (file.pinned ?? []).map(({ package: name, below, reason }) => ({
        package: name,
        reason,
        ...(below === undefined ? {} : { below }),
      })),
    },
    ...(file.requests === undefined
      ? {}
      : {
          requests: file.requests.map(({ package: name, to, project, reason }) => ({
            package: name,
            to,
            ...(project === undefined ? {} : { project: normalise(project) }),
            ...(reason === undefined ? {} : { reason }),
          })),
        }),
    ...(file.claims === undefined ? {} : { claims: readClaims(file.claims) }),
    criteria: readCriteria(file.criteria ?? { critical: 0, high: 0, medium: "<5" }),
    tests: [
      ...(file.gates?.tests ?? []).map((gate, index) => readGate(gate, `tests ${index + 1}`)),
      ...readFunctionTests(file.functions),
    ],
    commands: (file.gates?.commands ?? []).map((gate, index) => readGate(gate, `command ${index + 1}`)),
    ...(gates === undefined ? {} : { gates }),
    ...advisoriesOf(file.advisories),
    ...(file.enrichment === undefined ? {} : { enrichment: dropUndefined(file.enrichment) }),
    deployment: readDeployment(file),
    databases: readDatabases(file),
    waivers,
    contacts: file.contacts ?? {},
    ...(file.retention === undefined
      ? {}
      : { retention: { days: file.retention.days, keep: file.retention.keep ?? 1 } }),
  };
}

function readClaims({ counts, ...claims }: NonNullable<ConfigurationFile["claims"]>): Claims {
  return {
    ...dropUndefined(claims),
    counts: counts.map(({ project, ...one }) => ({
      ...dropUndefined(one),
      ...(project === undefined ? {} : { project: normalise(project) }),
    })),
  };
}

/** Sources, with or without addresses of OSV. */
function advisoriesOf(
  file: ConfigurationFile["advisories"],
): Pick<Configuration, "advisories" | "osv" | "staleAfterHours"> {
  if (file === undefined || Array.isArray(file)) return { advisories: file ?? [] };
  const { sources = [], staleAfter, ...osv } = file;
  const [, digits, unit] = /^(\d+)\s*([hd])$/.exec(staleAfter ?? "") ?? [];
  return {
    advisories: sources,
    osv: dropUndefined(osv),
    ...(digits === undefined ? {} : { staleAfterHours: Number(digits) * (unit === "d" ? 24 : 1) }),
  };
}

/** An optional key of the file may be present without a value; in the configuration it may not. */
function dropUndefined<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, inner]) => inner !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };
}

type GateFile = NonNullable<NonNullable<ConfigurationFile["gates"]>["tests"]>[number];

/** A command of the owner's as a gate, with the defaults. */
export function readGate(gate: GateFile, fallbackName: string): TestGate {
  return {
    name: gate.name ?? fallbackName,
    argv: typeof gate.command === "string" ? splitWords(gate.command) : gate.command,
    cwd: normalise(gate.cwd ?? "."),
    timeoutMs: readDuration(gate.timeout ?? "10m"),
    mode: gate.mode ?? "enforce",
    ...(gate.projects === undefined ? {} : { projects: gate.projects.map(normalise) }),
    ...(gate.results === undefined ? {} : { results: normalise(gate.results) }),
  };
}

/** Most findings left by severity; `"<5"` is 4. */
export function readCriteria(file: Readonly<Record<string, number | string | undefined>>): Criteria {
  const criteria: Record<string, number> = {};
  for (const severity of severities) {
    const limit = file[severity];
    if (typeof limit === "number") criteria[severity] = limit;
    else if (limit !== undefined) {
      const [, operator, digits] = /^(<=?)\s*(\d+)$/.exec(limit) ?? [];
      criteria[severity] = Number(digits) - (operator === "<" ? 1 : 0);
    }
  }
  return criteria;
}

/** `500ms`, `90s`, `10m`, `1h` in milliseconds. */
export function readDuration(value: string): number {
  const [, digits = "0", unit = "s"] = /^(\d+)\s*(ms|s|m|h)$/.exec(value) ?? [];
  return Number(digits) * { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }[unit as "ms" | "s" | "m" | "h"];
}

/** Words of a command line: blanks separate, single and double quotes group; nothing is expanded. */
export function splitWords(line: string): string[] {
  const words: string[] = [];
  for (const [, double, single, plain] of line.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g))
    words.push(double ?? single ?? plain ?? "");
  return words;
}

export const normalise = (file: string): string => {
  const normal = path.posix.normalize(file.replaceAll("\\", "/"));
  return normal.length > 1 ? normal.replace(/\/$/, "") : normal;
};

function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, sortKeys(inner)]),
  );
}
