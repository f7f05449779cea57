import { coveredBy } from "../../findings/index.ts";
import { look, type Setting } from "../../pipeline/index.ts";
import { Failure, type Finding } from "../../model/index.ts";
import { addWaiver, waiversName } from "../configuration/waivers.ts";
import type { Exit } from "../program.ts";
import { openWorkplace, type LookOptions } from "../setting.ts";
import { plain } from "../show/words.ts";

interface WaiveOptions extends LookOptions {
  readonly reason: string;
  readonly justification: string;
  readonly by: string;
  readonly expires: string;
}

/** CycloneDX 1.6 `impactAnalysisJustification`, and `risk_accepted` for a decision that is no analysis. */
const justifications = [
  "code_not_present",
  "code_not_reachable",
  "requires_configuration",
  "requires_dependency",
  "requires_environment",
  "protected_by_compiler",
  "protected_at_runtime",
  "protected_at_perimeter",
  "protected_by_mitigating_control",
  "risk_accepted",
];

/** What a scan says of what is to be waived. */
type Check =
  | { readonly state: "checked"; readonly findings: readonly Finding[] }
  | { readonly state: "not-checked"; readonly reason: string };

/** `redress waive` */
export async function run(
  [finding = "", place]: readonly string[],
  options: WaiveOptions,
  signal: AbortSignal,
): Promise<Exit> {
  const now = new Date();
  checkOptions(options, now);
  const { setting, terminal } = await openWorkplace(place === undefined ? [] : [place], options, signal);
  const check = await checkFinding(finding, setting);
  const { reason, justification, by, expires } = options;
  const waiver = { finding, reason, justification, by, expires, madeAt: now.toISOString() };
  await addWaiver(setting.root, waiver);
  if (options.json === true) {
    const checked =
      check.state === "checked"
        ? { checked: true, covers: check.findings.map((one) => one.id) }
        : { checked: false, notChecked: check.reason };
    terminal.print(JSON.stringify({ schemaVersion: 1, waiver, ...checked }, null, 2));
    return 0;
  }
  terminal.print(`${finding} is waived until ${expires} by ${plain(by)}; written to ${waiversName}.`);
  if (check.state === "not-checked")
    terminal.print(`Whether there is such a finding was not checked: ${check.reason}`);
  else
    for (const one of check.findings)
      terminal.print(
        `  covers ${plain(one.package)} ${plain(one.version)}  ${one.advisory}  ${one.severity}`,
      );
  return 0;
}

/** @throws {Failure} `usage` */
function checkOptions({ expires, justification }: WaiveOptions, now: Date): void {
  const end = new Date(`${expires}T23:59:59Z`);
  // A day that the month does not have would roll over into the next one.
  if (
    !/^\d{4}-\d{2}-\d{2}$/.test(expires) ||
    Number.isNaN(end.getTime()) ||
    !end.toISOString().startsWith(expires)
  )
    throw new Failure("usage", `--expires ${expires} is not a date`, "Write it like 2026-12-31.");
  if (!justifications.includes(justification))
    throw new Failure(
      "usage",
      `${justification} is not a justification`,
      `There are: ${justifications.join(", ")}.`,
    );
  if (end < now)
    throw new Failure("usage", `--expires ${expires} has passed`, "A waiver needs a day in the future.");
}

/**
 * Looks for the finding. Advisories that are not to be had are no reason to refuse a decision, but it is said.
 * @throws {Failure} `usage` when a scan has nothing of that name.
 */
async function checkFinding(name: string, setting: Setting): Promise<Check> {
  let findings: readonly Finding[];
  try {
    const seen = await look(setting);
    seen.base.close();
    ({ findings } = seen);
  } catch (error) {
    if (!(error instanceof Failure) || !["unavailable", "unreadable"].includes(error.code)) throw error;
    return { state: "not-checked", reason: error.message };
  }
  const covered = coveredBy(name, findings);
  if (covered.length === 0)
    throw new Failure(
      "usage",
      `no finding here is covered by ${name}`,
      "Name a finding id, an advisory, or ADVISORY:PACKAGE, as redress scan --by finding shows them.",
    );
  return { state: "checked", findings: covered };
}
