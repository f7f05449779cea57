import * as fs from "node:fs/promises";
import path from "node:path";
import { Failure, type ManagerId, type Settled } from "../model/index.ts";
import {
  npmReleases,
  openNpmUpstream,
  pypiReleases,
  readPythonIndexes,
  type NpmUpstream,
} from "../releases/index.ts";
import { execute, exists, isInside, readText } from "../system/index.ts";
import { LockSettlement } from "./lock-settlement.ts";
import type { LockTool, ToolCommand, ToolSite } from "./lock-tool.ts";
import { pnpm, yarnOf } from "./lock-tools-node.ts";
import { pipenv, poetry, uv } from "./lock-tools-python.ts";
import type { Files } from "./npm-judge.ts";
import { projectTexts } from "./project-texts.ts";
import { inScratch, writeTexts } from "./scratch.ts";
import { refusedWhole, settlePhases } from "./settle-phases.ts";
import type { SettleRequest } from "./settle-request.ts";

/** Package managers whose lockfile their own tool writes by one mechanism; npm has a part of its own. */
const lockManagers = ["uv", "pnpm", "yarn", "poetry", "pipenv"] as const;
type LockManager = (typeof lockManagers)[number];

/** Whether a manager's lockfile is written by its own tool inside the view. */
export function writesOwnLock(manager: ManagerId): manager is LockManager {
  return (lockManagers as readonly string[]).includes(manager);
}

const hints: Readonly<Record<LockManager, string>> = {
  uv: "Install uv, for instance by pip install uv.",
  pnpm: "Put pnpm on the PATH, in the major version that the lockfile was written by.",
  yarn: "Put the yarn that wrote the lockfile on the PATH; a copy that the project carries is not run.",
  poetry: "Put poetry on the PATH, for instance by pipx install poetry.",
  pipenv: "Put pipenv on the PATH, for instance by pipx install pipenv.",
};

/**
 * Has the project's own package manager write the lockfile of each phase inside a view that shows only the planned
 * versions, and accept it outside of the view. Works in a scratch copy of manifests and lockfile, runs none of the
 * project's code, installs nothing that stays.
 * @throws {Failure} `tool` when the package manager is not there, `unavailable` when the index does not answer,
 * `config`, `unreadable`, `storage`, `cancelled`.
 */
export async function settleLockfile(request: SettleRequest): Promise<Settled> {
  const { project, cacheFolder } = request;
  const [lockfile = ""] = project.files;
  if (!writesOwnLock(project.manager))
    throw new Failure("internal", `${project.manager} has no tool that writes its lockfile`);
  const step = request.progress?.step(`Confirming ${project.path}`);
  try {
    return await inScratch(cacheFolder, async (scratch) => {
      const tool = toolOf(
        project.manager as LockManager,
        await readText(path.resolve(request.root, lockfile)),
      );
      const texts = await readProject(request, tool);
      const upstream = project.ecosystem === "npm" ? await upstreamOf(request) : undefined;
      const site = await siteOf(request, { texts, upstream, caches: path.join(scratch, "caches") });
      const objection = tool.objection?.(texts, site);
      if (objection !== undefined) return refusedWhole(request, tool.name, objection);
      const tree = path.join(scratch, "tree");
      await writeTexts(tree, texts);
      const command = await commandFor(request, { tool, site, tree });
      const place = { root: request.root, ...(cacheFolder === undefined ? {} : { cacheFolder }) };
      const source =
        project.ecosystem === "npm"
          ? await npmReleases({
              ...place,
              root: path.resolve(request.root, project.path),
              target: project.target,
              dates: false,
            })
          : await pypiReleases({ ...place, target: project.target });
      const settlement = new LockSettlement({
        request,
        command,
        source,
        tree,
        texts,
        ...(upstream === undefined ? {} : { upstream }),
      });
      return settlePhases(request, settlement, { by: command.by, update: (detail) => step?.update(detail) });
    });
  } finally {
    step?.done();
  }
}

function toolOf(manager: LockManager, lockfile: string): LockTool {
  const others = { uv, pnpm, poetry, pipenv };
  return manager === "yarn" ? yarnOf(lockfile).tool : others[manager];
}

async function upstreamOf(request: SettleRequest): Promise<NpmUpstream> {
  return openNpmUpstream({
    root: path.resolve(request.root, request.project.path),
    ...(request.cacheFolder === undefined ? {} : { cacheFolder: request.cacheFolder }),
  });
}

async function siteOf(
  { root, project, cacheFolder, policy }: SettleRequest,
  { texts, upstream, caches }: { texts: Files; upstream: NpmUpstream | undefined; caches: string },
): Promise<ToolSite> {
  const [lockfile = ""] = project.files;
  return {
    folder: path.posix.dirname(lockfile),
    lockfile,
    caches,
    texts,
    mayRun: policy.installScripts,
    ...(upstream === undefined
      ? { indexes: await readPythonIndexes({ root, ...(cacheFolder === undefined ? {} : { cacheFolder }) }) }
      : { registries: upstream.registries }),
  };
}

/** The program, asked for its version where it will work. */
async function commandFor(
  request: SettleRequest,
  { tool, site, tree }: { tool: LockTool; site: ToolSite; tree: string },
): Promise<ToolCommand> {
  const { project, programs, signal } = request;
  const manager = project.manager as LockManager;
  const cwd = path.join(tree, site.folder);
  const program = programs[manager];
  const corepack = programs.corepack;
  const isClassic = manager === "yarn" && !yarnOf(site.texts.get(site.lockfile) ?? "").isBerry;
  const candidates = [
    ...(program === undefined ? [] : [[program]]),
    // What corepack has fetched before; it fetches nothing now.
    ...(corepack === undefined || !["yarn", "pnpm"].includes(manager) ? [] : [[corepack, manager]]),
  ];
  const found: string[] = [];
  for (const argv of candidates) {
    const run = await execute([...argv, "--version"], {
      cwd,
      timeoutMs: 60_000,
      env: {
        COREPACK_ENABLE_NETWORK: "0",
        YARN_IGNORE_PATH: "1",
        npm_config_manage_package_manager_versions: "false",
      },
      ...(signal === undefined ? {} : { signal }),
    });
    const version = /\d+\.\d+[\w.+-]*/.exec(run.stdout)?.[0];
    if (run.code !== 0 || version === undefined) continue;
    if (manager !== "yarn" || version.startsWith("1.") === isClassic)
      return {
        tool,
        argv,
        by: `${tool.name} ${version}`,
        site,
        cwd,
        ...(signal === undefined ? {} : { signal }),
      };
    found.push(version);
  }
  const other = found.length === 0 ? "" : ` (${found.join(", ")} is, which writes another format)`;
  throw new Failure(
    "tool",
    `${manager}${manager === "yarn" ? (isClassic ? " 1" : " 2 or later") : ""} is not installed${other}, and it must write ${site.lockfile}`,
    hints[manager],
  );
}

/** Most of a settings folder that is taken along. */
const mostSettings = { files: 500, bytes: 1024 * 1024 };

/** The project's files and the settings that its package manager reads, by path relative to the root. */
async function readProject(request: SettleRequest, tool: LockTool): Promise<Files> {
  const { root, project } = request;
  const folder = path.posix.dirname(project.files[0] ?? ".");
  const texts = await projectTexts(request);
  for (const setting of tool.settings) {
    const file = path.posix.join(folder, setting);
    const names = setting.endsWith("/") ? await listFolder(path.resolve(root, file)) : [""];
    for (const name of names) {
      const one = path.posix.join(file, name);
      const absolute = path.resolve(root, one);
      if ((await exists(absolute)) && isInside(await fs.realpath(root), await fs.realpath(absolute)))
        texts.set(one, await readText(absolute));
    }
  }
  return texts;
}

async function listFolder(folder: string): Promise<string[]> {
  const entries = await fs.readdir(folder, { withFileTypes: true }).catch(() => []);
  const names: string[] = [];
  for (const entry of entries.slice(0, mostSettings.files))
    if (entry.isFile() && (await fs.stat(path.join(folder, entry.name))).size <= mostSettings.bytes)
      names.push(entry.name);
  return names;
}
