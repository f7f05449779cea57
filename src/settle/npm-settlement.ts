import * as fs from "node:fs/promises";
import path from "node:path";
import { managers, type Reading } from "../managers/index.ts";
import { Failure } from "../model/index.ts";
import type { Component, Refusal, ReleaseSource, SettledPhase, Upgrade } from "../model/index.ts";
import { openView, type NpmUpstream } from "../releases/index.ts";
import type { Execution } from "../system/index.ts";
import { relock, tryCleanInstall, updateLockfile, type NpmCommand } from "./npm-command.ts";
import { layOut, lockedVersions } from "./npm-lockfile.ts";
import { readNpmError, refusalFrom, type NpmError } from "./npm-refusals.ts";
import { addHighest, chooseShown, type Shown, type Versions } from "./npm-shown.ts";
import { writeTexts } from "./scratch.ts";
import type { SettleRequest } from "./settle-request.ts";

/** What one phase came to. */
export type PhaseOutcome =
  | { readonly state: "settled"; readonly phase: SettledPhase }
  | { readonly state: "refused"; readonly refusals: readonly Refusal[] };

export interface SettlementParts {
  readonly request: SettleRequest;
  readonly command: NpmCommand;
  readonly upstream: NpmUpstream;
  readonly source: ReleaseSource;
  /** The scratch copy of the root. */
  readonly tree: string;
  /** The project's files as they are, by path relative to the root. */
  readonly texts: ReadonlyMap<string, string>;
  readonly lockfile: string;
}

/** How often npm may name something that the plan left out, before a phase counts as refused. */
const maxAdditions = 25;
/** How often relocking may change the lockfile before it counts as never settled. */
const maxRelocks = 3;

/** A refusal on its way out of the steps of one phase. */
class Refused extends Error {
  readonly refusals: readonly Refusal[];

  constructor(refusals: readonly Refusal[]) {
    super(refusals[0]?.reason);
    this.refusals = refusals;
  }
}

/** Settles a project's phases one on top of the other, in one scratch copy. */
export class NpmSettlement {
  private readonly parts: SettlementParts;
  private current: ReadonlyMap<string, string>;
  private readonly planned = new Map<string, string>();
  /** Whether the untouched project is accepted only where peer conflicts are let be; unknown until it matters. */
  private acceptance: "unknown" | "strict" | "legacy" = "unknown";
  private readonly notes = new Set<string>();

  constructor(parts: SettlementParts) {
    this.parts = parts;
    this.current = parts.texts;
  }

  /** What a person should know of how the phases were accepted, as clauses. */
  remarks(): readonly string[] {
    return [...this.notes];
  }

  /** Writes and checks one more phase. */
  async settle(upgrades: readonly Upgrade[]): Promise<PhaseOutcome> {
    for (const { package: name, to } of upgrades) if (to !== null) this.planned.set(name, to);
    try {
      return { state: "settled", phase: await this.attempt(upgrades) };
    } catch (error) {
      if (error instanceof Refused) return { state: "refused", refusals: error.refusals };
      throw error;
    }
  }

  private async attempt(upgrades: readonly Upgrade[]): Promise<SettledPhase> {
    const { source, texts, command } = this.parts;
    const today = this.versionsIn(this.current);
    const shown = await chooseShown(today, upgrades, source, command.signal);
    const before = this.current;
    const files = await this.write(before, upgrades, shown);
    this.compare(files, today, shown);
    const accepted = await this.confirm(files, before);
    const after = this.compare(accepted, today, shown);
    this.current = accepted;
    if (shown.added.size > 0)
      this.notes.add(`beyond the plan these came along: ${[...shown.added].slice(0, 20).join(", ")}`);
    return {
      files: new Map(
        [...accepted].filter(([file, text]) => texts.get(file) !== text && !file.endsWith(".npmrc")),
      ),
      observed: [...after].flatMap(([name, versions]) =>
        [...versions].map((version) => ({ package: name, version })),
      ),
    };
  }

  /** Has npm write the lockfile in the view: without the overrides first, since npm leaves what lies below them old. */
  private async write(
    before: ReadonlyMap<string, string>,
    upgrades: readonly Upgrade[],
    shown: Shown,
  ): Promise<ReadonlyMap<string, string>> {
    const plain = upgrades.filter((one) => one.via !== "override");
    const overrides = upgrades.filter((one) => one.via === "override");
    let files = before;
    if (plain.length > 0 || overrides.length === 0) {
      const wider = versionsWith(shown, overrides);
      files = await this.writeInView(this.edit(files, plain), namesOf(plain, this.versionsIn(files)), wider);
      for (const one of wider.added) shown.added.add(one);
    }
    if (overrides.length > 0)
      files = await this.writeInView(
        this.edit(files, overrides),
        namesOf(overrides, this.versionsIn(files)),
        shown,
      );
    return files;
  }

  private edit(
    files: ReadonlyMap<string, string>,
    upgrades: readonly Upgrade[],
  ): ReadonlyMap<string, string> {
    const { project } = this.parts.request;
    const manager = managers.find((one) => one.id === project.manager);
    if (manager === undefined) throw new Failure("internal", `there is no adapter for ${project.manager}`);
    return new Map([...files, ...manager.edit(files, project, upgrades, this.componentsIn(files))]);
  }

  /** Strict first; where peers conflict, let be, for npm to judge the result strictly afterwards. */
  private async writeInView(
    files: ReadonlyMap<string, string>,
    names: readonly string[],
    shown: Shown,
  ): Promise<ReadonlyMap<string, string>> {
    let first: NpmError | undefined;
    for (const legacyPeers of this.acceptance === "legacy" ? [true] : [false, true]) {
      const outcome = await this.tryInView(files, names, { shown, legacyPeers });
      if ("files" in outcome) return outcome.files;
      first ??= outcome.error;
      if (outcome.error.code !== "ERESOLVE") break;
    }
    throw this.refused(first);
  }

  /** Runs npm in the view; what it names and cannot find is shown too, and it runs again. */
  private async tryInView(
    files: ReadonlyMap<string, string>,
    names: readonly string[],
    { shown, legacyPeers }: { shown: Shown; legacyPeers: boolean },
  ): Promise<{ files: ReadonlyMap<string, string> } | { error: NpmError }> {
    const { command, source, upstream, request } = this.parts;
    for (let additions = 0; ; additions++) {
      await this.put(files);
      const view = await openView({
        ecosystem: "npm",
        root: path.resolve(request.root, request.project.path),
        allowed: new Map([...shown.versions].map(([name, versions]) => [name, [...versions]])),
        others: "none",
        upstream,
        ...(command.signal === undefined ? {} : { signal: command.signal }),
      });
      try {
        const run = await updateLockfile(command, names, { view: view.url, legacyPeers });
        if (run.code === 0) return { files: await this.takeLockfile(files, view.url) };
        const error = readNpmError(run);
        const { missing } = error;
        const added =
          missing === undefined || additions >= maxAdditions
            ? undefined
            : await addHighest(shown, missing, source, command.signal);
        if (added === undefined) return { error: withoutAddress(error, view.url) };
      } finally {
        await view.close();
      }
    }
  }

  /** The files with the lockfile that npm has just written, in the manner of the project's own. */
  private async takeLockfile(
    files: ReadonlyMap<string, string>,
    viewUrl?: string,
  ): Promise<ReadonlyMap<string, string>> {
    const { lockfile, tree, command } = this.parts;
    const written = await fs.readFile(path.join(tree, lockfile), "utf8");
    if (viewUrl !== undefined && written.includes(new URL(viewUrl).host))
      throw new Failure("internal", "npm recorded the address of the view in the lockfile");
    return new Map([...files, [lockfile, layOut(written, command.style)]]);
  }

  private async put(files: ReadonlyMap<string, string>): Promise<void> {
    await writeTexts(this.parts.tree, files);
  }

  /** Outside of the view: npm would write the same again, and accepts it for a clean installation. */
  private async confirm(
    files: ReadonlyMap<string, string>,
    before: ReadonlyMap<string, string>,
  ): Promise<ReadonlyMap<string, string>> {
    const strict = this.acceptance === "legacy" ? undefined : await this.judge(files, false);
    if (strict !== undefined && "files" in strict) return strict.files;
    if (strict !== undefined && (await this.acceptanceOf(before)) === "strict")
      throw this.refused(strict.error);
    const legacy = await this.judge(files, true);
    if ("files" in legacy) return legacy.files;
    throw this.refused(legacy.error);
  }

  private async judge(
    files: ReadonlyMap<string, string>,
    legacyPeers: boolean,
  ): Promise<{ files: ReadonlyMap<string, string> } | { error: NpmError }> {
    const { command, lockfile } = this.parts;
    let settled = files;
    for (let turn = 0; ; turn++) {
      await this.put(settled);
      const run = await relock(command, { legacyPeers });
      if (run.code !== 0) return { error: readNpmError(run) };
      const next = await this.takeLockfile(settled);
      if (next.get(lockfile) === settled.get(lockfile)) break;
      if (turn === maxRelocks)
        return {
          error: { code: "", text: `npm writes another lockfile each time, ${maxRelocks} times in a row` },
        };
      settled = next;
    }
    const run = await tryCleanInstall(command, { legacyPeers });
    return run.code === 0 ? { files: settled } : { error: readNpmError(run) };
  }

  /** Whether npm takes the project as it was before, strictly or only with peer conflicts let be. */
  private async acceptanceOf(before: ReadonlyMap<string, string>): Promise<"strict" | "legacy"> {
    if (this.acceptance !== "unknown") return this.acceptance;
    await this.put(before);
    const runs: Execution[] = [];
    for (const legacyPeers of [false, true]) {
      const run = await tryCleanInstall(this.parts.command, { legacyPeers });
      runs.push(run);
      if (run.code !== 0) continue;
      this.acceptance = legacyPeers ? "legacy" : "strict";
      if (legacyPeers)
        this.notes.add(
          "npm ci refuses this project without --legacy-peer-deps, before as after; so it was judged with it",
        );
      return this.acceptance;
    }
    const error = readNpmError(runs[0] ?? { stdout: "", stderr: "", timedOut: false });
    throw new Refused([
      {
        project: this.parts.request.project.path,
        reason: `npm ci refuses this project as it is: ${error.text}`,
      },
    ]);
  }

  /** All copies of each planned package against the plan. @throws {Refused} where another version is left. */
  private compare(files: ReadonlyMap<string, string>, today: Versions, shown: Shown): Versions {
    const found = this.versionsIn(files);
    const refusals: Refusal[] = [];
    for (const [name, versions] of found)
      for (const version of versions) {
        const isPlanned = this.planned.has(name);
        if (shown.versions.get(name)?.has(version) === true) continue;
        // What is not in the plan may come by npm's own relocking; its findings are counted in the rehearsal.
        if (isPlanned || today.get(name)?.has(version) === true)
          refusals.push(...this.left(files, name, version));
        else shown.added.add(`${name}@${version}`);
      }
    if (refusals.length > 0) throw new Refused(refusals);
    return found;
  }

  /** Why a version that was to go is still there: who requires it. */
  private left(files: ReadonlyMap<string, string>, name: string, version: string): readonly Refusal[] {
    const { request } = this.parts;
    const reading = this.readingOf(files);
    const key = reading.components.find((one) => one.name === name && one.version === version);
    const holders = reading.dependencies.filter(
      (one) =>
        key !== undefined && one.to !== null && one.to.endsWith(`|${name}@${version}`) && one.from !== null,
    );
    const reason = `npm keeps ${name} ${version}`;
    if (holders.length === 0) return [{ project: request.project.path, package: name, version, reason }];
    return holders.slice(0, 5).map((one) => {
      const from = (one.from ?? "").slice((one.from ?? "").lastIndexOf("|") + 1);
      return {
        project: request.project.path,
        requirement: { from, name, range: one.requirement },
        reason: `${reason} for ${from}, which requires ${one.requirement}`,
      };
    });
  }

  private refused(error: NpmError | undefined): Refused {
    const { path: project } = this.parts.request.project;
    if (error === undefined) return new Refused([{ project, reason: "npm gave no reason" }]);
    return new Refused([refusalFrom(error, project, this.planned)]);
  }

  private versionsIn(files: ReadonlyMap<string, string>): Versions {
    const { lockfile } = this.parts;
    return lockedVersions(files.get(lockfile) ?? "", lockfile);
  }

  private componentsIn(files: ReadonlyMap<string, string>): readonly Component[] {
    return this.readingOf(files).components;
  }

  private readingOf(files: ReadonlyMap<string, string>): Reading {
    const { lockfile, request } = this.parts;
    const manager = managers.find((one) => one.id === "npm");
    if (manager === undefined) throw new Failure("internal", "there is no adapter for npm");
    return manager.read(lockfile, files, request.project.target, request.project.path);
  }
}

/** Packages to resolve anew, also those of which one version only vanishes; newcomers come by themselves. */
const namesOf = (upgrades: readonly Upgrade[], today: Versions): readonly string[] =>
  [...new Set(upgrades.map((one) => one.package))].filter((name) => today.has(name));

/** What is shown before the overrides are in: also the versions that they will replace. */
function versionsWith(shown: Shown, overrides: readonly Upgrade[]): Shown {
  const versions = new Map([...shown.versions].map(([name, set]) => [name, new Set(set)]));
  for (const { package: name, from } of overrides) if (from !== null) versions.get(name)?.add(from);
  return { versions, added: new Set(shown.added) };
}

function withoutAddress(error: NpmError, viewUrl: string): NpmError {
  return { ...error, text: error.text.replaceAll(viewUrl, "").replaceAll(viewUrl.slice(0, -1), "") };
}
