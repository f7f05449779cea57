import {
  severities,
  type Evidence,
  type Finding,
  type Scan,
  type Severity,
  type Summary,
  type Waiver,
} from "../model/index.ts";
import { openFindings } from "./words.ts";

/** Everything that a root keeps of its past. */
export interface Past {
  /** RFC 3339: what is judged as passed or near. */
  readonly now: string;
  /** Scans that plans were made from. */
  readonly scans: readonly Scan[];
  /** Of runs, in any order. */
  readonly evidence: readonly Evidence[];
  /** First sight of a finding, RFC 3339, where it is remembered. */
  firstSeen(finding: Finding): string | undefined;
  readonly waivers: readonly Waiver[];
}

/** One look at the tree. */
export interface Point {
  readonly at: string;
  readonly what: string;
  readonly summary: Summary;
}

/** A finding that is no more. */
export interface Remediated {
  readonly finding: Finding;
  readonly firstSeen?: string;
  readonly fixedAt: string;
  readonly run: string;
}

/** What the past adds up to. */
export interface History {
  readonly schemaVersion: 1;
  readonly now: string;
  readonly points: readonly Point[];
  readonly remediated: readonly Remediated[];
  /** Open by the newest look. */
  readonly open: readonly Finding[];
  /** Mean days from first sight to fix, by severity; `null` where nothing of it was fixed or dates are not known. */
  readonly meanDays: Readonly<Record<Severity, number | null>>;
  readonly deadlines: { readonly met: number; readonly missed: number; readonly overdue: number };
  /** That end within `nearDays`, or have ended within them. */
  readonly nearWaivers: readonly Waiver[];
}

const dayMs = 86_400_000;
/** How near an expiry counts as near, in days. */
export const nearDays = 30;

/** Folds what is kept into a history; runs that changed nothing, or were taken back, remediate nothing. */
export function foldHistory(past: Past): History {
  const looks = [
    ...past.scans.map((scan) => ({ at: scan.scannedAt, what: "scan", scan })),
    ...past.evidence.flatMap((one) => [
      {
        at: one.run?.startedAt ?? one.before.scannedAt,
        what: `before ${one.run?.run ?? "a run"}`,
        scan: one.before,
      },
      ...(one.after === undefined
        ? []
        : [
            { at: one.run?.endedAt ?? one.madeAt, what: `after ${one.run?.run ?? "a run"}`, scan: one.after },
          ]),
    ]),
  ]
    .filter((look) => !Number.isNaN(Date.parse(look.at)))
    .sort((a, b) => Date.parse(a.at) - Date.parse(b.at) || (a.what < b.what ? -1 : 1));
  const remediated = past.evidence.flatMap((one) => remediatedBy(one, past));
  const open = looks.at(-1) === undefined ? [] : openFindings((looks.at(-1) as { scan: Scan }).scan);
  const late = (one: Remediated): boolean => one.fixedAt > one.finding.due;
  return {
    schemaVersion: 1,
    now: past.now,
    points: looks.map(({ at, what, scan }) => ({ at, what, summary: scan.summary })),
    remediated,
    open,
    meanDays: Object.fromEntries(
      severities.map((severity) => [severity, meanDaysOf(remediated, severity)]),
    ) as Record<Severity, number | null>,
    deadlines: {
      met: remediated.filter((one) => !late(one)).length,
      missed: remediated.filter(late).length,
      overdue: open.filter((finding) => finding.due < past.now).length,
    },
    nearWaivers: past.waivers
      .filter((waiver) => Math.abs(Date.parse(waiver.expires) - Date.parse(past.now)) <= nearDays * dayMs)
      .sort((a, b) => (a.expires < b.expires ? -1 : 1)),
  };
}

function remediatedBy({ before, after, run }: Evidence, past: Past): Remediated[] {
  if (after === undefined || run === undefined || !run.phases.some((phase) => phase.state === "done"))
    return [];
  const left = new Set(after.findings.map((finding) => finding.id));
  return openFindings(before)
    .filter((finding) => !left.has(finding.id))
    .map((finding) => {
      const firstSeen = past.firstSeen(finding);
      return {
        finding,
        ...(firstSeen === undefined ? {} : { firstSeen }),
        fixedAt: run.endedAt ?? after.scannedAt,
        run: run.run,
      };
    });
}

function meanDaysOf(remediated: readonly Remediated[], severity: Severity): number | null {
  const spans = remediated.flatMap(({ finding, firstSeen, fixedAt }) =>
    finding.severity === severity && firstSeen !== undefined
      ? [Math.max(0, Date.parse(fixedAt) - Date.parse(firstSeen)) / dayMs]
      : [],
  );
  return spans.length === 0 ? null : spans.reduce((sum, one) => sum + one, 0) / spans.length;
}
