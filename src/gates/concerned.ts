import { Failure, type Configuration, type Inventory, type TestGate, type Upgrade } from "../model/index.ts";

/** Whether a phase changes anything that a command is asked for. */
export function isConcerned({ projects }: TestGate, upgrades: readonly Upgrade[]): boolean {
  return projects === undefined || upgrades.some((one) => projects.includes(one.project));
}

/**
 * Projects that a gate is asked for must be there: a name with a typing error would keep it from ever being asked.
 * @throws {Failure} `config`
 */
export function requireProjects({ tests, commands }: Configuration, { projects }: Inventory): void {
  const known = new Set(projects.map((one) => one.path));
  for (const { name, projects: asked = [] } of [...tests, ...commands])
    for (const project of asked)
      if (!known.has(project))
        throw new Failure(
          "config",
          `the gate ${name} is asked for the project ${project}, which is not there`,
          `Projects are: ${[...known].sort().join(", ")}.`,
        );
}
