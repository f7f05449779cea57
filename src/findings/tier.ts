import {
  tiers,
  type BusinessFunction,
  type Enrichment,
  type Finding,
  type Known,
  type Policy,
  type Scope,
  type Tier,
} from "../model/index.ts";
import { inferFromVector, type Inferred, type SeverityVerdict } from "./severity.ts";

/** Everything that a deadline depends on (`docs/policy.md`, "Tiers and deadlines"). */
export interface TierFacts {
  readonly malware: boolean;
  readonly severity: SeverityVerdict;
  readonly enrichment: Enrichment;
  /** `undeclared`: the configuration does not speak of the project; it counts as not public. */
  readonly exposure: "public" | "internal" | "undeclared";
  readonly scope: Scope;
  /** Business functions that use the package. */
  readonly functions: readonly BusinessFunction[];
  /** A valid recorded decision that the vulnerable code cannot be reached. */
  readonly unreachable: boolean;
  readonly profile: Policy["profile"];
}

/** A tier with the rule that set it and what that rule went by. */
export interface TierVerdict {
  readonly tier: Tier;
  readonly rule: string;
  readonly inputs: Finding["inputs"];
}

/** EPSS from which exploitation counts as active, and as likely (ours, by convention; policy, "Exploitation"). */
const activeAbove = 0.9;
const likelyFrom = 0.1;

interface Judged {
  readonly facts: TierFacts;
  readonly active: boolean;
  readonly likely: boolean;
  /** Ships to production; an optional dependency may be there. */
  readonly production: boolean;
  readonly exposed: boolean;
  /** What no vector tells is taken for true: missing is never taken for false. */
  readonly automatable: boolean;
  readonly total: boolean;
}

/** Rules in their order: the first that holds sets the tier. */
const rules: readonly {
  readonly id: string;
  readonly tier: Tier;
  readonly holds: (judged: Judged) => boolean;
}[] = [
  { id: "R1", tier: "immediate", holds: ({ facts }) => facts.malware },
  {
    id: "R2",
    tier: "immediate",
    holds: ({ active, exposed, automatable, total }) => active && exposed && (automatable || total),
  },
  {
    id: "R3",
    tier: "24-hours",
    holds: (one) =>
      one.automatable &&
      one.total &&
      ((one.active && one.production) || (is(one, "critical") && one.exposed)),
  },
  {
    id: "R4",
    tier: "1-week",
    holds: (one) =>
      (one.production && (one.active || is(one, "critical"))) ||
      (is(one, "high") && one.exposed && one.likely),
  },
  {
    id: "R5",
    tier: "2-weeks",
    holds: (one) =>
      (one.production && is(one, "high")) || one.active || (is(one, "medium") && one.exposed && one.likely),
  },
  {
    id: "R6",
    tier: "1-month",
    holds: (one) => (one.production ? is(one, "medium") : is(one, "critical") || is(one, "high")),
  },
  { id: "R7", tier: "next-window", holds: () => true },
];

const is = ({ facts }: Judged, severity: SeverityVerdict["severity"]): boolean =>
  facts.severity.severity === severity;

/** Profile `severity-only`; an unknown severity is treated as a medium one, since missing is never taken for false. */
const bySeverity: Readonly<Record<SeverityVerdict["severity"], Tier>> = {
  critical: "immediate",
  high: "24-hours",
  medium: "1-week",
  low: "1-month",
  unknown: "1-week",
};

/** Sets the tier: the first rule that holds, then tightening or loosening by one, then the functions' caps. */
export function decideTier(facts: TierFacts): TierVerdict {
  const vector = inferFromVector(facts.severity.vector);
  const judged = judge(facts, vector);
  const [rule, base] = baseOf(facts, judged);
  const modifiers: string[] = [];
  let position = tiers.indexOf(base);
  const move = (to: number, modifier: string): void => {
    const bounded = Math.max(0, Math.min(to, tiers.length - 1));
    if (bounded !== position) modifiers.push(modifier);
    position = bounded;
  };
  if (facts.functions.some((one) => one.criticality === "highest")) move(position - 1, "highest");
  if (facts.unreachable && !facts.malware) move(position + 1, "unreachable");
  const caps = facts.functions.flatMap(({ atMost }) => (atMost === undefined ? [] : [tiers.indexOf(atMost)]));
  move(Math.min(position, ...caps), "atMost");
  return {
    tier: tiers[position] ?? base,
    rule: [rule, ...modifiers].join("+"),
    inputs: wordsOf(facts, vector),
  };
}

const probabilityOf = ({ enrichment: { epss } }: TierFacts): number =>
  epss.state === "unavailable" ? 0 : epss.value;

/** Known to be exploited: in KEV, malware, or a high EPSS (policy, "Exploitation"). */
export function isActive(facts: TierFacts): boolean {
  const { kev } = facts.enrichment;
  return facts.malware || (kev.state !== "unavailable" && kev.value) || probabilityOf(facts) > activeAbove;
}

/** Likely to be exploited: by EPSS, or a public proof of concept. */
export function isLikely(facts: TierFacts): boolean {
  return probabilityOf(facts) >= likelyFrom || inferFromVector(facts.severity.vector).proofOfConcept;
}

function judge(facts: TierFacts, vector: ReturnType<typeof inferFromVector>): Judged {
  const production = facts.scope !== "development";
  return {
    facts,
    active: isActive(facts),
    likely: isLikely(facts),
    production,
    exposed: facts.exposure === "public" && production,
    automatable: vector.automatable !== "no",
    total: vector.totalImpact !== "no",
  };
}

function baseOf(facts: TierFacts, judged: Judged): [rule: string, tier: Tier] {
  const [malware] = rules;
  if (facts.profile === "severity-only" && malware?.holds(judged) !== true)
    return [`severity-only:${facts.severity.severity}`, bySeverity[facts.severity.severity]];
  const found = rules.find((rule) => rule.holds(judged));
  return [found?.id ?? "R7", found?.tier ?? "next-window"];
}

function wordsOf(facts: TierFacts, vector: ReturnType<typeof inferFromVector>): Finding["inputs"] {
  const { severity, enrichment, functions } = facts;
  const score = severity.score === undefined ? "" : ` ${severity.score.toFixed(1)}`;
  return {
    severity: severity.by === "unavailable" ? "unavailable" : `${severity.severity} (${severity.by}${score})`,
    "known exploited": known(enrichment.kev, (listed) => (listed ? "yes" : "no")),
    epss: known(enrichment.epss, (value) => value.toFixed(3)),
    "proof of concept": vector.proofOfConcept ? "yes (inferred from CVSS)" : "unavailable",
    automatable: inferred(vector.automatable),
    "total impact": inferred(vector.totalImpact),
    exposure: facts.exposure === "undeclared" ? "not declared" : facts.exposure,
    scope: facts.scope,
    ...(facts.malware ? { malware: true } : {}),
    ...(functions.length === 0
      ? {}
      : { functions: functions.map((one) => `${one.name} (${one.criticality}${capOf(one)})`).join(", ") }),
    ...(facts.unreachable ? { reachable: "no (recorded analysis)" } : {}),
  };
}

const capOf = ({ atMost }: BusinessFunction): string => (atMost === undefined ? "" : `, at most ${atMost}`);
const inferred = (value: Inferred): string =>
  value === "unavailable" ? value : `${value} (inferred from CVSS)`;

function known<T>(fact: Known<T>, words: (value: T) => string): string {
  if (fact.state === "unavailable") return "unavailable";
  const stale = fact.state === "stale" ? "stale, " : "";
  const since = fact.fetchedAt === undefined ? "" : ` of ${fact.fetchedAt}`;
  return `${words(fact.value)} (${stale}${fact.source}${since})`;
}
