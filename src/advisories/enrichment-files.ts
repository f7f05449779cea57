import * as fs from "node:fs/promises";
import { gunzipSync } from "node:zlib";
import { Failure, reasonOf, type Unread } from "../model/index.ts";
import { decodeText, maxTextBytes } from "../system/index.ts";
import { asObject, asText } from "./json-shape.ts";

/** What an enrichment file says by CVE id. */
export interface Scores {
  readonly values: ReadonlyMap<string, string>;
  /** The file's own date, RFC 3339; `null` when it gives none. */
  readonly date: string | null;
  readonly unread: readonly Unread[];
}

const cve = /^CVE-\d{4}-\d{4,19}$/;

/**
 * CISA's catalogue of known exploited vulnerabilities (JSON): the day each CVE was added.
 * @throws {Failure} `unreadable` when it is no such catalogue.
 */
export async function readKev(file: string): Promise<Scores> {
  const text = await readBounded(file);
  let catalogue: unknown;
  try {
    catalogue = JSON.parse(text);
  } catch (error) {
    throw unreadable(file, reasonOf(error));
  }
  const entries = asObject(catalogue)?.["vulnerabilities"];
  if (!Array.isArray(entries)) throw unreadable(file, "it has no list of vulnerabilities");
  const values = new Map<string, string>();
  let wrong = 0;
  for (const entry of entries as unknown[]) {
    const id = asText(asObject(entry)?.["cveID"])?.toUpperCase();
    const added = asText(asObject(entry)?.["dateAdded"]);
    if (id === undefined || !cve.test(id) || added === undefined || dateOf(added) === null) wrong++;
    else values.set(id, added);
  }
  return { values, date: dateOf(asText(asObject(catalogue)?.["dateReleased"])), unread: counted(wrong) };
}

/**
 * FIRST's EPSS scores (CSV with a comment line that dates it, plain or gzip): the probability of each CVE.
 * @throws {Failure} `unreadable` when it has no column `cve` and `epss`.
 */
export async function readEpss(file: string): Promise<Scores> {
  const text = await readBounded(file);
  const values = new Map<string, string>();
  let date: string | null = null;
  let columns: readonly string[] | undefined;
  let wrong = 0;
  for (const line of text.split("\n")) {
    const row = line.trim();
    if (row.startsWith("#")) date = dateOf(/score_date:([^,\s]+)/.exec(row)?.[1]);
    else if (columns === undefined) columns = row.toLowerCase().split(",");
    else if (row !== "") {
      const cells = row.split(",");
      const id = cells[columns.indexOf("cve")]?.toUpperCase() ?? "";
      const score = cells[columns.indexOf("epss")] ?? "";
      if (cve.test(id) && /^(0(\.\d+)?|1(\.0+)?|\d(\.\d+)?e-\d+)$/i.test(score)) values.set(id, score);
      else wrong++;
    }
  }
  if (columns === undefined || !columns.includes("cve") || !columns.includes("epss"))
    throw unreadable(file, "it has no columns cve and epss");
  return { values, date, unread: counted(wrong) };
}

async function readBounded(file: string): Promise<string> {
  try {
    const { size } = await fs.stat(file);
    if (size > maxTextBytes)
      throw new Error(`it has ${size} bytes, more than the ${maxTextBytes} that are read`);
    const bytes = await fs.readFile(file);
    const packed = bytes[0] === 0x1f && bytes[1] === 0x8b;
    return decodeText(packed ? gunzipSync(bytes, { maxOutputLength: maxTextBytes }) : bytes, file);
  } catch (error) {
    throw error instanceof Failure ? error : unreadable(file, reasonOf(error));
  }
}

/** A date in RFC 3339. FIRST writes the zone as `+0000`, which RFC 3339 and some parsers do not know. */
function dateOf(text: string | undefined): string | null {
  if (text === undefined || !/^\d{4}-\d\d-\d\d/.test(text)) return null;
  const date = new Date(text.replace(/([+-]\d\d)(\d\d)$/, "$1:$2"));
  return Number.isNaN(date.getTime()) ? null : date.toISOString();
}

function counted(wrong: number): Unread[] {
  return wrong === 0 ? [] : [{ path: "", reason: `${wrong} entries cannot be read` }];
}

function unreadable(file: string, reason: string): Failure {
  return new Failure("unreadable", `cannot read ${file}: ${reason}`, "Fetch the file again.");
}
