import * as fs from "node:fs/promises";
import path from "node:path";
import { Failure, type Finding } from "../model/index.ts";
import { exists, readText, replaceFile } from "../system/index.ts";

/** When something was first seen, and by which advisories. */
export interface FirstSight {
  /** RFC 3339. */
  readonly at: string;
  /** Digest of the snapshot that told; absent where it was not kept. */
  readonly snapshot?: string;
}

/** `project|package|advisory` → its first sight. */
export type Detections = ReadonlyMap<string, FirstSight>;

const fileOf = (root: string): string => path.join(root, ".redress", "detections.json");

/** What a finding is remembered by: it survives upgrades. */
export function detectionKey(finding: Pick<Finding, "project" | "package" | "advisory">): string {
  return `${finding.project}|${finding.package}|${finding.advisory}`;
}

/** What earlier scans of this root saw first, and when: deadlines run from there. Empty where none is kept. */
export async function readDetections(root: string): Promise<Detections> {
  if (!(await exists(fileOf(root)))) return new Map();
  try {
    const stored: unknown = JSON.parse(await readText(fileOf(root)));
    if (stored === null || typeof stored !== "object") return new Map();
    return new Map(
      Object.entries(stored).flatMap(([key, value]) => {
        const sight = readSight(value);
        return sight === undefined ? [] : [[key, sight] as const];
      }),
    );
  } catch {
    // A damaged memory of dates only starts the clocks anew; the next record replaces it.
    return new Map();
  }
}

/** A sight as it was stored; a bare date is one of which the advisories were not kept. */
function readSight(value: unknown): FirstSight | undefined {
  const { at, snapshot } = (typeof value === "string" ? { at: value } : (value ?? {})) as Partial<FirstSight>;
  if (typeof at !== "string" || Number.isNaN(Date.parse(at))) return undefined;
  return { at, ...(typeof snapshot === "string" ? { snapshot } : {}) };
}

/**
 * Remembers findings seen for the first time; dates once written stay. Writes only where the root keeps Redress' state
 * (`.redress/` exists) or its owner uses Redress (`redress.yaml` exists), so that scanning a foreign tree leaves no trace.
 */
export async function recordDetections(
  root: string,
  findings: readonly Finding[],
  seen: FirstSight,
): Promise<void> {
  const state = path.join(root, ".redress");
  const isOurs = (await exists(state)) || (await exists(path.join(root, "redress.yaml")));
  if (!isOurs) return;
  const known = new Map(await readDetections(root));
  const before = known.size;
  for (const finding of findings)
    if (!known.has(detectionKey(finding))) known.set(detectionKey(finding), seen);
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
