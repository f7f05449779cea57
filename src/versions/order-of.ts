import type { Ecosystem } from "../model/index.ts";
import { npmOrder } from "./npm-order.ts";
import { pypiOrder } from "./pypi-order.ts";
import type { VersionOrder } from "./version-order.ts";

/** The order of an ecosystem's versions: node-semver's for npm, PEP 440 for PyPI. */
export function orderOf(ecosystem: Ecosystem): VersionOrder {
  return ecosystem === "npm" ? npmOrder : pypiOrder;
}
