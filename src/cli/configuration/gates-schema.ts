import parseLicense from "spdx-expression-parse";
import { z } from "zod";

/** Parts that the whole schema has as well. */
interface Parts {
  readonly text: z.ZodString;
  readonly inside: z.ZodType<string>;
  readonly mode: z.ZodEnum<{ enforce: "enforce"; warn: "warn"; observe: "observe" }>;
  readonly command: z.ZodType<string | string[]>;
}

const duration = z.string().regex(/^\d+\s*(ms|s|m|h)$/, 'must be like "500ms", "90s", "10m" or "1h"');
const place = z.string().regex(/^\/[^\s]*$/, 'must be a path like "/health"');
const percent = z.number().min(0).max(1000);
const stage = z.enum(["rehearsal", "promotion", "watch"]);

const budget = z
  .strictObject({
    budget: percent.optional().describe("Percent that a measure may get worse and pass"),
    rollback: percent.optional().describe("Percent beyond which it fails"),
  })
  .refine((value) => value.rollback === undefined || (value.budget ?? 5) <= value.rollback, {
    message: "the budget lies above the rollback line",
  });

const license = z.string().refine(isOneLicense, "must be one SPDX license id, such as MIT or GPL-3.0-only");

function isOneLicense(id: string): boolean {
  try {
    return id.length <= 100 && "license" in parseLicense(id);
  } catch {
    return false;
  }
}

/** `gates:` of `redress.yaml`. */
export function gatesSchema<Gate extends z.ZodType>(parts: Parts & { readonly gate: Gate }) {
  const { text, inside, mode, gate } = parts;
  return z
    .strictObject({
      versions: mode.optional(),
      security: mode.optional(),
      tests: z.array(gate).optional(),
      commands: z.array(gate).optional(),
      processes: z.record(text, processSchema(parts)).optional(),
      health: z.array(healthSchema(parts)).optional(),
      performance: performanceSchema(parts).optional(),
      coverage: z
        .array(
          z.strictObject({
            name: text.optional(),
            file: inside.describe(
              "What the tests write: coverage.py's JSON, Cobertura XML, lcov, Istanbul's JSON summary",
            ),
            allowedDrop: z
              .number()
              .min(0)
              .max(100)
              .optional()
              .describe("Percentage points; 1 where not given"),
            mode: mode.optional(),
          }),
        )
        .optional(),
      license: z
        .strictObject({
          allow: z.array(license).min(1).optional().describe("Everything else is denied"),
          deny: z.array(license).optional(),
          mode: mode.optional(),
        })
        .optional(),
    })
    .check((context) => {
      const { processes = {}, health = [], performance } = context.value;
      const require = (name: string | undefined, path: (string | number)[]): void => {
        if (name !== undefined && !Object.hasOwn(processes, name))
          context.issues.push({
            code: "custom",
            message: `no process ${name} is declared in gates.processes`,
            input: name,
            path,
          });
      };
      for (const [index, one] of health.entries()) require(one.process, ["health", index, "process"]);
      for (const [index, one] of (performance?.measures ?? []).entries())
        for (const kind of ["startup", "memory", "http"] as const)
          require(one[kind], ["performance", "measures", index, kind]);
      const names = (performance?.measures ?? []).map((one) => one.name);
      for (const [index, one] of (performance?.exceptions ?? []).entries())
        if (!names.includes(one.measure))
          context.issues.push({
            code: "custom",
            message: `no measure is called ${one.measure}`,
            input: one.measure,
            path: ["performance", "exceptions", index, "measure"],
          });
    });
}

function processSchema({ text, inside, command }: Parts) {
  return z.strictObject({
    command,
    cwd: inside.optional(),
    class: text.optional().describe("Budgets go by it; the process' own name where not given"),
    port: text.optional().describe("Variable that carries the free port; PORT where not given"),
    variables: z.record(text, z.string()).optional(),
    ready: z
      .union([z.strictObject({ path: place }), z.strictObject({ line: text })])
      .optional()
      .describe("Ready when the path answers below 500, or when a line with this text is printed"),
    timeout: duration.optional().describe("Longest until it is ready"),
  });
}

function healthSchema({ text, mode }: Parts) {
  return z
    .strictObject({
      name: text.optional(),
      url: z
        .string()
        .regex(/^https?:\/\/[^/\s@]+(\/\S*)?$/, "must be an http(s) address without credentials")
        .optional(),
      process: text.optional().describe("A process of gates.processes that is started for it"),
      path: place.optional(),
      interval: duration.optional(),
      count: z.int().min(1).max(10_000).optional(),
      failureLimit: z.int().min(0).optional().describe("More failed probes than this fail the gate"),
      consecutiveSuccess: z.int().min(1).optional().describe("So many good ones in a row pass it"),
      timeout: duration.optional(),
      status: z
        .union([z.int(), z.array(z.int()).min(1)])
        .optional()
        .describe("200 to 299 where not given"),
      body: text.optional().describe("Text that the answer must hold"),
      at: z.array(stage).min(1).optional(),
      mode: mode.optional(),
    })
    .refine((value) => (value.url === undefined) !== (value.process === undefined), {
      message: "needs a url or a process, and not both",
    })
    .refine((value) => (value.consecutiveSuccess ?? 1) <= (value.count ?? 5), {
      message: "consecutiveSuccess is more than count",
    })
    .refine((value) => value.url === undefined || value.at?.includes("rehearsal") !== true, {
      message: "a url is not of the rehearsal's copy: name a process",
    });
}

function performanceSchema({ text, inside, mode, command }: Parts) {
  const measure = z
    .strictObject({
      name: text,
      startup: text.optional().describe("A process: the time until it is ready"),
      memory: text.optional().describe("A process: the resident memory of its group"),
      http: text.optional().describe("A process: the time of a request to path"),
      path: place.optional(),
      numbers: command.optional().describe("A command that prints numbers"),
      duration: command.optional().describe("A command: the time that it takes"),
      better: z.enum(["lower", "higher"]).optional(),
      class: text.optional(),
      cwd: inside.optional(),
      timeout: duration.optional(),
      packages: z.array(text).min(1).optional().describe("Measured only in phases that change one of these"),
      mode: mode.optional(),
    })
    .refine((value) => measureKinds.filter((kind) => value[kind] !== undefined).length === 1, {
      message: `needs exactly one of ${measureKinds.join(", ")}`,
    });
  return z.strictObject({
    measures: z.array(measure).min(1),
    budgets: z.record(text, budget).optional(),
    exceptions: z
      .array(
        z.strictObject({
          measure: text,
          ...budget.shape,
          reason: text,
          by: text,
          until: z
            .string()
            .regex(/^\d{4}-\d{2}-\d{2}$/, "must be a day, YYYY-MM-DD")
            .optional(),
        }),
      )
      .optional()
      .describe("What a person has decided to accept"),
    samples: z.int().min(5).max(100).optional().describe("Of each side in one batch; 15 where not given"),
    warmUp: z.int().min(0).max(100).optional(),
    requests: z.int().min(1).max(1000).optional().describe("Requests that make one sample"),
  });
}

/** What a measure may be of. */
export const measureKinds = ["startup", "memory", "http", "numbers", "duration"] as const;
