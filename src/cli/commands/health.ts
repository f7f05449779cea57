import { judgeHealth, type Health, type HealthState } from "../../findings/index.ts";
import type { Component, ReleaseSource } from "../../model/index.ts";
import { inventoryFor, releasesFor, type Setting } from "../../pipeline/index.ts";
import { mapBounded } from "../../system/index.ts";
import type { Exit } from "../program.ts";
import { openWorkplace, type LookOptions, type Workplace } from "../setting.ts";
import { columns, count, day, plain } from "../show/words.ts";

interface HealthOptions extends LookOptions {
  readonly all?: boolean;
}

/** Packages asked about at once. */
const atOnce = 12;

/** `redress health`: what the package indexes say of the dependencies, without any advisory. */
export async function run(
  paths: readonly string[],
  options: HealthOptions,
  signal: AbortSignal,
): Promise<Exit> {
  const { setting, terminal } = await openWorkplace(paths, options, signal);
  const inventory = await inventoryFor(setting)(setting.root);
  const looked = inventory.components.filter((one) => options.all === true || one.direct);
  const step = terminal.progress.step("Asking the package indexes");
  const healths: Health[] = [];
  for (const project of inventory.projects) {
    const own = looked.filter((one) => one.project === project.path && one.ecosystem === project.ecosystem);
    if (own.length === 0) continue;
    const source = await releasesFor(project, setting);
    healths.push(...(await mapBounded(own, atOnce, (one) => healthOf(one, source, setting))));
    step.update(`${healths.length} of ${looked.length}`);
  }
  step.done();
  const { unread } = inventory;
  if (options.json === true)
    terminal.print(JSON.stringify({ schemaVersion: 1, components: healths, unread }, null, 2));
  else terminal.print(showHealth(healths, terminal, options.all === true));
  return 0;
}

async function healthOf(component: Component, source: ReleaseSource, setting: Setting): Promise<Health> {
  const { clock, signal } = setting;
  return judgeHealth(component, await source.releases(component.name, signal), clock().getTime());
}

const urgency: readonly HealthState["kind"][] = ["yanked", "deprecated", "unlisted", "quiet", "outdated"];

function showHealth(healths: readonly Health[], { colors }: Workplace["terminal"], all: boolean): string {
  const rankOf = ({ states }: Health): number =>
    Math.min(...states.map((state) => urgency.indexOf(state.kind)), urgency.length);
  const amiss = healths.filter((one) => one.states.length > 0).sort((a, b) => rankOf(a) - rankOf(b));
  const silent = Map.groupBy(
    healths.flatMap((one) => one.unknown.map((text) => ({ text, name: one.package }))),
    ({ text }) => text,
  );
  const kinds = urgency.flatMap((kind) => {
    const number = healths.filter((one) => one.states.some((state) => state.kind === kind)).length;
    return number === 0 ? [] : [`${number} ${kind}`];
  });
  return [
    `${count(healths.length, all ? "dependency" : "direct dependency", all ? "dependencies" : "direct dependencies")}: ${kinds.length === 0 ? "nothing amiss" : kinds.join(", ")}`,
    ...columns(
      amiss.map((one) => [
        colors.bold(plain(one.package)),
        plain(one.version),
        one.states.map((state) => plain(state.text)).join("; "),
        one.lastRelease === null ? "" : colors.dim(`last release ${day(one.lastRelease)}`),
        one.project === "." ? "" : colors.dim(plain(one.project)),
      ]),
      "  ",
    ),
    ...notSaid(healths, silent),
  ].join("\n");
}

/** What silence means: nobody should take it for health. */
function notSaid(
  healths: readonly Health[],
  silent: ReadonlyMap<string, readonly { readonly name: string }[]>,
): string[] {
  const lines = [...silent].map(
    ([text, ones]) =>
      `  ${plain(text)}: ${ones
        .slice(0, 8)
        .map((one) => plain(one.name))
        .join(", ")}${ones.length > 8 ? ` and ${ones.length - 8} more` : ""}`,
  );
  if (healths.some((one) => one.ecosystem === "PyPI"))
    lines.push("  Python indexes do not say whether a package is deprecated.");
  return lines.length === 0 ? [] : ["", "Not known", ...lines];
}
