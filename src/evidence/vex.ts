import type { Waiver } from "../model/index.ts";

/** CISA's five justifications, which OpenVEX and CSAF share ("VEX Status Justifications", June 2022). */
export type Justification =
  | "component_not_present"
  | "vulnerable_code_not_present"
  | "vulnerable_code_not_in_execute_path"
  | "vulnerable_code_cannot_be_controlled_by_adversary"
  | "inline_mitigations_already_exist";

/** CycloneDX 1.6 `impactAnalysisJustification` in the words of CISA. */
const justifications: Readonly<Record<string, Justification>> = {
  code_not_present: "vulnerable_code_not_present",
  code_not_reachable: "vulnerable_code_not_in_execute_path",
  requires_configuration: "vulnerable_code_cannot_be_controlled_by_adversary",
  requires_dependency: "vulnerable_code_not_in_execute_path",
  requires_environment: "vulnerable_code_cannot_be_controlled_by_adversary",
  protected_by_compiler: "inline_mitigations_already_exist",
  protected_at_runtime: "inline_mitigations_already_exist",
  protected_at_perimeter: "inline_mitigations_already_exist",
  protected_by_mitigating_control: "inline_mitigations_already_exist",
};

/** Why a waived finding does no harm; `undefined` where the waiver accepts a risk and says no such thing. */
export function justificationOf(waiver: Waiver | null): Justification | undefined {
  return waiver === null || !Object.hasOwn(justifications, waiver.justification)
    ? undefined
    : justifications[waiver.justification];
}
