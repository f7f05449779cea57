import * as fs from "node:fs/promises";
import path from "node:path";
import { Failure, type Inventory, type Plan } from "../model/index.ts";
import { sha256, sha256File } from "../system/index.ts";
import type { EnvironmentDigest } from "./journal.ts";

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
 * Of each path with an environment: SHA-256 over its sorted `name==version` lines. A Python and an npm project in one
 * folder have one path and so one digest.
 */
export function digestEnvironments(inventory: Inventory): EnvironmentDigest[] {
  const paths = new Set(
    inventory.projects.flatMap((project) => (project.environment === undefined ? [] : [project.path])),
  );
  return [...paths].map((project) => {
    const lines = inventory.components
      .filter((one) => one.project === project && one.places.some((place) => place.source === "environment"))
      .map((one) => `${one.ecosystem}:${one.name}==${one.version}`)
      .sort();
    return { project, sha256: sha256(lines.join("\n")) };
  });
}

/**
 * @throws {Failure} `changed` naming what differs from the tree that was planned for.
 */
export async function verifyInputs(root: string, plan: Plan, inventory: Inventory): Promise<void> {
  const differences: string[] = [];
  for (const { path: name, sha256: planned } of plan.inputs.files) {
    const found = await fs.access(path.join(root, name)).then(
      () => sha256File(path.join(root, name)),
      () => undefined,
    );
    if (found === undefined) differences.push(`${name} is gone`);
    else if (found !== planned) differences.push(`${name} was edited`);
  }
  const environments = new Map(digestEnvironments(inventory).map((one) => [one.project, one.sha256]));
  for (const { project, sha256: planned } of plan.inputs.environments)
    if (environments.get(project) !== planned)
      differences.push(
        `the environment of ${project === "." ? "the project" : project} holds other versions`,
      );
  const planned = new Set(plan.inputs.environments.map((one) => one.project));
  for (const project of environments.keys())
    if (!planned.has(project)) differences.push(`${project === "." ? "the project" : project} has an environment now`);
  if (differences.length > 0)
    throw new Failure(
      "changed",
      `the project is not the one that was planned for: ${differences.join("; ")}`,
      "Make a new plan with redress plan.",
    );
}
