import assert from "node:assert/strict";
import * as fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { managers } from "./index.ts";

const fixtures = path.join(import.meta.dirname, "..", "..", "test", "fixtures");
const target = { python: "3.11.7", node: "20.20.2", platform: "linux-x64" };

/** Every fixture file that some adapter claims. */
const samples = fs
  .readdirSync(fixtures, { recursive: true, encoding: "utf8" })
  .map((file) => file.split(path.sep).join("/"))
  .filter((file) => managers.some((manager) => manager.claims(file)))
  .map((file) => ({ file, text: fs.readFileSync(path.join(fixtures, file), "utf8") }));

function readWith(file: string, text: string): void {
  for (const manager of managers.filter((one) => one.claims(file))) {
    const files = new Map([[file, text]]);
    for (let round = 0; round < 20; round++) {
      const reading = manager.read(file, files, target);
      if (reading.needs.length === 0) {
        for (const one of reading.components) assert.match(one.purl, /^pkg:(?:npm|pypi)\/[^\s]+@[^\s]+$/);
        break;
      }
      for (const need of reading.needs) files.set(need, "");
    }
  }
}

test("damaged files are read or listed, never a crash, never slow", () => {
  const damage = fc.record({
    sample: fc.constantFrom(...samples),
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    length: fc.nat(40),
    insert: fc.constantFrom(
      "",
      "\0",
      "{",
      "[[",
      '"',
      ":",
      "\n",
      "- ",
      "__proto__",
      '"__proto__": {"x": 1},',
      "constructor",
      "<<<<<<< HEAD\n",
      "../../",
      "&a *a",
      "\ufeff",
      "9".repeat(400),
      "(".repeat(200),
      "[".repeat(5000),
    ),
  });
  fc.assert(
    fc.property(damage, ({ sample, at, length, insert }) => {
      const start = Math.floor(at * sample.text.length);
      const text = sample.text.slice(0, start) + insert + sample.text.slice(start + length);
      const began = performance.now();
      readWith(sample.file, text);
      assert.ok(performance.now() - began < 2000, "slow");
    }),
    { numRuns: 600 },
  );
  assert.equal(({} as Record<string, unknown>)["x"], undefined);
});

for (const [file, text] of [
  [
    "package-lock.json",
    `{"lockfileVersion":1,"dependencies":${'{"a":{"version":"1.0.0","dependencies":'.repeat(3000)}{}${"}}".repeat(3000)}}`,
  ],
  ["yarn.lock", `a@^1:\n${"  ".repeat(100_000)}version "1"\n`],
  ["pnpm-lock.yaml", Array.from({ length: 3000 }, (_, depth) => `${" ".repeat(depth)}k:`).join("\n")],
  ["requirements.txt", `a==1 ${"\\\n".repeat(20_000)}`],
  ["requirements.txt", `a ${";(".repeat(30_000)}`],
  ["bun.lock", `{"packages": {${'"a": ["a@1.0.0"], // x\n'.repeat(5000)}}}`],
  ["bun.lock", `{"packages": {} ${", ".repeat(20_000)}}`],
  [
    "bom.json",
    `{"bomFormat":"CycloneDX","components":${'[{"components":'.repeat(2000)}[]${"}]".repeat(2000)}}`,
  ],
] as const)
  test(`a deep or long ${file} (${text.length} characters) ends soon`, () => {
    const began = performance.now();
    readWith(file, text);
    assert.ok(performance.now() - began < 2000);
  });
