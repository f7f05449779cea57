import path from "node:path";
import type { Target } from "../model/index.ts";
import { authorisedUrl, type PythonIndexes } from "../releases/index.ts";
import { execute, type Programs } from "../system/index.ts";
import { writeTexts } from "./scratch.ts";

/** A distribution without wheels, and what uv is told it requires so that it builds nothing. */
export interface Unbuilt {
  readonly name: string;
  /** The one version in question; absent for a package that no line pins. */
  readonly version?: string;
  /** PEP 508 texts by release, without a version for all of them; none where policy lets it be built. */
  readonly releases: readonly { readonly version?: string; readonly requires: readonly string[] }[];
  /** No release older than this one is spoken of, so none is to be chosen. */
  readonly from?: string;
}

/** One resolution. */
export interface Compilation {
  /** Scratch folder that holds the input. */
  readonly folder: string;
  /** Relative to the folder. */
  readonly input: string;
  readonly target: Target;
  readonly overrides: ReadonlyMap<string, string>;
  readonly unbuilt: ReadonlyMap<string, Unbuilt>;
  readonly signal?: AbortSignal;
}

/** What uv resolved, or what it says instead. */
export type Compiled =
  | {
      readonly state: "resolved";
      /** Normalised name → version. */
      readonly versions: ReadonlyMap<string, string>;
      /** Normalised name → names of its dependents. */
      readonly via: ReadonlyMap<string, readonly string[]>;
    }
  | { readonly state: "refused"; readonly message: string };

const timeoutMs = 300_000;

/** uv's names of the platforms that Node calls so. */
const platforms: Readonly<Record<string, string>> = {
  "linux-x64": "x86_64-unknown-linux-gnu",
  "linux-arm64": "aarch64-unknown-linux-gnu",
  "darwin-x64": "x86_64-apple-darwin",
  "darwin-arm64": "aarch64-apple-darwin",
  "win32-x64": "x86_64-pc-windows-msvc",
  "win32-arm64": "aarch64-pc-windows-msvc",
};

/**
 * `uv pip compile` for the target, against the user's indexes, building nothing: wheels only, and of distributions
 * that have none the requirements that it is told. Nothing is installed and no code of a package is run, except
 * builds that policy names.
 */
export async function compileWithUv(
  programs: Programs & { readonly uv: string },
  indexes: PythonIndexes,
  compilation: Compilation,
): Promise<Compiled> {
  const { folder, input, overrides, unbuilt } = compilation;
  const metadata = [...unbuilt.values()].filter((one) => one.releases.length > 0);
  const floors = metadata.flatMap(({ name, from }) => (from === undefined ? [] : [`${name}>=${from}`]));
  await writeTexts(
    folder,
    new Map([
      ["redress-overrides.txt", [...overrides.values(), ""].join("\n")],
      ["redress-constraints.txt", [...floors, ""].join("\n")],
      ["redress-uv.toml", metadata.flatMap(metadataEntries).join("\n")],
    ]),
  );
  const run = await execute(
    [
      programs.uv,
      ...["pip", "compile", input, "--only-binary", ":all:"],
      ...[...unbuilt.keys()].flatMap((name) => ["--no-binary", name]),
      ...[
        "--overrides",
        "redress-overrides.txt",
        "--constraints",
        "redress-constraints.txt",
        "--annotation-style",
        "line",
        "--no-header",
        "--no-sources",
      ],
      // A file of our own replaces the user's, so it is named only where there is something to tell.
      ...(metadata.length === 0 ? [] : ["--config-file", path.join(folder, "redress-uv.toml")]),
      ...targetFlags(compilation.target, programs.python),
      ...["--no-progress", "--color", "never", "--quiet"],
    ],
    {
      cwd: folder,
      env: uvEnvironment(indexes),
      timeoutMs,
      maxOutputBytes: 16_000_000,
      ...(compilation.signal === undefined ? {} : { signal: compilation.signal }),
    },
  );
  if (run.timedOut) return { state: "refused", message: `uv did not finish within ${timeoutMs / 1000} s` };
  if (run.code !== 0) return { state: "refused", message: run.stderr.trim() || run.stdout.trim() };
  return { state: "resolved", ...readCompiled(run.stdout) };
}

function metadataEntries({ name, releases }: Unbuilt): string[] {
  // JSON's strings and lists of strings are TOML's as well.
  return releases.map(({ version, requires }) =>
    [
      "[[dependency-metadata]]",
      `name = ${JSON.stringify(name)}`,
      ...(version === undefined ? [] : [`version = ${JSON.stringify(version)}`]),
      `requires-dist = ${JSON.stringify(requires)}`,
      "",
    ].join("\n"),
  );
}

function targetFlags(target: Target, python: string | undefined): string[] {
  const own = `${process.platform}-${process.arch}`;
  const platform = target.platform === own ? undefined : platforms[target.platform];
  return [
    ...(python === undefined ? [] : ["--python", python]),
    ...(target.python === undefined ? [] : ["--python-version", target.python]),
    ...(platform === undefined ? [] : ["--python-platform", platform]),
  ];
}

/** The user's indexes by environment, where other users of the machine cannot read their credentials. */
export function uvEnvironment(indexes: PythonIndexes): Record<string, string> {
  const urls = indexes.indexes.map(authorisedUrl);
  const [first = "", ...others] = indexes.strategy === "all" ? urls : [...urls].reverse();
  return {
    UV_DEFAULT_INDEX: first,
    UV_INDEX: (indexes.strategy === "all" ? others : others.reverse()).join(" "),
    UV_INDEX_URL: "",
    UV_EXTRA_INDEX_URL: "",
    // pip, which is configured here, takes the best version of all its indexes.
    ...(indexes.strategy === "all" ? { UV_INDEX_STRATEGY: "unsafe-best-match" } : {}),
    ...(indexes.certificates === undefined || process.env["SSL_CERT_FILE"] !== undefined
      ? {}
      : { SSL_CERT_FILE: indexes.certificates }),
    UV_PYTHON_DOWNLOADS: "never",
    PYTHONNOUSERSITE: "1",
  };
}

/** Reads `name==version  # via a, b` lines. */
export function readCompiled(text: string): {
  readonly versions: ReadonlyMap<string, string>;
  readonly via: ReadonlyMap<string, readonly string[]>;
} {
  const versions = new Map<string, string>();
  const via = new Map<string, readonly string[]>();
  for (const line of text.split("\n")) {
    const match = /^([a-z0-9][a-z0-9._-]*)(?:\[[^\]]*\])?==([^\s;]+)[^#]*(?:# via (.*))?$/.exec(line.trim());
    const [, name, version, dependents] = match ?? [];
    if (name === undefined || version === undefined) continue;
    versions.set(name, version);
    via.set(
      name,
      (dependents ?? "").split(",").flatMap((one) => /^\s*([a-z0-9][a-z0-9._-]*)\s*$/.exec(one)?.[1] ?? []),
    );
  }
  return { versions, via };
}
