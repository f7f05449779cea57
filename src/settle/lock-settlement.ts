import * as fs from "node:fs/promises";
import path from "node:path";
import { managers, type Reading } from "../managers/index.ts";
import { Failure, type Refusal, type SettledPhase, type Upgrade } from "../model/index.ts";
import { openView, type View } from "../releases/index.ts";
import { LockJudge, type LockParts } from "./lock-judge.ts";
import { refusedBy, whyLeft, type LockJudging } from "./lock-refusals.ts";
import { runTool, wordsOf } from "./lock-tool.ts";
import { withGapsFor } from "./lock-tools-node.ts";
import { Refused, type Files } from "./npm-judge.ts";
import { addHighest, chooseShown, versionsAfter, type Shown, type Versions } from "./npm-shown.ts";
import { writeTexts } from "./scratch.ts";
import type { Settlement } from "./settle-phases.ts";

/** How often a tool may name something that the plan left out, before a phase counts as refused. */
const maxAdditions = 25;
/** How often the tool is asked to move what it left behind. */
const maxTurns = 3;

/** Settles a project's phases one on top of the other: the tool writes in the view and judges outside of it. */
export class LockSettlement implements Settlement {
  private readonly parts: LockParts;
  private current: Files;
  private readonly planned = new Map<string, string>();
  private readonly notes = new Set<string>();
  private readonly judge: LockJudge;

  constructor(parts: LockParts) {
    this.parts = parts;
    this.current = parts.texts;
    this.judge = new LockJudge(parts, (run) => refusedBy(run, this.judging()));
  }

  /** What was done and what a person should know of it, as clauses. */
  remarks(): readonly string[] {
    const { name } = this.parts.command.tool;
    const settled = this.judge.isFixed ? ", would write it the same again," : "";
    return [
      `${name} wrote each phase's lockfile${settled} and its own check accepts it`,
      ...this.judge.notes,
      ...this.notes,
    ];
  }

  /** Writes and checks one more phase. @throws {Refused} */
  async settle(upgrades: readonly Upgrade[]): Promise<SettledPhase> {
    for (const { package: name, to } of upgrades) if (to !== null) this.planned.set(name, to);
    const { request, command } = this.parts;
    const before = this.current;
    const reading = this.readingOf(before);
    const today = versionsIn(reading);
    const shown = await this.choose(today, upgrades);
    const edited = this.edit(before, upgrades, reading);
    const written = await this.writeInView(edited, upgrades, { shown, today });
    this.compare(written, { today, shown });
    const files = await this.judge.confirm(written, before);
    const after = this.compare(files, { today, shown });
    const all = this.readingOf(files).components;
    for (const { package: name, from, to } of upgrades)
      if (from !== null && to === null && after.get(name)?.has(from) === true)
        this.notes.add(`${name} ${from}, which the plan expects to go, is still required and stays`);
    if (shown.added.size > 0)
      this.notes.add(`beyond the plan these came along: ${[...shown.added].slice(0, 20).join(", ")}`);
    this.current = files;
    const own = new Set([command.site.lockfile, ...request.project.files]);
    return {
      files: new Map(
        [...files].filter(([file, text]) => own.has(file) && this.parts.texts.get(file) !== text),
      ),
      observed: all.map((one) => ({ package: one.name, version: one.version })),
    };
  }

  private async choose(today: Versions, upgrades: readonly Upgrade[]): Promise<Shown> {
    const { source, command, request } = this.parts;
    if (request.project.ecosystem === "npm") return chooseShown(today, upgrades, source, command.signal);
    return {
      versions: versionsAfter(today, upgrades),
      added: new Set(),
      overridden: new Set(),
      lacking: new Map(),
    };
  }

  /** @throws {Refused} where the adapter cannot write a change truthfully. */
  private edit(files: Files, upgrades: readonly Upgrade[], reading: Reading): Files {
    const { project } = this.parts.request;
    const manager = managers.find((one) => one.id === project.manager);
    if (manager === undefined) throw new Failure("internal", `there is no adapter for ${project.manager}`);
    try {
      return new Map([...files, ...manager.edit(files, project, upgrades, reading.components)]);
    } catch (error) {
      if (error instanceof Failure && error.code === "conflict")
        throw new Refused([{ project: project.path, reason: `${error.message}. ${error.hint}`.trim() }]);
      throw error;
    }
  }

  /** Has the tool write in the view; what it leaves behind of the planned packages it is asked for again. */
  private async writeInView(
    edited: Files,
    upgrades: readonly Upgrade[],
    { shown, today }: { shown: Shown; today: Versions },
  ): Promise<Files> {
    const names = [...new Set(upgrades.map((one) => one.package))].filter((name) => today.has(name));
    if (this.parts.command.tool.separatesDirect === true)
      return this.writeApart(edited, { names, upgrades, shown, today });
    let files = edited;
    let left = names;
    for (let turn = 0; turn < maxTurns && (turn === 0 || left.length > 0); turn++) {
      files = await this.tryInView(files, left, shown);
      left = this.leftIn(files, shown, today);
    }
    return files;
  }

  /** For a tool that moves direct packages and what lies deeper one kind at a time; what is left then moves with all. */
  private async writeApart(
    edited: Files,
    of: { names: readonly string[]; upgrades: readonly Upgrade[]; shown: Shown; today: Versions },
  ): Promise<Files> {
    const { names, upgrades, shown, today } = of;
    const direct = names.filter((name) => upgrades.some((one) => one.package === name && one.direct));
    const deep = names.filter((name) => !direct.includes(name));
    // While the direct ones stand as they are, so does what they alone ask for.
    const files =
      direct.length > 0 && deep.length > 0
        ? await this.tryInView(edited, deep, withOld(shown, upgrades))
        : edited;
    try {
      const moved = await this.tryInView(files, direct.length > 0 ? direct : deep, shown);
      if (this.leftIn(moved, shown, today).length === 0) return moved;
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
    }
    return this.tryInView(files, "all", shown);
  }

  /** Packages of which a version is there that is not shown. */
  private leftIn(files: Files, shown: Shown, today: Versions): string[] {
    return [...versionsIn(this.readingOf(files))]
      .filter(([name, versions]) => [...versions].some((one) => shown.versions.get(name)?.has(one) !== true))
      .map(([name]) => name)
      .filter((name) => today.has(name));
  }

  /** One run in the view; what it names and cannot find is shown too, and it runs again. */
  private async tryInView(files: Files, names: readonly string[] | "all", shown: Shown): Promise<Files> {
    const { command, source, request } = this.parts;
    const { tool, site } = command;
    for (let additions = 0; ; additions++) {
      const view = await this.open(shown);
      try {
        const start = names === "all" ? files : withGapsFor(tool, files, names, site.lockfile);
        await writeTexts(this.parts.tree, tool.present?.(start, site, view.url) ?? start);
        const all = names === "all" ? tool.updateAll?.(view.url, site) : undefined;
        const run = await runTool(command, all ?? tool.update(names === "all" ? [] : names, view.url, site));
        if (run.code === 0) return await this.take(files, view);
        const mayAdd = additions < maxAdditions && request.project.ecosystem === "npm";
        // What moves is planned: another version of it is the planner's to choose.
        const lacking = (mayAdd ? tool.complaints(wordsOf(run)) : [])
          .flatMap(({ missing }) => missing ?? [])
          .filter(({ name }) => !this.planned.has(name));
        let found = false;
        for (const one of lacking)
          if ((await addHighest(shown, one, source, command.signal)) !== undefined) found = true;
        if (!found) throw refusedBy(run, this.judging(), { shown, view });
      } finally {
        await view.close();
      }
    }
  }

  private async open(shown: Shown): Promise<View> {
    const { request, upstream, command } = this.parts;
    const isNpm = request.project.ecosystem === "npm";
    return openView({
      ecosystem: request.project.ecosystem,
      root: isNpm ? path.resolve(request.root, request.project.path) : request.root,
      allowed: new Map([...shown.versions].map(([name, versions]) => [name, [...versions]])),
      // What a Python package needs on other platforms only, no plan for one platform can know.
      others: isNpm ? "none" : "all",
      ...(command.tool.buildsSources === true ? { sourcesOnly: command.site.mayRun } : {}),
      ...(command.tool.archives === undefined ? {} : { archives: command.tool.archives }),
      ...(upstream === undefined ? {} : { upstream }),
      ...(request.cacheFolder === undefined ? {} : { cacheFolder: request.cacheFolder }),
      ...(command.signal === undefined ? {} : { signal: command.signal }),
    });
  }

  /** The files with the lockfile that the tool has just written, put right; manifests are as Redress edited them. */
  private async take(files: Files, view: View): Promise<Files> {
    const { command, tree } = this.parts;
    const { tool, site } = command;
    const before = this.current.get(site.lockfile) ?? "";
    const written = await fs.readFile(path.join(tree, site.lockfile), "utf8");
    if (tool.formatOf(written) !== tool.formatOf(before))
      throw new Refused([
        {
          project: this.parts.request.project.path,
          reason: `${command.by} would rewrite the lockfile from ${tool.formatOf(before)} to ${tool.formatOf(written)}: use the version that wrote it`,
        },
      ]);
    const right = tool.putRight(written.replaceAll("\r\n", "\n"), { before, view: view.url, files, site });
    if (right.includes(new URL(view.url).host))
      throw new Failure("internal", `${tool.name} recorded the address of the view in the lockfile`);
    return new Map([
      ...files,
      [site.lockfile, before.includes("\r\n") ? right.replaceAll("\n", "\r\n") : right],
    ]);
  }

  /** Every version of each package against the plan. @throws {Refused} where one is left, lacking or chosen anew. */
  private compare(files: Files, { today, shown }: { today: Versions; shown: Shown }): Versions {
    const { request, command } = this.parts;
    const reading = this.readingOf(files);
    const found = versionsIn(reading);
    const refusals: Refusal[] = [];
    const project = request.project.path;
    for (const [name, versions] of found)
      for (const version of versions) {
        if (shown.versions.get(name)?.has(version) === true) continue;
        if (this.planned.has(name) || today.has(name))
          refusals.push(...whyLeft(reading, { name, version }, this.judging()));
        else shown.added.add(`${name}@${version}`);
      }
    for (const [name, version] of this.planned)
      if (
        today.has(name) &&
        found.has(name) &&
        found.get(name)?.has(version) !== true &&
        refusals.length === 0
      )
        refusals.push({
          project,
          package: name,
          version,
          reason: `${name} ${version} was planned, but ${command.tool.name} chooses ${[...(found.get(name) ?? [])].join(", ")}`,
        });
    if (refusals.length > 0) throw new Refused(refusals);
    return found;
  }

  private judging(): LockJudging {
    const { request, command } = this.parts;
    const reading = (): Reading => this.readingOf(this.current);
    return { project: request.project.path, command, planned: this.planned, reading };
  }

  private readingOf(files: Files): Reading {
    const { request, command } = this.parts;
    const manager = managers.find((one) => one.id === request.project.manager);
    if (manager === undefined)
      throw new Failure("internal", `there is no adapter for ${request.project.manager}`);
    return manager.read(command.site.lockfile, files, request.project.target, request.project.path);
  }
}

/** Versions by package, of what comes from an index. */
function versionsIn(reading: Reading): Map<string, Set<string>> {
  const versions = new Map<string, Set<string>>();
  for (const { name, version, immovable } of reading.components)
    if (immovable === undefined) versions.set(name, (versions.get(name) ?? new Set()).add(version));
  return versions;
}

/** What is shown while packages still stand as they are. */
function withOld(shown: Shown, upgrades: readonly Upgrade[]): Shown {
  const versions = new Map([...shown.versions].map(([name, set]) => [name, new Set(set)]));
  for (const { package: name, from } of upgrades) if (from !== null) versions.get(name)?.add(from);
  return { ...shown, versions };
}
