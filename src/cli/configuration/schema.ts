import { z } from "zod";
import { complianceProfiles, tiers } from "../../model/index.ts";
import { deploymentKeys } from "./deployment-schema.ts";
import { gatesSchema } from "./gates-schema.ts";

const text = z.string().min(1);
/** A path inside the root: relative, with no way out. */
const inside = text.refine(
  (value) => !value.startsWith("/") && !/^[A-Za-z]:/.test(value) && !value.split(/[\\/]/).includes(".."),
  "must be a relative path inside the project",
);
const tier = z.enum(tiers).describe("A tier, from the most urgent down: " + tiers.join(", "));
const mode = z.enum(["enforce", "warn", "observe"]).describe("enforce: a fail stops the phase and undoes it");
const limit = z
  .union([z.int().min(0), z.string().regex(/^(<|<=)\s*\d+$/, 'must be a number, or "<5", or "<=4"')])
  .describe("Most findings of this severity that may be left");
const command = z
  .union([text, z.array(text).min(1)])
  .describe("A program and its arguments; split at blanks (quotes group), never given to a shell");
const gate = z.strictObject({
  name: text.optional(),
  command,
  cwd: inside.optional().describe("Folder to run in, relative to the root"),
  timeout: z
    .string()
    .regex(/^\d+\s*(s|m|h)$/, 'must be like "90s", "10m" or "1h"')
    .optional(),
  mode: mode.optional(),
  projects: z
    .array(inside.or(z.literal(".")))
    .min(1)
    .optional()
    .describe("Asked only of phases that change a package of one of these projects; absent: of all"),
  results: inside
    .optional()
    .describe("File that the tests write their results to (JUnit XML or JSON), relative to cwd"),
});

const address = z
  .string()
  .regex(/^https?:\/\/[^/\s@]+(\/\S*)?$/, "must be an http(s) address without credentials");

/** `redress.yaml` as it may be written (`docs/configuration.md`). Unknown keys are errors. */
export const configurationSchema = z.strictObject({
  projects: z
    .array(
      z.strictObject({
        path: inside.or(z.literal(".")),
        exposure: z.enum(["public", "internal"]).optional().describe("public: reachable from the internet"),
        environment: inside.optional().describe("Virtual environment, where it is not .venv, venv or env"),
        python: z
          .string()
          .regex(/^\d+\.\d+(\.\d+)?$/, 'must be like "3.11"')
          .optional(),
      }),
    )
    .optional(),
  functions: z
    .record(
      text,
      z.strictObject({
        packages: z.array(text).min(1),
        criticality: z.enum(["low", "medium", "high", "highest"]).optional(),
        atMost: tier.optional().describe("Findings of these packages are due at least this soon"),
        reason: text.optional(),
        tests: z
          .array(z.union([command, gate]))
          .optional()
          .describe("Commands that prove the function; asked like gates.tests"),
      }),
    )
    .optional(),
  policy: z
    .strictObject({
      profile: z.enum(["default", "severity-only"]).optional(),
      compliance: z
        .array(z.enum(complianceProfiles))
        .optional()
        .describe("Outside rules that may only bring deadlines forward; the earliest date counts"),
      cooldownDays: z.int().min(0).max(365).optional(),
      allowMajor: z.boolean().optional(),
      allowOverrides: z.enum(["none", "same-major", "any"]).optional(),
      installScripts: z.array(text).optional().describe("npm packages whose install scripts may run"),
    })
    .optional(),
  pinned: z
    .array(z.strictObject({ package: text, below: text.optional(), reason: text }))
    .optional()
    .describe("Packages that may not move, or not reach a version"),
  requests: z
    .array(
      z.strictObject({
        package: text,
        to: text.describe("The exact version"),
        project: inside.or(z.literal(".")).optional(),
        reason: text.optional(),
      }),
    )
    .max(20)
    .optional()
    .describe("Versions that the team wants, planned in a phase of their own (npm projects)"),
  claims: z
    .strictObject({
      source: text.describe("What the earlier document is called"),
      findings: z.int().min(0).optional().describe("Its count in all"),
      counts: z
        .array(
          z
            .strictObject({
              package: text.optional(),
              project: inside.or(z.literal(".")).optional(),
              findings: z.int().min(0),
              reason: text.optional().describe("Why it differs, where that is known"),
            })
            .refine(
              (one) => one.package !== undefined || one.project !== undefined,
              "needs a package, or a project for all of its packages",
            ),
        )
        .max(500),
    })
    .optional()
    .describe("Counts of an earlier scan or plan, set beside what is found in the reports"),
  criteria: z
    .strictObject({
      critical: limit.optional(),
      high: limit.optional(),
      medium: limit.optional(),
      low: limit.optional(),
      unknown: limit.optional(),
    })
    .optional(),
  gates: gatesSchema({ text, inside, mode, command, gate }).optional(),
  advisories: z
    .union([
      z.array(text),
      z.strictObject({
        sources: z.array(text).optional(),
        osvApi: address.optional().describe("OSV's API, where it is not the public one"),
        osvExports: address.optional().describe("Folder of the export zips: <address>/<ecosystem>/all.zip"),
        staleAfter: z
          .string()
          .regex(/^\d+\s*[hd]$/, 'must be like "12h" or "7d"')
          .optional()
          .describe("Age from which a scan warns of a source; a day where this is absent"),
      }),
    ])
    .optional()
    .describe("Sources, as --advisories takes them, or these with the addresses of OSV"),
  enrichment: z
    .strictObject({ kev: text.optional(), epss: text.optional() })
    .optional()
    .describe("CISA's and FIRST's catalogues: files relative to this one, or addresses"),
  ...deploymentKeys({ text, inside: inside.or(z.literal(".")), tier, command }),
  contacts: z.record(text, text).optional(),
  retention: z
    .strictObject({
      days: z.int().min(1).max(36500).describe("Records of runs that ended longer ago may go"),
      keep: z.int().min(1).optional().describe("So many of the newest stay, whatever their age"),
    })
    .optional()
    .describe("How long records of runs are kept; nothing goes before redress prune is called"),
});

export type ConfigurationFile = z.infer<typeof configurationSchema>;
