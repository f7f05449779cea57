import type { Snapshot } from "./advisory.ts";
import type { Finding, Summary } from "./finding.ts";
import type { Ecosystem, ManagerId, Note, Unread } from "./inventory.ts";

/** What one look at a tree gave (`scan --json`, `docs/interface.md`). */
export interface Scan {
  readonly schemaVersion: 1;
  readonly tool: { readonly name: string; readonly version: string };
  /** RFC 3339. */
  readonly scannedAt: string;
  readonly asOf?: string;
  readonly snapshot: Omit<Snapshot, "asOf">;
  readonly projects: readonly {
    readonly path: string;
    readonly ecosystem: Ecosystem;
    readonly manager: ManagerId;
    readonly components: number;
    readonly direct: number;
  }[];
  readonly findings: readonly Finding[];
  readonly unread: readonly Unread[];
  readonly notes: readonly Note[];
  readonly summary: Summary;
}
