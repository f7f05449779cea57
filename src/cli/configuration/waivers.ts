import path from "node:path";
import { Failure, type Waiver } from "../../model/index.ts";
import { exists, readText, replaceFile } from "../../system/index.ts";

/** Where a project keeps its waivers: beside the configuration, under version control. */
export const waiversName = "redress.waivers.json";

const fields = [
  "finding",
  "reason",
  "justification",
  "by",
  "expires",
  "madeAt",
] as const satisfies (keyof Waiver)[];

/** @throws {Failure} `config` when the file is there and does not hold waivers. */
export async function readWaivers(root: string): Promise<readonly Waiver[]> {
  const file = path.join(root, waiversName);
  if (!(await exists(file))) return [];
  const wrong = (why: string): Failure =>
    new Failure("config", `${waiversName}: ${why}`, "Write waivers with redress waive.");
  let stored: unknown;
  try {
    stored = JSON.parse(await readText(file));
  } catch (error) {
    throw wrong(`is not JSON (${error instanceof Error ? error.message : ""})`);
  }
  if (!Array.isArray(stored)) throw wrong("is not a list");
  return stored.map((entry: unknown, index) => {
    const record = (entry ?? {}) as Record<string, unknown>;
    for (const field of fields)
      if (typeof record[field] !== "string" || record[field] === "")
        throw wrong(`entry ${index + 1} has no ${field}`);
    if (Number.isNaN(Date.parse(String(record["expires"]))))
      throw wrong(`entry ${index + 1}: expires is not a date`);
    return Object.fromEntries(fields.map((field) => [field, record[field]])) as unknown as Waiver;
  });
}

/** Adds a waiver; an older one on the same finding is replaced. */
export async function addWaiver(root: string, waiver: Waiver): Promise<void> {
  const others = (await readWaivers(root)).filter((known) => known.finding !== waiver.finding);
  const all = [...others, waiver].sort((a, b) => (a.finding < b.finding ? -1 : 1));
  await replaceFile(path.join(root, waiversName), `${JSON.stringify(all, null, 2)}\n`);
}
