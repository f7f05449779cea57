import path from "node:path";
import { Failure, type Inventory, type Plan } from "../model/index.ts";
import { exists, sha256, sha256File } from "../system/index.ts";

/** What a plan names of the tree it was made for. */
export type TreeDigest = Pick<Plan["inputs"], "files" | "environments">;

/** Digests of every file that makes the projects, and of what their environments hold. */
export async function digestInputs(root: string, inventory: Inventory): Promise<TreeDigest> {
  const names = [...new Set(inventory.projects.flatMap((project) => project.files))].sort();
  const files = await Promise.all(
    names.map(async (name) => ({ path: name, sha256: await sha256File(path.join(root, name)) })),
  );
  return { files, environments: digestEnvironments(inventory) };
}

/**
 * Of each path with an environment: SHA-256 over its sorted `name==version` lines. Two projects of one folder share a
 * path and so a digest.
 */
export function digestEnvironments(inventory: Inventory): { project: string; sha256: string }[] {
  const paths = inventory.projects.flatMap((one) => (one.environment === undefined ? [] : [one.path]));
  return [...new Set(paths)].map((project) => {
    const lines = inventory.components
      .filter((one) => one.project === project && one.places.some((place) => place.source === "environment"))
      .map((one) => `${one.ecosystem}:${one.name}==${one.version}`);
    return { project, sha256: sha256(lines.sort().join("\n")) };
  });
}

/**
 * Compares the tree with the one that was planned for, or that the plan's own earlier phases left.
 * @throws {Failure} `changed` naming what differs.
 */
export async function verifyInputs(root: string, expected: TreeDigest, inventory: Inventory): Promise<void> {
  const differences: string[] = [];
  for (const { path: name, sha256: planned } of expected.files) {
    const file = path.join(root, name);
    if (!(await exists(file))) differences.push(`${name} is gone`);
    else if ((await sha256File(file)) !== planned) differences.push(`${name} was edited`);
  }
  const known = new Set(expected.files.map((file) => file.path));
  for (const name of new Set(inventory.projects.flatMap((project) => project.files)))
    if (!known.has(name)) differences.push(`${name} is new`);
  const environments = new Map(digestEnvironments(inventory).map((one) => [one.project, one.sha256]));
  for (const { project, sha256: planned } of expected.environments) {
    const found = environments.get(project);
    if (found !== planned)
      differences.push(
        `the environment of ${project === "." ? "the project" : project} ${found === undefined ? "is gone" : "holds other versions"}`,
      );
  }
  const planned = new Set(expected.environments.map((one) => one.project));
  for (const project of environments.keys())
    if (!planned.has(project))
      differences.push(`${project === "." ? "the project" : project} has an environment now`);
  if (differences.length > 0)
    throw new Failure(
      "changed",
      `the project is not the one that was planned for: ${differences.join("; ")}`,
      "Make a new plan with redress plan.",
    );
}
