import type { Evidence, Inventory } from "../model/index.ts";
import { code, commands, heading, paragraph, strong, table, type Block, type Inline } from "./document.ts";
import { text } from "./text.ts";

/** Risks of the undertaking, what is done about each, and where this record shows it. */
export function risksSection(evidence: Evidence): Block[] {
  if (evidence.kind === "state") return [];
  const gates = (evidence.run?.phases ?? []).flatMap((phase) => phase.gates);
  const said = (pattern: RegExp): string => {
    const own = gates.filter((gate) => pattern.test(gate.name));
    return own.length === 0 ? "not asked" : own.map((gate) => `${gate.name} ${gate.verdict}`).join(", ");
  };
  const saved = evidence.run?.backup.length ?? 0;
  const rows: [string, string, string][] = [
    [
      "Breaking changes",
      "rehearsal in a copy with the project's own tests, old against new",
      said(/^tests?\b/),
    ],
    ["Slower or larger", "measurements of old and new versions side by side", said(/^performance/)],
    [
      "Versions that do not fit together",
      "every phase is resolved by the project's own package manager",
      evidence.plan?.confirmed.map((one) => one.by).join(", ") ?? "no plan",
    ],
    [
      "Interrupted service",
      "health probes while a change is watched; a failed one puts it back",
      said(/^health/),
    ],
    ["Lost data", "every file is saved before it is touched; databases are never touched", `${saved} saved`],
    [
      "Exposure while waiting",
      "phases by deadline, the most urgent first",
      evidence.plan?.phases.map((phase) => `phase ${phase.number}: ${phase.tier}`).join(", ") ?? "no plan",
    ],
  ];
  return [heading(2, text.headings.risks), table(["Risk", "What is done about it", "On record"], rows)];
}

/** Package names that a shell takes as they are. */
const plainName = /^(?:@[a-z0-9][\w.-]*\/)?[a-z0-9][\w.-]*$/i;
/** Most packages that one command names. */
const mostNames = 20;

/** Commands that work when pasted at the project's root. */
export function monitoringSection({ plan, before }: Evidence): Block[] {
  const changed = (plan?.phases ?? []).flatMap((phase) => phase.upgrades).filter((one) => one.to !== null);
  const names = (ecosystem: Inventory["components"][number]["ecosystem"]): string[] =>
    [...new Set(changed.filter((one) => one.ecosystem === ecosystem).map((one) => one.package))]
      .filter((name) => plainName.test(name))
      .sort()
      .slice(0, mostNames);
  const [python, node] = [names("PyPI"), names("npm")];
  return [
    heading(2, text.headings.monitoring),
    commands([
      "# what is vulnerable now",
      "redress scan",
      "# runs, open findings, deadlines near and passed",
      "redress status",
      "# what is outdated or no longer maintained",
      "redress health",
      ...(python.length === 0
        ? []
        : [
            "# installed versions of what moved (in the project's environment)",
            `python -m pip show ${python.join(" ")}`,
          ]),
      ...(node.length === 0 ? [] : ["# installed versions of what moved", ...nodeCommands(node, before)]),
    ]),
  ];
}

function nodeCommands(names: readonly string[], before: Evidence["before"]): string[] {
  const managers = new Set(
    before.projects.filter((one) => one.ecosystem === "npm").map((one) => one.manager),
  );
  return [...managers].sort().flatMap((manager) => {
    switch (manager) {
      case "pnpm":
        return [`pnpm list --depth Infinity ${names.join(" ")}`];
      case "yarn":
        return names.map((name) => `yarn why ${name}`);
      case "npm":
        return [`npm ls ${names.join(" ")}`];
      default:
        return [];
    }
  });
}

/** Whom to ask. */
export function contactsSection({ contacts }: Evidence): Block[] {
  const rows = Object.entries(contacts);
  return [
    heading(2, text.headings.contacts),
    rows.length === 0 ? paragraph(text.noContacts) : table(["Team", "Contact"], rows),
  ];
}

/** The change record: who decided and did what, and what stands on file. */
export function complianceSection(evidence: Evidence): Block[] {
  const { plan, run, record, before } = evidence;
  const license = (run?.phases ?? [])
    .flatMap((phase) => phase.gates)
    .filter((gate) => /^licen[sc]e/.test(gate.name));
  const waived = before.findings.filter((finding) => finding.waiver !== null);
  const deciders = [...new Set(waived.map((finding) => finding.waiver?.by ?? ""))].sort();
  const rows: Inline[][] = [
    [
      "Planned",
      plan === undefined
        ? "no plan"
        : [`${plan.madeAt.slice(0, 19)}Z by ${plan.inputs.tool}, `, code(plan.id)],
    ],
    ["Approved", approvals(run)],
    [
      "Carried out",
      run === undefined
        ? "not carried out"
        : [
            `${run.startedAt.slice(0, 19)}Z by ${record?.by ?? run.by?.name ?? "someone not recorded"}, `,
            code(run.run),
          ],
    ],
    ["Risks accepted by", deciders.length === 0 ? "nobody" : deciders.join(", ")],
    [
      "Licenses",
      license.length === 0
        ? "not evaluated"
        : license.map((gate) => `${gate.verdict}: ${gate.detail}`).join("; "),
    ],
    ["Change record", run === undefined ? "none yet" : [code(run.journal)]],
    ["Signed with", record === undefined ? "not signed" : [code(record.keyId)]],
    ["Documentation", "this document, made from the record alone"],
  ];
  return [heading(2, text.headings.compliance), table(["", ""], rows)];
}

function approvals(run: Evidence["run"]): string {
  const given = run?.approvals ?? [];
  return given.length === 0
    ? "no approval is on record"
    : given
        .map(
          ({ at, by, phases, stages, reason }) =>
            `${at.slice(0, 19)}Z by ${by.name} (${[...phases.map((phase) => `phase ${phase}`), ...stages].join(", ")})${reason === undefined ? "" : `: ${reason}`}`,
        )
        .join("; ");
}

/** What the plan was made from, by digest. */
export function inputsSection({ plan }: Evidence): Block[] {
  if (plan === undefined) return [];
  return [
    heading(2, text.headings.inputs),
    table(
      ["Input", "SHA-256"],
      [
        ...plan.inputs.files.map((file): Inline[] => [[code(file.path)], [code(file.sha256)]]),
        ...plan.inputs.environments.map((one): Inline[] => [
          `environment of ${one.project}`,
          [code(one.sha256)],
        ]),
        ["policy", [code(plan.inputs.policy)]],
        ["advisories", [code(plan.inputs.snapshot)]],
      ],
    ),
    ...plan.confirmed.map((one) => paragraph(strong(`Accepted by ${one.by}: `), one.detail)),
  ];
}
