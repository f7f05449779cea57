import path from "node:path";
import {
  Failure,
  normaliseName,
  type Project,
  type Refusal,
  type ReleaseSource,
  type Requirement,
} from "../model/index.ts";
import { pypiReleases, type PythonIndexes } from "../releases/index.ts";
import { orderOf } from "../versions/index.ts";
import { findUnmet } from "./check-pins.ts";
import { overridesFor, pinsAfter, requiredName, switchedOff, type PinSet } from "./python-pins.ts";
import { toResolverInput } from "./resolver-input.ts";
import { writeTexts } from "./scratch.ts";
import type { EditedPhase } from "./settle-python.ts";
import type { SettleRequest } from "./settle-request.ts";
import { compareChoice } from "./uv-choice.ts";
import { compileWithUv, type Compiled } from "./uv-compile.ts";
import { Sdists } from "./uv-sdists.ts";
import {
  isUnreachable,
  readDependents,
  readObstacles,
  readWheelless,
  shorten,
  type Chosen,
  type Obstacle,
} from "./uv-refusals.ts";

type Outcome =
  | { readonly state: "confirmed"; readonly versions: ReadonlyMap<string, string> }
  | { readonly state: "refused"; readonly refusals: readonly Refusal[] };

/** One phase as it is being confirmed. */
interface Attempt {
  readonly set: PinSet;
  readonly moved: ReadonlySet<string>;
  readonly overrides: Map<string, string>;
  readonly refusals: Refusal[];
}

/** uv names one obstacle a run; so many are cleared or collected for a phase before its verdict is given. */
const mostRuns = 40;
const mostRefusals = 8;
const unreachableHint = "Check the network and the index in pip's or uv's configuration.";

/**
 * Confirms phases with uv. An environment is confirmed as the fixed set it is: all its versions go in, the same must
 * come out. A project that is only files is confirmed by resolving the edited files; what uv chooses for open
 * requirements is reported. What the index cannot judge is switched off, remembered and told by `limits`; this is
 * only ever done for packages that the plan does not touch and requirements that nothing touched.
 */
export class UvConfirmation {
  private readonly request: SettleRequest & { readonly programs: { readonly uv: string } };
  private readonly indexes: PythonIndexes;
  private readonly folder: string;
  private readonly project: Project;
  /** Packages that the index does not judge → why. */
  private readonly unjudged = new Map<string, string>();
  private readonly brokenBefore = new Set<string>();
  private readonly sdists: Sdists;
  private readonly leftOut = new Set<string>();
  private readonly tolerated = new Set<string>();
  /** Requirements found unmet between packages that the plan had not touched. */
  private readonly unmetBefore: { readonly from: string; readonly name: string; readonly line: string }[] =
    [];
  private source: Promise<ReleaseSource> | undefined;

  constructor(
    request: SettleRequest & { readonly programs: { readonly uv: string } },
    indexes: PythonIndexes,
    folder: string,
  ) {
    this.request = request;
    this.indexes = indexes;
    this.folder = folder;
    this.project = request.project;
    this.sdists = new Sdists(request, () => this.releases());
  }

  /** @throws {Failure} `unavailable` when uv cannot reach the index. */
  async confirm(phase: EditedPhase, name: string): Promise<Outcome> {
    const { inventory, broken } = this.request;
    const set = pinsAfter(inventory, this.project.path, phase.upgrades);
    this.sdists.forgetMoved(set.pins);
    // The pages of pins are known already; of a large environment they are only asked for where it must be.
    if (this.project.environment === undefined) await this.sdists.lookFor(set.pins);
    for (const [one, reason] of set.immovable) this.unjudged.set(one, reason);
    const attempt: Attempt = {
      set,
      moved: new Set(phase.upgrades.map((upgrade) => upgrade.package)),
      overrides: new Map(overridesFor(broken, set.pins)),
      refusals: [],
    };
    for (const { from, name: required, line } of this.unmetBefore)
      if (!attempt.moved.has(from) && !attempt.moved.has(required)) attempt.overrides.set(required, line);
    for (let run = 0; run < mostRuns; run++) {
      const compiled = await this.compile(phase, attempt, `${name}-${run}`);
      if (compiled.state === "resolved") {
        if (attempt.refusals.length === 0) {
          const { project, unjudged } = this;
          const { refusals, tolerated } = compareChoice({ project, unjudged, ...attempt, phase, compiled });
          for (const name of tolerated) this.tolerated.add(name);
          attempt.refusals.push(...refusals, ...(await this.judgeSwitchedOff(attempt)));
        }
        if (attempt.refusals.length > 0) return { state: "refused", refusals: attempt.refusals };
        const { versions } = compiled;
        // Of a fixed set only that set is observed, not what uv would add for requirements that nothing meets.
        const observed =
          this.project.environment === undefined
            ? versions
            : [...versions].filter(([one]) => set.pins.has(one));
        return { state: "confirmed", versions: new Map(observed) };
      }
      if (!(await this.clear(compiled.message, attempt))) break;
    }
    return { state: "refused", refusals: attempt.refusals };
  }

  /** What was not judged, in words. */
  limits(): readonly string[] {
    const list = (names: Iterable<string>): string => [...names].sort().join(", ");
    const { told, built } = this.sdists;
    return [
      ...(this.brokenBefore.size === 0
        ? []
        : [
            `requirements unmet before the plan were switched off, by required package: ${list(this.brokenBefore)}`,
          ]),
      ...(this.unjudged.size === 0
        ? []
        : [
            `not judged: ${[...this.unjudged]
              .sort()
              .map(([name, why]) => `${name} (${why})`)
              .join(", ")}`,
          ]),
      ...(told.length === 0 ? [] : [`nothing was built; taken by their known requirements: ${list(told)}`]),
      ...(built.length === 0 ? [] : [`built because policy names them: ${list(built)}`]),
      ...(this.leftOut.size === 0
        ? []
        : [`lines not given to the resolver: ${[...this.leftOut].join(" | ")}`]),
      ...(this.tolerated.size === 0
        ? []
        : [`absent before and after, though required: ${list(this.tolerated)}`]),
    ];
  }

  private async compile(phase: EditedPhase, attempt: Attempt, name: string): Promise<Compiled> {
    const folder = path.join(this.folder, name);
    const overrides = new Map(attempt.overrides);
    for (const name of this.unjudged.keys()) overrides.set(name, switchedOff(name));
    for (const name of attempt.overrides.keys()) this.brokenBefore.add(name);
    const [entry = "requirements.txt"] = this.project.files;
    let input = entry;
    if (this.project.environment === undefined) await this.writeFiles(folder, phase);
    else {
      input = "redress-pins.txt";
      await writeTexts(folder, new Map([[input, this.pinLines(attempt.set).join("\n")]]));
    }
    const { signal, programs } = this.request;
    return compileWithUv(programs, this.indexes, {
      folder,
      input,
      target: this.project.target,
      overrides,
      unbuilt: this.sdists.unbuilt,
      ...(signal === undefined ? {} : { signal }),
    });
  }

  private async writeFiles(folder: string, phase: EditedPhase): Promise<void> {
    const texts = new Map<string, string>();
    for (const [file, text] of phase.texts) {
      const input = toResolverInput(text);
      for (const line of input.leftOut) this.leftOut.add(line);
      texts.set(file, input.text);
    }
    await writeTexts(folder, texts);
  }

  private pinLines(set: PinSet): string[] {
    return [...set.pins].flatMap(([name, version]) => {
      if (this.unjudged.has(name)) return [];
      const extras = set.extras.get(name) ?? [];
      return `${name}${extras.length === 0 ? "" : `[${extras.join(",")}]`}==${version}`;
    });
  }

  /** Takes what uv says stands in the way out of its way, or notes it as a refusal; whether to run again. */
  private async clear(message: string, attempt: Attempt): Promise<boolean> {
    const order = orderOf("PyPI");
    const { pins } = attempt.set;
    const chosen: Chosen = {
      pin: (name) => pins.get(normaliseName("PyPI", name)),
      satisfies: (version, range) => order.satisfies(version, range, { prereleases: true }),
      complete: this.project.environment !== undefined,
    };
    const obstacles = readObstacles(message, chosen);
    let goOn = false;
    for (const name of readWheelless(message, chosen))
      if (!this.sdists.unbuilt.has(name) && (await this.sdists.allow(name, undefined))) goOn = true;
    if (obstacles.length === 0 && !goOn) {
      if (isUnreachable(message))
        throw new Failure(
          "unavailable",
          `uv cannot reach the package index: ${shorten(message)}`,
          unreachableHint,
        );
      attempt.refusals.push(this.unexplained(message, readDependents(message, chosen), attempt));
      return false;
    }
    for (const obstacle of obstacles) if (await this.take(obstacle, message, attempt)) goOn = true;
    if (!goOn && attempt.refusals.length === 0)
      attempt.refusals.push({ project: this.project.path, reason: shorten(message) });
    return goOn && attempt.refusals.length < mostRefusals;
  }

  /** A refusal that names no obstacle among the versions: blamed on a moved package only where it can be but one. */
  private unexplained(message: string, dependents: readonly string[], attempt: Attempt): Refusal {
    const [name, other] = dependents.filter((one) => attempt.moved.has(one));
    const version = name === undefined || other !== undefined ? undefined : attempt.set.pins.get(name);
    return {
      project: this.project.path,
      ...(name === undefined || version === undefined ? {} : { package: name, version }),
      reason: shorten(message),
    };
  }

  private async take(obstacle: Obstacle, message: string, attempt: Attempt): Promise<boolean> {
    const { moved, overrides, refusals } = attempt;
    const project = this.project.path;
    const reason = shorten(message);
    const name = normaliseName("PyPI", obstacle.name);
    if (obstacle.kind === "requirement") {
      const pin = attempt.set.pins.get(name);
      if (overrides.has(name)) return false;
      // Later obstacles are looked for with this one out of the way.
      const line = pin === undefined ? switchedOff(name) : `${name}==${pin}`;
      overrides.set(name, line);
      if (!moved.has(name) && !moved.has(obstacle.from))
        this.unmetBefore.push({ from: obstacle.from, name, line });
      if (moved.has(name) || moved.has(obstacle.from))
        refusals.push({
          project,
          requirement: { from: `${obstacle.from}@${obstacle.fromVersion}`, name, range: obstacle.range },
          reason,
        });
      return true;
    }
    if (this.unjudged.has(name)) return false;
    if (obstacle.kind === "no-wheel" && !this.sdists.unbuilt.has(name)) {
      await this.sdists.lookFor(attempt.set.pins);
      if (this.sdists.unbuilt.has(name) || (await this.sdists.allow(name, obstacle.version))) return true;
    }
    this.unjudged.set(name, `the index gives no usable file of ${obstacle.version}`);
    if (moved.has(name)) refusals.push({ project, package: name, version: obstacle.version, reason });
    return true;
  }

  private async releases(): Promise<ReleaseSource> {
    this.source ??= pypiReleases({
      target: this.project.target,
      root: this.request.root,
      ...(this.request.cacheFolder === undefined ? {} : { cacheFolder: this.request.cacheFolder }),
    });
    return this.source;
  }

  /**
   * An override switches off every requirement on a package, also those of packages that have moved and met it
   * before: these are judged here.
   */
  private async judgeSwitchedOff(attempt: Attempt): Promise<Refusal[]> {
    const { inventory, broken, signal } = this.request;
    const { project } = this;
    if (attempt.overrides.size === 0) return [];
    const moved = new Map<string, readonly Requirement[]>();
    for (const name of attempt.moved) {
      const version = attempt.set.pins.get(name);
      if (version === undefined) continue;
      const answer = await (await this.releases()).requirements(name, version, signal);
      const unmetBefore = new Set(
        broken
          .filter((one) => one.from?.startsWith(`${name}@`) === true)
          .map((one) => requiredName(one.requirement)),
      );
      const requires = answer.state === "known" ? answer.requires : [];
      moved.set(
        name,
        requires.filter((one) => attempt.overrides.has(one.name) && !unmetBefore.has(one.name)),
      );
    }
    const check = { project, inventory, set: attempt.set, moved, tolerated: new Set<string>() };
    return findUnmet(check).map(({ from, name, range, found }) => ({
      project: project.path,
      requirement: { from, name, range },
      reason: `${from} requires ${name}${range}, and the plan has ${found ?? "none"}`,
    }));
  }
}
