import type { Refusal } from "../model/index.ts";
import type { Execution } from "../system/index.ts";
import { shorten } from "./uv-refusals.ts";

/** Why npm would not do it, as far as its words can be read. */
export interface NpmError {
  /** npm's own code, e.g. `ERESOLVE`; `""` where it gave none. */
  readonly code: string;
  /** Its words on one line, without credentials. */
  readonly text: string;
  /** `ERESOLVE`: the requirement that could not be met; `from` is `null` for the project itself. */
  readonly unmet?: { readonly from: string | null; readonly name: string; readonly range: string };
  /** `ETARGET`, `E404`: what was asked for and is not there. */
  readonly missing?: { readonly name: string; readonly range: string };
  /** `EBADENGINE`, `EBADPLATFORM`, `EOVERRIDE`: the package that it is about. */
  readonly about?: { readonly name: string; readonly version?: string };
}

const name = String.raw`(@[^\s@/"']+/[^\s@/"']+|[^\s@/"']+)`;

/** Reads what npm printed when it ended with an error. */
export function readNpmError(run: Pick<Execution, "stdout" | "stderr" | "timedOut">): NpmError {
  const lines = run.stderr
    .split("\n")
    .filter((line) => /^npm (?:error|ERR!)/.test(line))
    .map((line) => line.replace(/^npm (?:error|ERR!) ?/, ""));
  const code = /^code (\S+)/m.exec(lines.join("\n"))?.[1] ?? "";
  const words = lines.filter((line) => !/^code \S|complete log of this run|^\s*$/.test(line)).join("\n");
  const text = run.timedOut ? "npm did not finish in time" : withoutCredentials(words || run.stdout);
  const base = { code, text: shorten(text) };
  if (code === "ERESOLVE") return { ...base, ...unmetIn(words) };
  if (code === "ETARGET" || code === "E404") return { ...base, ...missingIn(words) };
  const about = new RegExp(
    String.raw`(?:Unsupported (?:engine|platform) for|Override for) ${name}@([^\s:]+)`,
  ).exec(words);
  if (about?.[1] === undefined) return base;
  return {
    ...base,
    about: {
      name: about[1],
      ...(code === "EOVERRIDE" || about[2] === undefined ? {} : { version: about[2] }),
    },
  };
}

const withoutCredentials = (text: string): string => text.replace(/\/\/[^/@\s]*@/g, "//");

/** The line after "Could not resolve dependency:", else after "While resolving:", that names who requires what. */
function unmetIn(words: string): Pick<NpmError, "unmet"> {
  const section = words.split("Could not resolve dependency:")[1] ?? words;
  const line = new RegExp(String.raw`${name}@"([^"]*)" from (?:the root project|(\S+@[^\s@]+))`).exec(
    section,
  );
  if (line?.[1] === undefined || line[2] === undefined) return {};
  return { unmet: { from: line[3] ?? null, name: line[1], range: line[2] } };
}

function missingIn(words: string): Pick<NpmError, "missing"> {
  const target = new RegExp(
    String.raw`No matching version found for ${name}@(.*?)(?: with a date before.*)?\.?$`,
    "m",
  ).exec(words);
  const absent = new RegExp(
    String.raw`'${name}@([^']*)' (?:is not in this registry|could not be found)`,
  ).exec(words);
  const [, missing, range] = target ?? absent ?? [];
  return missing === undefined || range === undefined ? {} : { missing: { name: missing, range } };
}

/** A refusal for the planner: a requirement it did not know of, or a version it must not choose again. */
export function refusalFrom(error: NpmError, project: string, planned: ReadonlyMap<string, string>): Refusal {
  const { unmet, about, missing } = error;
  if (unmet !== undefined && unmet.from !== null)
    return { project, requirement: { ...unmet, from: unmet.from }, reason: error.text };
  const subject = about ?? unmet ?? missing;
  const version = subject === undefined ? undefined : (about?.version ?? planned.get(subject.name));
  return {
    project,
    ...(subject === undefined ? {} : { package: subject.name }),
    ...(version === undefined ? {} : { version }),
    reason: error.text === "" ? "npm gave no reason" : error.text,
  };
}
