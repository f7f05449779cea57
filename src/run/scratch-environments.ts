import path from "node:path";
import { runsPrograms } from "../gates/index.ts";
import { installManifestArgv, makeEnvironmentArgv } from "../managers/index.ts";
import { Failure, type Project } from "../model/index.ts";
import { findProgram } from "../system/index.ts";
import { placeInside } from "./backup.ts";
import { installingFor, nameOf, type Work } from "./carry-out.ts";
import { projectFolder, readBasis, relocateEnvironment } from "./environment.ts";
import { call, installerFor, installExactly, installLockfile, type Installing } from "./install.ts";
import { keyOf } from "./holdings.ts";
import { modulesFolders } from "./modules-folders.ts";
import { copiesOf } from "./scratch.ts";
import type { Sight } from "./ports.ts";

/** The rehearsal's own environments, in the state of the real ones, by `keyOf` the project. */
export async function makeEnvironments(
  work: Work,
  { start, scratch }: { start: Sight; scratch: string },
): Promise<Map<string, string>> {
  const { configuration } = work.request;
  const runsCommands = runsPrograms(configuration);
  const changed = new Set(work.projects);
  const made = new Map<string, string>();
  for (const project of start.inventory.projects) {
    const isWanted = changed.has(project) || (runsCommands && project.environment !== undefined);
    if (!isWanted || project.files.length === 0) continue;
    const shared = [...made.values()].find(
      (one) => project.environment !== undefined && one === path.join(work.tree, project.environment),
    );
    if (shared !== undefined) {
      made.set(keyOf(nameOf(project)), shared);
      continue;
    }
    const making = { work, project, start, scratch, runsCommands };
    const folder = project.ecosystem === "npm" ? await makeNpm(making) : await makePython(making, made.size);
    if (folder !== undefined) made.set(keyOf(nameOf(project)), folder);
  }
  return made;
}

interface Making {
  readonly work: Work;
  readonly project: Project;
  readonly start: Sight;
  readonly scratch: string;
  readonly runsCommands: boolean;
}

async function makeNpm({ work, project, runsCommands }: Making): Promise<string | undefined> {
  const isLocked = /(?:^|\/)(?:package-lock\.json|npm-shrinkwrap\.json|pnpm-lock\.yaml)$/.test(
    project.files[0] ?? "",
  );
  if (!["npm", "pnpm"].includes(project.manager) || !isLocked) {
    if (!work.projects.includes(project)) return undefined;
    throw new Failure(
      "tool",
      `${project.path} is installed by ${project.manager}${isLocked || project.manager !== "npm" ? "" : " without an npm lockfile"}, which a run cannot carry out`,
      "Use --files-only and install by hand, or in CI.",
    );
  }
  const environment = path.join(projectFolder(work.tree, project), "node_modules");
  const isThere = project.manager === "npm" && project.environment !== undefined;
  // Without commands to run on the old versions nothing needs them.
  if (!isThere && !runsCommands) return environment;
  const step = work.ports.progress.step(
    `${isThere ? "Copying" : "Installing"} the old versions of ${project.path} in the scratch copy`,
  );
  try {
    // npm then changes what differs, in rehearsal as in promotion, which is much quicker than all of it.
    if (isThere) await copyModules(work, project);
    else await installLockfile(await installingFor(work, { project, environment, phase: 0 }));
  } finally {
    step.done();
  }
  return environment;
}

async function copyModules(work: Work, project: Project): Promise<void> {
  const { files, root } = work.site;
  const lockfile = await files.read(await placeInside(root, project.files[0] ?? "")).then(String, () => "{}");
  for (const folder of modulesFolders(project, [lockfile]))
    if ((await files.look(path.join(root, folder)))?.kind === "folder")
      await files.clone({
        from: path.join(root, folder),
        to: path.join(work.tree, folder),
        how: () => "copy",
        copies: await copiesOf(root, work.tree),
        ...(work.ports.signal === undefined ? {} : { signal: work.ports.signal }),
      });
}

async function makePython(making: Making, number: number): Promise<string | undefined> {
  const { work, project, scratch, runsCommands } = making;
  const { environment: own } = project;
  if (own === undefined && !runsCommands) return undefined;
  // One that the project does not have must not be seen as if it had.
  const environment =
    own === undefined ? path.join(scratch, "environments", String(number)) : path.join(work.tree, own);
  const installing = await installingFor(work, { project, environment, phase: 0 });
  const step = work.ports.progress.step(`Making an environment for ${project.path} in the scratch copy`);
  try {
    if (own === undefined) await makeFromManifest(making, installing);
    else await makeLike(path.join(work.site.root, own), making, installing);
    return environment;
  } finally {
    step.done();
  }
}

/** An environment that holds what the real one does: installed from the index, or copied where that cannot be. */
async function makeLike(
  real: string,
  { work, project, start }: Making,
  installing: Installing,
): Promise<void> {
  const own = start.inventory.components.filter(
    (one) =>
      keyOf(one) === keyOf(nameOf(project)) && one.places.some((place) => place.source === "environment"),
  );
  const fixed = own.filter((one) => one.immovable !== undefined);
  const unread = start.inventory.unread.filter((one) => one.path.startsWith(`${project.environment ?? ""}/`));
  if (fixed.length + unread.length > 0) {
    const names = [
      ...fixed.map((one) => `${one.name} (${one.immovable ?? ""})`),
      ...unread.map((one) => one.path),
    ];
    await copyEnvironment(real, `not from a package index: ${names.slice(0, 5).join(", ")}`, {
      work,
      installing,
    });
    return;
  }
  try {
    const { base, systemPackages } = await readBasis(work.site.root, real);
    await makeEmpty({ base, systemPackages }, installing);
    await installExactly(
      installing,
      own.map((one) => ({ package: one.name, to: one.version })),
    );
  } catch (error) {
    if (!(error instanceof Failure) || error.code !== "tool") throw error;
    await copyEnvironment(real, error.message, { work, installing });
  }
}

async function makeEmpty(
  basis: { readonly base: string; readonly systemPackages: boolean },
  installing: Installing,
): Promise<void> {
  const { uv } = installing.programs;
  await call(
    makeEnvironmentArgv({ ...basis, folder: installing.environment, ...(uv === undefined ? {} : { uv }) }),
    installing,
  );
}

/** Copied, not linked: the tests of the new versions run in it and must not reach the real one. */
async function copyEnvironment(
  real: string,
  why: string,
  { work, installing }: { work: Work; installing: Installing },
): Promise<void> {
  const { files, journal, root } = work.site;
  const text = `The environment is copied for the rehearsal, since it cannot be installed anew: ${why}`.slice(
    0,
    1000,
  );
  await journal.append({ event: "note", text });
  work.ports.progress.line(text.split("\n")[0] ?? "");
  await files.remove(installing.environment);
  await files.clone({
    from: real,
    to: installing.environment,
    how: () => "copy",
    copies: await copiesOf(root, work.tree),
    ...(work.ports.signal === undefined ? {} : { signal: work.ports.signal }),
  });
  await relocateEnvironment({ from: real, to: installing.environment, fromRoot: root, toRoot: work.tree });
}

/** For a project that has no environment: what its files resolve to today. */
async function makeFromManifest({ work, project }: Making, installing: Installing): Promise<void> {
  const entry = project.files[0] ?? "";
  if (project.manager !== "pip")
    throw new Failure(
      "tool",
      `${project.path} has no environment to run its tests in`,
      `Install it with ${project.manager} first, or use --files-only.`,
    );
  const minor = /^\d+\.\d+/.exec(project.target.python ?? "")?.[0];
  const fitting = minor === undefined ? undefined : await findProgram(`python${minor}`);
  const base = fitting ?? work.ports.programs.python;
  if (base === undefined)
    throw new Failure("tool", "there is no Python to make an environment with", "Install Python.");
  await makeEmpty({ base, systemPackages: false }, installing);
  await call(installManifestArgv(await installerFor(installing), path.join(work.tree, entry)), installing);
}
