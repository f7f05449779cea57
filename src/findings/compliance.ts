import { tiers, type ComplianceProfile, type Finding, type Known, type Tier } from "../model/index.ts";
import { dayMs, durationsMs } from "./due-date.ts";
import { inferFromVector } from "./severity.ts";
import { isActive, isLikely, type TierFacts, type TierVerdict } from "./tier.ts";

/** What a cap goes by, beside what sets the tier. */
export interface CapFacts extends TierFacts {
  /** Whether some record names a version that fixes it: without one nothing has been released to count from. */
  readonly hasFix: boolean;
  /** When the vulnerability was first published, RFC 3339: what is known of a fix's release. */
  readonly published?: string;
  /** Milliseconds since 1970. */
  readonly firstSeenMs: number;
}

/** The most time that a profile gives; `null` days: it sets no date. */
interface Allowance {
  readonly days: number | null;
  /** `release`: from the publication of the vulnerability where a fix is declared, else from detection. */
  readonly from: "detection" | "release";
  /** The facts that chose it, in words. */
  readonly because: string;
}

interface Answers {
  readonly exploited: boolean;
  readonly exposed: boolean;
  readonly automatable: boolean;
  readonly total: boolean;
  readonly likely: boolean;
}

/**
 * What the profiles ask of a finding. Missing is never taken for false, more strictly than by the rules R1 to R7: a
 * project whose exposure nobody declared counts as public, and a vulnerability that no score speaks of as likely to be
 * exploited. Only "in KEV" needs the catalogue to say so.
 */
function answer(facts: CapFacts): Answers {
  const vector = inferFromVector(facts.severity.vector);
  const { kev, epss } = facts.enrichment;
  return {
    exploited: kev.state !== "unavailable" && kev.value,
    exposed: facts.exposure !== "internal" && facts.scope !== "development",
    automatable: vector.automatable !== "no",
    total: vector.totalImpact !== "no",
    likely: isActive(facts) || isLikely(facts) || !isSaid(kev) || !isSaid(epss),
  };
}

const isSaid = (fact: Known<unknown>): boolean => fact.state !== "unavailable";

/**
 * CISA Binding Operational Directive 26-04 (June 2026), Table 1, as CERT/CC's SSVC model `cisa:BOD2604:1.0.0` transcribes
 * it: days by [in KEV][publicly exposed][automatable][total impact]; `null` is "fix on system upgrade". The forensic triage
 * that goes with some rows is no date and is not judged here.
 */
const bod2604: Readonly<Record<string, number | null>> = {
  "----": null,
  "---t": null,
  "--a-": 60,
  "--at": 60,
  "-e--": 60,
  "-e-t": 14,
  "-ea-": 14,
  "-eat": 3,
  "k---": 14,
  "k--t": 14,
  "k-a-": 14,
  "k-at": 3,
  "ke--": 14,
  "ke-t": 3,
  "kea-": 3,
  keat: 3,
};

/**
 * FedRAMP Vulnerability Detection and Response, VDR-TFR-PVR in its strictest form (impact level High, class D), which the
 * other levels are met by: days by impact N5 to N2 for what is likely exploitable and internet-reachable, likely
 * exploitable, and not. How an agency would rate the impact is not known here: the severity stands for it (ours), and an
 * unknown one counts as high.
 */
const fedramp: Readonly<Record<CapFacts["severity"]["severity"], readonly [number, number, number]>> = {
  critical: [0.5, 1, 8],
  high: [2, 8, 32],
  unknown: [2, 8, 32],
  medium: [8, 16, 64],
  low: [24, 96, 192],
};

/** Never later than a calendar month (PCI DSS says "one month"). */
const shortestMonthDays = 28;

const profiles: Readonly<Record<ComplianceProfile, (facts: CapFacts, answers: Answers) => Allowance>> = {
  "bod-26-04": (_, { exploited, exposed, automatable, total }) => ({
    days:
      bod2604[
        `${exploited ? "k" : "-"}${exposed ? "e" : "-"}${automatable ? "a" : "-"}${total ? "t" : "-"}`
      ] ?? null,
    from: "detection",
    because: `${said("in KEV", exploited)}, ${said("exposed", exposed)}, ${said("automatable", automatable)}, ${said("total impact", total)}`,
  }),
  // PCI DSS 4.0.1, requirement 6.3.3: what cannot be shown not to be critical counts as critical.
  "pci-4.0.1": ({ severity: { severity } }) => ({
    days: severity === "critical" || severity === "unknown" ? shortestMonthDays : null,
    from: "release",
    because: `severity ${severity}`,
  }),
  "fedramp-vdr": ({ severity: { severity } }, { likely, exposed }) => ({
    days: fedramp[severity][likely ? (exposed ? 0 : 1) : 2],
    from: "detection",
    because: `severity ${severity}, ${said("likely exploitable", likely)}, ${said("internet-reachable", exposed)}`,
  }),
  // Cyber Essentials, Requirements for IT Infrastructure 3.2, security update management: critical or high by the vendor,
  // CVSS of 7 or more, or no details of the severity.
  "cyber-essentials": ({ severity: { severity, score } }) => ({
    days: ["critical", "high", "unknown"].includes(severity) || (score ?? 0) >= 7 ? 14 : null,
    from: "release",
    because: `severity ${severity}${score === undefined ? "" : ` ${score.toFixed(1)}`}`,
  }),
};

const said = (name: string, is: boolean): string => `${is ? "" : "not "}${name}`;

/** A tier with its date, after the caps. */
export interface CappedVerdict extends TierVerdict {
  /** RFC 3339. */
  readonly due: string;
}

/**
 * Caps a verdict by compliance profiles: the earliest date wins, whatever loosened the tier. A date inside a tier's time
 * keeps the tier's name (3 days are within one week), a date before detection is the detection. Every profile's answer is
 * recorded in the inputs, the one that brought the date forward in the rule.
 */
export function capByCompliance(
  verdict: TierVerdict,
  names: readonly ComplianceProfile[],
  facts: CapFacts,
): CappedVerdict {
  const { firstSeenMs } = facts;
  if (names.length === 0) return { ...verdict, due: dueAfter(durationsMs[verdict.tier], firstSeenMs) };
  const inputs: Record<string, Finding["inputs"][string]> = { ...verdict.inputs };
  let earliest = firstSeenMs + durationsMs[verdict.tier];
  let winner: ComplianceProfile | undefined;
  const answers = answer(facts);
  for (const name of names) {
    const allowance = profiles[name](facts, answers);
    const start = startOf(allowance, facts);
    inputs[name] = wordsOf(allowance, start);
    if (allowance.days === null) continue;
    const date = Math.max(firstSeenMs, start.ms + allowance.days * dayMs);
    if (date >= earliest) continue;
    earliest = date;
    winner = name;
  }
  return {
    tier: winner === undefined ? verdict.tier : tierWithin(earliest - firstSeenMs),
    rule: winner === undefined ? verdict.rule : `${verdict.rule}+${winner}`,
    inputs,
    due: dueAfter(0, earliest),
  };
}

const dueAfter = (ms: number, sinceMs: number): string => new Date(sinceMs + ms).toISOString();

/** The most urgent tier whose time still holds a date that is so far away. */
const tierWithin = (ms: number): Tier => tiers.find((tier) => durationsMs[tier] >= ms) ?? "next-window";

interface Start {
  readonly ms: number;
  readonly words: string;
}

function startOf({ from }: Allowance, { hasFix, published, firstSeenMs }: CapFacts): Start {
  const released = from === "release" && hasFix ? Date.parse(published ?? "") : Number.NaN;
  return Number.isNaN(released)
    ? { ms: firstSeenMs, words: "detection" }
    : { ms: released, words: `publication on ${new Date(released).toISOString().slice(0, 10)}` };
}

function wordsOf({ days, because }: Allowance, start: Start): string {
  if (days === null) return `sets no date (${because})`;
  const time = days < 1 ? `${days * 24} hours` : `${days} ${days === 1 ? "day" : "days"}`;
  return `within ${time} of ${start.words} (${because})`;
}
