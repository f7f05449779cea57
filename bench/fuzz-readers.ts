/**
 * Every reader on damaged files: the fixtures and, where it is there, the shared corpus. `node bench/fuzz-readers.ts
 * [CASES] [SEED]`; 100,000 cases by default. Exits with 1 and writes the damaged text where a reader crashed, hung,
 * gave a name that is none, or read nothing and said nothing.
 */
import * as fs from "node:fs";
import os from "node:os";
import path from "node:path";
import fc from "fast-check";
import { managers } from "../src/managers/index.ts";
import { checkNothingLost, damage, type Sample } from "../test/support/damage.ts";

const repository = path.join(import.meta.dirname, "..");
const folders = [
  path.join(repository, "test", "fixtures"),
  path.join(repository, "..", "shared", "data", "corpus"),
].filter((folder) => fs.existsSync(folder));
const [cases, seed] = [Number(process.argv[2] ?? 100_000), Number(process.argv[3] ?? 1)];

const samples: Sample[] = folders.flatMap((folder) =>
  fs
    .readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((file) => managers.some((manager) => manager.claims(file)))
    .map((file) => ({ file, text: fs.readFileSync(path.join(folder, file), "utf8") })),
);

/** Small files show as much as large ones and cost a thousandth. */
const weighted = fc.oneof(
  ...samples.map((sample) => ({
    arbitrary: fc.constant(sample),
    weight: Math.max(1, Math.round(200_000 / (sample.text.length + 200))),
  })),
);

const started = performance.now();
let [failures, slowest] = [0, { ms: 0, file: "" }];
const perBatch = 1000;
for (let done = 0; done < cases; done += perBatch) {
  const batch = fc.sample(fc.tuple(weighted, damage), {
    numRuns: Math.min(perBatch, cases - done),
    seed: seed + done,
  });
  for (const [sample, change] of batch) {
    const damaged = { file: sample.file, text: change(sample.text) };
    const began = performance.now();
    try {
      checkNothingLost(sample, damaged);
    } catch (error) {
      const place = path.join(os.tmpdir(), `redress-fuzz-${seed}-${failures++}`);
      fs.writeFileSync(place, damaged.text);
      const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
      process.stdout.write(`${sample.file} (${place}): ${reason}\n`);
    }
    const ms = performance.now() - began;
    if (ms > slowest.ms) slowest = { ms, file: sample.file };
  }
}
process.stdout.write(
  `${cases} damaged files of ${samples.length} in ${((performance.now() - started) / 1000).toFixed(0)} s: ` +
    `${failures} failures; slowest ${slowest.ms.toFixed(0)} ms (${slowest.file}); ` +
    `peak ${(process.resourceUsage().maxRSS / 1024).toFixed(0)} MB\n`,
);
process.exitCode = failures === 0 ? 0 : 1;
