import { createHash } from "node:crypto";
import {
  componentKey,
  type Component,
  type Evidence,
  type Finding,
  type Scan,
  type Severity,
  type Upgrade,
} from "../model/index.ts";
import { remainingFindings } from "./words.ts";

/** What machine-readable documents speak of: what is there now, what is wrong with it, what is no more. */
export interface Subject {
  /** RFC 3339, to the second. */
  readonly at: string;
  readonly scan: Scan;
  /** Sorted by key; without a kept inventory only the components that have findings. */
  readonly components: readonly Component[];
  /** Whether `components` is everything there is. */
  readonly complete: boolean;
  /** What each component requires, by key, where that is known. */
  readonly requires: ReadonlyMap<string, readonly string[]>;
  readonly findings: readonly Finding[];
  /** Findings that a run has cleared, with what stands in their component's place, if anything does. */
  readonly fixed: readonly { readonly finding: Finding; readonly successor: Successor | null }[];
}

/** What took the place of a finding's component, as read back. */
export interface Successor {
  readonly purl: string;
  readonly version: string;
}

/** Reduces evidence to what is there now: after a run where there was one, else as seen. */
export function subjectOf(evidence: Evidence): Subject {
  const scan = (evidence.kind === "run" ? evidence.after : undefined) ?? evidence.before;
  const inventory =
    (evidence.kind === "run" ? evidence.inventory?.after : undefined) ??
    (evidence.kind === "run" && isChanged(evidence) ? undefined : evidence.inventory?.before);
  // What a plan would clear is still there.
  const findings = remainingFindings(evidence.kind === "plan" ? { ...evidence, kind: "state" } : evidence);
  const left = new Set(findings.map((finding) => finding.id));
  const components = inventory?.components ?? componentsOf(findings);
  const requires = new Map<string, string[]>();
  for (const { from, to } of inventory?.dependencies ?? [])
    if (from !== null && to !== null) requires.set(from, [...(requires.get(from) ?? []), to]);
  return {
    at: `${evidence.madeAt.slice(0, 19)}Z`,
    scan,
    components: [...new Map(components.map((one) => [componentKey(one), one])).entries()]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([, component]) => component),
    complete: inventory !== undefined && inventory.unread.length === 0,
    requires,
    findings,
    fixed:
      evidence.kind === "run"
        ? evidence.before.findings
            .filter((finding) => !left.has(finding.id))
            .map((finding) => ({ finding, successor: successorOf(finding, evidence) }))
        : [],
  };
}

const isChanged = ({ run }: Evidence): boolean =>
  run?.phases.some((phase) => phase.state === "done") === true;

/** Components as far as findings tell of them. */
function componentsOf(findings: readonly Finding[]): Component[] {
  return findings.map((finding) => ({
    project: finding.project,
    ecosystem: finding.ecosystem,
    name: finding.package,
    version: finding.version,
    purl: finding.purl,
    scope: finding.scope,
    direct: finding.direct,
    places: [],
    requirementsKnown: false,
  }));
}

function successorOf(finding: Finding, { plan, run }: Evidence): Successor | null {
  const upgrade = plan?.phases
    .flatMap((phase) => phase.upgrades)
    .findLast((one) => one.package === finding.package && one.project === finding.project);
  const observed = run?.phases
    .filter((phase) => phase.state === "done")
    .flatMap((phase) => phase.versions)
    .findLast((one) => one.package === finding.package && one.project === finding.project)?.observed;
  return upgrade === undefined || observed === null || observed === undefined
    ? null
    : { purl: purlAt(upgrade, observed), version: observed };
}

/** The purl of a package at another version (https://github.com/package-url/purl-spec). */
function purlAt({ ecosystem, package: name }: Upgrade, version: string): string {
  const path = name.toWellFormed().split("/").map(encodeURIComponent).join("/");
  return `pkg:${ecosystem === "npm" ? "npm" : "pypi"}/${path}@${encodeURIComponent(version.toWellFormed())}`;
}

/** A UUID made of a text: the same text, the same UUID (RFC 9562, version 8). */
export function uuidOf(text: string): string {
  const hex = createHash("sha256").update(text).digest("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** What a machine-readable document is recognised by: the same evidence, the same mark. */
export function markOf(evidence: Evidence, format: string): string {
  return uuidOf(
    [format, evidence.kind, evidence.run?.run, evidence.plan?.id, JSON.stringify(evidence)].join("\n"),
  );
}

/** A value as indented JSON with a final line end; half characters, which strict readers refuse, become U+FFFD. */
export function asJson(value: unknown): string {
  const wellFormed = (_key: string, inner: unknown): unknown =>
    typeof inner === "string" ? inner.toWellFormed() : inner;
  return `${JSON.stringify(value, wellFormed, 2)}\n`;
}

/** The page of OSV about an advisory. */
export function pageOf(advisory: string): string {
  const path = encodeURIComponent(advisory.toWellFormed()).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16)}`,
  );
  return `https://osv.dev/vulnerability/${path}`;
}

/** Lowest base score of each qualitative rating (CVSS 3.1, section 5), for where no score is given. */
export const lowestScore: Readonly<Record<Severity, number>> = {
  critical: 9,
  high: 7,
  medium: 4,
  low: 0.1,
  unknown: 0,
};

/** What can be done about a finding, in a sentence. */
export function actionFor(finding: Finding, evidence: Evidence): string {
  if (finding.waiver !== null)
    return `Accepted until ${finding.waiver.expires} by ${finding.waiver.by}: ${finding.waiver.reason}`;
  const left = evidence.plan?.unfixed.find((one) => one.finding === finding.id);
  if (left !== undefined) return `${left.detail}: ${left.advice}`;
  const [fix] = finding.fixedIn;
  return fix === undefined
    ? `No release of ${finding.package} is declared free of it.`
    : `Upgrade ${finding.package} to ${fix} or later by ${finding.due.slice(0, 10)}.`;
}
