import { normaliseName, type Ecosystem } from "../model/index.ts";

/** The key of a package in an index; neither part holds a slash at its start, so keys are never ambiguous. */
export function packageKey(ecosystem: Ecosystem, name: string): string {
  return `${ecosystem}/${normaliseName(ecosystem, name)}`;
}
