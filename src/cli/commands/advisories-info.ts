import { describeAdvisories } from "../../advisories/index.ts";
import { advisoryRequest } from "../../pipeline/index.ts";
import type { Exit } from "../program.ts";
import { openWorkplace, type LookOptions } from "../setting.ts";
import { oldHours } from "../show/scan.ts";
import { columns, count, day } from "../show/words.ts";

/** `redress advisories info` */
export async function run(_: readonly string[], options: LookOptions, signal: AbortSignal): Promise<Exit> {
  const { setting, terminal } = await openWorkplace([], options, signal);
  const described = await describeAdvisories(await advisoryRequest(setting));
  if (options.json === true) {
    terminal.print(JSON.stringify({ schemaVersion: 1, ...described }, null, 2));
    return described.unread.length > 0 ? 3 : 0;
  }
  const { colors } = terminal;
  const staleAfterHours = setting.configuration.staleAfterHours ?? oldHours;
  terminal.print(
    [
      ...columns([
        ["source", "records", "newest", "age", "digest"].map((name) => colors.dim(name)),
        ...described.sources.map((source) => [
          source.id,
          String(source.records),
          source.newest === null ? "–" : day(source.newest),
          source.ageHours === null
            ? "–"
            : source.ageHours > staleAfterHours
              ? colors.yellow(`${Math.round(source.ageHours / 24)} days`)
              : `${Math.round(source.ageHours)} h`,
          source.digest.slice(0, 16),
        ]),
      ]),
      "",
      `snapshot ${described.digest}`,
      ...described.sources
        .filter((source) => source.ahead !== undefined)
        .map((source) => `${source.id}: ${count(source.ahead ?? 0, "date")} in the future, not believed`),
      `left out: ${count(described.leftOut.gitRanges, "git range")}, ${count(described.leftOut.noPackage, "record")} without a package that Redress reads`,
      ...described.unread.map((one) =>
        colors.red(`not read: ${one.path}${one.line === undefined ? "" : `:${one.line}`}: ${one.reason}`),
      ),
    ].join("\n"),
  );
  return described.unread.length > 0 ? 3 : 0;
}
