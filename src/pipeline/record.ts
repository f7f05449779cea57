import path from "node:path";
import {
  Failure,
  reasonOf,
  type Evidence,
  type Inventory,
  type Plan,
  type Run,
  type Scan,
} from "../model/index.ts";
import type { JournalLine } from "../run/index.ts";
import type { RunMaterial, Sealed, Signer } from "../seal/index.ts";
import { detectionKey, readDetections } from "../state/index.ts";
import { sha256 } from "../system/index.ts";
import { outputFolder } from "./outputs.ts";
import { redactionsFor } from "./redactions.ts";
import { rooms } from "./rooms.ts";
import type { Setting } from "./setting.ts";

/** By whom and with what a run's record is made. */
export interface Recording {
  readonly signer: Signer;
  /** Who is at work, where the run's own journal does not say. */
  readonly by: string;
  /** The parts of the configuration that documents show. */
  readonly context: Omit<
    Evidence,
    "schemaVersion" | "kind" | "madeAt" | "before" | "after" | "inventory" | "plan" | "run" | "record"
  >;
}

/** A tree as a run found it, or left it. */
export interface Seen {
  readonly scan: Scan;
  readonly inventory: Inventory;
}

/** What came of closing a run's record; that it could not be closed undoes nothing of the run. */
export type Recorded =
  | ({ readonly state: "sealed"; readonly run: string } & Sealed)
  | { readonly state: "not-sealed"; readonly run: string; readonly reason: string; readonly hint: string };

/** What a run begins with, kept beside its journal until the evidence holds it. */
interface Given {
  readonly plan: Plan;
  readonly before: Scan;
  readonly inventory?: Inventory;
}

const givenFile = (runFolder: string): string => path.join(runFolder, "given.json");

/** Keeps what a run begins with, so that its evidence can be made whenever and however it ends. */
export async function keepGiven(setting: Setting, run: string, given: Given): Promise<void> {
  const { disk, runFolder } = await rooms.run();
  // Where it cannot be kept the run's end has it still, unless the run is cut short; the journal's own writes tell more.
  await disk
    .write(givenFile(runFolder(setting.root, run)), JSON.stringify(given), 0o600)
    .catch(() => undefined);
}

/** Makes a run's evidence and seals it; where it cannot be sealed, what documents can be made from is given back. */
export async function recordRun(
  setting: Setting,
  run: Run,
  { recording, after }: { recording: Recording; after?: Seen },
): Promise<{ readonly recorded: Recorded; readonly evidence?: Evidence }> {
  const seal = await rooms.seal();
  let evidence: (() => Evidence) | undefined;
  try {
    const { runFolder, disk } = await rooms.run();
    const folder = runFolder(setting.root, run.run);
    await seal.settleFolders(folder, disk);
    const began = await readBeginning(folder);
    const whole = await evidenceOf(setting, run, {
      began,
      recording,
      ...(after === undefined ? {} : { after }),
    });
    const redactions = await redactionsFor(setting, whole);
    evidence = () => seal.redactEvidence(whole, redactions);
    const material = await materialOf(setting, run, whole);
    const sealed = await seal.sealEvidence({
      runFolder: folder,
      material,
      redactions,
      signer: recording.signer,
      files: disk,
    });
    await disk.remove(givenFile(folder));
    await disk.remove(outputFolder(folder));
    return { recorded: { state: "sealed", run: run.run, ...sealed } };
  } catch (error) {
    const recorded = {
      state: "not-sealed" as const,
      run: run.run,
      reason: reasonOf(error),
      hint:
        error instanceof Failure && error.code === "corrupt"
          ? error.hint
          : "Mend the cause; redress resume seals it then.",
    };
    return { recorded, ...(evidence === undefined ? {} : { evidence: evidence() }) };
  }
}

/** What is known of a run's beginning: as it was kept, or as an earlier seal has it. */
interface Beginning {
  readonly given: Given;
  readonly sealed?: Evidence;
}

async function readBeginning(folder: string): Promise<Beginning> {
  const [{ disk }, { assembleEvidence, evidenceFolder }] = await Promise.all([rooms.run(), rooms.seal()]);
  const text = async (file: string): Promise<string | undefined> =>
    disk.read(file).then(
      (bytes) => bytes.toString("utf8"),
      () => undefined,
    );
  const sealed = await assembleEvidence((name) => text(path.join(evidenceFolder(folder), name)));
  const kept = await text(givenFile(folder));
  if (kept !== undefined)
    return { given: JSON.parse(kept) as Given, ...(sealed === undefined ? {} : { sealed }) };
  if (sealed?.plan === undefined)
    throw new Failure(
      "unreadable",
      `it was not kept what ${path.basename(folder)} began with`,
      "Its journal tells what was done.",
    );
  const { plan, before, inventory } = sealed;
  return {
    given: { plan, before, ...(inventory === undefined ? {} : { inventory: inventory.before }) },
    sealed,
  };
}

async function evidenceOf(
  setting: Setting,
  run: Run,
  { began, recording, after }: { began: Beginning; recording: Recording; after?: Seen },
): Promise<Evidence> {
  const { given, sealed } = began;
  const sights = await readDetections(setting.root);
  const firstSeen = Object.fromEntries(
    given.before.findings.map((finding) => [
      finding.id,
      sights.get(detectionKey(finding)) ?? {
        at: given.before.scannedAt,
        snapshot: given.before.snapshot.digest,
      },
    ]),
  );
  // What was configured then, not what is now.
  const {
    after: _,
    inventory: __,
    ...then
  } = sealed ?? (recording.context as Partial<Evidence> & Recording["context"]);
  return {
    ...then,
    schemaVersion: 1,
    kind: "run",
    madeAt: run.endedAt ?? run.startedAt,
    before: given.before,
    ...(after === undefined ? {} : { after: after.scan }),
    ...(given.inventory === undefined
      ? {}
      : {
          inventory: {
            before: given.inventory,
            ...(after === undefined ? {} : { after: after.inventory }),
          },
        }),
    plan: given.plan,
    run,
    record: {
      keyId: recording.signer.keyId,
      by: sealed?.record?.by ?? recording.by,
      firstSeen: sealed?.record?.firstSeen ?? firstSeen,
    },
  };
}

async function materialOf({ root }: Setting, run: Run, evidence: Evidence): Promise<RunMaterial> {
  const { disk, runFolder, readJournal } = await rooms.run();
  const folder = runFolder(root, run.run);
  const file = path.join(folder, "journal.jsonl");
  const outputs = new Map<string, string>();
  for (const name of await disk.list(outputFolder(folder)))
    outputs.set(name, (await disk.read(path.join(outputFolder(folder), name))).toString("utf8"));
  return {
    evidence,
    journal: (await disk.read(file)).toString("utf8"),
    outputs,
    changes: await changesOf(root, run.run, await readJournal(file)),
  };
}

/** Texts before and after of the files that a run has changed and that are still as it left them. */
async function changesOf(
  root: string,
  run: string,
  entries: readonly JournalLine[],
): Promise<RunMaterial["changes"]> {
  const { contentFile, disk } = await rooms.run();
  const first = new Map<string, string | null>();
  const last = new Map<string, string>();
  for (const entry of entries) {
    if (entry.event === "file-saved" && !first.has(entry.path)) first.set(entry.path, entry.sha256);
    if (entry.event === "phase-done") for (const one of entry.files) last.set(one.path, one.sha256);
  }
  const changes: RunMaterial["changes"][number][] = [];
  for (const [name, digest] of last) {
    const saved = first.get(name) ?? null;
    const after = await textOf(path.join(root, name), digest, disk);
    const before = saved === null ? null : await textOf(contentFile(root, run, saved), saved, disk);
    if (after !== undefined && before !== undefined) changes.push({ path: name, before, after });
  }
  return changes;
}

/** A file's text where it holds what its digest says. */
async function textOf(
  file: string,
  digest: string,
  disk: { read(file: string): Promise<Buffer> },
): Promise<string | undefined> {
  const bytes = await disk.read(file).catch(() => undefined);
  return bytes !== undefined && sha256(bytes) === digest ? bytes.toString("utf8") : undefined;
}
