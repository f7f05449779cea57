import type { Evidence, Inventory } from "../model/index.ts";
import { sha256 } from "../system/index.ts";
import { redactJournal, type SealedJournal } from "./chain.ts";
import { unifiedDiff } from "./diff.ts";
import { redactValue, type Redact } from "./redact.ts";
import { stableJson } from "./stable-json.ts";

/** Everything that is kept of a run, as it was seen: nothing is taken out yet. */
export interface RunMaterial {
  readonly evidence: Evidence;
  /** Text of the run's own journal. */
  readonly journal: string;
  /** What tools wrote, by a name that is unique in the run. */
  readonly outputs: ReadonlyMap<string, string>;
  /** Files that the run has changed, as they were and are; `null` for no file. */
  readonly changes: readonly {
    readonly path: string;
    readonly before: string | null;
    readonly after: string | null;
  }[];
  /** What was sealed of the same run before: what cannot be made again is taken from there. */
  readonly sealed?: { readonly journal: SealedJournal; readonly files: ReadonlyMap<string, Uint8Array> };
}

/** How texts are made fit to leave the machine; `light` for what people wrote on purpose. */
export interface Redactions {
  readonly redact: Redact;
  readonly light: Redact;
}

/** Name of the evidence's journal. */
export const journalName = "journal.jsonl";
/** Name of the file that documents are made from, beside the inventories. */
export const evidenceName = "evidence.json";
/** Names of the inventories' files. */
export const inventoryNames = { before: "inventory-before.json", after: "inventory-after.json" } as const;

/** What documents are made from, as some evidence holds it: `text` gives a file's text; `undefined` where it has none. */
export async function assembleEvidence(
  text: (name: string) => string | undefined | Promise<string | undefined>,
): Promise<Evidence | undefined> {
  const described = await text(evidenceName);
  const before = await text(inventoryNames.before);
  const after = await text(inventoryNames.after);
  if (described === undefined) return undefined;
  const evidence = JSON.parse(described) as Evidence;
  if (before === undefined) return evidence;
  return {
    ...evidence,
    inventory: {
      before: JSON.parse(before) as Inventory,
      ...(after === undefined ? {} : { after: JSON.parse(after) as Inventory }),
    },
  };
}

/** The evidence as documents are made from it: nothing in it that must not leave the machine. */
export function redactEvidence(evidence: Evidence, { redact, light }: Redactions): Evidence {
  return redactValue(evidence, redact, light) as Evidence;
}

/** The contents of an evidence folder, without its checkpoint. */
export interface EvidenceFiles {
  /** By path below the folder. */
  readonly files: Map<string, Uint8Array>;
  /** What documents are made from, as the files hold it. */
  readonly evidence: Evidence;
}

/** The files of a run's evidence; the same material, the same bytes. */
export function makeEvidenceFiles(material: RunMaterial, redactions: Redactions): EvidenceFiles {
  const { outputs, changes, sealed } = material;
  const { redact } = redactions;
  const evidence = redactEvidence(material.evidence, redactions);
  const journal = redactJournal(material.journal, redact, sealed?.journal);
  const files = new Map<string, Uint8Array>();
  const put = (name: string, text: string): void => void files.set(name, Buffer.from(text));
  const json = (name: string, value: unknown): void => {
    if (value !== undefined) put(name, stableJson(value));
  };
  // What an earlier seal holds and nobody can see again.
  for (const [name, bytes] of sealed?.files ?? [])
    if (/^(?:diffs|outputs)\//.test(name)) files.set(name, bytes);
  const { inventory, ...described } = evidence;
  put(evidenceName, stableJson(described));
  put(journalName, journal);
  json("plan.json", evidence.plan);
  json(inventoryNames.before, inventory?.before);
  json(inventoryNames.after, inventory?.after);
  json("findings-before.json", evidence.before);
  json("findings-after.json", evidence.after);
  json("gates.json", entriesOf(journal, "gate"));
  json("files.json", digestsOf(evidence, journal));
  for (const [name, text] of outputs) put(`outputs/${plainName(name)}`, redact(text));
  for (const [index, { path, before, after }] of changes.entries()) {
    const diff = unifiedDiff(path, redacted(before, redact), redacted(after, redact));
    if (diff !== "") put(`diffs/${String(index + 1).padStart(3, "0")}-${plainName(path)}.diff`, diff);
  }
  return { files, evidence };
}

const redacted = (text: string | null, redact: Redact): string | null =>
  text === null ? null : redact(text);

/** A name that may stand in any archive and file system. */
function plainName(name: string): string {
  const plain = name.replace(/[^\w.+@-]+/g, "-").replace(/^[^\w]+/, "");
  return plain.length <= 80 && plain !== "" ? plain : `${plain.slice(0, 60)}-${sha256(name).slice(0, 12)}`;
}

interface JournalEntry {
  readonly event: string;
  readonly at: string;
  readonly path?: string;
  readonly sha256?: string | null;
  readonly phase?: number;
  readonly files?: readonly { readonly path: string; readonly sha256: string }[];
  readonly environments?: readonly unknown[];
}

function entriesOf(journal: string, event: string): JournalEntry[] {
  return journal
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line) as JournalEntry)
    .filter((entry) => entry.event === event);
}

/** Digests of the files that the plan was made for, that were saved and that were written, phase by phase. */
function digestsOf({ plan }: Evidence, journal: string): object {
  return {
    planned: plan?.inputs.files ?? [],
    plannedEnvironments: plan?.inputs.environments ?? [],
    saved: entriesOf(journal, "file-saved").map(({ phase, path, sha256 }) => ({ phase, path, sha256 })),
    written: entriesOf(journal, "phase-done").flatMap(({ phase, at, files = [], environments = [] }) => [
      { phase, at, files, environments },
    ]),
  };
}
