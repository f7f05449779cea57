import { Failure, type Configuration, type Inventory, type TestGate, type Upgrade } from "../model/index.ts";

/** Whether a phase changes anything that a command is asked for. */
export function isConcerned({ projects }: TestGate, upgrades: readonly Upgrade[]): boolean {
  return projects === undefined || upgrades.some((one) => projects.includes(one.project));
}

/**
 * Gates that can be asked side by side: those in different lanes are of different projects. One that is of all projects is
 * in no lane.
 */
export function lanesOf(gates: readonly TestGate[]): TestGate[][] {
  let lanes: { readonly projects: readonly string[]; readonly gates: TestGate[] }[] = [];
  for (const gate of gates) {
    const { projects } = gate;
    if (projects === undefined) continue;
    const isMet = (lane: (typeof lanes)[number]): boolean =>
      lane.projects.some((one) => projects.includes(one));
    const met = lanes.filter(isMet);
    lanes = [
      ...lanes.filter((lane) => !isMet(lane)),
      {
        projects: [...projects, ...met.flatMap((lane) => lane.projects)],
        gates: [...met.flatMap((lane) => lane.gates), gate],
      },
    ];
  }
  return lanes.map((lane) => lane.gates);
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
