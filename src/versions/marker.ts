import { normaliseName, type Target } from "../model/index.ts";
import { parseMarker, type MarkerNode, type MarkerOperand, type MarkerOperator } from "./marker-syntax.ts";
import { parsePep440 } from "./pep440.ts";
import { parseSpecifiers, satisfiesSpecifiers } from "./specifier.ts";
import { readPlatform } from "./platform.ts";

/** Values of PEP 508's variables but `extra`. */
export type MarkerEnvironment = Readonly<Record<string, string>>;

/** Python assumed where a target names none: the oldest that is still maintained would refuse too much. */
const assumedPython = "3.12.0";

/**
 * The marker variables of a target, for CPython. `platform_release` and `platform_version` describe a running kernel,
 * which a target does not have: they are empty, as PEP 508 asks for values that cannot be determined.
 */
export function markerEnvironment(target: Target): MarkerEnvironment {
  const python = target.python ?? assumedPython;
  const platform = readPlatform(target.platform);
  return {
    python_version: python.split(".").slice(0, 2).join("."),
    python_full_version: python,
    os_name: platform.os === "win32" ? "nt" : "posix",
    sys_platform: platform.os,
    platform_machine: platform.machine,
    platform_system: systems[platform.os] ?? "",
    platform_release: "",
    platform_version: "",
    platform_python_implementation: "CPython",
    implementation_name: "cpython",
    implementation_version: python,
  };
}

const systems: Readonly<Record<string, string>> = { linux: "Linux", darwin: "Darwin", win32: "Windows" };

/**
 * Whether a marker holds (PEP 508): for any of the extras asked for, or without one. `undefined` where the marker
 * cannot be read or compares what has no order (`~=` on texts).
 */
export function evaluateMarker(
  marker: string,
  environment: MarkerEnvironment,
  extras: readonly string[] = [],
): boolean | undefined {
  const node = parseMarker(marker);
  if (node === undefined) return undefined;
  const asked = extras.length === 0 || !marker.includes("extra") ? [""] : extras;
  let result: boolean | undefined = false;
  for (const extra of asked) {
    const one = evaluate(node, environment, normaliseName("PyPI", extra));
    if (one === true) return true;
    if (one === undefined) result = undefined;
  }
  return result;
}

function evaluate(node: MarkerNode, environment: MarkerEnvironment, extra: string): boolean | undefined {
  if (node.kind === "compare") return compare(node, environment, extra);
  const results = node.nodes.map((one) => evaluate(one, environment, extra));
  if (results.includes(undefined)) return undefined;
  return node.kind === "and" ? !results.includes(false) : results.includes(true);
}

function compare(
  { left, operator, right }: Extract<MarkerNode, { kind: "compare" }>,
  environment: MarkerEnvironment,
  extra: string,
): boolean | undefined {
  const about = (operand: MarkerOperand): boolean => operand.kind === "variable" && operand.name === "extra";
  const ofExtra = about(left) || about(right);
  const value = (operand: MarkerOperand): string => {
    if (about(operand)) return extra;
    if (operand.kind === "variable")
      return Object.hasOwn(environment, operand.name) ? (environment[operand.name] ?? "") : "";
    return ofExtra ? normaliseName("PyPI", operand.value) : operand.value;
  };
  return compareValues(value(left), operator, value(right), ofExtra);
}

/** PEP 508: by version where both sides are versions and the operator is one of versions, else as texts. */
function compareValues(
  left: string,
  operator: MarkerOperator,
  right: string,
  asTexts: boolean,
): boolean | undefined {
  if (operator === "in") return right.includes(left);
  if (operator === "not in") return !right.includes(left);
  if (!asTexts && parsePep440(left) !== undefined) {
    const set = parseSpecifiers(operator + right);
    if (set?.clauses.length === 1) return satisfiesSpecifiers(left, set, true);
  }
  switch (operator) {
    case "==":
      return left === right;
    case "!=":
      return left !== right;
    case "<":
      return left < right;
    case "<=":
      return left <= right;
    case ">":
      return left > right;
    case ">=":
      return left >= right;
    case "~=":
    case "===":
      return undefined;
  }
}
