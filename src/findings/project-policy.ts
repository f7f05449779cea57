import { normaliseName, type BusinessFunction, type Configuration, type Ecosystem } from "../model/index.ts";
import type { TierFacts } from "./tier.ts";

/** The exposure that the configuration declares for a project: its own entry, else the nearest folder's above it. */
export function exposureOf(
  { projects }: Pick<Configuration, "projects">,
  project: string,
): TierFacts["exposure"] {
  const holds = (path: string): boolean => path === "." || path === project || project.startsWith(`${path}/`);
  const [nearest] = projects
    .filter(({ path }) => holds(path))
    .sort((a, b) => Number(a.path === ".") - Number(b.path === ".") || b.path.length - a.path.length);
  return nearest?.exposure ?? "undeclared";
}

/** The business functions that use a package. */
export function functionsOf(
  { functions }: Pick<Configuration, "functions">,
  ecosystem: Ecosystem,
  name: string,
): readonly BusinessFunction[] {
  return functions.filter((one) => one.packages.some((used) => normaliseName(ecosystem, used) === name));
}
