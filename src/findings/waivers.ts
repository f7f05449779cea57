import { normaliseName, type Ecosystem, type Waiver } from "../model/index.ts";
import { momentOf } from "./as-of.ts";

/** What a waiver may name. */
export interface Waivable {
  readonly ecosystem: Ecosystem;
  readonly package: string;
  readonly advisory: string;
  readonly aliases: readonly string[];
  /** Ids that the finding has or may have. */
  readonly ids: readonly string[];
}

/**
 * The waiver that holds for a finding at a moment (RFC 3339): by finding id, `ADVISORY` or `ADVISORY:PACKAGE`, any alias
 * of the advisory serving. It holds to the end of its last day in UTC; of several the one that lasts longest counts.
 */
export function findWaiver(waivers: readonly Waiver[], finding: Waivable, now: string): Waiver | null {
  const moment = momentOf(now);
  const holding = waivers.filter(
    (waiver) => momentOf(waiver.expires) >= moment && names(waiver.finding, finding),
  );
  return holding.reduce<Waiver | null>(
    (best, waiver) => (best === null || waiver.expires > best.expires ? waiver : best),
    null,
  );
}

function names(target: string, finding: Waivable): boolean {
  if (finding.ids.includes(target)) return true;
  const colon = target.indexOf(":");
  const advisory = colon < 0 ? target : target.slice(0, colon);
  if (advisory !== finding.advisory && !finding.aliases.includes(advisory)) return false;
  return colon < 0 || normaliseName(finding.ecosystem, target.slice(colon + 1)) === finding.package;
}
