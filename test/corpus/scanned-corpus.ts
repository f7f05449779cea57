import * as fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { openAdvisories } from "../../src/advisories/index.ts";
import { findFindings, makeJudge } from "../../src/findings/index.ts";
import { takeInventory } from "../../src/inventory/index.ts";
import type { Finding, Inventory } from "../../src/model/index.ts";
import { configuration } from "../support/findings.ts";
import { shared } from "../support/redress.ts";

/** Data that the corpus is judged by; a clone may not have it. */
export const data = path.join(shared, "data");
const target = { python: "3.11.7", node: "20.20.2", platform: "linux-x64" };

/** The advisory files, one OSV record a line. */
export const advisoryFiles: readonly string[] = ["npm", "npm-malware", "pypi", "pypi-ghsa"].map((name) =>
  path.join(data, "advisories", `${name}.jsonl`),
);

/** The corpus, judged by those files on one target. */
export interface ScannedCorpus {
  /** Names of its projects, sorted. */
  readonly projects: readonly string[];
  folderOf(project: string): string;
  scan(project: string): Promise<{ readonly inventory: Inventory; readonly findings: readonly Finding[] }>;
  close(): void;
}

/** Opens the corpus; close it to have its index removed. */
export async function openCorpus(): Promise<ScannedCorpus> {
  const folderOf = (project: string): string => path.join(data, "corpus", project);
  const cacheFolder = fs.mkdtempSync(path.join(os.tmpdir(), "redress-corpus-"));
  const base = await openAdvisories({ sources: advisoryFiles, cacheFolder });
  const judge = makeJudge({
    lookup: (ecosystem, name) => base.lookup(ecosystem, name),
    enrichment: (ids) => base.enrichment(ids),
    configuration: configuration(),
    firstSeen: () => undefined,
    now: "2026-12-31T00:00:00Z",
  });
  return {
    projects: fs.readdirSync(folderOf("")).sort(),
    folderOf,
    async scan(project) {
      const inventory = await takeInventory({ root: folderOf(project), target });
      return { inventory, findings: findFindings(inventory, judge, configuration()) };
    },
    close() {
      base.close();
      fs.rmSync(cacheFolder, { recursive: true });
    },
  };
}
