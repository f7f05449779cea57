/**
 * The advisory index: building it from 120,000 records as a multiple of bare `JSON.parse` over the same bytes, and a
 * warm opening with 1,200 look-ups as a multiple of bare Node, whole processes taken in turn in the same run. Repeats
 * the shared data under other names where it is there, generated records otherwise. Measures `dist/` where it is built,
 * else the sources, whose types Node first has to strip.
 */
import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import os from "node:os";
import path from "node:path";

const repository = path.join(import.meta.dirname, "..");
const shared = path.join(repository, "..", "shared", "data", "advisories");
const built = path.join(repository, "dist", "advisories", "index.js");
const room = fs.existsSync(built) ? built : path.join(repository, "src", "advisories", "index.ts");
const wanted = 120_000;
const warmRuns = 7;

interface Named {
  readonly ecosystem: string;
  readonly name: string;
}

interface BenchRecord {
  readonly id: string;
  readonly affected: readonly { readonly package: Named }[];
}

function templates(): { records: BenchRecord[]; kind: string } {
  if (!fs.existsSync(shared))
    return { records: Array.from({ length: 1000 }, (_, n) => generated(n)), kind: "generated" };
  const records = fs
    .readdirSync(shared)
    .filter((name) => name.endsWith(".jsonl"))
    .flatMap((name) => fs.readFileSync(path.join(shared, name), "utf8").split("\n"))
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as BenchRecord);
  return { records, kind: "shared" };
}

function generated(n: number): BenchRecord & Record<string, unknown> {
  return {
    id: `GHSA-${n}`,
    modified: "2025-01-01T00:00:00Z",
    summary: "A weakness ".repeat(12),
    details: "It is described at length. ".repeat(12),
    aliases: [`CVE-2025-${1000 + n}`],
    affected: [
      {
        package: { ecosystem: n % 2 === 0 ? "npm" : "PyPI", name: `package-${n}` },
        ranges: [{ type: "ECOSYSTEM", events: [{ introduced: "0" }, { fixed: "1.2.3" }] }],
      } as BenchRecord["affected"][number],
    ],
    references: [{ type: "ADVISORY", url: `https://advisories.example/${n}` }],
  };
}

/** Writes the records and returns some packages that they name. */
function write(file: string): { known: Named[]; kind: string } {
  const { records, kind } = templates();
  const names: string[] = [];
  const handle = fs.openSync(file, "w");
  for (let n = 0; n < wanted; n++) {
    const template = records[n % records.length];
    if (template === undefined) break;
    const round = Math.floor(n / records.length);
    const suffix = round === 0 ? "" : `-${round}`;
    const affected = template.affected.map((entry) => ({
      ...entry,
      package: { ...entry.package, name: `${entry.package.name}${suffix}` },
    }));
    names.push(JSON.stringify(affected[0]?.package));
    fs.writeSync(handle, `${JSON.stringify({ ...template, id: `${template.id}${suffix}`, affected })}\n`);
  }
  fs.closeSync(handle);
  // Every package as likely as any other: those with hundreds of advisories are few in a lockfile as well.
  const distinct = [...new Set(names)];
  const known = Array.from(
    { length: 200 },
    (_, n) => distinct[Math.floor((n * distinct.length) / 200)] ?? "",
  );
  return { known: known.map((text) => JSON.parse(text) as Named), kind };
}

interface Measured {
  readonly wallSeconds: number;
  readonly seconds: number;
  /** Of the whole process: comparable also where other work runs beside it. */
  readonly cpuSeconds: number;
  readonly peakMegabytes: number;
}

/** Runs a module's text in a process of its own. */
function measure(code: string): Measured {
  const script = `const started = performance.now();\n${code}
    process.stdout.write(JSON.stringify({ seconds: (performance.now() - started) / 1000, cpu: process.cpuUsage(), peak: process.resourceUsage().maxRSS }));`;
  const started = performance.now();
  const { status, stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", script]);
  if (status !== 0) throw new Error(stderr.toString());
  const { seconds, cpu, peak } = JSON.parse(stdout.toString()) as {
    seconds: number;
    cpu: NodeJS.CpuUsage;
    peak: number;
  };
  return {
    wallSeconds: (performance.now() - started) / 1000,
    seconds,
    cpuSeconds: (cpu.user + cpu.system) / 1e6,
    peakMegabytes: peak / 1024,
  };
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
const say = (text: string): boolean => process.stdout.write(`${text}\n`);

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "redress-bench-"));
try {
  const file = path.join(folder, "records.jsonl");
  const { known, kind } = write(file);
  const bytes = fs.statSync(file).size;
  // Files that were written a moment ago are digested again at every opening.
  await new Promise((resolve) => setTimeout(resolve, 2500));
  const packages = Array.from({ length: 1200 }, (_, n) => ({
    ...(known[n / 6] ?? { ecosystem: n % 2 === 0 ? "npm" : "PyPI", name: `absent-${n}` }),
    version: "1.0.0",
  }));
  const opening = (asked: unknown): string => `
    const { openAdvisories } = await import(${JSON.stringify(room)});
    const base = await openAdvisories({ sources: [${JSON.stringify(file)}], cacheFolder: ${JSON.stringify(folder)}, packages: ${JSON.stringify(asked)} });
    if (base.snapshot.sources[0].records !== ${wanted}) throw new Error("records are missing");
    base.close();`;
  const parsing = `
    const { createReadStream } = await import("node:fs");
    const { createInterface } = await import("node:readline");
    for await (const line of createInterface({ input: createReadStream(${JSON.stringify(file)}) })) JSON.parse(line);`;
  const parse = measure(parsing);
  const build = measure(opening([]));
  const [index] = fs.readdirSync(path.join(folder, "advisories", "index"));
  const indexBytes = fs.statSync(path.join(folder, "advisories", "index", index ?? "")).size;
  say(
    `${room === built ? "built" : "sources"}: ${wanted} ${kind} records, ${(bytes / 1e6).toFixed(0)} MB; index ${(indexBytes / 1e6).toFixed(0)} MB`,
  );
  say(
    `build ${build.seconds.toFixed(2)} s (${build.cpuSeconds.toFixed(2)} s of CPU), ${build.peakMegabytes.toFixed(0)} MB; JSON.parse line by line ${parse.seconds.toFixed(2)} s (${parse.cpuSeconds.toFixed(2)}), ` +
      `${parse.peakMegabytes.toFixed(0)} MB; ${(build.cpuSeconds / parse.cpuSeconds).toFixed(2)} times the CPU`,
  );
  const bare = 'await import("node:fs");';
  measure(opening(packages));
  const times = Array.from({ length: warmRuns }, () => ({
    warm: measure(opening(packages)),
    bare: measure(bare),
  }));
  const [warm, floor] = [
    median(times.map((time) => time.warm.wallSeconds)),
    median(times.map((time) => time.bare.wallSeconds)),
  ];
  say(
    `warm opening and ${packages.length} look-ups: process ${(warm * 1000).toFixed(0)} ms, bare Node ${(floor * 1000).toFixed(0)} ms, ` +
      `${(warm / floor).toFixed(2)} times; CPU ${(median(times.map((time) => time.warm.cpuSeconds)) * 1000).toFixed(0)} and ` +
      `${(median(times.map((time) => time.bare.cpuSeconds)) * 1000).toFixed(0)} ms; peak ${median(times.map((time) => time.warm.peakMegabytes)).toFixed(0)} MB`,
  );
} finally {
  fs.rmSync(folder, { recursive: true });
}
