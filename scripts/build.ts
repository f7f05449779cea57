/**
 * Builds `dist/`: the entry, everything behind it in one file, and the solver's thread, each with the libraries that it
 * needs. One file, because finding and linking some thirty took a quarter of a small scan; parts of it are run when they
 * are first imported, and Node's compile cache keeps what was compiled. Node's own modules are loaded when something of
 * them is first used: importing them the usual way runs all of their lazy parts at once (`docs/benchmarks.md`, "Scan").
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

/** Replaces modules from outside of the bundle by ones whose names load them when they are first read. */
const lazyModules: Plugin = {
  name: "lazy-modules",
  setup(bundle) {
    bundle.onResolve({ filter: /^node:|^yaml$/ }, ({ path: name, kind }) =>
      // What is imported late is loaded when it is wanted as it is.
      name.startsWith("node:") || kind === "import-statement"
        ? { path: name, namespace: "outside" }
        : undefined,
    );
    bundle.onLoad({ filter: /./, namespace: "outside" }, ({ path: name }) => {
      const call = name.startsWith("node:") ? "loadBuiltin" : "require";
      return {
        // An importer's object inherits from these exports' prototype; the first name asked of it puts the module there.
        contents:
          `let real; const load = () => (real ??= ${call}(${JSON.stringify(name)}));\n` +
          `module.exports = Object.create(new Proxy({}, {\n` +
          `  get(_, key, importer) { Object.setPrototypeOf(importer, load()); return real[key]; },\n` +
          `  set(_, key, value) { load()[key] = value; return true; },\n` +
          `}));\n` +
          `Object.defineProperty(module.exports, "__esModule", { value: true });\n` +
          `Object.defineProperty(module.exports, "default", { get: load, enumerable: true });`,
      };
    });
  },
};

/** Keeps the entry small: what it loads once it has turned on the compile cache stays a file of its own. */
const parts = ["program", "own-node"];
const partsApart: Plugin = {
  name: "parts-apart",
  setup(bundle) {
    bundle.onResolve({ filter: /^\.\/[\w-]+\.ts$/ }, ({ path: file, kind, importer }) => {
      const part = parts.find((one) => file === `./${one}.ts`);
      return kind === "dynamic-import" && path.basename(importer) === "main.ts" && part !== undefined
        ? { path: `./${part}.js`, external: true }
        : undefined;
    });
  },
};

fs.rmSync(out, { recursive: true, force: true });
const { metafile } = await build({
  absWorkingDir: root,
  // Beside each other, because the solver looks for its thread's file beside its own.
  entryPoints: [
    { in: "src/cli/main.ts", out: "cli/main" },
    ...parts.map((part) => ({ in: `src/cli/${part}.ts`, out: `cli/${part}` })),
    { in: "src/plan/solver/worker.ts", out: "cli/worker" },
  ],
  outdir: "dist",
  bundle: true,
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
  plugins: [partsApart, lazyModules],
  metafile: true,
});
// esbuild writes every sign beyond ASCII as an escape but those of regular expressions, which would make V8 hold the file
// at two bytes a character.
const program = path.join(out, "cli", "program.js");
fs.writeFileSync(
  program,
  fs
    .readFileSync(program, "utf8")
    .replace(/[^\0-\x7f]/g, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`),
);
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
