import * as fs from "node:fs/promises";
import path from "node:path";
import { managers, type Reading } from "../managers/index.ts";
import {
  Failure,
  type Refusal,
  type ReleaseSource,
  type SettledPhase,
  type Upgrade,
} from "../model/index.ts";
import { openView, type NpmUpstream, type View } from "../releases/index.ts";
import type { Execution } from "../system/index.ts";
import { runTool, wordsOf, type ToolCall, type ToolCommand } from "./lock-tool.ts";
import { withGapsFor } from "./lock-tools-node.ts";
import { Refused, type Files } from "./npm-judge.ts";
import { addHighest, chooseShown, versionsAfter, type Shown, type Versions } from "./npm-shown.ts";
import { writeTexts } from "./scratch.ts";
import type { PhaseOutcome, Settlement } from "./settle-phases.ts";
import type { SettleRequest } from "./settle-request.ts";
import { isUnreachable, shorten } from "./uv-refusals.ts";

/** What one project is settled with. */
export interface LockParts {
  readonly request: SettleRequest;
  readonly command: ToolCommand;
  readonly source: ReleaseSource;
  /** Of npm's ecosystem. */
  readonly upstream?: NpmUpstream;
  /** The scratch copy of the root. */
  readonly tree: string;
  /** The project's files as they are, by path relative to the root. */
  readonly texts: Files;
}

/** How often a tool may name something that the plan left out, before a phase counts as refused. */
const maxAdditions = 25;
/** How often relocking may change the lockfile before it counts as never settled. */
const maxRelocks = 3;
/** How often the tool is asked to move what it left behind. */
const maxTurns = 3;

/** Settles a project's phases one on top of the other: the tool writes in the view and judges outside of it. */
export class LockSettlement implements Settlement {
  private readonly parts: LockParts;
  private current: Files;
  private readonly planned = new Map<string, string>();
  private readonly notes = new Set<string>();
  /** Whether the tool wrote each lockfile the same again outside of the view. */
  private isFixed: boolean;

  constructor(parts: LockParts) {
    this.parts = parts;
    this.current = parts.texts;
    this.isFixed = parts.command.tool.relock !== undefined;
  }

  /** What was done and what a person should know of it, as clauses. */
  remarks(): readonly string[] {
    const { name } = this.parts.command.tool;
    const settled = this.isFixed ? ", would write it the same again," : "";
    return [`${name} wrote each phase's lockfile${settled} and its own check accepts it`, ...this.notes];
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
    const { request, command } = this.parts;
    const before = this.current;
    const reading = this.readingOf(before);
    const today = versionsIn(reading);
    const shown = await this.choose(today, upgrades);
    const edited = this.edit(before, upgrades, reading);
    const written = await this.writeInView(edited, upgrades, { shown, today });
    this.compare(written, { today, shown });
    const files = await this.confirm(written, before);
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
        if (!found) throw this.refusedBy(run, { shown, view });
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

  /** Outside of the view: the tool would write the same again, and its own check accepts it. */
  private async confirm(written: Files, before: Files): Promise<Files> {
    const { tool, site } = this.parts.command;
    const settled =
      tool.relock === undefined ? written : await this.relock(written, before, tool.relock(site));
    const run = await this.runOutside(settled, tool.check(site));
    if (run.code !== 0) throw this.refusedBy(run, {});
    return settled;
  }

  private async relock(written: Files, before: Files, call: ToolCall): Promise<Files> {
    const { command, tree } = this.parts;
    const { site, tool } = command;
    let files = written;
    for (let turn = 0; ; turn++) {
      const run = await this.runOutside(files, call);
      if (run.code !== 0) {
        // Where the tool cannot lock the untouched project either, its refusal says nothing of the plan.
        if ((await this.runOutside(before, call)).code === 0) throw this.refusedBy(run, {});
        this.isFixed = false;
        this.notes.add(
          `${tool.name} cannot lock this project outside of the view, before as after (${shorten(wordsOf(run)).slice(0, 200)})`,
        );
        return files;
      }
      const text = await fs.readFile(path.join(tree, site.lockfile), "utf8");
      if (text === files.get(site.lockfile)) return files;
      if (turn === maxRelocks)
        throw new Refused([
          {
            project: this.parts.request.project.path,
            reason: `${tool.name} writes another lockfile each time, ${maxRelocks} times in a row`,
          },
        ]);
      files = new Map([...files, [site.lockfile, text]]);
    }
  }

  private async runOutside(files: Files, call: ToolCall): Promise<Execution> {
    const { command, tree } = this.parts;
    await writeTexts(tree, command.tool.present?.(files, command.site, undefined) ?? files);
    return runTool(command, call);
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
        if (this.planned.has(name) || today.has(name)) refusals.push(...this.left(reading, name, version));
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

  /** Why a version that was to go is still there: who requires it. */
  private left(reading: Reading, name: string, version: string): readonly Refusal[] {
    const { request, command } = this.parts;
    const project = request.project.path;
    const reason = `${command.tool.name} ${this.planned.has(name) ? "keeps" : "chooses"} ${name} ${version}`;
    const holders = reading.dependencies.filter(
      (one) =>
        one.from !== null && one.requirement !== "" && one.to?.endsWith(`|${name}@${version}`) === true,
    );
    const planned = this.planned.get(name);
    if (holders.length === 0)
      return [{ project, ...(planned === undefined ? {} : { package: name, version: planned }), reason }];
    return holders.slice(0, 5).map((one) => {
      const from = (one.from ?? "").slice((one.from ?? "").lastIndexOf("|") + 1);
      return {
        project,
        requirement: { from, name, range: one.requirement },
        reason: `${reason} for ${from}, which requires ${one.requirement}`,
      };
    });
  }

  /** The tool's words as refusals for the planner. @throws {Failure} `unavailable` when it tells of the network. */
  private refusedBy(run: Execution, { shown, view }: { shown?: Shown; view?: View }): Refused {
    const { request, command } = this.parts;
    const project = request.project.path;
    const bare = view?.url.replace(/\/$/, "") ?? "";
    const spoken = bare === "" ? wordsOf(run) : wordsOf(run).replaceAll(bare, "");
    const words = withoutLines(spoken, command.tool.noise) || spoken;
    if (run.timedOut) return new Refused([{ project, reason: `${command.by} did not finish in time` }]);
    const down = view?.refused.filter((one) => /\b5\d\d\b|cannot be reached|timed out/.test(one)) ?? [];
    const reason = [shorten(words), ...down.slice(0, 3)].join("; ") || `${command.by} gave no reason`;
    const versions = shown?.versions ?? new Map<string, Set<string>>();
    const named = command.tool.refusals?.(words, { project, versions }) ?? [];
    if (named.length > 0) return new Refused(named.slice(0, 8).map((one) => ({ ...one, reason })));
    const told = command.tool.complaints(words).flatMap(({ missing, from }): Refusal[] => {
      if (missing === undefined) return [];
      const { name, range } = missing;
      const by = from ?? this.dependentOf(name, range);
      if (by !== undefined) return [{ project, requirement: { from: by, name, range }, reason }];
      const version = this.planned.get(name);
      return version === undefined ? [] : [{ project, package: name, version, reason }];
    });
    if (told.length > 0) return new Refused(told.slice(0, 8));
    if (view === undefined && isUnreachable(words))
      throw new Failure(
        "unavailable",
        `${command.by} cannot reach its package index: ${reason}`,
        "Check the network.",
      );
    return new Refused([{ project, reason }]);
  }

  /** `name@version` of a package that is there and asks for just that. */
  private dependentOf(name: string, range: string): string | undefined {
    const dependency = this.readingOf(this.current).dependencies.find(
      (one) => one.from !== null && one.name === name && one.requirement === range && range !== "",
    );
    return dependency?.from?.slice(dependency.from.lastIndexOf("|") + 1);
  }

  private readingOf(files: Files): Reading {
    const { request, command } = this.parts;
    const manager = managers.find((one) => one.id === request.project.manager);
    if (manager === undefined)
      throw new Failure("internal", `there is no adapter for ${request.project.manager}`);
    return manager.read(command.site.lockfile, files, request.project.target, request.project.path);
  }
}

const withoutLines = (text: string, noise: RegExp | undefined): string =>
  text
    .split("\n")
    .filter((line) => noise?.test(line) !== true)
    .join("\n");

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
