/** A small run's record, made in memory, for tests of sealing and checking. */
import { generateKeyPairSync } from "node:crypto";
import path from "node:path";
import type { Inventory } from "../../src/model/index.ts";
import { keyIdOf, makeLightRedact, makeRedact } from "../../src/seal/index.ts";
import type { Redactions, RunMaterial, SealFiles, Signer } from "../../src/seal/index.ts";
import { sha256 } from "../../src/system/index.ts";
import { runEvidence } from "./evidence.ts";

/** Files by absolute path; folders are what lies above them, and those that were made. */
export interface Memory extends SealFiles {
  readonly contents: Map<string, Buffer>;
  /** Paths that are links. */
  readonly links: Set<string>;
}

export function memoryFiles(): Memory {
  const contents = new Map<string, Buffer>();
  const folders = new Set<string>();
  const links = new Set<string>();
  const isFolder = (file: string): boolean =>
    folders.has(file) || [...contents.keys()].some((one) => one.startsWith(`${file}/`));
  return {
    contents,
    links,
    look(file) {
      const bytes = contents.get(file);
      const kind = links.has(file) ? "link" : bytes !== undefined ? "file" : isFolder(file) ? "folder" : null;
      return Promise.resolve(kind === null ? undefined : { kind, sizeBytes: bytes?.byteLength ?? 0 });
    },
    list(folder) {
      const below = [...contents.keys(), ...folders, ...links].filter((one) => one.startsWith(`${folder}/`));
      return Promise.resolve(
        [...new Set(below.map((one) => one.slice(folder.length + 1).split("/")[0] ?? ""))].sort(),
      );
    },
    read(file) {
      const bytes = contents.get(file);
      return bytes === undefined ? Promise.reject(new Error(`ENOENT: ${file}`)) : Promise.resolve(bytes);
    },
    makeFolder(folder) {
      folders.add(folder);
      return Promise.resolve();
    },
    write(file, content) {
      contents.set(file, Buffer.from(content));
      return Promise.resolve();
    },
    rename(from, to) {
      for (const set of [folders, links])
        for (const one of [...set])
          if (one === from || one.startsWith(`${from}/`)) {
            set.delete(one);
            set.add(to + one.slice(from.length));
          }
      for (const [one, bytes] of [...contents])
        if (one === from || one.startsWith(`${from}/`)) {
          contents.delete(one);
          contents.set(to + one.slice(from.length), bytes);
        }
      return Promise.resolve();
    },
    remove(file) {
      for (const set of [folders, links])
        for (const one of [...set]) if (one === file || one.startsWith(`${file}/`)) set.delete(one);
      for (const one of [...contents.keys()])
        if (one === file || one.startsWith(`${file}/`)) contents.delete(one);
      return Promise.resolve();
    },
    sync: () => Promise.resolve(),
  };
}

/** A journal of these events, chained. */
export function chainOf(events: readonly Readonly<Record<string, unknown>>[]): string {
  let prev = "0".repeat(64);
  let text = "";
  for (const [index, event] of events.entries()) {
    const at = new Date(Date.UTC(2025, 8, 2, 16, 11, index)).toISOString();
    const line = JSON.stringify({ seq: index + 1, at, prev, ...event });
    prev = sha256(line);
    text += `${line}\n`;
  }
  return text;
}

/** Where the project of the record lies; must not stand in any of its evidence. */
export const projectRoot = "/srv/jane/work/shop";
export const indexHost = "index.registry.example";

/** Events of a run in one phase that moved gunicorn; what must not get out stands in them. */
export const runEvents = [
  {
    event: "run-started",
    run: "run-20250902-161100",
    plan: "plan-0123456789",
    phases: [{ number: 1, name: "Phase 1" }],
  },
  { event: "scratch-making", folder: "/srv/jane/.cache/redress/scratch/x1" },
  { event: "file-saved", phase: 1, path: "requirements.txt", sha256: "a".repeat(64) },
  {
    event: "gate",
    stage: "rehearsal",
    phase: 1,
    result: {
      name: "tests: unit",
      mode: "enforce",
      verdict: "pass",
      detail: `12 ran in ${projectRoot}/tests`,
      samples: [12, `https://jane:hunter2@${indexHost}/simple/gunicorn`],
    },
  },
  {
    event: "phase-done",
    phase: 1,
    files: [{ path: "requirements.txt", sha256: "b".repeat(64) }],
    environments: [],
  },
  { event: "run-ended", state: "done" },
];

const inventory = (version: string): Inventory => ({
  projects: [
    {
      path: ".",
      ecosystem: "PyPI",
      manager: "pip",
      files: ["requirements.txt"],
      target: { platform: "linux-x64" },
    },
  ],
  components: [
    {
      project: ".",
      ecosystem: "PyPI",
      name: "gunicorn",
      version,
      purl: `pkg:pypi/gunicorn@${version}`,
      scope: "production",
      direct: true,
      places: [{ path: "requirements.txt", line: 1, source: "lockfile" }],
      requirementsKnown: false,
      integrity: [`sha256:${"c".repeat(64)}`],
    },
  ],
  dependencies: [],
  unread: [],
  notes: [],
});

export const redactions: Redactions = (() => {
  const what = {
    folders: [
      { folder: projectRoot, shown: "<project>" },
      { folder: "/srv/jane/.cache/redress", shown: "<cache>" },
    ],
    hosts: [indexHost],
  };
  return { redact: makeRedact(what), light: makeLightRedact(what) };
})();

/** A signer that exists nowhere but here. */
export function makeSigner(): Signer {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  return { privateKey, publicKey, keyId: keyIdOf(publicKey), from: "a test" };
}

export function runMaterial(events = runEvents as readonly Record<string, unknown>[]): RunMaterial {
  const evidence = runEvidence();
  return {
    evidence: {
      ...evidence,
      inventory: { before: inventory("21.2.0"), after: inventory("22.0.0") },
      record: {
        keyId: "f".repeat(64),
        by: "J. Doe",
        firstSeen: { "RF-0000000001": { at: "2025-09-01T08:00:00.000Z", snapshot: "9".repeat(64) } },
      },
    },
    journal: chainOf(events),
    outputs: new Map([
      ["0004-tests.txt", `collected 12 items\nrootdir: ${projectRoot}\nFrom https://${indexHost}/simple\n`],
    ]),
    changes: [
      {
        path: "requirements.txt",
        before: `--index-url https://${indexHost}/simple\ngunicorn==21.2.0\n`,
        after: `--index-url https://${indexHost}/simple\ngunicorn==22.0.0\n`,
      },
    ],
  };
}

/** Every file below a folder of the memory, by path below it. */
export function filesBelow(memory: Memory, folder: string): Map<string, Buffer> {
  return new Map(
    [...memory.contents]
      .filter(([file]) => file.startsWith(folder + path.sep))
      .map(([file, bytes]) => [file.slice(folder.length + 1), bytes]),
  );
}
