import * as fs from "node:fs";
import path from "node:path";
import { reasonOf, type Unread } from "../model/index.ts";
import { isIgnored, readIgnoreRules, type IgnoreRule } from "./ignore-rules.ts";

/** What a walk came upon, relative to the root. */
export interface Walk {
  /** Files that the caller asked to keep, in order of path. */
  readonly files: readonly string[];
  /** Virtual environments: folders that hold a `pyvenv.cfg`. */
  readonly environments: readonly string[];
  readonly unread: readonly Unread[];
}

/** Folders that hold what was installed, built or kept by tools: never a project's own. */
const skipped = new Set(
  `node_modules bower_components jspm_packages .git .hg .svn .redress .tox .nox .yarn .pnpm-store .cache .mypy_cache
  .pytest_cache .ruff_cache __pycache__ __pypackages__ site-packages .terraform .next .nuxt .svelte-kit .gradle .idea
  .vscode .eggs`.split(/\s+/),
);
const environmentNames = new Set([".venv", "venv", "env"]);
const defaults = { depth: 40, folders: 50_000, entries: 2_000_000 };

/**
 * Goes through a folder once. Links are not followed; skipped and git-ignored folders are not entered (an ignored
 * virtual environment is still noticed); depth, folders and entries are bounded, and a bound that was reached is said.
 */
export function walk(
  root: string,
  start: string,
  options: { keep(path: string): boolean; most?: Partial<typeof defaults>; signal?: AbortSignal },
): Walk {
  const most = { ...defaults, ...options.most };
  const files: string[] = [];
  const environments: string[] = [];
  const unread: Unread[] = [];
  const stack: { at: string; depth: number; rules: readonly IgnoreRule[] }[] = [
    { at: start === "." ? "" : start, depth: 0, rules: [] },
  ];
  let folders = 0;
  let seen = 0;
  for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
    options.signal?.throwIfAborted();
    const { at, depth } = top;
    if (++folders > most.folders || seen > most.entries) {
      unread.push({
        path: at,
        reason: `the walk stopped here after ${folders - 1} folders and ${seen} entries`,
      });
      break;
    }
    let entries: fs.Dirent[];
    try {
      entries = fs.readdirSync(path.join(root, at), { withFileTypes: true });
    } catch (error) {
      unread.push({ path: at === "" ? "." : at, reason: `cannot be listed: ${codeOf(error)}` });
      continue;
    }
    seen += entries.length;
    const names = new Set(entries.map((entry) => entry.name));
    if (names.has("pyvenv.cfg")) {
      environments.push(at === "" ? "." : at);
      continue;
    }
    const rules = names.has(".gitignore") ? [...top.rules, ...rulesOf(root, at)] : top.rules;
    entries.sort((a, b) => (a.name < b.name ? 1 : -1));
    for (const entry of entries) {
      const file = at === "" ? entry.name : `${at}/${entry.name}`;
      if (entry.isDirectory()) {
        if (skipped.has(entry.name)) continue;
        if (isIgnored(file, true, rules)) {
          if (environmentNames.has(entry.name) && fs.existsSync(path.join(root, file, "pyvenv.cfg")))
            environments.push(file);
        } else if (depth >= most.depth)
          unread.push({ path: file, reason: `deeper than ${most.depth} folders; not entered` });
        else stack.push({ at: file, depth: depth + 1, rules });
      } else if (entry.isFile() && options.keep(file) && !isIgnored(file, false, rules)) files.push(file);
    }
  }
  return { files: files.sort(), environments: environments.sort(), unread };
}

function rulesOf(root: string, at: string): IgnoreRule[] {
  const file = path.join(root, at, ".gitignore");
  try {
    const stat = fs.lstatSync(file);
    return stat.isFile() && stat.size <= 1_000_000 ? readIgnoreRules(fs.readFileSync(file, "utf8"), at) : [];
  } catch {
    // An ignore file that cannot be read ignores nothing: more is scanned, never less.
    return [];
  }
}

/** The system's code of an error (`EACCES`), which names no path. */
export function codeOf(error: unknown): string {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
  return code ?? reasonOf(error);
}
