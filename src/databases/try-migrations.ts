import { reasonOf, type MigrationSettings } from "../model/index.ts";
import type { Scratch } from "./database.ts";
import { migrationTool, type CallTool, type Migrated } from "./migration-tool.ts";

/** What up, down and up again came to on a scratch copy. */
export type Trial =
  /** Nothing was to be migrated. */
  | { readonly outcome: "nothing" }
  | { readonly outcome: "reversible"; readonly applied: Migrated; readonly upMs: number }
  /** Up works, and there is no way back, or not to the same schema. */
  | {
      readonly outcome: "irreversible";
      readonly applied: Migrated;
      readonly upMs: number;
      readonly why: string;
    }
  | { readonly outcome: "failed"; readonly why: string };

/**
 * Migrates a scratch copy up, back and up again and compares the schemas. It stays migrated, for the next phase to go on
 * from.
 * @throws {Failure} `tool` when the copy cannot be read; what the migrations do is part of the answer.
 */
export async function tryMigrations(
  scratch: Scratch,
  settings: MigrationSettings,
  given: { readonly call: CallTool; restore(): Promise<Scratch> },
): Promise<{ readonly trial: Trial; readonly scratch: Scratch }> {
  const tool = migrationTool(settings, given.call);
  const schemaBefore = await scratch.schema();
  let before: Migrated;
  let after: Migrated;
  const started = performance.now();
  try {
    before = await tool.status(scratch);
    await tool.up(scratch);
    after = await tool.status(scratch);
  } catch (error) {
    return { trial: { outcome: "failed", why: reasonOf(error) }, scratch };
  }
  const upMs = Math.round(performance.now() - started);
  const schemaAfter = await scratch.schema();
  const applied = after.filter((one) => !before.includes(one));
  if (applied.length === 0 && schemaAfter === schemaBefore) return { trial: { outcome: "nothing" }, scratch };
  try {
    await tool.down(scratch, before, after);
  } catch (error) {
    // What a failed way back left behind is nothing to go on from.
    const fresh = await given.restore();
    await tool.up(fresh);
    return { trial: { outcome: "irreversible", applied, upMs, why: reasonOf(error) }, scratch: fresh };
  }
  const difference = firstDifference(schemaBefore, await scratch.schema());
  try {
    await tool.up(scratch);
  } catch (error) {
    return {
      trial: { outcome: "failed", why: `after going back and up again: ${reasonOf(error)}` },
      scratch,
    };
  }
  const again = firstDifference(schemaAfter, await scratch.schema());
  if (again !== undefined)
    return { trial: { outcome: "failed", why: `going up again made another schema: ${again}` }, scratch };
  return {
    trial:
      difference === undefined
        ? { outcome: "reversible", applied, upMs }
        : { outcome: "irreversible", applied, upMs, why: `going back leaves another schema: ${difference}` },
    scratch,
  };
}

/** The first line that only one of two schemas has; `undefined` when they are equal. */
function firstDifference(a: string, b: string): string | undefined {
  if (a === b) return undefined;
  const [left, right] = [new Set(a.split("\n")), new Set(b.split("\n"))];
  const gone = a.split("\n").find((line) => !right.has(line));
  const come = b.split("\n").find((line) => !left.has(line));
  const line = gone === undefined ? `+ ${come ?? "order of columns"}` : `- ${gone}`;
  return line.slice(0, 200);
}
