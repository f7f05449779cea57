import { inventoryFor, type Setting } from "../pipeline/index.ts";
import { undoElsewhere, type UndoPorts } from "../run/index.ts";

/** What going back needs, with the stages and databases as the configuration names them. */
export function undoPorts(setting: Setting, restoreDatabases = false): UndoPorts {
  const ports = { inventory: inventoryFor(setting), clock: setting.clock, progress: setting.progress };
  const stages = setting.configuration.deployment?.stages ?? [];
  return {
    ...ports,
    stages: { stages, undoIn: undoElsewhere(ports) },
    databases: { settings: setting.configuration.databases ?? [], restore: restoreDatabases },
  };
}
