import type { Advisory, Ecosystem } from "../model/index.ts";
import { compareTexts, orderOf, readLooseVersion } from "../versions/index.ts";
import { groupAliases, type AliasGroup } from "./alias-groups.ts";
import { judgeVersion, prepareRecord, type PreparedRecord } from "./record-verdict.ts";
import { severityOf, type SeverityVerdict } from "./severity.ts";

/** Everything about one vulnerability of a package that does not depend on the version. */
export interface PreparedGroup {
  readonly id: string;
  readonly aliases: readonly string[];
  /** Made when first asked for: most groups of a package do not concern its present version. */
  readonly severity: () => SeverityVerdict;
  /** CWE ids by number. */
  readonly weaknesses: readonly string[];
  readonly summary?: string;
  /** Named by an OSV `MAL-` id. */
  readonly malware: boolean;
  readonly records: readonly PreparedRecord[];
}

/** A vulnerability that a version has. */
export interface GroupVerdict {
  readonly group: PreparedGroup;
  readonly fixedIn: readonly string[];
  readonly disagreements: readonly string[];
}

/** Groups the records that count by alias and prepares them for the questions about one package. */
export function prepareGroups(
  records: readonly Advisory[],
  ecosystem: Ecosystem,
  name: string,
): readonly PreparedGroup[] {
  return groupAliases(records).map((group) => prepareGroup(group, ecosystem, name));
}

function prepareGroup(group: AliasGroup, ecosystem: Ecosystem, name: string): PreparedGroup {
  let severity: SeverityVerdict | undefined;
  return {
    id: group.id,
    aliases: group.aliases,
    severity: () => (severity ??= severityOf(group.records)),
    weaknesses: weaknessesOf(group),
    ...summaryOf(group),
    malware: [group.id, ...group.aliases].some((id) => id.startsWith("MAL-")),
    records: group.records.map((record) => prepareRecord(record, ecosystem, name)),
  };
}

function weaknessesOf({ records }: AliasGroup): string[] {
  const numberOf = (id: string): number => Number(/\d+$/.exec(id)?.[0] ?? Infinity);
  return [...new Set(records.flatMap((record) => record.weaknesses))].sort(
    (a, b) => numberOf(a) - numberOf(b) || compareTexts(a, b),
  );
}

/** Of the record that gave the group its name, else of the first that has one. */
function summaryOf({ id, records }: AliasGroup): { summary?: string } {
  const named = records.find((record) => record.id === id);
  const summary = named?.summary ?? records.find((record) => record.summary !== undefined)?.summary;
  return summary === undefined ? {} : { summary };
}

/** A group says affected when any of its records does; where others do not, that is said in words. */
export function judgeGroup(
  group: PreparedGroup,
  ecosystem: Ecosystem,
  version: string,
): GroupVerdict | undefined {
  const said = group.records.map((prepared) => ({
    prepared,
    verdict: judgeVersion(prepared, ecosystem, version),
  }));
  const affected = said.filter(({ verdict }) => verdict.says === "affected");
  if (affected.length === 0) return undefined;
  const fixes = affected.flatMap(({ verdict }) => verdict.fixedIn);
  const disagreements = said.flatMap(({ prepared, verdict }) =>
    verdict.says === "affected" ? [] : [disagreementOf(prepared, verdict.says, version)],
  );
  return { group, fixedIn: ascendingAbove(ecosystem, version, fixes), disagreements };
}

function disagreementOf(
  { record, unreadable }: PreparedRecord,
  says: "unaffected" | "silent",
  version: string,
): string {
  const who = `${record.id} (${record.source})`;
  if (says === "unaffected") return `${who} does not count ${version} as affected`;
  return unreadable.length > 0
    ? `${who} has a range that cannot be read: ${unreadable.join("; ")}`
    : `${who} names no versions`;
}

function ascendingAbove(ecosystem: Ecosystem, version: string, fixes: readonly string[]): string[] {
  const order = orderOf(ecosystem);
  const present = readLooseVersion(ecosystem, version) ?? version;
  const above = [...new Set(fixes)].filter((fix) => order.compare(fix, present) > 0);
  return above
    .sort((a, b) => order.compare(a, b) || compareTexts(a, b))
    .filter((fix, index, all) => index === 0 || order.compare(fix, all[index - 1] ?? "") !== 0);
}
