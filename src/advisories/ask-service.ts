import { Failure } from "../model/index.ts";
import { silent } from "../system/index.ts";
import type { Setting } from "./advisory-request.ts";
import type { PackageVersion, SourceAnswer } from "./advisory-source.ts";
import { AnswerCache } from "./answer-cache.ts";
import { joinAnswers } from "./answers.ts";
import type { Asked } from "./advisory-base.ts";
import type { Service } from "./choose-sources.ts";
import { onlineSources } from "./online-sources.ts";

/** Asks a service for the packages of the request, and stands ready to ask it for more. @throws {Failure} as its source */
export async function askService({ online, only }: Service, setting: Setting): Promise<Asked> {
  const { endpoints, clock, folder, progress = silent, signal } = setting;
  const context = { endpoints, clock, offline: setting.offline ?? false, cache: new AnswerCache(folder) };
  const source = onlineSources[online](context);
  const keyOf = ({ ecosystem, name, version }: PackageVersion): string =>
    source.about === "packages" ? `${ecosystem}\t${name}` : `${ecosystem}\t${name}\t${version}`;
  const known = new Set<string>();
  const ask = async (packages: readonly PackageVersion[]): Promise<SourceAnswer> => {
    const step = progress.step(`Asking ${online}`);
    const answer = await source.advisories(packages, signal);
    step.done(`${answer.records.length} advisories`);
    for (const one of packages) known.add(keyOf(one));
    return answer;
  };
  /** Offline, what nobody ever asked about is not known: said, and no reason to give up. */
  const withoutNetwork =
    (packages: readonly PackageVersion[]) =>
    (error: unknown): SourceAnswer => {
      if (!context.offline || !(error instanceof Failure) || error.code !== "unavailable") throw error;
      for (const one of packages) known.add(keyOf(one));
      const names = packages.map((one) => `${one.name} ${one.version}`).join(", ");
      return {
        records: [],
        unread: [{ path: online, reason: `offline, and no cached answer for ${names}` }],
        gitRanges: 0,
        fetchedAt: clock().toISOString(),
      };
    };
  const isServed = ({ ecosystem }: PackageVersion): boolean =>
    source.ecosystems.includes(ecosystem) && (only?.includes(ecosystem) ?? true);
  const asked: Asked = {
    via: "network",
    id: online,
    answer: await ask((setting.packages ?? []).filter(isServed)),
    extend: async (packages) => {
      const fresh = packages.filter((one) => isServed(one) && !known.has(keyOf(one)));
      if (fresh.length > 0)
        asked.answer = joinAnswers(asked.answer, await ask(fresh).catch(withoutNetwork(fresh)));
      return fresh;
    },
  };
  return asked;
}
