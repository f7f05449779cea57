import { describeWeakness } from "../../evidence/index.ts";
import { pathsFromRoots } from "../../findings/index.ts";
import {
  tierNames,
  componentKey,
  type Component,
  type Dependency,
  type Finding,
  type Inventory,
  type Plan,
} from "../../model/index.ts";
import { orderOf } from "../../versions/index.ts";
import type { Terminal } from "../terminal.ts";
import { ruleInWords } from "./rules.ts";
import { columns, count, day, paintSeverity, plain } from "./words.ts";

/** What an explanation is made from. */
export interface Explaining {
  readonly inventory: Inventory;
  /** The newest plan that the root keeps. */
  readonly plan: Plan | undefined;
  /** How many advisories the snapshot holds on a component's package. */
  readonly known: (component: Component) => number;
  readonly colors: Terminal["colors"];
}

/** Paths beyond these are counted as "more". */
const mostPaths = 12;

/** A component with its findings, the way a colleague would tell it. */
export function explainComponent(
  component: Component,
  findings: readonly Finding[],
  explaining: Explaining,
): string[] {
  const { colors, known, plan } = explaining;
  const name = `${plain(component.name)} ${plain(component.version)}`;
  const total = known(component);
  const headline =
    findings.length > 0
      ? `${name} has ${count(findings.length, "finding")}.`
      : `${name} has no finding: ${total === 0 ? "no advisory is known on it" : `${count(total, "advisory is", "advisories are")} known on it, none of them on this version`}.`;
  const moved = findings.length > 0 ? [] : movesOf(component, plan);
  return [
    colors.bold(headline),
    ...urgencyLines(findings),
    ...placeLines(component, findings),
    ...pathLines(component, explaining),
    ...dependentLines(component, findings, explaining.inventory),
    ...clearLines(component, findings, explaining.inventory),
    ...moved,
    ...findings.flatMap((finding) => ["", ...findingLines(finding, explaining)]),
  ];
}

/** The one that decides by when something must be done; findings come the most urgent first. */
function urgencyLines(findings: readonly Finding[]): string[] {
  const [first] = findings.filter((finding) => finding.waiver === null);
  if (first === undefined || findings.length === 1) return [];
  return [
    `  The most urgent is ${first.advisory}, ${first.severity}, due ${day(first.due)} (${tierNames[first.tier].toLowerCase()}).`,
  ];
}

function placeLines(component: Component, findings: readonly Finding[]): string[] {
  const places = component.places.map(
    (place) => `${plain(place.path)}${place.line === undefined ? "" : `:${place.line}`}`,
  );
  const shown = places.slice(0, mostPaths);
  const functions = [...new Set(findings.flatMap((finding) => finding.functions))];
  const use = {
    production: "It ships to production.",
    development: "It is used for development only.",
    optional: "It is optional: it may be installed or not.",
  }[component.scope];
  return [
    `  Found in ${shown.join(", ")}${places.length > shown.length ? ` and ${places.length - shown.length} more places` : ""}. ${use}`,
    ...(functions.length === 0
      ? []
      : [`  Business functions that rest on it: ${functions.map(plain).join(", ")}.`]),
    ...(component.immovable === undefined ? [] : [`  It cannot be moved: ${plain(component.immovable)}.`]),
  ];
}

function pathLines(component: Component, { inventory }: Explaining): string[] {
  const { paths, isCapped } = pathsFromRoots(inventory, component, mostPaths);
  const through = paths.filter((path) => path.length > 1);
  const lines = component.direct ? ["  The project names it itself."] : [];
  if (paths.length === 0) return ["  Nothing that is declared here leads to it."];
  if (through.length > 0)
    lines.push(
      component.direct ? "  It would also come in through:" : "  It comes in through:",
      ...through.map((path) => `    ${path.map(plain).join(" → ")}`),
      ...(isCapped ? ["    … and more"] : []),
    );
  return lines;
}

/** Requirements on a component, by whoever makes them. */
export function requirementsOn(component: Component, inventory: Inventory): readonly Dependency[] {
  const key = componentKey(component);
  return inventory.dependencies.filter((one) => one.to === key);
}

/** A requirement on a component by another one, which an upgrade cannot rewrite as it does the project's own. */
interface Dependent {
  readonly who: string;
  readonly requirement: string;
  /** Whether the version is allowed; `undefined` where the lockfile does not say what is. */
  readonly allows: (target: string) => boolean | undefined;
  readonly isProject: boolean;
}

function dependentsOf(component: Component, inventory: Inventory): Dependent[] {
  const byKey = new Map(inventory.components.map((one) => [componentKey(one), one]));
  const order = orderOf(component.ecosystem);
  const dependents = requirementsOn(component, inventory).map((one): Dependent => {
    const from = one.from === null ? undefined : byKey.get(one.from);
    const { requirement } = one;
    return {
      who: from === undefined ? "the project" : `${plain(from.name)} ${plain(from.version)}`,
      requirement,
      isProject: from === undefined,
      allows: (target) =>
        requirement === "" || !order.isRange(requirement)
          ? undefined
          : order.satisfies(target, requirement, { prereleases: true }),
    };
  });
  return [...new Map(dependents.map((one) => [`${one.who}|${one.requirement}`, one])).values()];
}

function dependentLines(component: Component, findings: readonly Finding[], inventory: Inventory): string[] {
  const target = clearingVersion(findings);
  const rows = dependentsOf(component, inventory).map((one) => [
    one.who,
    one.requirement === "" ? "any version" : plain(one.requirement),
    !one.isProject && target !== undefined && one.allows(target) === false
      ? `does not allow ${plain(target)}`
      : "",
  ]);
  if (rows.length === 0) return [];
  const shown = rows.slice(0, mostPaths);
  return [
    "  Required by:",
    ...columns(shown, "    "),
    ...(rows.length > shown.length ? [`    … and ${rows.length - shown.length} more`] : []),
  ];
}

/** Whether something stands in the way of a version, as a sentence; empty where the lockfile does not tell. */
function wayTo(target: string, component: Component, inventory: Inventory): string {
  const others = dependentsOf(component, inventory).filter((one) => !one.isProject);
  const against = others.filter((one) => one.allows(target) === false).map((one) => one.who);
  if (against.length > 0) {
    const shown = against.length > 3 ? [...against.slice(0, 3), `${against.length - 3} more`] : against;
    const [last = "", ...rest] = shown.toReversed();
    const named = rest.length === 0 ? last : `${rest.toReversed().join(", ")} and ${last}`;
    return ` ${named} would have to move with it.`;
  }
  return others.length > 0 && others.every((one) => one.allows(target) === true)
    ? " Everything that requires it allows that."
    : "";
}

/** The lowest version in which every declared fix is; absent where some finding has none. */
function clearingVersion(findings: readonly Finding[]): string | undefined {
  const [first] = findings;
  if (first === undefined || findings.some((finding) => finding.fixedIn.length === 0)) return undefined;
  const order = orderOf(first.ecosystem);
  return findings
    .flatMap((finding) => finding.fixedIn[0] ?? [])
    .sort((a, b) => order.compare(a, b))
    .at(-1);
}

function clearLines(component: Component, findings: readonly Finding[], inventory: Inventory): string[] {
  if (findings.length === 0) return [];
  const target = clearingVersion(findings);
  if (target !== undefined)
    return [
      `  ${plain(target)} clears ${findings.length === 1 ? "it" : "them all"}.${wayTo(target, component, inventory)}`,
    ];
  const without = findings.filter((finding) => finding.fixedIn.length === 0).map((one) => one.advisory);
  return [
    `  No fixed version is declared for ${without.join(", ")}: remove the package, replace it, or record with redress waive why it may stay.`,
  ];
}

function findingLines(finding: Finding, { colors, plan }: Explaining): string[] {
  const score = finding.score === undefined ? "" : ` ${finding.score}`;
  const also = finding.aliases.length === 0 ? "" : `, also known as ${finding.aliases.join(", ")}`;
  return [
    `  ${colors.bold(finding.advisory)}  ${paintSeverity(finding.severity, `${finding.severity}${score}`, colors)}${also}  ${colors.dim(finding.id)}`,
    ...(finding.summary === undefined ? [] : [`    ${plain(finding.summary)}`]),
    ...(finding.weaknesses.length === 0
      ? []
      : [`    Weakness: ${finding.weaknesses.map((id) => plain(describeWeakness(id))).join("; ")}.`]),
    finding.fixedIn.length === 0
      ? "    No record names a fixed version."
      : `    Fixed in ${finding.fixedIn.map(plain).join(", ")}.`,
    ...(finding.disagreements ?? []).map((text) => `    The sources disagree: ${plain(text)}.`),
    `    Due ${day(finding.due)} (${tierNames[finding.tier].toLowerCase()}) by ${finding.rule}, because`,
    ...columns(
      ruleInWords(finding.rule).map(([id, sentence]) => [id, sentence]),
      "      ",
    ),
    ...factLines(finding),
    ...(finding.waiver === null
      ? []
      : [
          `    Waived by ${plain(finding.waiver.by)} until ${finding.waiver.expires} (${plain(finding.waiver.justification)}): ${plain(finding.waiver.reason)}`,
        ]),
    ...planLines(finding, plan),
  ];
}

/** What the rule went by, and what nobody could tell. */
function factLines({ inputs }: Finding): string[] {
  const facts = Object.entries(inputs).map(([name, value]) => [name, plain(String(value))] as const);
  const unknown = facts.filter(([, value]) => value === "unavailable").map(([name]) => name);
  const known = facts.filter(([, value]) => value !== "unavailable");
  return [
    `    What is known: ${known.map(([name, value]) => `${name}: ${value}`).join("; ")}.`,
    ...(unknown.length === 0 ? [] : [`    Not known: ${unknown.join(", ")}.`]),
  ];
}

/** What the newest plan does about a finding. */
function planLines(finding: Finding, plan: Plan | undefined): string[] {
  if (plan === undefined) return ["    No plan has been made yet: redress plan."];
  for (const phase of plan.phases)
    for (const upgrade of phase.upgrades)
      if (upgrade.fixes.includes(finding.id))
        return [
          `    ${plan.id} of ${day(plan.madeAt)} ${upgrade.to === null ? "removes it" : `moves it to ${plain(upgrade.to)}`} in phase ${phase.number}:`,
          ...upgrade.because.map((because) => `      ${plain(because)}`),
        ];
  const left = plan.unfixed.find((one) => one.finding === finding.id);
  if (left === undefined) return [`    ${plan.id} does not know of it: make a new plan.`];
  return [
    `    ${plan.id} of ${day(plan.madeAt)} leaves it (${left.reason}): ${plain(left.detail)}`,
    ...left.conflicts.map((conflict) => `      ${plain(conflict)}`),
    ...(left.advice === "" ? [] : [`      ${plain(left.advice)}`]),
  ];
}

/** What the newest plan does with a component that has no finding. */
function movesOf(component: Component, plan: Plan | undefined): string[] {
  if (plan === undefined) return [];
  return plan.phases.flatMap((phase) =>
    phase.upgrades
      .filter((one) => isMoveOf(one, component))
      .flatMap((upgrade) => [
        `  ${plan.id} of ${day(plan.madeAt)} ${upgrade.to === null ? "removes it" : `moves it to ${plain(upgrade.to)}`} in phase ${phase.number}:`,
        ...upgrade.because.map((because) => `    ${plain(because)}`),
      ]),
  );
}

/** Whether an upgrade is one of this very component. */
export function isMoveOf(upgrade: Plan["phases"][number]["upgrades"][number], component: Component): boolean {
  return (
    upgrade.project === component.project &&
    upgrade.ecosystem === component.ecosystem &&
    upgrade.package === component.name &&
    upgrade.from === component.version
  );
}
