import { normaliseName, type Ecosystem, type Finding, type Note, type Waiver } from "../model/index.ts";
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

/** A note for each waiver that no longer holds at a moment (RFC 3339), saying which findings it once covered are open. */
export function expiredWaivers(
  waivers: readonly Waiver[],
  findings: readonly Finding[],
  now: string,
): readonly Note[] {
  const moment = momentOf(now);
  return waivers
    .filter((waiver) => momentOf(waiver.expires) < moment)
    .map((waiver) => {
      const covered = coveredBy(waiver.finding, findings);
      const open = covered.filter((one) => one.waiver === null);
      const state =
        open.length > 0
          ? `open again: ${open.map((one) => `${one.package} ${one.version} (${one.advisory})`).join(", ")}`
          : covered.length > 0
            ? "another waiver covers it"
            : "nothing here is found for it";
      return {
        project: covered[0]?.project ?? ".",
        kind: "other",
        text: `The waiver of ${waiver.finding} by ${waiver.by} expired on ${waiver.expires}; ${state}.`,
      };
    });
}

/** Which of the findings a waiver of this name would cover: a finding id, `ADVISORY` or `ADVISORY:PACKAGE`. */
export function coveredBy(target: string, findings: readonly Finding[]): readonly Finding[] {
  return findings.filter((finding) => names(target, { ...finding, ids: [finding.id] }));
}
