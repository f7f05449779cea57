import * as fs from "node:fs/promises";
import path from "node:path";
import { Failure, type Settled } from "../model/index.ts";
import { npmReleases, openNpmUpstream } from "../releases/index.ts";
import { cacheFolder, exists, isInside, readText } from "../system/index.ts";
import { npmVersion, type NpmCommand } from "./npm-command.ts";
import { localFilesIn, styleOf } from "./npm-lockfile.ts";
import { NpmSettlement } from "./npm-settlement.ts";
import { projectTexts } from "./project-texts.ts";
import { inScratch, writeTexts } from "./scratch.ts";
import { refusedWhole, settlePhases } from "./settle-phases.ts";
import type { SettleRequest } from "./settle-request.ts";

/** The largest local archive that is taken along into the scratch copy, in bytes. */
const maxLocalFileBytes = 64 * 1024 * 1024;

/**
 * Has the user's own npm write the lockfile of each phase inside a view that shows only the planned versions, and
 * accept it outside of the view: relocking changes nothing more, and a clean installation would take it. Works in a
 * scratch copy of manifests and lockfile, runs no scripts, keeps the lockfile's version and manner.
 * @throws {Failure} `tool` when there is no npm, `unavailable` when the registry does not answer, `config`,
 * `conflict` when the manifest cannot be edited, `unreadable`, `storage`, `cancelled`.
 */
export async function settleNpm(request: SettleRequest): Promise<Settled> {
  const { project, programs } = request;
  const [lockfile = ""] = project.files;
  if (project.manager !== "npm")
    return refusedWhole(request, project.manager, `lockfiles of ${project.manager} cannot be written yet`);
  if (!/(?:^|\/)(?:package-lock|npm-shrinkwrap)\.json$/.test(lockfile))
    return refusedWhole(
      request,
      "npm",
      `${project.path} has no lockfile, so no version can be held: make one with npm install --package-lock-only`,
    );
  if (programs.npm === undefined)
    throw new Failure("tool", "npm is not installed, and it must write the lockfile", "Install Node's npm.");
  const { npm } = programs;
  const texts = await readProject(request);
  const style = styleOf(texts.get(lockfile) ?? "", lockfile);
  const folder = path.resolve(request.root, project.path);
  const place = {
    root: folder,
    ...(request.cacheFolder === undefined ? {} : { cacheFolder: request.cacheFolder }),
  };
  const upstream = await openNpmUpstream(place);
  const source = await npmReleases({ ...place, target: project.target });
  const step = request.progress?.step(`Confirming ${project.path}`);
  try {
    return await inScratch(request.cacheFolder, async (scratch) => {
      const [tree, clean] = [path.join(scratch, "tree"), path.join(scratch, "clean")];
      for (const copy of [tree, clean]) {
        await writeTexts(copy, texts);
        await takeAlong(request, texts.get(lockfile) ?? "", copy);
      }
      const command: NpmCommand = {
        npm,
        git: programs.git,
        cwd: path.join(tree, project.path),
        style,
        registries: upstream.registries,
        caches: path.join(scratch, "npm"),
        registryCache: path.join(request.cacheFolder ?? cacheFolder(), "npm"),
        ...(request.signal === undefined ? {} : { signal: request.signal }),
      };
      const settlement = new NpmSettlement({
        request,
        command,
        upstream,
        source,
        tree,
        clean,
        texts,
        lockfile,
      });
      return settlePhases(request, settlement, {
        by: `npm ${await npmVersion(command)}`,
        update: (detail) => step?.update(detail),
      });
    });
  } finally {
    step?.done();
  }
}

/** The project's files and its `.npmrc`, by path relative to the root. */
async function readProject(request: SettleRequest): Promise<ReadonlyMap<string, string>> {
  const { root, project } = request;
  const texts = await projectTexts(request);
  const settings = path.posix.join(project.path, ".npmrc");
  if (await exists(path.resolve(root, settings)))
    texts.set(settings, await readText(path.resolve(root, settings)));
  return texts;
}

/** Local archives that the lockfile names, where they lie inside the root. */
async function takeAlong(request: SettleRequest, lockfile: string, tree: string): Promise<void> {
  const { root, project } = request;
  for (const file of localFilesIn(lockfile, project.files[0] ?? "")) {
    const relative = path.join(project.path, file);
    const from = path.resolve(root, relative);
    const stat = await fs.lstat(from).catch(() => undefined);
    if (stat?.isFile() !== true || stat.size > maxLocalFileBytes) continue;
    if (!isInside(root, await fs.realpath(from)) || !isInside(tree, path.resolve(tree, relative))) continue;
    await fs.mkdir(path.dirname(path.join(tree, relative)), { recursive: true });
    await fs.copyFile(from, path.join(tree, relative));
  }
}
