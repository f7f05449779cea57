import * as fs from "node:fs/promises";
import path from "node:path";
import { Failure, type Finding } from "../model/index.ts";
import { exists, readText, replaceFile } from "../system/index.ts";

/** `project|package|advisory` → when it was first seen, RFC 3339. */
export type Detections = ReadonlyMap<string, string>;

const fileOf = (root: string): string => path.join(root, ".redress", "detections.json");
const keyOf = (finding: Finding): string => `${finding.project}|${finding.package}|${finding.advisory}`;

/** What earlier scans of this root saw first, and when: deadlines run from there. Empty where none is kept. */
export async function readDetections(root: string): Promise<Detections> {
  if (!(await exists(fileOf(root)))) return new Map();
  try {
    const stored: unknown = JSON.parse(await readText(fileOf(root)));
    if (stored === null || typeof stored !== "object") return new Map();
    return new Map(
      Object.entries(stored).filter(
        (entry): entry is [string, string] => !Number.isNaN(Date.parse(String(entry[1]))),
      ),
    );
  } catch {
    // A damaged memory of dates only starts the clocks anew; the next record replaces it.
    return new Map();
  }
}

/**
 * Remembers findings seen for the first time; dates once written stay. Writes only where the root keeps Redress' state
 * (`.redress/` exists) or its owner uses Redress (`redress.yaml` exists), so that scanning a foreign tree leaves no trace.
 */
export async function recordDetections(
  root: string,
  findings: readonly Finding[],
  seenAt: string,
): Promise<void> {
  const state = path.join(root, ".redress");
  const isOurs = (await exists(state)) || (await exists(path.join(root, "redress.yaml")));
  if (!isOurs) return;
  const known = new Map(await readDetections(root));
  const before = known.size;
  for (const finding of findings) if (!known.has(keyOf(finding))) known.set(keyOf(finding), seenAt);
  if (known.size === before) return;
  await ensureStateFolder(root);
  await replaceFile(fileOf(root), `${JSON.stringify(Object.fromEntries([...known].sort()), null, 1)}\n`);
}

/**
 * Makes `.redress/` with the `.gitignore` that keeps it out of version control.
 * @throws {Failure} `storage` when it cannot be made or is a link, which would keep the state elsewhere.
 */
export async function ensureStateFolder(root: string): Promise<void> {
  const stat = await fs.lstat(path.join(root, ".redress")).catch(() => undefined);
  if (stat?.isDirectory() === false)
    throw new Failure("storage", `${path.join(root, ".redress")} is no folder`, "Remove it, then try again.");
  const ignore = path.join(root, ".redress", ".gitignore");
  if (!(await exists(ignore))) await replaceFile(ignore, "*\n");
}
