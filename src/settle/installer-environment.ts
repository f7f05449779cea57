import type { Ecosystem } from "../model/index.ts";
import { readPythonIndexes } from "../releases/index.ts";
import { uvEnvironment } from "./uv-compile.ts";

/**
 * Variables that make an ecosystem's installer use the package index that the user's clients are configured for: uv does
 * not read pip's configuration; npm finds its own.
 */
export async function installerEnvironment(
  root: string,
  ecosystem: Ecosystem,
): Promise<Record<string, string>> {
  return ecosystem === "npm" ? {} : uvEnvironment(await readPythonIndexes({ root }));
}
