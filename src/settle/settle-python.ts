import { managers } from "../managers/index.ts";
import { Failure, type Project, type Settled, type SettledPhase, type Upgrade } from "../model/index.ts";
import { readPythonIndexes, type PythonIndexes } from "../releases/index.ts";
import { execute } from "../system/index.ts";
import { checkWithPip } from "./pip-check.ts";
import { projectTexts } from "./project-texts.ts";
import { cumulative } from "./python-pins.ts";
import { inScratch } from "./scratch.ts";
import type { SettleRequest } from "./settle-request.ts";
import { UvConfirmation } from "./uv-confirmation.ts";

/** The files of one phase, as edited: path relative to the root → text. */
export interface EditedPhase {
  /** All of the project's files, changed or not. */
  readonly texts: ReadonlyMap<string, string>;
  /** Those that differ from the project's own. */
  readonly changed: ReadonlyMap<string, string>;
  /** Everything that has moved by then. */
  readonly upgrades: readonly Upgrade[];
}

/**
 * Edits a Python project's requirements files phase by phase in memory and has the user's own resolver accept each
 * result, in scratch folders: uv where it is there, else pip as far as it can tell without an installation. Runs
 * none of the project's code and builds nothing that policy does not name.
 * @throws {Failure} `unavailable` when the index cannot be reached, `tool` when neither uv nor Python is there,
 * `conflict` when the adapter cannot write a phase, `unreadable`, `storage`, `cancelled`.
 */
export async function settlePython(request: SettleRequest): Promise<Settled> {
  const edited = editPhases(request.project, request, await projectTexts(request));
  const { programs, progress } = request;
  const step = progress?.step(`Confirming ${request.project.path}`);
  try {
    return await inScratch(request.cacheFolder, async (folder) => {
      if (programs.uv === undefined) return checkWithPip(request, edited, folder);
      return confirmWithUv({ ...request, programs: { ...programs, uv: programs.uv } }, edited, {
        folder,
        onPhase: (number) => step?.update(`phase ${number} of ${edited.length}`),
      });
    });
  } finally {
    step?.done();
  }
}

/**
 * What the user's own resolver chooses today for the untouched files of a project without an environment, by normalised
 * name; `undefined` where it finds nothing that serves, or uv is not there to be asked.
 * @throws {Failure} `unavailable` when the index cannot be reached, `unreadable`, `storage`, `cancelled`.
 */
export async function resolvePython(
  request: Omit<SettleRequest, "phases" | "broken">,
): Promise<ReadonlyMap<string, string> | undefined> {
  const { uv } = request.programs;
  if (uv === undefined || request.project.environment !== undefined) return undefined;
  const whole = { ...request, phases: [], broken: [], programs: { ...request.programs, uv } };
  const texts = await projectTexts(whole);
  return inScratch(request.cacheFolder, async (folder) => {
    const confirmation = new UvConfirmation(whole, await indexesFor(whole), folder);
    const outcome = await confirmation.confirm({ texts, changed: new Map(), upgrades: [] }, "today");
    return outcome.state === "confirmed" ? outcome.versions : undefined;
  });
}

async function indexesFor(request: SettleRequest): Promise<PythonIndexes> {
  return readPythonIndexes({
    root: request.root,
    ...(request.cacheFolder === undefined ? {} : { cacheFolder: request.cacheFolder }),
  });
}

function editPhases(
  project: Project,
  request: SettleRequest,
  texts: ReadonlyMap<string, string>,
): readonly EditedPhase[] {
  const manager = managers.find((one) => one.id === project.manager);
  if (manager === undefined) throw new Failure("internal", `there is no adapter for ${project.manager}`);
  const installed = request.inventory.components.filter((one) => one.project === project.path);
  let current = texts;
  return request.phases.map((upgrades, index) => {
    if (upgrades.length > 0)
      current = new Map([...current, ...manager.edit(current, project, upgrades, installed)]);
    const changed = new Map([...current].filter(([file, text]) => texts.get(file) !== text));
    return { texts: current, changed, upgrades: cumulative(request.phases, index + 1) };
  });
}

async function confirmWithUv(
  request: SettleRequest & { readonly programs: { readonly uv: string } },
  edited: readonly EditedPhase[],
  options: { readonly folder: string; readonly onPhase: (number: number) => void },
): Promise<Settled> {
  const { project, signal } = request;
  const version = await execute([request.programs.uv, "--version"], {
    cwd: options.folder,
    timeoutMs: 30_000,
    ...(signal === undefined ? {} : { signal }),
  });
  const by = version.stdout.trim().split(" ").slice(0, 2).join(" ") || "uv";
  const confirmation = new UvConfirmation(request, await indexesFor(request), options.folder);
  const phases: SettledPhase[] = [];
  for (const [index, phase] of edited.entries()) {
    options.onPhase(index + 1);
    const earlier = index === 0 ? undefined : edited[index - 1];
    const last = phases.at(-1);
    if (last !== undefined && earlier !== undefined && request.phases[index]?.length === 0) {
      phases.push(last);
      continue;
    }
    const outcome = await confirmation.confirm(phase, `phase-${index + 1}`);
    if (outcome.state === "refused") {
      const detail = outcome.refusals[0]?.reason ?? "no reason given";
      return { state: "refused", by, detail, phase: index + 1, refusals: outcome.refusals };
    }
    const observed = [...outcome.versions].map(([name, found]) => ({ package: name, version: found }));
    phases.push({ files: phase.changed, observed });
  }
  const what =
    project.environment === undefined
      ? "uv pip compile resolved the edited files of each phase to the planned versions"
      : "uv pip compile accepted all versions of each phase together, as they stand";
  return { state: "accepted", by, detail: [what, ...confirmation.limits()].join("; "), phases };
}
