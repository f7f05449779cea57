import * as fs from "node:fs/promises";
import path from "node:path";
import type { ReleaseSource } from "../model/index.ts";
import type { NpmUpstream } from "../releases/index.ts";
import type { Execution } from "../system/index.ts";
import { runTool, wordsOf, type ToolCall, type ToolCommand } from "./lock-tool.ts";
import { Refused, type Files } from "./npm-judge.ts";
import { writeTexts } from "./scratch.ts";
import type { SettleRequest } from "./settle-request.ts";
import { shorten } from "./uv-refusals.ts";

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

/** How often relocking may change the lockfile before it counts as never settled. */
const maxRelocks = 3;

/** Has a tool judge lockfiles outside of any view. */
export class LockJudge {
  private readonly parts: LockParts;
  private readonly refuse: (run: Execution) => Refused;
  /** Whether the tool wrote each lockfile the same again. */
  isFixed: boolean;
  /** What a person should know of how it was judged. */
  readonly notes = new Set<string>();

  constructor(parts: LockParts, refuse: (run: Execution) => Refused) {
    this.parts = parts;
    this.refuse = refuse;
    this.isFixed = parts.command.tool.relock !== undefined;
  }

  /** Outside of the view: the tool would write the same again, and its own check accepts it. */
  async confirm(written: Files, before: Files): Promise<Files> {
    const { tool, site } = this.parts.command;
    const settled =
      tool.relock === undefined ? written : await this.relock(written, before, tool.relock(site));
    const run = await this.runOutside(settled, tool.check(site));
    if (run.code !== 0) throw this.refuse(run);
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
        if ((await this.runOutside(before, call)).code === 0) throw this.refuse(run);
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
}
