import type { SpdxNode } from "spdx-expression-parse";
import satisfies from "spdx-satisfies";
import type { LicenseGate } from "../model/index.ts";
import { parseSpdx } from "./license-names.ts";

/** What a policy says of a license. */
export type LicenseVerdict = "allowed" | "denied" | "unknown";

/** From the worst up. */
const ranks = ["denied", "unknown", "allowed"] as const satisfies readonly LicenseVerdict[];

/**
 * Judges an SPDX expression: of alternatives (OR) the best counts, of what holds together (AND) the worst. A denied
 * license is never allowed; with a list of allowed ones everything beside it is denied; without one, a license of
 * somebody's own making (`LicenseRef-…`) is not known.
 */
export function judgeLicense(expression: string | undefined, policy: LicenseGate): LicenseVerdict {
  const parsed = expression === undefined ? undefined : parseSpdx(expression);
  return parsed === undefined ? "unknown" : judgeNode(parsed, policy);
}

function judgeNode(node: SpdxNode, policy: LicenseGate): LicenseVerdict {
  if ("license" in node) {
    if (listed(node, policy.deny)) return "denied";
    if (policy.allow !== undefined) return listed(node, policy.allow) ? "allowed" : "denied";
    return /^(?:LicenseRef|DocumentRef)-/.test(node.license) ? "unknown" : "allowed";
  }
  const sides = [judgeNode(node.left, policy), judgeNode(node.right, policy)];
  const order = node.conjunction === "and" ? ranks : ranks.toReversed();
  return order.find((rank) => sides.includes(rank)) ?? "unknown";
}

/** Whether one license is on a list; `GPL-2.0-or-later` serves as `GPL-3.0-only` does. */
function listed(leaf: Extract<SpdxNode, { license: string }>, entries: readonly string[]): boolean {
  const text = `${leaf.license}${leaf.plus === true ? "+" : ""}${leaf.exception === undefined ? "" : ` WITH ${leaf.exception}`}`;
  return entries.some(
    (entry) => entry === text || (parseSpdx(entry) !== undefined && satisfies(text, [entry])),
  );
}
