import type { Criteria, BusinessFunction } from "./policy.ts";
import type { Plan } from "./plan.ts";
import type { Run } from "./run.ts";
import type { Scan } from "./scan.ts";

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
  readonly criteria: Criteria;
  readonly functions: readonly BusinessFunction[];
  readonly contacts: Readonly<Record<string, string>>;
  /** Test commands as configured, for saying what is tested and what is not. */
  readonly tests: readonly { readonly name: string; readonly command: string }[];
}
