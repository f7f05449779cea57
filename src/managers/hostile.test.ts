import assert from "node:assert/strict";
import * as fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { checkNothingLost, damage, readHostile } from "../../test/support/damage.ts";
import { managers } from "./index.ts";
import { parseYaml } from "./parsers.ts";

const fixtures = path.join(import.meta.dirname, "..", "..", "test", "fixtures");

/** Every fixture file that some adapter claims. */
const samples = fs
  .readdirSync(fixtures, { recursive: true, encoding: "utf8" })
  .map((file) => file.split(path.sep).join("/"))
  .filter((file) => managers.some((manager) => manager.claims(file)))
  .map((file) => ({ file, text: fs.readFileSync(path.join(fixtures, file), "utf8") }));

test("damaged files are read or listed, never a crash, never slow, never silently nothing", () => {
  fc.assert(
    fc.property(fc.constantFrom(...samples), damage, (sample, change) => {
      checkNothingLost(sample, { file: sample.file, text: change(sample.text) });
    }),
    { numRuns: 1000 },
  );
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
  ["environment.yml", `a: ${"[".repeat(20_000)}`],
  ["pnpm-lock.yaml", `a: ${"{a: ".repeat(20_000)}`],
  ["requirements.txt", `./${"a".repeat(100_000)}\n`],
  ["requirements.txt", `https://host.example/${"a-1".repeat(30_000)}.whl\n`],
  ["bun.lock", `{"packages": {${'"a": ["a@1.0.0"], // x\n'.repeat(5000)}}}`],
  ["bun.lock", `{"packages": {} ${", ".repeat(20_000)}}`],
  [
    "bom.json",
    `{"bomFormat":"CycloneDX","components":${'[{"components":'.repeat(2000)}[]${"}]".repeat(2000)}}`,
  ],
] as const)
  test(`a deep or long ${file} (${text.length} characters) ends soon`, () => {
    readHostile({ file, text });
  });

test("YAML that breaks off is unread, not half read", () => {
  const parsed = parseYaml("{\na: 1\nb:\n  c: 2\n");
  assert.equal(parsed.state, "unread");
});
