import type { Snapshot, SnapshotSource, Unread } from "../model/index.ts";
import type { AdvisoryRequest } from "./advisory-request.ts";
import { openAdvisories } from "./open-advisories.ts";

/** A source with its age. */
export interface DescribedSource extends SnapshotSource {
  /** Hours since it was fetched, else since its newest record; `null` when neither is known. */
  readonly ageHours: number | null;
}

/** What a scan with these sources would judge by. */
export interface AdvisoryDescription {
  readonly digest: string;
  readonly sources: readonly DescribedSource[];
  readonly unread: readonly Unread[];
  readonly leftOut: { readonly gitRanges: number; readonly noPackage: number };
}

/** Hours between a source's date and now; never negative, as some records are dated ahead. */
export function ageHoursOf(source: SnapshotSource, now: Date): number | null {
  const date = source.fetchedAt ?? source.newest;
  return date === null ? null : Math.max(0, (now.getTime() - Date.parse(date)) / 3_600_000);
}

/**
 * Describes the sources of a request without asking a network for packages: the files, else what is kept.
 * @throws {Failure} as `openAdvisories`; `unavailable` when nothing is kept.
 */
export async function describeAdvisories(request: AdvisoryRequest): Promise<AdvisoryDescription> {
  const base = await openAdvisories({ ...request, offline: true });
  try {
    const now = request.clock?.() ?? new Date();
    const { digest, sources }: Snapshot = base.snapshot;
    return {
      digest,
      sources: sources.map((source) => ({ ...source, ageHours: ageHoursOf(source, now) })),
      unread: base.unread,
      leftOut: base.leftOut,
    };
  } finally {
    base.close();
  }
}
