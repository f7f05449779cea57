import * as fs from "node:fs/promises";
import path from "node:path";
import { Failure, type Refusal, type ReleaseSource } from "../model/index.ts";
import type { NpmUpstream } from "../releases/index.ts";
import type { Execution } from "../system/index.ts";
import { relock, tryCleanInstall, type NpmCommand } from "./npm-command.ts";
import { layOut } from "./npm-lockfile.ts";
import { readNpmError, refusalFrom, type NpmError } from "./npm-refusals.ts";
import type { Shown } from "./npm-shown.ts";
import { writeTexts } from "./scratch.ts";
import type { SettleRequest } from "./settle-request.ts";

/** What one project is settled with. */
export interface SettlementParts {
  readonly request: SettleRequest;
  readonly command: NpmCommand;
  readonly upstream: NpmUpstream;
  readonly source: ReleaseSource;
  /** The scratch copy of the root. */
  readonly tree: string;
  /** A second one, in which a clean installation is tried while npm relocks in the first. */
  readonly clean: string;
  /** The project's files as they are, by path relative to the root. */
  readonly texts: Files;
  readonly lockfile: string;
}

/** Texts by path relative to the root. */
export type Files = ReadonlyMap<string, string>;

/** What an error of npm is read against. */
export interface Judging {
  readonly project: string;
  /** Version by package. */
  readonly planned: ReadonlyMap<string, string>;
  readonly shown: Shown;
}

/** How often relocking may change the lockfile before it counts as never settled. */
const maxRelocks = 3;

/** A refusal on its way out of the steps of one phase. */
export class Refused extends Error {
  readonly refusals: readonly Refusal[];

  constructor(refusals: readonly Refusal[]) {
    super(refusals[0]?.reason);
    this.refusals = refusals;
  }
}

/** npm's error as refusals for the planner. */
export function refusedBy(error: NpmError | undefined, { project, planned, shown }: Judging): Refused {
  if (error === undefined) return new Refused([{ project, reason: "npm gave no reason" }]);
  // npm ci takes no lockfile in which something is lacking, be it optional; who asks for it must not be chosen.
  if (error.code === "EUSAGE" && shown.lacking.size > 0)
    return new Refused(
      [...shown.lacking].map(([pair, wanted]) => ({
        project,
        package: pair.slice(0, pair.lastIndexOf("@")),
        version: pair.slice(pair.lastIndexOf("@") + 1),
        reason: `${pair} requires ${wanted}, which the registry does not list`,
      })),
    );
  return new Refused([refusalFrom(error, project, planned)]);
}

/** The files with the lockfile that npm has just written, in the manner of the project's own. */
export async function takeLockfile(parts: SettlementParts, files: Files, viewUrl?: string): Promise<Files> {
  const { lockfile, tree, command } = parts;
  const written = await fs.readFile(path.join(tree, lockfile), "utf8");
  if (viewUrl !== undefined && written.includes(new URL(viewUrl).host))
    throw new Failure("internal", "npm recorded the address of the view in the lockfile");
  return new Map([...files, [lockfile, layOut(written, command.style)]]);
}

/** Has npm judge lockfiles outside of any view. */
export class NpmJudge {
  private readonly parts: SettlementParts;
  /** Whether the untouched project is accepted only where peer conflicts are let be; unknown until it matters. */
  acceptance: "unknown" | "strict" | "legacy" = "unknown";
  /** What a person should know of how it was judged. */
  readonly notes = new Set<string>();

  constructor(parts: SettlementParts) {
    this.parts = parts;
  }

  /** Outside of the view: npm would write the same again, and accepts it for a clean installation. */
  async confirm(files: Files, before: Files, judging: Judging): Promise<Files> {
    const strict = this.acceptance === "legacy" ? undefined : await this.judge(files, false);
    if (strict !== undefined && "files" in strict) return strict.files;
    if (strict !== undefined && (await this.acceptanceOf(before)) === "strict")
      throw refusedBy(strict.error, judging);
    const legacy = await this.judge(files, true);
    if ("files" in legacy) return legacy.files;
    throw refusedBy(legacy.error, judging);
  }

  private async judge(files: Files, legacyPeers: boolean): Promise<{ files: Files } | { error: NpmError }> {
    const { command, lockfile } = this.parts;
    let settled = files;
    for (let turn = 0; ; turn++) {
      await writeTexts(this.parts.tree, settled);
      // npm takes a second for each. Relocking rarely changes anything, so that both mostly judge the same files.
      const [relocked, tried] = await Promise.all([
        relock(command, { legacyPeers }),
        this.tryClean(settled, legacyPeers),
      ]);
      if (relocked.code !== 0) return { error: readNpmError(relocked) };
      const next = await takeLockfile(this.parts, settled);
      if (next.get(lockfile) === settled.get(lockfile))
        return tried.code === 0 ? { files: settled } : { error: readNpmError(tried) };
      if (turn === maxRelocks)
        return {
          error: { code: "", text: `npm writes another lockfile each time, ${maxRelocks} times in a row` },
        };
      settled = next;
    }
  }

  private async tryClean(files: Files, legacyPeers: boolean): Promise<Execution> {
    const { command, tree, clean } = this.parts;
    await writeTexts(clean, files);
    const cwd = path.join(clean, path.relative(tree, command.cwd));
    return tryCleanInstall({ ...command, cwd }, { legacyPeers });
  }

  /** Whether npm takes the project as it was before, strictly or only with peer conflicts let be. */
  private async acceptanceOf(before: Files): Promise<"strict" | "legacy"> {
    if (this.acceptance !== "unknown") return this.acceptance;
    await writeTexts(this.parts.tree, before);
    let first: NpmError | undefined;
    for (const legacyPeers of [false, true]) {
      const run = await tryCleanInstall(this.parts.command, { legacyPeers });
      if (run.code !== 0) {
        first ??= readNpmError(run);
        continue;
      }
      this.acceptance = legacyPeers ? "legacy" : "strict";
      if (legacyPeers)
        this.notes.add(
          "npm ci refuses this project without --legacy-peer-deps, before as after; so it was judged with it",
        );
      return this.acceptance;
    }
    throw new Refused([
      {
        project: this.parts.request.project.path,
        reason: `npm ci refuses this project as it is: ${first?.text ?? ""}`,
      },
    ]);
  }
}
