import { resume } from "./resume.ts";
import { rollback, type UndoPorts } from "./rollback.ts";
import { readRuns } from "./read-runs.ts";
import type { FolderUndo } from "./stages.ts";

/** Takes back what runs did in other checkouts: what was cut short there is closed, what stands is rolled back. */
export function undoElsewhere(ports: UndoPorts): FolderUndo {
  return async (root, run) => {
    await resume({ root, run }, ports);
    const found = (await readRuns(root)).find((one) => one.run === run);
    if (found?.phases.some((phase) => phase.state === "done") === true) await rollback({ root, run }, ports);
  };
}
