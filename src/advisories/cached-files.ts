import * as fs from "node:fs";
import path from "node:path";
import type { Ecosystem } from "../model/index.ts";
import { sha256 } from "../system/index.ts";
import type { Endpoints } from "./endpoints.ts";

/** What is known of a fetched file, kept beside it. */
export interface FetchedFacts {
  /** RFC 3339: when it was last fetched, or confirmed unchanged. */
  readonly fetchedAt: string;
  readonly etag?: string;
  readonly lastModified?: string;
}

/** A file that is fetched whole and kept. */
export interface CachedFile {
  readonly url: string;
  readonly path: string;
  /** Name in messages and snapshots. */
  readonly id: string;
}

/** The kept export of an ecosystem. */
export function exportFile(ecosystem: Ecosystem, endpoints: Endpoints, folder: string): CachedFile {
  const url = `${endpoints.osvExports.replace(/\/+$/, "")}/${ecosystem}/all.zip`;
  return { url, path: fileFor(url, folder, `export-${ecosystem}.zip`), id: `osv export ${ecosystem}` };
}

/** The kept KEV or EPSS file. */
export function enrichmentFile(kind: "kev" | "epss", url: string, folder: string): CachedFile {
  return { url, path: fileFor(url, folder, kind), id: kind };
}

/** Files of different addresses never stand in for each other. */
function fileFor(url: string, folder: string, name: string): string {
  return path.join(folder, "advisories", "fetched", `${sha256(url).slice(0, 12)}-${name}`);
}

/** What is known of a kept file; `undefined` when there is none. */
export function readFetched(file: CachedFile): FetchedFacts | undefined {
  if (!fs.existsSync(file.path)) return undefined;
  return readFacts(`${file.path}.json`) ?? { fetchedAt: fs.statSync(file.path).mtime.toISOString() };
}

/** Reads the facts beside a file, `undefined` when they are absent or torn. */
export function readFacts(file: string): FetchedFacts | undefined {
  try {
    const facts = JSON.parse(fs.readFileSync(file, "utf8")) as Partial<FetchedFacts> | null;
    if (typeof facts?.fetchedAt !== "string" || Number.isNaN(Date.parse(facts.fetchedAt))) return undefined;
    return {
      fetchedAt: facts.fetchedAt,
      ...(typeof facts.etag === "string" ? { etag: facts.etag } : {}),
      ...(typeof facts.lastModified === "string" ? { lastModified: facts.lastModified } : {}),
    };
  } catch {
    return undefined;
  }
}
