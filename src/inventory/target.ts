import path from "node:path";
import { nodeVersionOf } from "../managers/index.ts";
import type { Ecosystem, Target } from "../model/index.ts";
import { readSmall } from "./environment.ts";

/**
 * What a project runs on. Python: its environment, then the settings, then `.python-version` or `runtime.txt` beside it
 * or at the root, then the caller's, who is
 * asked last. Node: `.nvmrc`, `.node-version` and `engines`, then the caller's.
 */
export async function targetOf(request: {
  readonly root: string;
  /** Folder of the project, relative to the root. */
  readonly folder: string;
  readonly ecosystem: Ecosystem;
  /** Version from the environment's `pyvenv.cfg`. */
  readonly installed?: string;
  readonly configured?: string;
  readonly caller: Partial<Target>;
  /** The caller's Python version, where finding out takes time. */
  readonly ask?: () => Promise<string | undefined>;
}): Promise<Target> {
  const platform = request.caller.platform ?? `${process.platform}-${process.arch}`;
  const version = request.ecosystem === "PyPI" ? await pythonOf(request) : nodeOf(request);
  if (version === undefined) return { platform };
  return request.ecosystem === "PyPI" ? { python: version, platform } : { node: version, platform };
}

type Request = Parameters<typeof targetOf>[0];

async function pythonOf(request: Request): Promise<string | undefined> {
  const { root, folder, installed, configured, caller, ask } = request;
  const asked = installed ?? configured ?? declaredPython(root, folder);
  const parts = asked?.split(".") ?? [];
  if (parts.length >= 3) return asked;
  const present = caller.python ?? (await ask?.());
  if (asked === undefined) return present;
  // "3.11" names a line; the caller's own patch release of it is the best guess at what runs.
  return present?.startsWith(`${asked}.`) === true ? present : [...parts, "0", "0"].slice(0, 3).join(".");
}

function declaredPython(root: string, folder: string): string | undefined {
  for (const place of new Set([folder, "."]))
    for (const [file, pattern] of [
      [".python-version", /^\s*(?:cpython-?|python-?)?(\d+\.\d+(?:\.\d+)?)\b/m],
      ["runtime.txt", /^\s*python-(\d+\.\d+(?:\.\d+)?)\b/m],
    ] as const) {
      const found = pattern.exec(readSmall(path.join(root, place, file)) ?? "")?.[1];
      if (found !== undefined) return found;
    }
  return undefined;
}

function nodeOf({ root, folder, caller }: Request): string | undefined {
  const read = (name: string): string | undefined => readSmall(path.join(root, folder, name));
  const versionFile = read(".nvmrc") ?? read(".node-version");
  const engines = /"engines"\s*:\s*\{[^}]*"node"\s*:\s*"([^"]{1,100})"/.exec(read("package.json") ?? "")?.[1];
  return nodeVersionOf({
    ...(versionFile === undefined ? {} : { versionFile }),
    ...(engines === undefined ? {} : { engines }),
    ...(caller.node === undefined ? {} : { present: caller.node }),
  });
}
