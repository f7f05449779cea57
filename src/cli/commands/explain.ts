import { pathsFromRoots } from "../../findings/index.ts";
import { look, type Look } from "../../pipeline/index.ts";
import { Failure, normaliseName, type Component, type Finding, type Plan } from "../../model/index.ts";
import { readPlan } from "../plans.ts";
import type { Exit } from "../program.ts";
import { openWorkplace, type LookOptions } from "../setting.ts";
import { explainComponent, isMoveOf, requirementsOn } from "../show/explain.ts";

/** Paths of each component that `--json` lists. */
const mostPaths = 100;

/** A component and those of its findings that were asked about. */
interface Subject {
  readonly component: Component;
  readonly findings: readonly Finding[];
}

/** `redress explain`: a finding, an advisory or a package, in words. */
export async function run(
  [subject = "", place]: readonly string[],
  options: LookOptions & { readonly run?: string },
  signal: AbortSignal,
): Promise<Exit> {
  const { run: recorded } = options;
  if (recorded !== undefined)
    return (await import("./explain-run.ts")).explainRecorded(subject, place, { ...options, run: recorded });
  const { setting, terminal } = await openWorkplace(place === undefined ? [] : [place], options, signal);
  const seen = await look(setting);
  try {
    const subjects = subjectsOf(subject, seen);
    if (subjects.length === 0)
      throw new Failure(
        "usage",
        `nothing here is called ${subject}`,
        "Name a finding, an advisory or a package of redress scan.",
      );
    const plan = await readPlan(setting.root).then(
      (stored) => stored.plan,
      () => undefined,
    );
    if (options.json === true) terminal.print(JSON.stringify(asJson(subjects, seen, plan), null, 2));
    else {
      const explaining = {
        inventory: seen.inventory,
        plan,
        known: (one: Component) => seen.base.lookup(one.ecosystem, one.name).length,
        colors: terminal.colors,
      };
      terminal.print(
        subjects
          .map(({ component, findings }) => explainComponent(component, findings, explaining).join("\n"))
          .join("\n\n"),
      );
    }
    return 0;
  } finally {
    seen.base.close();
  }
}

/** A package or `name@version` with all its findings; a finding or advisory with the components that have it. */
function subjectsOf(subject: string, { inventory, findings }: Look): Subject[] {
  const isPackage = (one: Component): boolean => {
    const wanted = normaliseName(one.ecosystem, subject);
    return one.name === wanted || `${one.name}@${one.version}` === subject;
  };
  const isFinding = (one: Finding): boolean =>
    [one.id, one.advisory, ...one.aliases].some((id) => id.toLowerCase() === subject.toLowerCase());
  return inventory.components.flatMap((component) => {
    const own = findings.filter((one) => isOf(one, component));
    if (isPackage(component)) return [{ component, findings: own }];
    const meant = own.filter(isFinding);
    return meant.length === 0 ? [] : [{ component, findings: meant }];
  });
}

const isOf = (finding: Finding, component: Component): boolean =>
  finding.project === component.project &&
  finding.ecosystem === component.ecosystem &&
  finding.package === component.name &&
  finding.version === component.version;

function asJson(subjects: readonly Subject[], { inventory, base }: Look, plan: Plan | undefined): object {
  const ids = new Set(subjects.flatMap(({ findings }) => findings.map((one) => one.id)));
  return {
    schemaVersion: 1,
    findings: subjects.flatMap(({ findings }) => findings),
    components: subjects.map(({ component }) => ({
      ...component,
      advisories: base.lookup(component.ecosystem, component.name).length,
      paths: pathsFromRoots(inventory, component, mostPaths).paths,
      requiredBy: requirementsOn(component, inventory).map(({ from, requirement, kind }) => ({
        from,
        requirement,
        kind,
      })),
    })),
    plan: plan?.id ?? null,
    upgrades: (plan?.phases ?? []).flatMap((phase) =>
      phase.upgrades
        .filter(
          (one) =>
            one.fixes.some((id) => ids.has(id)) || subjects.some(({ component }) => isMoveOf(one, component)),
        )
        .map((upgrade) => ({ phase: phase.number, ...upgrade })),
    ),
    unfixed: (plan?.unfixed ?? []).filter((one) => ids.has(one.finding)),
  };
}
