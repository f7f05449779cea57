import type { Advisory, Configuration, Ecosystem, Enrichment, Hit, Judge, Scope } from "../model/index.ts";
import { counts, isUndated, momentOf } from "./as-of.ts";
import { capByCompliance, type CapFacts } from "./compliance.ts";
import { findingId } from "./finding-id.ts";
import { judgeGroup, prepareGroups, type GroupVerdict, type PreparedGroup } from "./package-verdicts.ts";
import { exposureOf, functionsOf } from "./project-policy.ts";
import { decideTier } from "./tier.ts";
import { findWaiver } from "./waivers.ts";

export interface JudgeRequest {
  /** All records on a package, withdrawn ones included, unmerged. */
  readonly lookup: (ecosystem: Ecosystem, name: string) => readonly Advisory[];
  /** Exploitation facts under any of an advisory's ids. */
  readonly enrichment: (ids: readonly string[]) => Enrichment;
  /** RFC 3339 or a date: judge by what was published by then. */
  readonly asOf?: string;
  readonly configuration: Configuration;
  /** When a finding was first seen, RFC 3339; deadlines run from there, or from `now` for what is new. */
  readonly firstSeen: (key: {
    readonly project: string;
    readonly package: string;
    readonly advisory: string;
  }) => string | undefined;
  /** RFC 3339 or a date. */
  readonly now: string;
}

/** A judge by one snapshot and one policy. */
export interface SnapshotJudge extends Judge {
  /** Ranges met so far that have no plain meaning, so that their records cannot say all that they mean. */
  readonly unreadable: readonly { readonly advisory: string; readonly range: string }[];
  /** Records met so far that do not say when they were published, and so are left out of a judgement as of a day. */
  readonly undated: readonly { readonly advisory: string; readonly package: string }[];
  /** The moment by which waivers hold, as requested. */
  readonly now: string;
}

type Component = Parameters<Judge["hits"]>[0];

/**
 * Makes a judge: groups records by alias, leaves out what was not published or was withdrawn, and remembers what it
 * said of each package, version and place, since planning asks for many versions many times.
 */
export function makeJudge(request: JudgeRequest): SnapshotJudge {
  const unreadable: { advisory: string; range: string }[] = [];
  const undated: { advisory: string; package: string }[] = [];
  const groups = new Map<string, readonly PreparedGroup[]>();
  const groupsOf = (ecosystem: Ecosystem, name: string): readonly PreparedGroup[] => {
    const key = `${ecosystem}|${name}`;
    let known = groups.get(key);
    if (known === undefined) {
      const all = request.lookup(ecosystem, name);
      if (request.asOf !== undefined)
        for (const record of all) if (isUndated(record)) undated.push({ advisory: record.id, package: name });
      const records = all.filter((record) => counts(record, request));
      known = prepareGroups(records, ecosystem, name);
      for (const { record, unreadable: ranges } of known.flatMap((group) => group.records))
        for (const range of ranges) unreadable.push({ advisory: record.id, range });
      groups.set(key, known);
    }
    return known;
  };
  const hits = new Map<string, readonly Hit[]>();
  const toHit = hitMaker(request);
  return {
    unreadable,
    undated,
    now: request.now,
    hits(component) {
      const { project, ecosystem, name, version, scope } = component;
      const found = groupsOf(ecosystem, name);
      if (found.length === 0) return none;
      const key = `${ecosystem}|${scope}|${name}|${version}|${project}`;
      let known = hits.get(key);
      if (known === undefined) {
        known = found.flatMap((group) => {
          const verdict = judgeGroup(group, ecosystem, version);
          return verdict === undefined ? [] : [toHit(verdict, component)];
        });
        hits.set(key, known.length === 0 ? none : known);
      }
      return known;
    },
  };
}

const none: readonly Hit[] = [];

function hitMaker(request: JudgeRequest): (verdict: GroupVerdict, component: Component) => Hit {
  const { configuration } = request;
  const enrichments = new Map<PreparedGroup, Enrichment>();
  const enrichmentOf = (group: PreparedGroup): Enrichment => {
    const known = enrichments.get(group) ?? request.enrichment([group.id, ...group.aliases]);
    enrichments.set(group, known);
    return known;
  };
  return ({ group, fixedIn, disagreements }, component) => {
    const verdict = group.severity();
    const { severity, score, vector } = verdict;
    const published = publicationOf(group);
    const facts: CapFacts = {
      malware: group.malware,
      severity: verdict,
      enrichment: enrichmentOf(group),
      exposure: exposureOf(configuration, component.project),
      scope: component.scope,
      functions: functionsOf(configuration, component.ecosystem, component.name),
      unreachable: isUnreachable(request, group, component),
      profile: configuration.policy.profile,
      hasFix: fixedIn.length > 0,
      firstSeenMs: firstSeenOf(request, group, component),
      ...(published === undefined ? {} : { published }),
    };
    const { tier, rule, inputs, due } = capByCompliance(
      decideTier(facts),
      configuration.policy.compliance ?? [],
      facts,
    );
    return {
      advisory: group.id,
      aliases: group.aliases,
      severity,
      ...(score === undefined ? {} : { score }),
      ...(vector === undefined ? {} : { vector }),
      weaknesses: group.weaknesses,
      ...(group.summary === undefined ? {} : { summary: group.summary }),
      fixedIn,
      tier,
      rule,
      inputs,
      due,
      ...(disagreements.length === 0 ? {} : { disagreements }),
    };
  };
}

/** The earliest publication among a group's records: a record that came later says nothing of the fix's age. */
function publicationOf({ records }: PreparedGroup): string | undefined {
  return records
    .flatMap(({ record }) => record.published ?? [])
    .sort((a, b) => Date.parse(a) - Date.parse(b))[0];
}

/** The policy's recorded VEX justification; it loosens a deadline, it does not remove the finding. */
function isUnreachable(
  { configuration, now }: JudgeRequest,
  group: PreparedGroup,
  { project, ecosystem, name, version }: Component & { scope: Scope },
): boolean {
  const reachable = configuration.waivers.filter((waiver) => waiver.justification === "code_not_reachable");
  if (reachable.length === 0) return false;
  const identity = { project, ecosystem, package: name, advisory: group.id };
  const ids = [findingId(identity), findingId({ ...identity, version })];
  return findWaiver(reachable, { ...identity, aliases: group.aliases, ids }, now) !== null;
}

/**
 * The earliest date under any id of the group, since a record that came later may have given it another name; never
 * after `now`, which lies in the past with `--as-of`.
 */
function firstSeenOf(
  { firstSeen, now }: JudgeRequest,
  group: PreparedGroup,
  { project, name }: Component,
): number {
  const moments = [group.id, ...group.aliases].map((advisory) =>
    Date.parse(firstSeen({ project, package: name, advisory }) ?? ""),
  );
  return Math.min(momentOf(now), ...moments.filter((moment) => !Number.isNaN(moment)));
}
