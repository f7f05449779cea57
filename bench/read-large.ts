/**
 * Large files of every kind that is read, one reader and one process each, whose heap is bounded to ten times the file:
 * time, and peak memory above an idle process as a multiple of the file's size. `node bench/read-large.ts [MEGABYTES]`,
 * 20 by default. Exits with 1 where a reader does not manage within that heap, or read nothing and said nothing.
 */
import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { managers } from "../src/managers/index.ts";

const target = { python: "3.11.7", node: "20.20.2", platform: "linux-x64" };
const most = 10;
/** What a process has on its heap that has loaded the readers and read nothing, with some room. */
const idleHeapMegabytes = 30;

/** A file of one kind, written entry by entry. */
interface Kind {
  readonly file: string;
  readonly head: string;
  readonly entry: (n: number) => string;
  readonly tail: string;
}

const integrity = "A".repeat(86);
const kinds: readonly Kind[] = [
  {
    file: "package-lock.json",
    head: '{"lockfileVersion": 3, "packages": {"": {"name": "made"}',
    entry: (n) =>
      `,\n    "node_modules/made-${n}": {\n      "version": "1.${n % 30}.0",\n      "resolved": "https://registry.example/made-${n}/-/made-${n}-1.${n % 30}.0.tgz",\n      "integrity": "sha512-${integrity}==",\n      "dependencies": {\n        "made-${n + 1}": "^1.0.0",\n        "made-${n + 7}": "^1.0.0"\n      }\n    }`,
    tail: "\n}}\n",
  },
  {
    file: "yarn.lock",
    head: "# yarn lockfile v1\n",
    entry: (n) =>
      `\nmade-${n}@^1.0.0:\n  version "1.${n % 30}.0"\n  resolved "https://registry.example/made-${n}/-/made-${n}-1.${n % 30}.0.tgz#${"a".repeat(40)}"\n  integrity sha512-${integrity}==\n  dependencies:\n    made-${n + 1} "^1.0.0"\n`,
    tail: "",
  },
  {
    file: "pnpm-lock.yaml",
    head: "lockfileVersion: '6.0'\n\npackages:\n",
    entry: (n) =>
      `\n  /made-${n}@1.${n % 30}.0:\n    resolution: {integrity: sha512-${integrity}==}\n    dependencies:\n      made-${n + 1}: 1.${(n + 1) % 30}.0\n    dev: false\n`,
    tail: "",
  },
  {
    file: "bun.lock",
    head: '{"lockfileVersion": 1, "workspaces": {"": {"name": "made"}}, "packages": {\n',
    entry: (n) =>
      `    "made-${n}": ["made-${n}@1.${n % 30}.0", "", { "dependencies": { "made-${n + 1}": "^1.0.0" } }, "sha512-${integrity}=="],\n`,
    tail: "}}\n",
  },
  {
    file: "requirements.txt",
    head: "",
    entry: (n) =>
      `made-${n}==1.${n % 30}.0 \\\n    --hash=sha256:${"a".repeat(64)}\n    # via made-${n + 1}\n`,
    tail: "",
  },
  {
    file: "poetry.lock",
    head: "",
    entry: (n) =>
      `[[package]]\nname = "made-${n}"\nversion = "1.${n % 30}.0"\noptional = false\npython-versions = ">=3.8"\nfiles = [{file = "made_${n}-1.0-py3-none-any.whl", hash = "sha256:${"a".repeat(64)}"}]\n\n[package.dependencies]\nmade-${n + 1} = ">=1.0"\n\n`,
    tail: '[metadata]\nlock-version = "2.0"\n',
  },
  {
    file: "Pipfile.lock",
    head: '{"default": {"made": {"version": "==1.0"}',
    entry: (n) =>
      `,\n        "made-${n}": {\n            "hashes": [\n                "sha256:${"a".repeat(64)}"\n            ],\n            "version": "==1.${n % 30}.0"\n        }`,
    tail: '}, "develop": {}}\n',
  },
  {
    file: "bom.json",
    head: '{"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [{}',
    entry: (n) =>
      `,\n    { "type": "library", "bom-ref": "made-${n}@1.0", "name": "made-${n}", "version": "1.0", "purl": "pkg:npm/made-${n}@1.${n % 30}.0" }`,
    tail: "]}\n",
  },
  {
    file: "conda-list.txt",
    head: "# packages\n",
    entry: (n) => `made-${n}                   1.${n % 30}.0                   pypi_0    pypi\n`,
    tail: "",
  },
];

/** In a process of its own: reads one file with the adapters that claim it. */
function readOne(file: string): void {
  const name = path.basename(file);
  const began = performance.now();
  let [components, said] = [0, 0];
  const text = fs.readFileSync(file, "utf8");
  for (const manager of managers.filter((one) => one.claims(name))) {
    const files = new Map([[name, text]]);
    let reading = manager.read(name, files, target);
    while (reading.needs.length > 0) {
      for (const need of reading.needs) files.set(need, files.get(need) ?? "");
      reading = manager.read(name, files, target);
    }
    components += reading.components.length;
    said += reading.unread.length + reading.notes.length;
  }
  const seconds = (performance.now() - began) / 1000;
  process.stdout.write(JSON.stringify({ components, said, seconds, ...peak() }));
}

const peak = (): { peakBytes: number } => ({ peakBytes: process.resourceUsage().maxRSS * 1024 });

interface Measured {
  readonly components: number;
  readonly said: number;
  readonly seconds: number;
  readonly peakBytes: number;
}

function run(heapMegabytes: number, ...args: readonly string[]): Measured | string {
  const self = import.meta.filename;
  const bound = [`--max-old-space-size=${heapMegabytes}`, "--max-semi-space-size=1"];
  const ran = spawnSync(process.execPath, [...bound, self, "--one", ...args], {
    encoding: "utf8",
    timeout: 120_000,
  });
  return ran.status === 0 ? (JSON.parse(ran.stdout) as Measured) : ran.stderr;
}

function write(kind: Kind, folder: string, bytes: number): string {
  const file = path.join(folder, kind.file);
  const handle = fs.openSync(file, "w");
  let written = fs.writeSync(handle, kind.head);
  for (let n = 0; written < bytes;) {
    const part: string[] = [];
    for (let count = 0; count < 1000; count++) part.push(kind.entry(n++));
    written += fs.writeSync(handle, part.join(""));
  }
  fs.writeSync(handle, kind.tail);
  fs.closeSync(handle);
  return file;
}

/** Prints a line; gives whether it is within the bound. */
function measure(
  kind: Kind,
  { folder, bytes, idle }: { folder: string; bytes: number; idle: number },
): boolean {
  const file = write(kind, folder, bytes);
  const size = fs.statSync(file).size;
  const made = run(idleHeapMegabytes + Math.ceil((most * size) / 2 ** 20), file);
  fs.rmSync(file);
  if (typeof made === "string") {
    const reason = /heap limit|out of memory/i.test(made)
      ? `does not manage within a heap of ${most} times its size`
      : `failed: ${made.split("\n").at(-1) ?? ""}`;
    process.stdout.write(`${kind.file}: ${(size / 1e6).toFixed(0)} MB, ${reason}\n`);
    return false;
  }
  const times = (made.peakBytes - idle) / size;
  process.stdout.write(
    `${kind.file}: ${(size / 1e6).toFixed(0)} MB, ${made.components} components in ${made.seconds.toFixed(1)} s, ${times.toFixed(1)} times its size\n`,
  );
  return made.components + made.said > 0;
}

const [first, second] = process.argv.slice(2);
if (first === "--one") {
  if (second === undefined)
    process.stdout.write(JSON.stringify({ components: 0, said: 0, seconds: 0, ...peak() }));
  else readOne(second);
} else {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "redress-large-"));
  try {
    const nothing = run(idleHeapMegabytes);
    const idle = typeof nothing === "string" ? 0 : nothing.peakBytes;
    const bytes = Number(first ?? 20) * 1e6;
    const within = kinds.map((kind) => measure(kind, { folder, bytes, idle }));
    process.exitCode = within.every(Boolean) ? 0 : 1;
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
}
