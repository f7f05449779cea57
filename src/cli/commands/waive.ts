import { Failure } from "../../model/index.ts";
import { addWaiver, waiversName } from "../configuration/waivers.ts";
import type { Exit } from "../program.ts";
import { rootOf, terminalFor, type CommonOptions } from "../setting.ts";

interface WaiveOptions extends CommonOptions {
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

/** `redress waive` */
export async function run([finding = "", place]: readonly string[], options: WaiveOptions): Promise<Exit> {
  const terminal = terminalFor(options);
  const { root } = await rootOf([place ?? "."]);
  if (!/^\d{4}-\d{2}-\d{2}$/.test(options.expires) || Number.isNaN(Date.parse(options.expires)))
    throw new Failure("usage", `--expires ${options.expires} is not a date`, "Write it like 2026-12-31.");
  if (!justifications.includes(options.justification))
    throw new Failure(
      "usage",
      `${options.justification} is not a justification`,
      `There are: ${justifications.join(", ")}.`,
    );
  const now = new Date();
  if (Date.parse(`${options.expires}T23:59:59Z`) < now.getTime())
    throw new Failure(
      "usage",
      `--expires ${options.expires} has passed`,
      "A waiver needs a day in the future.",
    );
  const { reason, justification, by, expires } = options;
  const waiver = { finding, reason, justification, by, expires, madeAt: now.toISOString() };
  await addWaiver(root, waiver);
  if (options.json === true) terminal.print(JSON.stringify({ schemaVersion: 1, waiver }, null, 2));
  else terminal.print(`${finding} is waived until ${expires} by ${by}; written to ${waiversName}.`);
  return 0;
}
