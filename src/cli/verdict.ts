import { meetsCriteria } from "../findings/index.ts";
import type { Criteria, Run, Scan } from "../model/index.ts";
import type { Exit } from "./program.ts";

/** The exit code that a run and what it left amount to (`docs/interface.md`). */
export function exitOfRun(run: Run, after: Scan, criteria: Criteria): Exit {
  switch (run.state) {
    case "rolled-back":
      return 4;
    case "needs-person":
    case "failed":
    case "running":
      return 5;
    case "rehearsed":
      return 0;
    case "done":
      return meetsCriteria(after.findings, criteria).met ? 0 : 1;
  }
}
