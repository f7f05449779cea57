import path from "node:path";
import { managers, type Reading } from "../managers/index.ts";
import { Failure } from "../model/index.ts";
import type { Component, Refusal, SettledPhase, Upgrade } from "../model/index.ts";
import { openView } from "../releases/index.ts";
import { updateLockfile } from "./npm-command.ts";
import {
  NpmJudge,
  Refused,
  refusedBy,
  takeLockfile,
  type Files,
  type Judging,
  type SettlementParts,
} from "./npm-judge.ts";
import { lockedVersions, withoutCopies } from "./npm-lockfile.ts";
import { OldLockfile } from "./npm-old-lockfile.ts";
import { readNpmError, type NpmError } from "./npm-refusals.ts";
import { addHighest, chooseShown, isOverride, type Shown, type Versions } from "./npm-shown.ts";
import { writeTexts } from "./scratch.ts";
import type { Settlement } from "./settle-phases.ts";

/** How often npm may name something that the plan left out, before a phase counts as refused. */
const maxAdditions = 25;
/** How often npm is asked to move what it left behind. */
const maxTurns = 4;

/** Settles npm's phases: npm writes in the view and judges outside of it. */
export class NpmSettlement implements Settlement {
  private readonly parts: SettlementParts;
  private current: Files;
  private readonly planned = new Map<string, string>();
  private readonly judge: NpmJudge;
  private readonly old: OldLockfile;
  private readonly notes = new Set<string>();

  constructor(parts: SettlementParts) {
    this.parts = parts;
    this.current = parts.texts;
    this.judge = new NpmJudge(parts);
    this.old = new OldLockfile(parts);
  }

  /** What was done and what a person should know of it, as clauses. */
  remarks(): readonly string[] {
    return [
      "npm wrote each phase's lockfile, would write it the same again, and npm ci accepts it",
      ...this.judge.notes,
      ...this.notes,
    ];
  }

  /** Writes and checks one more phase. @throws {Refused} */
  async settle(upgrades: readonly Upgrade[]): Promise<SettledPhase> {
    for (const { package: name, to } of upgrades) if (to !== null) this.planned.set(name, to);
    const { source, texts, command } = this.parts;
    const today = this.versionsIn(this.current);
    const shown = await chooseShown(today, upgrades, source, command.signal);
    const before = this.current;
    const files = await this.write(await this.old.open(before), upgrades, shown);
    this.compare(files, today, shown);
    const closed = await this.old.close(files);
    if (closed === undefined)
      throw new Refused([
        {
          project: this.parts.request.project.path,
          reason: "npm cannot give the lockfile back in version 1, which the project keeps",
        },
      ]);
    const accepted = await this.judge.confirm(closed, before, this.judging(shown));
    this.compare(accepted, today, shown);
    this.current = accepted;
    if (shown.added.size > 0)
      this.notes.add(`beyond the plan these came along: ${[...shown.added].slice(0, 20).join(", ")}`);
    return {
      files: new Map(
        [...accepted].filter(([file, text]) => texts.get(file) !== text && !file.endsWith(".npmrc")),
      ),
      observed: this.componentsIn(accepted).map((one) => ({ package: one.name, version: one.version })),
    };
  }

  /** Has npm write the lockfile in the view: without the overrides first, since npm leaves what lies below them old. */
  private async write(before: Files, upgrades: readonly Upgrade[], shown: Shown): Promise<Files> {
    const plain = upgrades.filter((one) => one.via !== "override").map(({ overrides: _, ...one }) => one);
    const overrides = upgrades.filter(isOverride);
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

  private edit(files: Files, upgrades: readonly Upgrade[]): Files {
    const { project } = this.parts.request;
    const manager = managers.find((one) => one.id === project.manager);
    if (manager === undefined) throw new Failure("internal", `there is no adapter for ${project.manager}`);
    return new Map([...files, ...manager.edit(files, project, upgrades, this.componentsIn(files))]);
  }

  /** Strict first; where peers conflict, let be, for npm to judge the result strictly afterwards. */
  private async writeInView(files: Files, names: readonly string[], shown: Shown): Promise<Files> {
    let first: NpmError | undefined;
    // What may not stay is taken out for npm to fill in: asked to update, it would first look for what the old copies
    // require, and keep them as long as they serve.
    const gone = new Set(this.leftIn(files, shown));
    for (const legacyPeers of this.judge.acceptance === "legacy" ? [true] : [false, true]) {
      const open = gone.size === 0 ? files : this.withGaps(files, gone, shown);
      let outcome = await this.tryInView(open, gone.size === 0 ? names : [], { shown, legacyPeers });
      // Where npm brings an old one back all the same, another turn moves it, and the next takes it out.
      for (let turn = 1; turn < maxTurns && "files" in outcome; turn++) {
        const left = [
          ...new Set([
            ...this.leftIn(outcome.files, shown).filter((name) => names.includes(name)),
            // What is overridden asks for another version than it gets, by intent.
            ...this.newlyUnmetIn(outcome.files, files).filter((name) => !shown.overridden.has(name)),
          ]),
        ];
        if (left.length === 0) break;
        const again = turn === 1 ? outcome.files : this.withGaps(outcome.files, new Set(left), shown);
        outcome = await this.tryInView(again, left, { shown, legacyPeers });
      }
      if ("files" in outcome) return outcome.files;
      first ??= outcome.error;
      if (outcome.error.code !== "ERESOLVE") break;
    }
    throw refusedBy(first, this.judging(shown));
  }

  private withGaps(files: Files, names: ReadonlySet<string>, shown: Shown): Files {
    const { lockfile } = this.parts;
    const text = withoutCopies(
      files.get(lockfile) ?? "",
      (name, version) => !names.has(name) || shown.versions.get(name)?.has(version) === true,
    );
    return new Map([...files, [lockfile, text]]);
  }

  /** Packages of which a version is there that is not shown. */
  private leftIn(files: Files, shown: Shown): readonly string[] {
    return [...this.versionsIn(files)]
      .filter(([name, versions]) => [...versions].some((one) => shown.versions.get(name)?.has(one) !== true))
      .map(([name]) => name);
  }

  /**
   * Packages that somebody asks for in vain and did not before: npm visits the dependents of what it moves, and leaves a
   * gap elsewhere in which another copy, higher up, is found that does not serve.
   */
  private newlyUnmetIn(files: Files, before: Files): readonly string[] {
    const unmetIn = (some: Files): Map<string, string> =>
      new Map(
        this.readingOf(some)
          .dependencies.filter((one) => one.kind === "production" && one.satisfied === false)
          .map((one) => [`${one.from ?? ""}|${one.name}|${one.requirement}`, one.name]),
      );
    const known = unmetIn(before);
    return [...unmetIn(files)].filter(([key]) => !known.has(key)).map(([, name]) => name);
  }

  /** Runs npm in the view; what it names and cannot find is shown too, and it runs again. */
  private async tryInView(
    files: Files,
    names: readonly string[],
    { shown, legacyPeers }: { shown: Shown; legacyPeers: boolean },
  ): Promise<{ files: Files } | { error: NpmError }> {
    const { command, source, upstream, request } = this.parts;
    for (let additions = 0; ; additions++) {
      await writeTexts(this.parts.tree, files);
      const view = await openView({
        ecosystem: "npm",
        root: path.resolve(request.root, request.project.path),
        allowed: new Map([...shown.versions].map(([name, versions]) => [name, [...versions]])),
        others: "none",
        upstream,
        ...(command.signal === undefined ? {} : { signal: command.signal }),
      });
      try {
        const run = await updateLockfile(command, names, {
          view: view.url,
          legacyPeers,
          ...this.old.run,
        });
        if (run.code === 0) return { files: await takeLockfile(this.parts, files, view.url) };
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

  /** All copies of each planned package against the plan. @throws {Refused} where another version is left. */
  private compare(files: Files, today: Versions, shown: Shown): void {
    const found = this.versionsIn(files);
    const refusals: Refusal[] = [];
    for (const [name, versions] of found)
      for (const version of versions) {
        const isPlanned = this.planned.has(name);
        if (shown.versions.get(name)?.has(version) === true) continue;
        // A copy of before that somebody still asks for stays beside the planned one: said, and counted as left.
        const to = this.planned.get(name);
        if (today.get(name)?.has(version) === true && (to === undefined || versions.has(to))) {
          this.notes.add(`${name} ${version}, which the plan expects to go, is still required and stays`);
          continue;
        }
        // What is not in the plan may come by npm's own relocking; its findings are counted in the rehearsal.
        if (isPlanned || today.get(name)?.has(version) === true)
          refusals.push(...this.left(files, name, version));
        else shown.added.add(`${name}@${version}`);
      }
    if (refusals.length > 0) throw new Refused(refusals);
  }

  /** Why a version that was to go is still there: who requires it. */
  private left(files: Files, name: string, version: string): readonly Refusal[] {
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

  private judging(shown: Shown): Judging {
    return { project: this.parts.request.project.path, planned: this.planned, shown };
  }

  private versionsIn(files: Files): Versions {
    const { lockfile } = this.parts;
    return lockedVersions(files.get(lockfile) ?? "", lockfile);
  }

  private componentsIn(files: Files): readonly Component[] {
    return this.readingOf(files).components;
  }

  private readingOf(files: Files): Reading {
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
  return { ...shown, versions, added: new Set(shown.added) };
}

function withoutAddress(error: NpmError, viewUrl: string): NpmError {
  return { ...error, text: error.text.replaceAll(viewUrl, "").replaceAll(viewUrl.slice(0, -1), "") };
}
