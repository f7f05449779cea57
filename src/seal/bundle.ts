import { digestList, digestListName } from "./digest-list.ts";
import type { WholeEvidence } from "./read-evidence.ts";
import { checkpointName, type Checkpoint } from "./statement.ts";
import { makeTarGz } from "./tar.ts";

export interface BundleRequest {
  readonly evidence: WholeEvidence;
  /** Rendered documents by file name. */
  readonly documents: ReadonlyMap<string, Uint8Array>;
  /** PEM of the key that signed it. */
  readonly publicKey: string;
}

/**
 * One archive of a run for somebody who has no Redress: evidence, documents, the public key, and how to check it. The same
 * run gives the same bytes.
 */
export function makeBundle({ evidence, documents, publicKey }: BundleRequest): Buffer {
  const { checkpoint } = evidence.statement;
  const files = new Map<string, Uint8Array>();
  for (const [name, bytes] of evidence.files) files.set(`evidence/${name}`, bytes);
  files.set(`evidence/${checkpointName}`, evidence.envelope);
  for (const [name, bytes] of documents) files.set(`documents/${name}`, bytes);
  files.set("public-key.pem", Buffer.from(publicKey));
  files.set("README.md", Buffer.from(readme(checkpoint, evidence.signed.keyId, [...documents.keys()])));
  files.set(digestListName, Buffer.from(digestList(files)));
  const named = new Map([...files].map(([name, bytes]) => [`${checkpoint.run}/${name}`, bytes]));
  return makeTarGz(named, Date.parse(checkpoint.sealedAt));
}

/** What an auditor is told; the commands of its blocks are run by a test. */
function readme(checkpoint: Checkpoint, keyId: string, documents: readonly string[]): string {
  const { run, state, plan, sealedAt, journal } = checkpoint;
  return `# Evidence of ${run}

The run carried out ${plan} and ended as \`${state}\`. Its evidence was sealed at ${sealedAt} with the Ed25519 key
\`${keyId}\` (SHA-256 over the public key, SubjectPublicKeyInfo in DER).

- \`evidence/\`: the record. \`journal.jsonl\` (${journal.entries} entries, each with the SHA-256 of the one before), \`plan.json\`,
  inventories and findings before and after, \`gates.json\`, digests in \`files.json\`, \`diffs/\`, \`outputs/\` of tools, and
  \`${checkpointName}\`: a DSSE envelope around an in-toto statement with the SHA-256 of every file.
- \`documents/\`: ${documents.length === 0 ? "none" : documents.join(", ")}. Readable forms of \`evidence/evidence.json\`; not signed themselves.
- \`public-key.pem\`: the key. **Compare its name with one that you got another way** (the organisation's own publication, a
  signed tag, a comment on the change): whoever makes a false archive puts a false key into it.

With Redress: \`redress verify FOLDER --key public-key.pem\`, offline. Without it, in this folder:

1. Every file is as it was packed.

   \`\`\`sh
   sha256sum --check --quiet SHA256SUMS
   \`\`\`

2. The key's name is the one that you expect (${keyId.slice(0, 16)}…).

   \`\`\`sh
   openssl pkey -pubin -in public-key.pem -outform DER | sha256sum
   \`\`\`

3. The key signed the statement. What is signed is the statement behind the type and the lengths of both (DSSE).

   \`\`\`sh
   sed -n 's/^  "payload": "\\(.*\\)",$/\\1/p' evidence/${checkpointName} | base64 -d > statement.json
   sed -n 's/^ *"sig": "\\(.*\\)"$/\\1/p' evidence/${checkpointName} | base64 -d > signature.bin
   { printf 'DSSEv1 28 application/vnd.in-toto+json %d ' "$(wc -c < statement.json)"; cat statement.json; } > signed.bin
   openssl pkeyutl -verify -pubin -inkey public-key.pem -rawin -in signed.bin -sigfile signature.bin
   \`\`\`

4. The statement names the list of digests, the list names every file, and there are no others.

   \`\`\`sh
   grep -q "{\\"digest\\":{\\"sha256\\":\\"$(sha256sum evidence/SHA256SUMS | cut -d' ' -f1)\\"},\\"name\\":\\"SHA256SUMS\\"}" statement.json
   (cd evidence && sha256sum --check --quiet --strict SHA256SUMS)
   test "$(find evidence ! -type d | wc -l)" -eq "$(($(wc -l < evidence/SHA256SUMS) + 2))"
   \`\`\`

5. Each entry of the journal names the one before it.

   \`\`\`sh
   prev=$(printf '%064d' 0)
   while IFS= read -r line; do
     case "$line" in *"\\"prev\\":\\"$prev\\""*) ;; *) echo "broken: $line"; exit 1 ;; esac
     prev=$(printf '%s' "$line" | sha256sum | cut -d' ' -f1)
   done < evidence/journal.jsonl
   test "$prev" = ${journal.head}
   \`\`\`

Each command says nothing, \`Signature Verified Successfully\`, or a digest; anything else is a reason to stop.
`;
}
