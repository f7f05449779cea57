import type { Recorded, Recording, Setting } from "../pipeline/index.ts";
import { contextOf } from "./documents.ts";
import { personOf, type Workplace } from "./setting.ts";
import type { Terminal } from "./terminal.ts";

/** Flags of the commands that seal a record. */
export interface SealFlags {
  /** File of a private key, instead of the user's own. */
  readonly signingKey?: string;
}

/**
 * By whom and with what records are sealed; where there is no key one is made, and that is said.
 * @throws {Failure} `config` for a key that cannot be used: before anything is touched.
 */
export async function openRecording(
  { setting, terminal }: Workplace,
  { signingKey }: SealFlags,
): Promise<Recording> {
  const { requireSigner } = await import("../seal/index.ts");
  const { signer, isNew } = await requireSigner(signingKey);
  if (isNew)
    terminal.note(
      `Made a key to sign records with: ${signer.from} (${signer.keyId.slice(0, 16)}…). Hand its public part to whoever checks them: redress keys export`,
    );
  return { signer, by: (setting.by ?? personOf()).name, context: contextOf(setting.configuration) };
}

/** Seals what a rollback, a resume or a crash left unsealed, and tells it beside the result. */
export async function recordAndTell(
  setting: Setting,
  { terminal, recording }: { terminal: Terminal; recording: Recording },
): Promise<readonly Recorded[]> {
  const { recordWhatWentOn } = await import("../pipeline/index.ts");
  const records = await recordWhatWentOn(setting, recording);
  for (const record of records) terminal.note(showRecorded(record));
  return records;
}

/** How a record was closed, for a person; the lines to publish elsewhere stand alone. */
export function showRecorded(record: Recorded): string {
  if (record.state === "not-sealed")
    return `The evidence of ${record.run} is not sealed: ${record.reason}\n${record.hint}`;
  const { checkpoint, keyId, digest, files } = record;
  return [
    `evidence: .redress/runs/${record.run}/evidence, ${files} files sealed with key ${keyId.slice(0, 16)}…`,
    "To publish elsewhere (a comment on the change, a signed tag), so that nobody can write it anew unnoticed:",
    `  ${record.run} checkpoint sha256:${digest} head ${checkpoint.journal.head} entries ${checkpoint.journal.entries}`,
  ].join("\n");
}
