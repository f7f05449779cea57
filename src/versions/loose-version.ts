import type { Ecosystem } from "../model/index.ts";
import { orderOf } from "./order-of.ts";

/** Build variants that are appended with a hyphen although PEP 440 wants a plus: CUDA, CPU, ROCm, XPU. */
const buildVariant = /^([^-+]+)-((?:cu|rocm|cpu|xpu|gpu)[\d.]*(?:[-_.][a-z0-9]+)*)$/i;

/**
 * The version that a text inside an advisory means, where the ecosystem's grammar may refuse it but the meaning is
 * plain; a text that the grammar reads is given back as it is. Read so:
 * - PyPI: `2.6.0-cu124` is the local version `2.6.0+cu124`; `2.9.0-NA` and `0.2.0-alpha\.33` carry CPE's "not
 *   applicable" and its escapes;
 * - npm: `2025.08.14` has leading zeros, `1.2` lacks numbers.
 *
 * `undefined` where the meaning is not plain: the caller must say that it could not judge.
 */
export function readLooseVersion(ecosystem: Ecosystem, text: string): string | undefined {
  const order = orderOf(ecosystem);
  if (order.isValid(text)) return text;
  if (text.length > 256) return undefined;
  const repaired = ecosystem === "PyPI" ? repairPypi(text.trim()) : repairNpm(text.trim());
  return repaired !== undefined && order.isValid(repaired) ? repaired : undefined;
}

function repairPypi(text: string): string {
  const plain = text.replaceAll("\\", "").replace(/-NA$/, "");
  const variant = buildVariant.exec(plain);
  return variant === null ? plain : `${variant[1] ?? ""}+${variant[2] ?? ""}`;
}

function repairNpm(text: string): string | undefined {
  const match = /^[v=]?(\d+)(?:\.(\d+))?(?:\.(\d+))?((?:[-+][0-9A-Za-z.+-]*)?)$/.exec(text);
  if (match === null) return undefined;
  const [, major = "0", minor = "0", patch = "0", rest = ""] = match;
  return `${[major, minor, patch].map((digits) => digits.replace(/^0+(?=\d)/, "")).join(".")}${rest}`;
}
