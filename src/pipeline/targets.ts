import type { Configuration, RequestOutcome } from "../model/index.ts";
import type { Draft, Drafting, ProposeOptions } from "./draft.ts";
import type { Setting } from "./setting.ts";

/** The setting of a plan whose command line names versions, or lets nothing else move. */
export function withTargets(setting: Setting, { targets, alone, packages }: ProposeOptions): Setting {
  if (targets === undefined && alone !== true) return setting;
  const { configuration } = setting;
  const { policy } = configuration;
  const wanted: Configuration["policy"] = {
    ...policy,
    pinned: [
      ...policy.pinned,
      ...[...(targets ?? [])].map(([name, only]) => ({ package: name, only, reason: "--package names it" })),
    ],
    ...(alone === true && packages !== undefined ? { alone: packages } : {}),
  };
  return { ...setting, configuration: { ...configuration, policy: wanted } };
}

/** What became of the versions that the command line names. */
export function targetOutcomes(drafts: readonly Draft[], { seen, options }: Drafting): RequestOutcome[] {
  return [...(options.targets ?? [])].flatMap(([name, to]) => {
    const outcomes = drafts.flatMap((draft) => outcomeIn(draft, { name, to, seen }));
    const missing: RequestOutcome = {
      project: ".",
      package: name,
      to,
      state: "impossible",
      detail: `no project that can be planned holds ${name}, or it has no finding`,
      conflicts: [],
    };
    return outcomes.length === 0 ? [missing] : outcomes;
  });
}

function outcomeIn(
  { project, plan }: Draft,
  { name, to, seen }: { readonly name: string; readonly to: string; readonly seen: Drafting["seen"] },
): RequestOutcome[] {
  const isOwn = (one: { readonly project: string; readonly package: string }): boolean =>
    one.project === project.path && one.package === name;
  const held = seen.inventory.components.filter((one) => one.project === project.path && one.name === name);
  if (held.length === 0) return [];
  const base = { project: project.path, package: name, to };
  if (held.every((one) => one.version === to))
    return [{ ...base, state: "already", detail: "it is there", conflicts: [] }];
  const findings = new Set(seen.findings.filter(isOwn).map((one) => one.id));
  const left = plan.unfixed.filter((one) => findings.has(one.finding));
  const moves = plan.phases.flatMap((phase) => phase.upgrades).filter((one) => isOwn(one) && one.to === to);
  if (moves.length > 0) {
    const detail = `clears ${findings.size - left.length} of ${findings.size} findings, leaves ${left.length}`;
    return [{ ...base, state: "planned", detail, conflicts: [] }];
  }
  const refused = left.find((one) => one.reason === "conflict");
  return [
    {
      ...base,
      state: "impossible",
      detail:
        refused?.detail ??
        left[0]?.detail ??
        "it clears no finding: ask for it under requests: in redress.yaml",
      conflicts: [...new Set(left.flatMap((one) => (one.reason === "conflict" ? one.conflicts : [])))],
    },
  ];
}
