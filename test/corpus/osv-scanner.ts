import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import path from "node:path";
import { normaliseName, type Ecosystem } from "../../src/model/index.ts";
import { makeZip } from "../support/make-zip.ts";

/** A program of that name where `REDRESS_OSV_SCANNER` names one or the PATH holds one. */
export function findOsvScanner(): string | undefined {
  const named = process.env["REDRESS_OSV_SCANNER"];
  const candidates = [
    ...(named === undefined ? [] : [named]),
    ...(process.env["PATH"] ?? "").split(path.delimiter).map((folder) => path.join(folder, "osv-scanner")),
  ];
  return candidates.find((file) => fs.existsSync(file));
}

/** What osv-scanner made of one folder. */
export interface TheirScan {
  /** Files it read, relative to the folder. */
  readonly files: ReadonlySet<string>;
  /** `name@version`, names normalised. */
  readonly packages: ReadonlySet<string>;
  /** Each finding's package and all ids of the vulnerability. */
  readonly findings: readonly { readonly on: string; readonly ids: readonly string[] }[];
  /** What it said when it read nothing. */
  readonly failure?: string;
}

/** The databases that osv-scanner reads offline, made from the same records: `<folder>/osv-scalibr/<ecosystem>/all.zip`. */
export function writeDatabases(files: readonly string[], folder: string): void {
  const records = files
    .flatMap((file) => fs.readFileSync(file, "utf8").split("\n"))
    .filter((line) => line !== "")
    .map((line) => ({ line, value: JSON.parse(line) as TheirRecord }));
  for (const ecosystem of ["npm", "PyPI"] as const) {
    const entries = new Map<string, string>();
    for (const { value } of records) {
      if (!value.affected.some((one) => one.package.ecosystem === ecosystem)) continue;
      // It asks by the normalised name; the records are written by many hands.
      const affected = value.affected.map((one) => ({
        ...one,
        package: { ...one.package, name: normaliseName(ecosystem, one.package.name) },
      }));
      entries.set(`${value.id}.json`, JSON.stringify({ ...value, affected }));
    }
    const place = path.join(folder, "osv-scalibr", ecosystem);
    fs.mkdirSync(place, { recursive: true });
    const zip = makeZip([...entries].map(([name, text]) => ({ name, text })));
    fs.writeFileSync(path.join(place, "all.zip"), zip);
  }
}

interface TheirRecord {
  readonly id: string;
  readonly affected: readonly { readonly package: { readonly ecosystem: string; readonly name: string } }[];
}

interface TheirReport {
  readonly results: readonly {
    readonly source: { readonly path: string };
    readonly packages: readonly {
      readonly package: { readonly name: string; readonly version: string; readonly ecosystem: Ecosystem };
      readonly groups?: readonly { readonly ids: readonly string[]; readonly aliases?: readonly string[] }[];
    }[];
  }[];
}

/** Runs it offline over a folder, requirements as they are written, every vulnerability shown. */
export function runOsvScanner(
  program: string,
  { folder, databases, out }: { folder: string; databases: string; out: string },
): TheirScan {
  fs.rmSync(out, { force: true });
  const flags = "--offline --no-resolve --all-packages --all-vulns --format json".split(" ");
  const ran = spawnSync(program, ["scan", "source", ...flags, "--output-file", out, "-r", folder], {
    encoding: "utf8",
    timeout: 120_000,
    env: { ...process.env, OSV_SCANNER_LOCAL_DB_CACHE_DIRECTORY: databases },
  });
  if (!fs.existsSync(out))
    return { files: new Set(), packages: new Set(), findings: [], failure: ran.stderr + ran.stdout };
  const { results } = JSON.parse(fs.readFileSync(out, "utf8")) as TheirReport;
  const packages = new Set<string>();
  const findings = new Map<string, TheirScan["findings"][number]>();
  for (const { package: one, groups } of results.flatMap((result) => result.packages)) {
    const on = `${normaliseName(one.ecosystem, one.name)}@${one.version}`;
    packages.add(on);
    for (const { ids, aliases = [] } of groups ?? []) {
      const all = [...new Set([...ids, ...aliases])].sort();
      findings.set(`${on} ${all.join(" ")}`, { on, ids: all });
    }
  }
  return {
    files: new Set(results.map(({ source }) => path.relative(folder, source.path))),
    packages,
    findings: [...findings.values()],
  };
}
