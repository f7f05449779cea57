import * as fs from "node:fs";
import semver from "semver";
import { normaliseName, type Component, type Ecosystem } from "../../src/model/index.ts";
import { orderOf } from "../../src/versions/index.ts";

interface Entry {
  readonly package: { readonly ecosystem: string; readonly name: string };
  readonly ranges?: readonly {
    readonly type: string;
    readonly events: readonly Readonly<Record<string, string>>[];
  }[];
  readonly versions?: readonly string[];
}

/** An OSV record as it stands in a file. */
export interface OsvRecord {
  readonly id: string;
  readonly aliases?: readonly string[];
  readonly withdrawn?: string;
  readonly affected: readonly Entry[];
}

/** The records that are not withdrawn, names in the form of a component's. */
export function readRecords(files: readonly string[]): OsvRecord[] {
  const records: OsvRecord[] = [];
  for (const file of files)
    for (const line of fs.readFileSync(file, "utf8").split("\n"))
      if (line !== "") {
        const record = JSON.parse(line) as OsvRecord;
        if (record.withdrawn === undefined) records.push({ ...record, affected: record.affected.map(named) });
      }
  return records;
}

const named = (entry: Entry): Entry => {
  const { ecosystem, name } = entry.package;
  return { ...entry, package: { ecosystem, name: normaliseName(ecosystem as Ecosystem, name) } };
};

/** Below, equal or above zero; npm's short versions (`1.2`) and leading zeros mean what they seem to. */
function compare(ecosystem: Ecosystem, a: string, b: string): number {
  if (ecosystem === "PyPI") return orderOf("PyPI").compare(a, b);
  const parse = (text: string): semver.SemVer => {
    const read = semver.parse(text) ?? semver.parse(text, { loose: true }) ?? semver.coerce(text);
    if (read === null) throw new Error(`${text} is no version`);
    return read;
  };
  return semver.compare(parse(a), parse(b));
}

/** The evaluation of OSV's schema, word for word. */
function isIn(entry: Entry, ecosystem: Ecosystem, version: string): boolean {
  if (entry.versions?.includes(version) === true) return true;
  for (const { type, events } of entry.ranges ?? []) {
    if (type === "GIT") continue;
    const place = (event: Readonly<Record<string, string>>): string => Object.values(event)[0] ?? "";
    const sorted = [...events].sort((a, b) =>
      place(a) === "0" ? -1 : place(b) === "0" ? 1 : compare(ecosystem, place(a), place(b)),
    );
    let vulnerable = false;
    for (const { introduced, fixed, last_affected } of sorted) {
      if (introduced === "0") vulnerable = true;
      else if (introduced !== undefined && compare(ecosystem, version, introduced) >= 0) vulnerable = true;
      if (fixed !== undefined && compare(ecosystem, version, fixed) >= 0) vulnerable = false;
      if (last_affected !== undefined && compare(ecosystem, version, last_affected) > 0) vulnerable = false;
    }
    if (vulnerable) return true;
  }
  return false;
}

const ranks = [/^GHSA-/, /^PYSEC-/, /^CVE-/];

function nameOf(ids: readonly string[]): string {
  for (const rank of ranks) {
    const [first] = ids.filter((id) => rank.test(id)).sort();
    if (first !== undefined) return first;
  }
  return [...ids].sort()[0] ?? "";
}

const isOn = (entry: Entry, ecosystem: Ecosystem, name: string): boolean =>
  entry.package.name === name && entry.package.ecosystem === ecosystem;

/** Every record is looked at for every name, once: projects share most names. */
const about = new Map<string, OsvRecord[]>();

function aboutPackage(records: readonly OsvRecord[], ecosystem: Ecosystem, name: string): OsvRecord[] {
  const key = `${ecosystem} ${name}`;
  const known = about.get(key) ?? records.filter((one) => one.affected.some((e) => isOn(e, ecosystem, name)));
  about.set(key, known);
  return known;
}

/** Every record read for every component: `project|name@version` and the advisories that hold for it, sorted. */
export function matchNaively(
  components: readonly Component[],
  records: readonly OsvRecord[],
): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const { project, ecosystem, name, version } of components) {
    const groups: { ids: string[]; affected: boolean }[] = [];
    for (const record of aboutPackage(records, ecosystem, name)) {
      const own = record.affected.filter((entry) => isOn(entry, ecosystem, name));
      let group = {
        ids: [record.id, ...(record.aliases ?? [])],
        affected: own.some((entry) => isIn(entry, ecosystem, version)),
      };
      for (let index = groups.length - 1; index >= 0; index--) {
        const other = groups[index];
        if (other === undefined || !other.ids.some((id) => group.ids.includes(id))) continue;
        group = { ids: [...group.ids, ...other.ids], affected: group.affected || other.affected };
        groups.splice(index, 1);
      }
      groups.push(group);
    }
    const names = groups.filter((group) => group.affected).map((group) => nameOf(group.ids));
    if (names.length > 0) found.set(`${project}|${name}@${version}`, names.sort());
  }
  return found;
}
