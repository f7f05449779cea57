/**
 * Whole-process time of `redress scan` as a multiple of bare Node reading and parsing the same bytes, taken in turn in
 * the same run. Median of several runs after a warm-up; needs the built command and the shared data.
 */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import path from "node:path";

const repository = path.join(import.meta.dirname, "..");
const data = path.join(repository, "..", "shared", "data");
const command = path.join(repository, "dist", "cli", "main.js");
const runs = 7;

const cases = [
  {
    name: "519 pins",
    file: "cases/mingus/environment-before.txt",
    advisories: ["cases/mingus/advisories.jsonl"],
    parse: "split('\\n')",
  },
  {
    name: "519 pins, 7,157 advisories",
    file: "cases/mingus/environment-before.txt",
    advisories: ["advisories/pypi.jsonl", "advisories/pypi-ghsa.jsonl"],
    parse: "split('\\n')",
  },
  {
    name: "1,205-package lockfile, 6,617 advisories",
    file: "corpus/uptime-kuma/package-lock.json",
    advisories: ["advisories/npm.jsonl", "advisories/npm-malware.jsonl"],
    parse: undefined,
  },
];

function seconds(args: readonly string[]): number {
  const started = performance.now();
  const { status, stderr } = spawnSync(process.execPath, args, { stdio: ["ignore", "ignore", "pipe"] });
  if (status === null || status === 2) throw new Error(`${args.join(" ")}: ${stderr.toString()}`);
  return (performance.now() - started) / 1000;
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;

if (!existsSync(data) || !existsSync(command)) {
  process.stdout.write("bench/scan: needs npm run build and the shared data\n");
} else {
  for (const { name, file, advisories, parse } of cases) {
    const target = path.join(data, file);
    const read = `require("fs").readFileSync(${JSON.stringify(target)},"utf8")`;
    const floor = ["-e", parse === undefined ? `JSON.parse(${read})` : `${read}.${parse}`];
    const scan = [
      command,
      "scan",
      target,
      "--json",
      ...advisories.flatMap((source) => ["--advisories", path.join(data, source)]),
    ];
    seconds(scan);
    seconds(floor);
    const times = Array.from({ length: runs }, () => ({ scan: seconds(scan), floor: seconds(floor) }));
    const [a, b] = [median(times.map((time) => time.scan)), median(times.map((time) => time.floor))];
    process.stdout.write(
      `${name}: redress scan ${a.toFixed(3)} s, bare Node ${b.toFixed(3)} s, ${(a / b).toFixed(2)} times\n`,
    );
  }
  const version = Array.from({ length: runs }, () => ({
    a: seconds([command, "--version"]),
    b: seconds(["-e", "0"]),
  }));
  process.stdout.write(
    `--version: ${(median(version.map((time) => time.a)) / median(version.map((time) => time.b))).toFixed(2)} times bare Node\n`,
  );
}
