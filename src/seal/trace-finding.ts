import type { Evidence, Finding, GateResult, Upgrade, Waiver } from "../model/index.ts";
import type { Checkpoint } from "./statement.ts";

/** An auditor's sample: everything that a run's record says of one finding. */
export interface FindingTrace {
  readonly finding: Finding;
  readonly run: string;
  readonly state: string;
  readonly detected: {
    readonly at: string;
    /** Digest of the advisories by which it was first seen, where that was kept. */
    readonly snapshot?: string;
    /** By which the run judged it. */
    readonly judgedBy: Evidence["before"]["snapshot"];
  };
  readonly decision: {
    readonly plan: string;
    readonly madeAt: string;
    readonly profile: string;
    readonly tool: string;
    readonly ranBy?: string;
    readonly startedAt: string;
    /** Approvals and other decisions of people that the journal has, as it has them. */
    readonly people: readonly Readonly<Record<string, unknown>>[];
  };
  /** What was changed for it; absent where nothing of the run was. */
  readonly change?: {
    readonly phase: number;
    readonly phaseState: string;
    readonly upgrade: Upgrade;
    /** Integrity of what was installed, by lockfile or index. */
    readonly integrity: readonly string[];
    readonly files: readonly {
      readonly path: string;
      readonly before: string | null;
      readonly after: string;
    }[];
  };
  /** In the order they were asked. */
  readonly gates: readonly (GateResult & {
    readonly at: string;
    readonly stage: string;
    readonly phase: number;
  })[];
  /** Gone from a look at the project after the phase was committed. */
  readonly verified?: { readonly at: string; readonly committedAt: string; readonly snapshot: string };
  readonly accepted?: Waiver;
  /** Why the plan leaves it. */
  readonly left?: { readonly reason: string; readonly detail: string; readonly advice: string };
  readonly checkpoint: Checkpoint;
}

/** What a trace is read from: files of a run's evidence. */
export interface TraceSource {
  readonly evidence: Evidence;
  /** Lines of the evidence's journal. */
  readonly journal: readonly string[];
  readonly checkpoint: Checkpoint;
}

interface Entry extends Readonly<Record<string, unknown>> {
  readonly event: string;
  readonly at: string;
}

/** The traces of every finding that a subject names: a finding id, an advisory, an alias or a package. */
export function traceFindings(subject: string, source: TraceSource): FindingTrace[] {
  const wanted = subject.toLowerCase();
  const entries = source.journal.map((line) => JSON.parse(line) as Entry);
  return source.evidence.before.findings
    .filter((one) =>
      [one.id, one.advisory, one.package, ...one.aliases].some((name) => name.toLowerCase() === wanted),
    )
    .map((finding) => traceFinding(finding, source, entries));
}

function traceFinding(finding: Finding, source: TraceSource, entries: readonly Entry[]): FindingTrace {
  const { evidence, checkpoint } = source;
  const { plan, run, record, before } = evidence;
  const first = record?.firstSeen[finding.id];
  const left = plan?.unfixed.find((one) => one.finding === finding.id);
  const change = changeOf(finding, source, entries);
  const verified = change === undefined ? undefined : verifiedBy(finding, change.phase, source, entries);
  return {
    finding,
    run: checkpoint.run,
    state: checkpoint.state,
    detected: {
      at: first?.at ?? before.scannedAt,
      ...(first?.snapshot === undefined ? {} : { snapshot: first.snapshot }),
      judgedBy: before.snapshot,
    },
    decision: {
      plan: plan?.id ?? checkpoint.plan,
      madeAt: plan?.madeAt ?? "",
      profile: plan?.profile ?? "",
      tool: plan?.inputs.tool ?? checkpoint.tool,
      ...(record === undefined ? {} : { ranBy: record.by }),
      startedAt: run?.startedAt ?? "",
      people: entries.filter((entry) => entry["by"] !== undefined),
    },
    ...(change === undefined ? {} : { change }),
    gates: change === undefined ? [] : gatesOf(change.phase, entries),
    ...(verified === undefined ? {} : { verified }),
    ...(finding.waiver === null ? {} : { accepted: finding.waiver }),
    ...(left === undefined
      ? {}
      : { left: { reason: left.reason, detail: left.detail, advice: left.advice } }),
    checkpoint,
  };
}

function changeOf(
  finding: Finding,
  { evidence: { plan, run, inventory } }: TraceSource,
  entries: readonly Entry[],
): FindingTrace["change"] {
  for (const phase of plan?.phases ?? []) {
    const ran = run?.phases.find((one) => one.number === phase.number);
    const upgrade = phase.upgrades.find((one) => one.fixes.includes(finding.id));
    if (upgrade === undefined || ran === undefined) continue;
    const installed = inventory?.after?.components.find(
      (one) =>
        one.project === upgrade.project &&
        one.ecosystem === upgrade.ecosystem &&
        one.name === upgrade.package &&
        one.version === upgrade.to,
    );
    return {
      phase: phase.number,
      phaseState: ran.state,
      upgrade,
      integrity: [...new Set([...(upgrade.hashes ?? []), ...(installed?.integrity ?? [])])],
      files: writtenIn(phase.number, entries),
    };
  }
  return undefined;
}

function writtenIn(phase: number, entries: readonly Entry[]): NonNullable<FindingTrace["change"]>["files"] {
  const own = entries.filter((entry) => entry["phase"] === phase);
  const saved = new Map(
    own.filter((entry) => entry.event === "file-saved").map((entry) => [entry["path"], entry["sha256"]]),
  );
  const done = own.findLast((entry) => entry.event === "phase-done");
  const files = (done?.["files"] ?? []) as readonly { readonly path: string; readonly sha256: string }[];
  return files.map(({ path, sha256 }) => ({
    path,
    before: (saved.get(path) ?? null) as string | null,
    after: sha256,
  }));
}

function gatesOf(phase: number, entries: readonly Entry[]): FindingTrace["gates"] {
  return entries
    .filter((entry) => entry.event === "gate" && entry["phase"] === phase)
    .map((entry) => ({
      ...(entry["result"] as GateResult),
      at: entry.at,
      stage: String(entry["stage"]),
      phase,
    }));
}

/** Only what was committed, not undone since, and is gone from what was seen afterwards counts. */
function verifiedBy(
  finding: Finding,
  phase: number,
  { evidence: { after, before, run } }: TraceSource,
  entries: readonly Entry[],
): FindingTrace["verified"] {
  const committed = entries.findLast((entry) => entry.event === "phase-done" && entry["phase"] === phase);
  const stands = run?.phases.find((one) => one.number === phase)?.state === "done";
  if (committed === undefined || !stands || after === undefined) return undefined;
  if (after.snapshot.digest !== before.snapshot.digest) return undefined;
  if (after.findings.some((one) => one.id === finding.id)) return undefined;
  return { at: after.scannedAt, committedAt: committed.at, snapshot: after.snapshot.digest };
}
