import path from "node:path";
import { Failure, type Evidence, type Run } from "../model/index.ts";
import { look, relookWith } from "./look.ts";
import { recordRun, type Recorded, type Recording, type Seen } from "./record.ts";
import { rooms } from "./rooms.ts";
import type { Setting } from "./setting.ts";

/**
 * Seals the records of runs that have ended and whose evidence is older than their journal, or was never sealed: what a
 * rollback, a resume or a crash leaves.
 */
export async function recordWhatWentOn(setting: Setting, recording: Recording): Promise<Recorded[]> {
  const { readRuns } = await rooms.run();
  const done: Recorded[] = [];
  for (const run of await readRuns(setting.root)) {
    if (run.endedAt === undefined || !(await isStale(setting.root, run))) continue;
    const after = await lookAgain(setting, run);
    const { recorded } = await recordRun(setting, run, {
      recording,
      ...(after === undefined ? {} : { after }),
    });
    done.push(recorded);
  }
  return done;
}

/** Whether a run's journal has gone on since its evidence was sealed. A run of which nothing was kept is left alone. */
async function isStale(root: string, { run }: Run): Promise<boolean> {
  const [{ disk, runFolder }, seal] = await Promise.all([rooms.run(), rooms.seal()]);
  const folder = runFolder(root, run);
  await seal.settleFolders(folder, disk);
  const head = await seal.sealedHead(seal.evidenceFolder(folder), disk);
  if (head === undefined) return (await disk.look(path.join(folder, "given.json"))) !== undefined;
  const journal = (await disk.read(path.join(folder, "journal.jsonl"))).toString("utf8");
  return seal.followChain(journal.slice(0, journal.lastIndexOf("\n") + 1)).head !== head;
}

/**
 * Looks at the project by the advisories that a run was judged by; `undefined` where those are not to be had now, since
 * others would blame on the change, or credit to it, what was published since.
 */
async function lookAgain(setting: Setting, run: Run): Promise<Seen | undefined> {
  const before = await scanBefore(setting.root, run.run);
  if (before === undefined) return undefined;
  const { asOf: _, ...now } = setting;
  const dated = before.before.asOf === undefined ? now : { ...now, asOf: before.before.asOf };
  try {
    const seen = await look(dated);
    try {
      await seen.base.extend(before.plan?.inputs.asked ?? []);
      if (seen.base.snapshot.digest !== before.before.snapshot.digest) return undefined;
      const { inventory, findings, summary } = await relookWith(dated, seen.judge)(setting.root);
      const scannedAt = setting.clock().toISOString();
      return { inventory, scan: { ...before.before, scannedAt, findings, summary } };
    } finally {
      seen.base.close();
    }
  } catch (error) {
    if (error instanceof Failure) return undefined;
    throw error;
  }
}

async function scanBefore(root: string, run: string): Promise<Pick<Evidence, "before" | "plan"> | undefined> {
  const [{ disk, runFolder }, seal] = await Promise.all([rooms.run(), rooms.seal()]);
  const folder = runFolder(root, run);
  for (const file of [
    path.join(folder, "given.json"),
    path.join(seal.evidenceFolder(folder), seal.evidenceName),
  ]) {
    const bytes = await disk.read(file).catch(() => undefined);
    if (bytes !== undefined) return JSON.parse(bytes.toString("utf8")) as Pick<Evidence, "before" | "plan">;
  }
  return undefined;
}
