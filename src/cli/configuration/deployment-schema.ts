import { z } from "zod";
import { parseWindow } from "./windows.ts";

/** Parts that the whole schema has as well. */
interface Parts {
  readonly text: z.ZodString;
  readonly inside: z.ZodType<string>;
  readonly tier: z.ZodType<string>;
  readonly command: z.ZodType<string | string[]>;
}

const duration = z.string().regex(/^\d+\s*(s|m|h)$/, 'must be like "90s", "10m" or "1h"');
const window = z
  .string()
  .refine((text) => parseWindow(text) !== undefined, 'must be like "Sat 02:00-06:00 Europe/Berlin"')
  .describe("Days, hours and an IANA time zone, by the clock on the wall there");

/** Keys of `redress.yaml` that say how and when what was rehearsed is put in place. */
export function deploymentKeys({ text, inside, tier, command }: Parts) {
  const stage = z
    .strictObject({
      name: text,
      folder: text.optional().describe("Another checkout on this machine, relative to the root or absolute"),
      command: command.optional().describe("Deploys what the project now holds; exit code 0 is success"),
      undo: command.optional().describe("Takes back what the command deployed"),
      cwd: inside.optional(),
      timeout: duration.optional(),
      approve: z.boolean().optional().describe("true: a person must say yes before this stage begins"),
      soak: duration.optional().describe("How long its gates are asked before the next stage begins"),
      windows: z.array(window).optional(),
    })
    .refine((value) => value.folder === undefined || value.command === undefined, {
      message: "has a folder or a command, not both",
    })
    .refine((value) => value.undo === undefined || value.command !== undefined, {
      message: "has an undo but no command",
    });
  const argv = command.optional();
  const migrations = z
    .strictObject({
      tool: z.enum(["django", "alembic", "prisma", "knex", "commands"]),
      cwd: inside.optional(),
      timeout: duration.optional(),
      variable: text.optional().describe("Variable that is set to the address of the database that is meant"),
      status: argv.describe("Prints what is applied, one line a migration"),
      up: argv,
      down: argv.describe("{target} stands for the newest migration that was applied before"),
    })
    .refine((value) => value.tool !== "commands" || value.up !== undefined, {
      message: "commands need an up",
    });
  return {
    approvals: z
      .strictObject({
        tiers: z.array(tier).optional().describe("Phases of these tiers wait for a person"),
        majors: z.boolean().optional().describe("true: so do major moves of direct dependencies"),
        separation: z.boolean().optional().describe("true: whoever planned or ran may not approve"),
      })
      .optional(),
    windows: z.array(window).optional().describe("When the project may be changed; absent: at any time"),
    watch: duration.optional().describe("How long the gates are asked after promotion"),
    watchInterval: duration.optional(),
    stages: z
      .array(stage)
      .min(1)
      .refine((all) => new Set(all.map((one) => one.name)).size === all.length, "names must differ")
      .refine(
        (all) => all.filter((one) => one.folder === undefined && one.command === undefined).length <= 1,
        "only one stage can be the project itself: name a folder or a command for the others",
      )
      .optional(),
    databases: z
      .array(
        z
          .strictObject({
            name: text,
            file: inside.optional().describe("SQLite: the file, relative to the root"),
            url: z
              .string()
              .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "must be the name of an environment variable")
              .optional()
              .describe("PostgreSQL: the environment variable that holds the address"),
            migrations: migrations.optional(),
          })
          .refine((one) => (one.file === undefined) !== (one.url === undefined), {
            message: "has either a file or a url",
          }),
      )
      .optional(),
  };
}
