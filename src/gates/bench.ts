import path from "node:path";
import type { Ecosystem } from "../model/index.ts";
import { isInside } from "../system/index.ts";

/** One project's environment, ready to run its programs. */
export interface Home {
  /** `Project.path` */
  readonly project: string;
  readonly ecosystem: Ecosystem;
  /** The project's folder, absolute. */
  readonly folder: string;
  /** Its virtual environment or `node_modules`, absolute. */
  readonly environment: string;
  /** Where that keeps programs, absolute. */
  readonly programs: string;
}

/** Where the owner's commands run: a tree with its environments. */
export interface Bench {
  /** The tree, absolute. */
  readonly root: string;
  readonly homes: readonly Home[];
  /** Added to the environment of every program: where its databases are, and by what a run knows it again. */
  readonly variables: Readonly<Record<string, string>>;
  /** Where Python keeps its bytecode, absolute, for these versions alone; absent: it keeps none. */
  readonly bytecode?: string;
  readonly signal?: AbortSignal;
}

/** A folder of the tree by its relative path; `undefined` where it lies outside. */
export function placeOn(bench: Bench, relative: string): string | undefined {
  const place = path.resolve(bench.root, relative);
  return isInside(bench.root, place) ? place : undefined;
}

/**
 * The projects' own programs come first on the PATH; those of the project that the program runs in foremost. Python never
 * writes bytecode beside the sources: that may be the real environment, or one that shares its files. Kept elsewhere it
 * must not outlast the versions, since all that tells it from another's is the time and size of the source.
 */
export function commandEnvironment(
  cwd: string,
  { homes, variables, bytecode }: Bench,
): Record<string, string> {
  const depth = ({ folder }: Home): number => (isInside(folder, cwd) ? folder.length : 0);
  const near = [...homes].sort((a, b) => depth(b) - depth(a));
  const virtual = near.find((home) => home.ecosystem === "PyPI")?.environment;
  return {
    PATH: [...near.map((home) => home.programs), process.env["PATH"] ?? ""].join(path.delimiter),
    ...(bytecode === undefined
      ? { PYTHONDONTWRITEBYTECODE: "1" }
      : { PYTHONDONTWRITEBYTECODE: "", PYTHONPYCACHEPREFIX: bytecode }),
    CI: "true",
    ...(virtual === undefined ? {} : { VIRTUAL_ENV: virtual }),
    ...variables,
  };
}
