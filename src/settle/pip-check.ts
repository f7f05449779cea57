import * as fs from "node:fs/promises";
import path from "node:path";
import { Failure, normaliseName } from "../model/index.ts";
import type { Refusal, Requirement, Settled, SettledPhase, Target } from "../model/index.ts";
import { authorisedUrl, pypiReleases, readPythonIndexes, type PythonIndexes } from "../releases/index.ts";
import { execute, mapBounded, type Execution } from "../system/index.ts";
import { parseRequirement } from "../versions/index.ts";
import { findUnmet } from "./check-pins.ts";
import { overridesFor, pinsAfter } from "./python-pins.ts";
import type { EditedPhase } from "./settle-python.ts";
import type { SettleRequest } from "./settle-request.ts";
import { shorten } from "./uv-refusals.ts";

/** pip downloads whole wheels for this; the installation afterwards takes them from its cache. */
const timeoutMs = 600_000;

/**
 * What pip can confirm without an installation: that every planned version can be had for the target as a wheel, by a
 * dry run without dependencies; the requirements between the versions are then checked here, on the metadata that
 * pip reports. Weaker than a resolution, and said so.
 */
export async function checkWithPip(
  request: SettleRequest,
  edited: readonly EditedPhase[],
  folder: string,
): Promise<Settled> {
  const { project } = request;
  const python = await pythonWithPip(request, folder);
  const by = await versionOf(python, folder);
  const indexes = await readPythonIndexes({
    root: request.root,
    ...(request.cacheFolder === undefined ? {} : { cacheFolder: request.cacheFolder }),
  });
  const others = await requirementsOfOthers(request);
  const phases: SettledPhase[] = [];
  for (const [index, phase] of edited.entries()) {
    const moved = new Map<string, readonly Requirement[]>();
    const planned = phase.upgrades.flatMap(({ package: name, to }) =>
      to === null ? [] : [{ name, version: to }],
    );
    if (planned.length > 0) {
      const run = await dryRun(request, { python, folder, indexes, planned });
      if (run.code !== 0)
        return refuse(request, { by, phase: index + 1, refusals: [refusalFrom(run, project.path)] });
      for (const [name, requires] of readReport(run.stdout)) moved.set(name, requires);
    }
    for (const upgrade of phase.upgrades) if (!moved.has(upgrade.package)) moved.set(upgrade.package, []);
    const set = pinsAfter(request.inventory, project.path, phase.upgrades);
    const unmoved = new Map([...others.known].filter(([name]) => !moved.has(name)));
    const tolerated = new Set(overridesFor(request.broken, set.pins).keys());
    const unmet = findUnmet({
      project,
      inventory: request.inventory,
      set,
      moved,
      others: unmoved,
      tolerated,
    });
    if (unmet.length > 0)
      return refuse(request, {
        by,
        phase: index + 1,
        refusals: unmet.map(({ from, name, range, found }) => ({
          project: project.path,
          requirement: { from, name, range },
          reason: `${from} requires ${name}${range}, and the plan has ${found ?? "none"}`,
        })),
      });
    const observed = [...set.pins].map(([name, version]) => ({ package: name, version }));
    phases.push({ files: phase.changed, observed });
  }
  const detail =
    "pip's dry run found each planned version for the target, one by one; no resolver has seen them together: " +
    "the requirements between them were checked by Redress on the metadata that pip and the index report" +
    (others.unknown.length === 0 ? "" : `; what these require is not known: ${others.unknown.join(", ")}`);
  return { state: "accepted", by, detail, phases };
}

/** What the components require of which the inventory does not say it, from the index. */
async function requirementsOfOthers(request: SettleRequest): Promise<{
  readonly known: ReadonlyMap<string, readonly Requirement[]>;
  readonly unknown: readonly string[];
}> {
  const { project, inventory, signal } = request;
  const asked = inventory.components.filter(
    (one) => one.project === project.path && !one.requirementsKnown && one.immovable === undefined,
  );
  const known = new Map<string, readonly Requirement[]>();
  if (asked.length === 0) return { known, unknown: [] };
  const source = await pypiReleases({
    target: project.target,
    root: request.root,
    ...(request.cacheFolder === undefined ? {} : { cacheFolder: request.cacheFolder }),
  });
  const unknown: string[] = [];
  await mapBounded(asked, 20, async ({ name, version }) => {
    const answer = await source.requirements(name, version, signal);
    if (answer.state === "known") known.set(name, answer.requires);
    else unknown.push(name);
  });
  return { known, unknown: unknown.sort() };
}

function refuse(
  request: SettleRequest,
  outcome: { readonly by: string; readonly phase: number; readonly refusals: readonly Refusal[] },
): Settled {
  const detail = outcome.refusals[0]?.reason ?? `${request.project.path} was refused`;
  return { state: "refused", detail, ...outcome };
}

/** An interpreter that has pip: the one found, else a scratch environment made with it. */
async function pythonWithPip(request: SettleRequest, folder: string): Promise<string> {
  const { python } = request.programs;
  const hint = "Install uv (`redress` can do so) or Python with pip.";
  if (python === undefined)
    throw new Failure("tool", "there is neither uv nor Python to confirm the plan with", hint);
  const options = { cwd: folder, timeoutMs: 60_000 };
  if ((await execute([python, "-I", "-m", "pip", "--version"], options)).code === 0) return python;
  const made = await execute([python, "-I", "-m", "venv", "pip"], options);
  if (made.code !== 0)
    throw new Failure("tool", `${python} has no pip and cannot make one: ${shorten(made.stderr)}`, hint);
  return path.join(folder, "pip", "bin", "python");
}

async function versionOf(python: string, folder: string): Promise<string> {
  const run = await execute([python, "-I", "-m", "pip", "--version"], { cwd: folder, timeoutMs: 60_000 });
  return run.stdout.split(" ").slice(0, 2).join(" ").trim() || "pip";
}

async function dryRun(
  request: SettleRequest,
  how: {
    readonly python: string;
    readonly folder: string;
    readonly indexes: PythonIndexes;
    readonly planned: readonly { readonly name: string; readonly version: string }[];
  },
): Promise<Execution> {
  const { policy, project, signal } = request;
  const named = policy.installScripts.map((name) => normaliseName("PyPI", name));
  const list = path.join(how.folder, "planned.txt");
  await fs.writeFile(list, how.planned.map(({ name, version }) => `${name}==${version}\n`).join(""));
  const [main, ...extra] = how.indexes.indexes.map(authorisedUrl);
  return execute(
    [
      ...[how.python, "-I", "-m", "pip", "install", "--dry-run", "--ignore-installed", "--no-deps"],
      ...["--report", "-", "--quiet", "--no-input", "--only-binary", ":all:"],
      ...how.planned.filter(({ name }) => named.includes(name)).flatMap(({ name }) => ["--no-binary", name]),
      ...(await otherTarget(project.target, how)),
      ...["-r", list],
    ],
    {
      cwd: how.folder,
      timeoutMs,
      maxOutputBytes: 64_000_000,
      env: {
        ...(main === undefined ? {} : { PIP_INDEX_URL: main, PIP_EXTRA_INDEX_URL: extra.join(" ") }),
        PIP_DISABLE_PIP_VERSION_CHECK: "1",
        PIP_REQUIRE_VIRTUALENV: "false",
        PYTHONNOUSERSITE: "1",
      },
      ...(signal === undefined ? {} : { signal }),
    },
  );
}

/** Flags for a Python that is not the one that runs pip. */
async function otherTarget(
  target: Target,
  how: { readonly python: string; readonly folder: string },
): Promise<readonly string[]> {
  const wanted = target.python?.split(".").slice(0, 2).join(".");
  if (wanted === undefined) return [];
  const question = "import sys; print('%d.%d' % sys.version_info[:2])";
  const run = await execute([how.python, "-I", "-c", question], { cwd: how.folder, timeoutMs: 30_000 });
  return run.stdout.trim() === wanted
    ? []
    : ["--python-version", wanted, "--target", path.join(how.folder, "target")];
}

/** What each version requires, from pip's installation report (its format version 1). */
export function readReport(text: string): ReadonlyMap<string, readonly Requirement[]> {
  const start = text.indexOf("{");
  const report = JSON.parse(start === -1 ? "{}" : text.slice(start)) as {
    install?: { metadata?: { name?: unknown; requires_dist?: unknown } }[];
  };
  const found = new Map<string, readonly Requirement[]>();
  for (const { metadata } of report.install ?? []) {
    if (typeof metadata?.name !== "string") continue;
    const lines = Array.isArray(metadata.requires_dist) ? (metadata.requires_dist as unknown[]) : [];
    const requires = lines.flatMap((line): Requirement[] => {
      const parsed = typeof line === "string" ? parseRequirement(line) : { error: "no text" };
      if ("error" in parsed) return [];
      return [
        {
          name: normaliseName("PyPI", parsed.name),
          range: parsed.specifier,
          kind: "production",
          ...(parsed.marker === undefined ? {} : { marker: parsed.marker }),
          ...(parsed.url === undefined ? {} : { url: parsed.url }),
        },
      ];
    });
    found.set(normaliseName("PyPI", metadata.name), requires);
  }
  return found;
}

/** @throws {Failure} `unavailable` when pip could not reach the index. */
function refusalFrom(run: Execution, project: string): Refusal {
  const message = run.stderr.trim();
  if (run.timedOut) return { project, reason: `pip did not finish within ${timeoutMs / 1000} s` };
  if (
    /Failed to establish a new connection|Max retries exceeded|ReadTimeoutError|NewConnectionError/.test(
      message,
    )
  )
    throw new Failure(
      "unavailable",
      `pip cannot reach the package index: ${shorten(message)}`,
      "Check the network.",
    );
  const match = /(?:satisfies the requirement|distribution found for) ([A-Za-z0-9._-]+)==([^\s(]+)/.exec(
    message,
  );
  const [, name, version] = match ?? [];
  return {
    project,
    ...(name === undefined || version === undefined ? {} : { package: normaliseName("PyPI", name), version }),
    reason: shorten(message),
  };
}
