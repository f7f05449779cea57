import * as fs from "node:fs/promises";
import path from "node:path";
import { Failure, type Phase, type Project } from "../model/index.ts";
import { cacheFolder, exists } from "../system/index.ts";
import { judgePhase, makeChanges, runBaselines, type Work } from "./carry-out.ts";
import { cloneFolder } from "./clone-folder.ts";
import { environmentPath, relocateEnvironment } from "./environment.ts";
import { stops } from "./gates.ts";
import { makeEnvironment } from "./install.ts";
import type { Sight } from "./ports.ts";

/** Folders that are made anew by tools, and those that are no part of the application. */
const leftOut = new Set([
  ".git",
  ".hg",
  ".svn",
  ".redress",
  "node_modules",
  "__pycache__",
  ".pytest_cache",
  ".mypy_cache",
  ".ruff_cache",
  ".tox",
  ".nox",
]);

export interface Rehearsed {
  /** The phases that held, in order. */
  readonly phases: readonly Phase[];
  /** Why the next one did not; absent when all held. */
  readonly reason?: string;
}

/**
 * Carries the phases out in a scratch copy with its own environments, tests and all. The real project is only read.
 * Stops at the first phase whose enforced gate fails.
 */
export async function rehearse(
  work: Omit<Work, "root" | "stage">,
  phases: readonly Phase[],
): Promise<Rehearsed> {
  const scratch = path.join(cacheFolder(), "scratch", work.run);
  await work.journal.append({ event: "scratch", folder: scratch });
  try {
    const root = path.join(scratch, path.basename(work.request.root));
    const projects = await makeCopy(work, root);
    const rehearsal: Work = { ...work, root, projects, stage: "rehearsal" };
    const baselines = await runBaselines(root, rehearsal);
    let before: Sight = await work.ports.look(root);
    const held: Phase[] = [];
    for (const phase of phases) {
      work.ports.progress.line(`Rehearsing ${phase.name}: ${phase.upgrades.length} changes`);
      const failure = await makeChanges(rehearsal, phase).then(
        () => undefined,
        (error: unknown) => {
          if (error instanceof Failure && error.code === "tool") return error;
          throw error;
        },
      );
      if (failure !== undefined) {
        await work.journal.append({
          event: "phase-rehearsed",
          phase: phase.number,
          held: false,
          versions: [],
          after: before.summary,
        });
        return {
          phases: held,
          reason: `phase ${phase.number} could not be installed in rehearsal: ${failure.message}`,
        };
      }
      const outcome = await judgePhase(rehearsal, phase, { before, baselines });
      await work.journal.append({
        event: "phase-rehearsed",
        phase: phase.number,
        held: outcome.held,
        versions: outcome.versions,
        after: outcome.sight.summary,
      });
      if (!outcome.held) {
        const stopping = outcome.gates
          .filter(stops)
          .map((gate) => `${gate.name} ${gate.verdict} (${gate.detail})`);
        return {
          phases: held,
          reason: `phase ${phase.number} did not hold in rehearsal: ${stopping.join("; ")}`,
        };
      }
      held.push(phase);
      before = outcome.sight;
    }
    return { phases: held };
  } finally {
    await fs.rm(scratch, { recursive: true, force: true });
  }
}

/** Copies the tree and its environments; gives the projects as they are in the copy. */
async function makeCopy(work: Omit<Work, "root" | "stage">, root: string): Promise<Project[]> {
  const { request, ports, projects } = work;
  const environments = new Set(projects.flatMap((project) => project.environment ?? []));
  const signal = ports.signal === undefined ? {} : { signal: ports.signal };
  const step = ports.progress.step("Copying the project to a scratch folder");
  const skip = (relative: string, isFolder: boolean): boolean =>
    isFolder &&
    (leftOut.has(path.basename(relative)) || environments.has(relative.split(path.sep).join("/")));
  await requireSpace(request.root, [...environments], root);
  await cloneFolder({ from: request.root, to: root, how: "copy", skip, ...signal });
  for (const environment of environments) {
    const [from, to] = [path.join(request.root, environment), path.join(root, environment)];
    // Copied, not linked: the tests of the new versions run in it and must not reach the real one.
    await cloneFolder({ from, to, how: "copy", ...signal });
    await relocateEnvironment({ from, to, fromRoot: request.root, toRoot: root });
  }
  step.done();
  return Promise.all(projects.map((project) => withEnvironment(project, { work, root })));
}

/** A project that has no environment gets one in the copy, where tests will need it. */
async function withEnvironment(
  project: Project,
  { work, root }: { work: Omit<Work, "root" | "stage">; root: string },
): Promise<Project> {
  const { request, ports } = work;
  if (environmentPath(root, project) !== undefined || request.configuration.tests.length === 0)
    return project;
  const folder = path.posix.dirname(project.files[0] ?? ".");
  const environment = path.posix.join(folder, project.ecosystem === "npm" ? "node_modules" : ".venv");
  const step = ports.progress.step(`Making an environment for ${project.path}`);
  await makeEnvironment(
    {
      root,
      project,
      upgrades: [],
      policy: request.configuration.policy,
      programs: ports.programs,
      before: () => Promise.resolve(),
      ...(ports.signal === undefined ? {} : { signal: ports.signal }),
    },
    path.join(root, environment),
  );
  step.done();
  return { ...project, environment };
}

/** Room for the copy and as much again for what is installed. @throws {Failure} `storage` */
async function requireSpace(root: string, environments: readonly string[], to: string): Promise<void> {
  let needBytes = 200e6;
  for (const environment of environments) needBytes += await sizeOf(path.join(root, environment));
  let folder = to;
  while (!(await exists(folder))) folder = path.dirname(folder);
  const { bavail, bsize } = await fs.statfs(folder);
  if (bavail * bsize < needBytes)
    throw new Failure(
      "storage",
      `a rehearsal needs ${gigabytes(needBytes)} GB below ${folder}, ${gigabytes(bavail * bsize)} GB are free`,
      "Free space, or point XDG_CACHE_HOME to a larger disk.",
    );
}

const gigabytes = (bytes: number): string => (bytes / 1e9).toFixed(1);

async function sizeOf(folder: string): Promise<number> {
  let bytes = 0;
  const entries = await fs.readdir(folder, { withFileTypes: true });
  const sizes = await Promise.all(
    entries.map(async (entry) => {
      const file = path.join(folder, entry.name);
      if (entry.isDirectory()) return sizeOf(file);
      return entry.isFile() ? (await fs.lstat(file)).size : 0;
    }),
  );
  for (const size of sizes) bytes += size;
  return bytes;
}
