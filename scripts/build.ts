/**
 * Builds `dist/`: the command line and the solver's thread with the libraries that they start with, in few files, so
 * that a start reads and compiles little (`docs/benchmarks.md`, "Scan").
 */
import { build } from "esbuild";
import * as fs from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";

const root = path.join(import.meta.dirname, "..");
const out = path.join(root, "dist");
const load = createRequire(import.meta.url);

/** Left in `node_modules`: they bring files of their own (WebAssembly, fonts) or are loaded late as CommonJS. */
const external = ["highs", "pdfmake", "yaml"];

fs.rmSync(out, { recursive: true, force: true });
const { metafile } = await build({
  absWorkingDir: root,
  // Beside each other, because the solver looks for its thread's file beside its own.
  entryPoints: [
    { in: "src/cli/main.ts", out: "cli/main" },
    { in: "src/plan/solver/worker.ts", out: "cli/worker" },
  ],
  outdir: "dist",
  chunkNames: "cli/[name]-[hash]",
  bundle: true,
  splitting: true,
  platform: "node",
  format: "esm",
  target: "node24",
  minifySyntax: true,
  minifyWhitespace: true,
  external,
  // What is required by name, not imported: a library that one kind of file needs.
  banner: {
    js: 'import { createRequire as requireFrom } from "node:module"; const require = requireFrom(import.meta.url);',
  },
  metafile: true,
});
fs.chmodSync(path.join(out, "cli", "main.js"), 0o755);
fs.writeFileSync(path.join(out, "LICENSES.txt"), licensesOf(Object.keys(metafile.inputs)));

/** The licenses of the packages whose code went into the files. */
function licensesOf(inputs: readonly string[]): string {
  const folders = new Set(
    inputs.flatMap((input) => /^node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input)?.[0] ?? []),
  );
  return [...folders]
    .sort()
    .map((folder) => {
      const { name, version, license } = load(path.join(root, folder, "package.json")) as Record<
        string,
        string
      >;
      const file = fs.readdirSync(path.join(root, folder)).find((one) => /^licen[cs]e/i.test(one));
      const text = file === undefined ? "" : fs.readFileSync(path.join(root, folder, file), "utf8").trim();
      return `${name ?? folder} ${version ?? ""} (${license ?? "license not named"})\n\n${text}\n`;
    })
    .join(`\n${"-".repeat(80)}\n\n`);
}
