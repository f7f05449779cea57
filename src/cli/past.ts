import * as fs from "node:fs/promises";
import path from "node:path";
import type { Past } from "../evidence/index.ts";
import type { Evidence, Scan } from "../model/index.ts";
import type { Setting } from "../pipeline/index.ts";
import { readRuns } from "../run/index.ts";
import { detectionKey, readDetections } from "../state/index.ts";
import { readText } from "../system/index.ts";
import { evidenceOfRun } from "./run-evidence.ts";

/** Everything that a root keeps of its past; what cannot be read is left out. */
export async function readPast({ root, configuration, clock, asOf }: Setting): Promise<Past> {
  const detections = await readDetections(root);
  const evidence: Evidence[] = [];
  for (const run of await readRuns(root)) {
    const one = await evidenceOfRun(root, run, configuration);
    if (one !== undefined) evidence.push(one);
  }
  return {
    now: asOf ?? clock().toISOString(),
    scans: await scansOf(root),
    evidence,
    firstSeen: (finding) => detections.get(detectionKey(finding))?.at,
    waivers: configuration.waivers,
  };
}

async function scansOf(root: string): Promise<Scan[]> {
  const folder = path.join(root, ".redress", "plans");
  const names = (await fs.readdir(folder).catch(() => [])).filter((name) =>
    /^plan-[0-9a-f]+\.scan\.json$/.test(name),
  );
  const scans: Scan[] = [];
  for (const name of names.sort()) {
    const scan = await readText(path.join(folder, name)).then(
      (text) => JSON.parse(text) as Partial<Scan>,
      () => undefined,
    );
    if (scan?.schemaVersion === 1 && Array.isArray(scan.findings) && scan.summary !== undefined)
      scans.push(scan as Scan);
  }
  return scans;
}
