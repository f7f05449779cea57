import type { Reading } from "../managers/index.ts";
import { Failure, type Refusal } from "../model/index.ts";
import type { View } from "../releases/index.ts";
import type { Execution } from "../system/index.ts";
import { wordsOf, type ToolCommand } from "./lock-tool.ts";
import { Refused } from "./npm-judge.ts";
import type { Shown } from "./npm-shown.ts";
import { isUnreachable, shorten } from "./uv-refusals.ts";

/** What the words of a tool, and what it wrote, are read against. */
export interface LockJudging {
  readonly project: string;
  readonly command: ToolCommand;
  /** Version by package. */
  readonly planned: ReadonlyMap<string, string>;
  /** The lockfile as it stands before the phase. */
  readonly reading: () => Reading;
}

/** Why a version that was to go is still there: who requires it. */
export function whyLeft(
  reading: Reading,
  { name, version }: { readonly name: string; readonly version: string },
  { project, command, planned }: Pick<LockJudging, "project" | "command" | "planned">,
): readonly Refusal[] {
  const reason = `${command.tool.name} ${planned.has(name) ? "keeps" : "chooses"} ${name} ${version}`;
  const holders = reading.dependencies.filter(
    (one) => one.from !== null && one.requirement !== "" && one.to?.endsWith(`|${name}@${version}`) === true,
  );
  const wanted = planned.get(name);
  if (holders.length === 0)
    return [{ project, ...(wanted === undefined ? {} : { package: name, version: wanted }), reason }];
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
export function refusedBy(
  run: Execution,
  { project, command, planned, reading }: LockJudging,
  { shown, view }: { readonly shown?: Shown; readonly view?: View } = {},
): Refused {
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
    const by = from ?? dependentOf(reading(), name, range);
    if (by !== undefined) return [{ project, requirement: { from: by, name, range }, reason }];
    const version = planned.get(name);
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
function dependentOf({ dependencies }: Reading, name: string, range: string): string | undefined {
  const dependency = dependencies.find(
    (one) => one.from !== null && one.name === name && one.requirement === range && range !== "",
  );
  return dependency?.from?.slice(dependency.from.lastIndexOf("|") + 1);
}

const withoutLines = (text: string, noise: RegExp | undefined): string =>
  text
    .split("\n")
    .filter((line) => noise?.test(line) !== true)
    .join("\n");
