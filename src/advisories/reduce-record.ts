import { baseScoreOf } from "../cvss/index.ts";
import {
  normaliseName,
  type Advisory,
  type Affected,
  type AffectedRange,
  type Ecosystem,
  type RangeEvent,
} from "../model/index.ts";
import { asList, asObject, asText, stringsOf, type JsonObject } from "./json-shape.ts";

/** An advisory as it is stored; the source's name is added when it is given out. */
export type StoredAdvisory = Omit<Advisory, "source">;

/** What a record holds that Redress uses, and what of it could not be used. */
export interface Reduced {
  /** Absent when the record has no id, or names no npm or PyPI package. */
  readonly advisory?: StoredAdvisory;
  /** What is malformed; each is worth a line under `unread`. */
  readonly problems: readonly string[];
  /** `GIT` ranges dropped. */
  readonly gitRanges: number;
}

/** How many of a record's references are kept: enough to read on, and they are most of a record's bytes. */
const mostReferences = 8;
const mostSummaryCharacters = 240;
const mostNameCharacters = 512;
const eventFields = ["introduced", "fixed", "last_affected", "limit"] as const;

/** Reduces one OSV record (schema 1.6 and older) to an `Advisory`; a malformed part is named and the rest kept. */
export function reduceRecord(value: unknown): Reduced {
  const record = asObject(value);
  const id = asText(record?.["id"]);
  if (record === undefined || id === undefined || id.length > mostNameCharacters)
    return { problems: ["not an OSV record: it has no id"], gitRanges: 0 };
  const reading = new Reading(id);
  const affected = reading.affectedOf(record["affected"]);
  const { problems } = reading;
  if (affected.length === 0) return { problems, gitRanges: reading.gitRanges };
  const specific = asObject(record["database_specific"]);
  const summary = summaryOf(record);
  const label = labelOf(record);
  const dates = ["published", "modified", "withdrawn"].flatMap((field) => {
    const date = reading.dateOf(field, record[field]);
    return date === undefined ? [] : [[field, date] as const];
  });
  const advisory: StoredAdvisory = {
    id,
    aliases: stringsOf(record["aliases"]).filter((alias) => alias !== id),
    ...Object.fromEntries(dates),
    ...(summary === undefined ? {} : { summary }),
    affected,
    severity: severityOf(record),
    ...(label === undefined ? {} : { label }),
    weaknesses: weaknessesOf([specific, ...affectedSpecifics(record)]),
    references: referencesOf(record["references"]),
  };
  return { advisory, problems, gitRanges: reading.gitRanges };
}

/** One pass over a record's `affected` list, collecting what is wrong with it. */
class Reading {
  readonly problems: string[] = [];
  gitRanges = 0;
  private readonly id: string;

  constructor(id: string) {
    this.id = id;
  }

  affectedOf(value: unknown): Affected[] {
    if (value !== undefined && !Array.isArray(value)) this.wrong("affected is not a list");
    return asList(value).flatMap((entry, index) => {
      const at = `affected[${index}]`;
      const fields = asObject(entry);
      if (fields === undefined) return this.wrong(`${at} is not an object`);
      const ranges = this.rangesOf(fields["ranges"], at);
      const target = this.packageOf(fields["package"], at);
      if (target === undefined) return [];
      const versions = fields["versions"];
      if (versions !== undefined && stringsOf(versions).length !== (versions as unknown[] | null)?.length)
        this.wrong(`${at}.versions is not a list of versions`);
      return [{ ...target, ranges, versions: stringsOf(versions) }];
    });
  }

  private packageOf(value: unknown, at: string): { ecosystem: Ecosystem; name: string } | undefined {
    if (value === undefined) return undefined; // OSV allows it where only git ranges are known
    const fields = asObject(value);
    const ecosystem = asText(fields?.["ecosystem"])?.split(":")[0];
    const name = asText(fields?.["name"])?.trim();
    if (ecosystem === undefined || name === undefined || name === "") {
      this.wrong(`${at}.package has no ecosystem or no name`);
      return undefined;
    }
    if (ecosystem !== "npm" && ecosystem !== "PyPI") return undefined;
    // A tab or line break never stands in a name and would break the index' own lines.
    if (name.length > mostNameCharacters || /[\t\n\r\0]/.test(name)) {
      this.wrong(`${at}.package has a name that is none`);
      return undefined;
    }
    return { ecosystem, name: normaliseName(ecosystem, name) };
  }

  private rangesOf(value: unknown, at: string): AffectedRange[] {
    if (value !== undefined && value !== null && !Array.isArray(value))
      return this.wrong(`${at}.ranges is not a list`);
    return asList(value).flatMap((entry, index) => {
      const range = asObject(entry);
      const type = range?.["type"];
      if (type === "GIT") {
        this.gitRanges++;
        return [];
      }
      const place = `${at}.ranges[${index}]`;
      if (range === undefined || (type !== "SEMVER" && type !== "ECOSYSTEM"))
        return this.wrong(`${place} has an unknown type`);
      const events = this.eventsOf(range["events"], place);
      return events.length === 0 ? [] : [{ type, events }];
    });
  }

  private eventsOf(value: unknown, at: string): RangeEvent[] {
    if (!Array.isArray(value) || value.length === 0) return this.wrong(`${at} has no events`);
    const events = (value as unknown[]).map((entry) => {
      const event = asObject(entry);
      // Older records put two fields into one event; each counts.
      return eventFields.flatMap((field): RangeEvent[] => {
        const version = asText(event?.[field]);
        return version === undefined ? [] : [{ [field]: version }];
      });
    });
    // A range that has lost an event says something else than was meant: none of it is used.
    const bad = events.findIndex((one) => one.length === 0);
    return bad >= 0 ? this.wrong(`${at}.events[${bad}] is not an event`) : events.flat();
  }

  dateOf(field: string, value: unknown): string | undefined {
    if (value === undefined || value === null) return undefined;
    if (typeof value === "string" && /^\d{4}-\d\d-\d\d/.test(value) && !Number.isNaN(Date.parse(value)))
      return value;
    this.wrong(`${field} is not a time`);
    return undefined;
  }

  private wrong(what: string): never[] {
    this.problems.push(`${this.id}: ${what}`);
    return [];
  }
}

/** The summary, else the beginning of the details, on one line. */
function summaryOf(record: JsonObject): string | undefined {
  const text = asText(record["summary"]) ?? asText(record["details"]);
  if (text === undefined) return undefined;
  const line = text
    .slice(0, 4 * mostSummaryCharacters)
    .replace(/\s+/g, " ")
    .trim();
  if (line === "") return undefined;
  return line.length <= mostSummaryCharacters ? line : `${line.slice(0, mostSummaryCharacters - 1)}…`;
}

/** CVSS vectors of the record, else those of its packages (OSV `severity[]`, `affected[].severity[]`). */
function severityOf(record: JsonObject): StoredAdvisory["severity"] {
  const read = (value: unknown): StoredAdvisory["severity"] =>
    asList(value).flatMap((entry) => {
      const fields = asObject(entry);
      const [type, score] = [asText(fields?.["type"]), asText(fields?.["score"])];
      if (type?.startsWith("CVSS_") !== true || score === undefined) return [];
      // Worked out once here: CVSS v4 takes longer than all else that a scan does with a record.
      const base = baseScoreOf(score.trim());
      return [base === undefined ? { type, score } : { type, score, base }];
    });
  const own = read(record["severity"]);
  if (own.length > 0) return own;
  const seen = new Map(
    asList(record["affected"])
      .flatMap((entry) => read(asObject(entry)?.["severity"]))
      .map((one) => [one.score, one]),
  );
  return [...seen.values()];
}

function affectedSpecifics(record: JsonObject): (JsonObject | undefined)[] {
  return asList(record["affected"]).flatMap((entry) => [
    asObject(asObject(entry)?.["database_specific"]),
    asObject(asObject(entry)?.["ecosystem_specific"]),
  ]);
}

function labelOf(record: JsonObject): string | undefined {
  for (const specific of [asObject(record["database_specific"]), ...affectedSpecifics(record)]) {
    const label = asText(specific?.["severity"]);
    if (label !== undefined && label.length <= 40) return label;
  }
  return undefined;
}

/** CWE ids as GitHub (`cwe_ids`) and the malicious packages' database (`cwes[].cweId`) write them. */
function weaknessesOf(specifics: readonly (JsonObject | undefined)[]): string[] {
  const found = specifics.flatMap((specific) => [
    ...stringsOf(specific?.["cwe_ids"]),
    ...asList(specific?.["cwes"]).flatMap((entry) => asText(asObject(entry)?.["cweId"]) ?? []),
  ]);
  return [...new Set(found)].filter((id) => /^CWE-\d+$/.test(id));
}

function referencesOf(value: unknown): string[] {
  const urls = asList(value).flatMap((entry) => asText(asObject(entry)?.["url"]) ?? []);
  return [...new Set(urls)].filter((url) => /^https?:\/\/\S{1,1000}$/.test(url)).slice(0, mostReferences);
}
