/**
 * Builds `dist/`: the command line and the solver's thread with the libraries that they start with, in few files, so
 * that a start reads and compiles little. Node's own modules are loaded when something of them is first used: importing
 * them the usual way runs all of their lazy parts at once, a fifth of a small scan (`docs/benchmarks.md`, "Scan").
 */
import { build, type Plugin } from "esbuild";
import * as fs from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";

const root = path.join(import.meta.dirname, "..");
const out = path.join(root, "dist");
const load = createRequire(import.meta.url);

/** Left in `node_modules`: they bring files of their own (WebAssembly, fonts) or are loaded late as CommonJS. */
const external = ["highs", "pdfmake", "yaml"];

/** Replaces each of Node's own modules by one whose names load it when they are first read. */
const lazyBuiltins: Plugin = {
  name: "lazy-builtins",
  setup(bundle) {
    bundle.onResolve({ filter: /^node:/ }, ({ path: name }) => ({ path: name, namespace: "builtin" }));
    bundle.onLoad({ filter: /^node:/, namespace: "builtin" }, ({ path: name }) => {
      const names = Object.keys(load(name) as object).filter((one) => one !== "default");
      return {
        contents:
          `let real; const load = () => (real ??= loadBuiltin(${JSON.stringify(name)}));\n` +
          `Object.defineProperty(exports, "__esModule", { value: true });\n` +
          `Object.defineProperty(exports, "default", { get: load, enumerable: true });\n` +
          `for (const name of ${JSON.stringify(names)})\n` +
          `  Object.defineProperty(exports, name,\n` +
          `    { get: () => load()[name], set: (value) => { load()[name] = value; }, enumerable: true });`,
      };
    });
  },
};

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
  banner: {
    // The entry also runs on a Node that cannot give its modules by name, and says so.
    js:
      'import { createRequire as requireFrom } from "node:module";' +
      "const require = requireFrom(import.meta.url), loadBuiltin = process.getBuiltinModule ?? require;",
  },
  plugins: [lazyBuiltins],
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
