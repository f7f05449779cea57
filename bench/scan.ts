/**
 * `redress scan` as whole processes, each beside bare Node reading and parsing the same bytes, in turn in the same run:
 * time, processor time and peak memory. Real files with the shared data where it is there, a lockfile of 20,000 made
 * packages and its parts for growth, and an index of 120,000 made records. Needs `npm run build`.
 */
import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import os from "node:os";
import path from "node:path";

const repository = path.join(import.meta.dirname, "..");
const data = path.join(repository, "..", "shared", "data");
const command = path.join(repository, "dist", "cli", "main.js");
const runs = Number(process.argv[2] ?? 7);
const folder = fs.mkdtempSync(path.join(os.tmpdir(), "redress-bench-"));

interface Measured {
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly peakMegabytes: number;
}

/** Loaded into both sides alike: writes what the process used to the file that `BENCH_USAGE` names. */
const usage = path.join(folder, "usage.cjs");
const usageOut = path.join(folder, "usage.json");
fs.writeFileSync(
  usage,
  `process.on("exit", () => { const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
    require("node:fs").writeFileSync(process.env.BENCH_USAGE, JSON.stringify({ cpu: userCPUTime + systemCPUTime, maxRSS })); });`,
);

function measure(args: readonly string[]): Measured {
  const started = performance.now();
  const { status, stderr } = spawnSync(process.execPath, ["--require", usage, ...args], {
    stdio: ["ignore", "ignore", "pipe"],
    env: { ...process.env, BENCH_USAGE: usageOut, XDG_CACHE_HOME: path.join(folder, "cache") },
  });
  const seconds = (performance.now() - started) / 1000;
  if (status === null || status === 2 || status > 3)
    throw new Error(`${args.join(" ")}: ${stderr.toString()}`);
  const used = JSON.parse(fs.readFileSync(usageOut, "utf8")) as { cpu: number; maxRSS: number };
  return { seconds, cpuSeconds: used.cpu / 1e6, peakMegabytes: used.maxRSS / 1024 };
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
const say = (text: string): boolean => process.stdout.write(`${text}\n`);

interface Case {
  readonly name: string;
  readonly file: string;
  readonly advisories: readonly string[];
}

/** Measures one case; gives the median of the scan's processor time. */
function compare({ name, file, advisories }: Case): number {
  const read = `require("fs").readFileSync(${JSON.stringify(file)},"utf8")`;
  const floor = ["-e", file.endsWith(".json") ? `JSON.parse(${read})` : `${read}.split("\\n")`];
  const scan = [command, "scan", file, "--json", ...advisories.flatMap((source) => ["--advisories", source])];
  // Twice: once to build the index, once for the compile cache.
  for (const args of [scan, scan, floor]) measure(args);
  const times = Array.from({ length: runs }, () => ({ scan: measure(scan), floor: measure(floor) }));
  const of = (side: "scan" | "floor", what: keyof Measured): number =>
    median(times.map((time) => time[side][what]));
  const ratio = (what: keyof Measured): string => (of("scan", what) / of("floor", what)).toFixed(2);
  say(
    `${name}: ${(of("scan", "seconds") * 1000).toFixed(0)} ms, bare Node ${(of("floor", "seconds") * 1000).toFixed(0)} ms, ${ratio("seconds")} times; ` +
      `CPU ${(of("scan", "cpuSeconds") * 1000).toFixed(0)} and ${(of("floor", "cpuSeconds") * 1000).toFixed(0)} ms, ${ratio("cpuSeconds")} times; ` +
      `peak ${of("scan", "peakMegabytes").toFixed(0)} and ${of("floor", "peakMegabytes").toFixed(0)} MB`,
  );
  return of("scan", "cpuSeconds");
}

function realCases(): Case[] {
  if (!fs.existsSync(data)) return [];
  const advisories = (...names: string[]): string[] =>
    names.map((name) => path.join(data, "advisories", `${name}.jsonl`));
  return [
    {
      name: "519 pins, 37 advisories",
      file: path.join(data, "cases", "mingus", "environment-before.txt"),
      advisories: [path.join(data, "cases", "mingus", "advisories.jsonl")],
    },
    {
      name: "519 pins, 7,157 advisories",
      file: path.join(data, "cases", "mingus", "environment-before.txt"),
      advisories: advisories("pypi", "pypi-ghsa"),
    },
    {
      name: "1,205-package lockfile, 6,617 advisories",
      file: path.join(data, "corpus", "uptime-kuma", "package-lock.json"),
      advisories: advisories("npm", "npm-malware"),
    },
  ];
}

/** A package-lock 3 of packages that each need three others. */
function writeLockfile(packages: number): string {
  const entries = Array.from({ length: packages }, (_, n): [string, object] => [
    `node_modules/made-${n}`,
    {
      version: `1.${n % 30}.0`,
      resolved: `https://registry.example/made-${n}/-/made-${n}-1.${n % 30}.0.tgz`,
      integrity: `sha512-${"A".repeat(86)}==`,
      dependencies: Object.fromEntries(
        [2 * n + 1, 2 * n + 2, n + 7]
          .filter((other) => other < packages)
          .map((other) => [`made-${other}`, "^1.0.0"]),
      ),
    },
  ]);
  const root = { name: "made", version: "1.0.0", dependencies: { "made-0": "^1.0.0" } };
  const file = path.join(folder, String(packages), "package-lock.json");
  fs.mkdirSync(path.dirname(file));
  fs.writeFileSync(
    file,
    JSON.stringify({ lockfileVersion: 3, packages: { "": root, ...Object.fromEntries(entries) } }, null, 2),
  );
  return file;
}

/** One in fifty of the packages above has an advisory; the rest is on packages that nobody has. */
function writeRecords(count: number): string {
  const file = path.join(folder, "records.jsonl");
  const handle = fs.openSync(file, "w");
  for (let n = 0; n < count; n++)
    fs.writeSync(
      handle,
      `${JSON.stringify({
        id: `GHSA-${n}`,
        modified: "2025-01-01T00:00:00Z",
        published: "2025-01-01T00:00:00Z",
        aliases: [`CVE-2025-${n}`],
        summary: "A weakness ".repeat(8),
        severity: [{ type: "CVSS_V3", score: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H" }],
        affected: [
          {
            package: { ecosystem: "npm", name: n < 400 ? `made-${n * 50}` : `elsewhere-${n >> 1}` },
            ranges: [{ type: "SEMVER", events: [{ introduced: "0" }, { fixed: "1.20.0" }] }],
          },
        ],
      })}\n`,
    );
  fs.closeSync(handle);
  return file;
}

if (!fs.existsSync(command)) {
  say("bench/scan: needs npm run build");
} else {
  try {
    for (const one of realCases()) compare(one);
    const advisories = [writeRecords(120_000)];
    // Files that were written a moment ago are digested again at every opening.
    await new Promise((resolve) => setTimeout(resolve, 2500));
    const cpu = [1_250, 5_000, 20_000].map((packages) => ({
      packages,
      seconds: compare({
        name: `${packages} made packages, 120,000 made records`,
        file: writeLockfile(packages),
        advisories,
      }),
    }));
    const [small, middle, large] = cpu.map((one) => one.seconds);
    if (small !== undefined && middle !== undefined && large !== undefined)
      say(
        `growth: ${(((middle - small) * 1e6) / 3_750).toFixed(1)} µs of CPU a package up to 5,000, ${(((large - middle) * 1e6) / 15_000).toFixed(1)} µs from there to 20,000`,
      );
    const version = Array.from({ length: runs }, () => ({
      a: measure([command, "--version"]).seconds,
      b: measure(["-e", "0"]).seconds,
    }));
    say(
      `--version: ${(median(version.map((time) => time.a)) / median(version.map((time) => time.b))).toFixed(2)} times bare Node`,
    );
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
}
