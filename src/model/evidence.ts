import type { Inventory } from "./inventory.ts";
import type { BusinessFunction, Claims, Criteria } from "./policy.ts";
import type { Plan } from "./plan.ts";
import type { Run } from "./run.ts";
import type { Scan } from "./scan.ts";

/** What is kept of a run beside what it did. */
export interface RunRecord {
  /** Name of the key that signs the record: SHA-256 over the public key (SubjectPublicKeyInfo, DER). */
  readonly keyId: string;
  /** Who ran it, as said by the person or the machine. */
  readonly by: string;
  /** By finding id: when it was first seen, RFC 3339, and the digest of the advisories that told, where that is known. */
  readonly firstSeen: Readonly<Record<string, { readonly at: string; readonly snapshot?: string }>>;
}

/** Everything that documents are made from; the same evidence always gives the same bytes. */
export interface Evidence {
  readonly schemaVersion: 1;
  /** `plan`: what is proposed; `run`: what was done; `state`: what is there. */
  readonly kind: "plan" | "run" | "state";
  /** RFC 3339: when the thing described was made, not when a document is. */
  readonly madeAt: string;
  readonly before: Scan;
  readonly plan?: Plan;
  readonly run?: Run;
  /** Seen after the run, by the snapshot of `before`. */
  readonly after?: Scan;
  /** What is there, where it was kept; bills of materials list it. */
  readonly inventory?: { readonly before: Inventory; readonly after?: Inventory };
  /** What an earlier document counted, where one is configured. */
  readonly claims?: Claims;
  readonly criteria: Criteria;
  readonly functions: readonly BusinessFunction[];
  readonly contacts: Readonly<Record<string, string>>;
  /** Test commands as configured, for saying what is tested and what is not. */
  readonly tests: readonly { readonly name: string; readonly command: string }[];
  /** Of a run: who carried it out, and what its record is signed with. */
  readonly record?: RunRecord;
}
