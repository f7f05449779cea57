import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { cacheFolder, findProgram, findPrograms } from "../../src/system/index.ts";

/** Where the package managers that tests drive are put once: beside Redress' own tools. */
const folder = path.join(cacheFolder(), "test-tools");

const packages: Readonly<Record<string, { spec: string; entry: string }>> = {
  pnpm: { spec: "pnpm@10", entry: "pnpm/bin/pnpm.cjs" },
  yarn: { spec: "yarn@1", entry: "yarn/bin/yarn.js" },
  berry: { spec: "@yarnpkg/cli-dist@4", entry: "@yarnpkg/cli-dist/bin/yarn.js" },
};

function run(argv: readonly string[]): boolean {
  const [program = "", ...args] = argv;
  return spawnSync(program, args, { stdio: "ignore", timeout: 180_000 }).status === 0;
}

/**
 * A folder for the PATH that holds one package manager, installed from the user's own registry where it is not there yet;
 * or in words why it cannot be had.
 */
export async function toolFolder(
  tool: "uv" | "pnpm" | "yarn" | "berry" | "poetry" | "pipenv",
): Promise<{ readonly path: string } | { readonly missing: string }> {
  const { uv, npm } = await findPrograms();
  if (tool === "uv")
    return uv === undefined ? { missing: "uv is not installed" } : { path: path.dirname(uv) };
  const bin = path.join(folder, tool, "bin");
  const name = tool === "berry" ? "yarn" : tool;
  if (existsSync(path.join(bin, name))) return { path: bin };
  const wanted = packages[tool];
  if (wanted === undefined) {
    const environment = path.join(folder, tool, "environment");
    const python = await findProgram("python3");
    const isMade =
      python !== undefined &&
      run([python, "-m", "venv", environment]) &&
      run([path.join(environment, "bin", "python"), "-m", "pip", "install", "--quiet", tool]);
    if (!isMade) return { missing: `${tool} cannot be installed here` };
    mkdirSync(bin, { recursive: true });
    symlinkSync(path.join(environment, "bin", tool), path.join(bin, name));
    return { path: bin };
  }
  const home = path.join(folder, tool);
  mkdirSync(home, { recursive: true });
  const flags = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", "--prefix", home];
  if (npm === undefined || !run([npm, "install", ...flags, wanted.spec]))
    return { missing: `${wanted.spec} cannot be installed here` };
  mkdirSync(bin, { recursive: true });
  const entry = path.join(home, "node_modules", wanted.entry);
  writeFileSync(path.join(bin, name), `#!/bin/sh\nexec node ${JSON.stringify(entry)} "$@"\n`, {
    mode: 0o755,
  });
  return { path: bin };
}
