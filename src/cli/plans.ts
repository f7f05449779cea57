import * as fs from "node:fs/promises";
import path from "node:path";
import { Failure, type Evidence, type Plan, type Scan } from "../model/index.ts";
import { readText, replaceFile } from "../system/index.ts";
import { ensureStateFolder } from "../state/index.ts";

/** A plan file together with what was seen when it was made. */
export interface StoredPlan {
  readonly plan: Plan;
  readonly scan?: Scan;
  readonly file: string;
}

const folderOf = (root: string): string => path.join(root, ".redress", "plans");

/** Writes a plan (to `out`, else below `.redress/plans`) and the scan it was made from; gives the plan's path. */
export async function storePlan(
  root: string,
  made: { plan: Plan; scan: Scan },
  out?: string,
): Promise<string> {
  await ensureStateFolder(root);
  const kept = path.join(folderOf(root), `${made.plan.id}.json`);
  await replaceFile(kept, `${JSON.stringify(made.plan, null, 2)}\n`);
  await replaceFile(path.join(folderOf(root), `${made.plan.id}.scan.json`), `${JSON.stringify(made.scan)}\n`);
  if (out === undefined) return kept;
  await replaceFile(path.resolve(out), `${JSON.stringify(made.plan, null, 2)}\n`);
  return path.resolve(out);
}

/**
 * Reads a plan: the file named, or the newest that the root keeps.
 * @throws {Failure} `usage` when there is none; `config` when it is no plan.
 */
export async function readPlan(root: string, file?: string): Promise<StoredPlan> {
  const chosen = file ?? (await newestPlan(root));
  if (chosen === undefined)
    throw new Failure("usage", `no plan is kept in ${folderOf(root)}`, "Make one with redress plan.");
  let plan: Plan;
  try {
    plan = JSON.parse(await readText(chosen)) as Plan;
  } catch (error) {
    throw new Failure(
      "config",
      `${chosen} is not a plan: ${error instanceof Error ? error.message : ""}`,
      "Make one with redress plan.",
    );
  }
  if ((plan.schemaVersion as number) !== 1 || !Array.isArray(plan.phases) || typeof plan.id !== "string")
    throw new Failure("config", `${chosen} is not a plan of schema version 1`, "Make one with redress plan.");
  if (!/^plan-[0-9a-f]+$/.test(plan.id))
    throw new Failure("config", `${chosen}: ${plan.id} is not the id of a plan`);
  const scan = await readText(path.join(folderOf(root), `${plan.id}.scan.json`)).then(
    (text) => JSON.parse(text) as Scan,
    () => undefined,
  );
  return { plan, file: chosen, ...(scan === undefined ? {} : { scan }) };
}

/** The plan that a run carried out, as the root keeps it. @throws {Failure} `usage` when it does not any more. */
export async function keptPlan(root: string, id: string): Promise<Plan> {
  const { plan } = await readPlan(root, path.join(folderOf(root), `${path.basename(id)}.json`));
  return plan;
}

async function newestPlan(root: string): Promise<string | undefined> {
  const names = await fs.readdir(folderOf(root)).catch(() => []);
  let newest: { file: string; time: number } | undefined;
  for (const name of names) {
    if (!/^plan-[0-9a-f]+\.json$/.test(name)) continue;
    const file = path.join(folderOf(root), name);
    const { mtimeMs } = await fs.stat(file);
    if (newest === undefined || mtimeMs > newest.time) newest = { file, time: mtimeMs };
  }
  return newest?.file;
}

/** What a run's documents are made from; absent for a run that ended before it could be kept. */
export async function readEvidence(root: string, run: string): Promise<Evidence | undefined> {
  const { assembleEvidence } = await import("../seal/index.ts");
  const folder = path.join(root, ".redress", "runs", run, "evidence");
  return assembleEvidence((name) => readText(path.join(folder, name)).catch(() => undefined));
}
