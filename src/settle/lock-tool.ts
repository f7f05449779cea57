import type { Refusal } from "../model/index.ts";
import type { NpmRegistries, PythonIndexes } from "../releases/index.ts";
import { execute, type Execution } from "../system/index.ts";
import type { Files } from "./npm-judge.ts";

/** One call of a package manager. */
export interface ToolCall {
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** What the tools of one ecosystem need to know of the user's own package index. */
export interface ToolSite {
  /** Folder of the lockfile, relative to the root, `"."` for the root itself. */
  readonly folder: string;
  /** Path of the lockfile, relative to the root. */
  readonly lockfile: string;
  /** Empty folder for what the tool keeps between calls of one settlement. */
  readonly caches: string;
  /** The project's files as they are, by path relative to the root. */
  readonly texts: Files;
  readonly registries?: NpmRegistries;
  readonly indexes?: PythonIndexes;
  /** Names of packages whose code may be run. */
  readonly mayRun: readonly string[];
}

/** A version or requirement that a tool names when it gives up. */
export interface ToolComplaint {
  /** What is asked for and not to be had. */
  readonly missing?: { readonly name: string; readonly range: string };
  /** `name@version` of who asks for it; absent: unknown, or the project itself. */
  readonly from?: string;
}

/** What tells a package manager that writes its own lockfile from the others. */
export interface LockTool {
  /** Its name as people know it. */
  readonly name: string;
  /** How its view gives archives (`ViewRequest`). */
  readonly archives?: "view";
  /** Whether it moves what the project asks for and what lies deeper only one kind at a time. */
  readonly separatesDirect?: true;
  /** Whether it builds what has no wheel to learn what it requires, which runs code; the view then shows wheels only. */
  readonly buildsSources?: true;
  /** Files beside the project's own that it reads, relative to the lockfile's folder; a folder ends with `/`. */
  readonly settings: readonly string[];
  /** The files as the tool is to find them; `view` is absent outside of it. No code of the project's is among them. */
  present?(files: Files, site: ToolSite, view: string | undefined): Files;
  /** Why this project cannot be written by it, where it cannot. */
  objection?(texts: Files, site: ToolSite): string | undefined;
  /** Moves the named packages as far as the view lets it, and writes the lockfile only. */
  update(names: readonly string[], view: string, site: ToolSite): ToolCall;
  /** Moves everything that the view lets move, for what `update` leaves. */
  updateAll?(view: string, site: ToolSite): ToolCall;
  /** Writes the lockfile anew outside of the view, keeping versions; absent where the tool cannot. */
  relock?(site: ToolSite): ToolCall;
  /** Its own check that manifest and lockfile agree. */
  check(site: ToolSite): ToolCall;
  /** The lockfile that it wrote in the view, with the addresses and marks that the old one had. */
  putRight(
    written: string,
    of: { readonly before: string; readonly view: string; readonly files: Files; readonly site: ToolSite },
  ): string;
  /** The format that a lockfile is written in; it must stay. */
  formatOf(text: string): string;
  /** Lines that it always says. */
  readonly noise?: RegExp;
  /** What its words say is in the way. */
  complaints(words: string): readonly ToolComplaint[];
  /** Refusals that its words name, where it tells them in a language of its own. */
  refusals?(
    words: string,
    of: { readonly project: string; readonly versions: ReadonlyMap<string, ReadonlySet<string>> },
  ): readonly Refusal[];
}

/** A tool that was found on this machine, with the folder that it works in. */
export interface ToolCommand {
  readonly tool: LockTool;
  /** Program, and what comes before its own arguments. */
  readonly argv: readonly string[];
  /** Its name and version. */
  readonly by: string;
  readonly site: ToolSite;
  readonly cwd: string;
  readonly signal?: AbortSignal;
}

const timeoutMs = 600_000;

/** Runs a tool in the scratch copy. */
export async function runTool(command: ToolCommand, call: ToolCall): Promise<Execution> {
  return execute([...command.argv, ...call.args], {
    cwd: command.cwd,
    timeoutMs,
    env: { NO_COLOR: "1", ...command.site.registries?.variables, ...call.env },
    ...(command.signal === undefined ? {} : { signal: command.signal }),
  });
}

/** What a tool said when it gave up, without the colours that some keep. */
export function wordsOf(run: Execution): string {
  return `${run.stderr}\n${run.stdout}`.replace(/\u001b\[[0-9;?]*[A-Za-z]/g, "").trim();
}
