import path from "node:path";
import type { Project } from "../model/index.ts";

/**
 * The folders, relative to the root, that a Node project's installer fills: its own and those of its workspaces.
 * @param lockfiles texts of npm lockfiles, which name the workspaces that have one
 */
export function modulesFolders(project: Project, lockfiles: readonly string[]): string[] {
  const own = project.environment ?? "";
  const folder = path.posix.dirname(project.files[0] ?? ".");
  const nested =
    project.manager === "pnpm"
      ? // pnpm gives every workspace a folder of its own.
        project.files.slice(1).map((file) => `${path.posix.dirname(file)}/node_modules`)
      : lockfiles.flatMap(workspaceFolders).map((one) => path.posix.join(folder, one));
  return [...new Set([own, ...nested].map((one) => path.posix.normalize(one)))];
}

export const isNpmLockfile = (file: string): boolean =>
  /(?:^|\/)(?:package-lock|npm-shrinkwrap)\.json$/.test(file);

/** `packages/a/node_modules` and the like, from the keys of a lockfile's `packages`. */
function workspaceFolders(lockfile: string): string[] {
  const { packages } = JSON.parse(lockfile) as { packages?: Record<string, unknown> };
  return Object.keys(packages ?? {}).flatMap((key) => {
    const at = key.indexOf("/node_modules/");
    return at > 0 && !key.startsWith("node_modules/") ? [`${key.slice(0, at)}/node_modules`] : [];
  });
}
