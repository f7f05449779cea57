import { meetsCriteria } from "../../findings/index.ts";
import { fitToLeave, propose } from "../../pipeline/index.ts";
import { readFailOn } from "../fail-on.ts";
import { contextOf, writeDocuments } from "../documents.ts";
import { storePlan } from "../plans.ts";
import type { Exit } from "../program.ts";
import { showRecorded } from "../recording.ts";
import { readWanted } from "../wanted.ts";
import { openWorkplace } from "../setting.ts";
import { showPlan } from "../show/plan.ts";
import { showRun } from "../show/run.ts";
import { showScan } from "../show/scan.ts";
import { applyAndKeep, type ApplyFlags } from "./apply.ts";
import type { PlanOptions } from "./plan.ts";
import path from "node:path";

/** `redress fix`: scan, plan, apply and report, asking nobody. */
export async function run(
  paths: readonly string[],
  options: PlanOptions & ApplyFlags,
  signal: AbortSignal,
): Promise<Exit> {
  const workplace = await openWorkplace(paths, options, signal);
  const { setting, terminal } = workplace;
  const criteria = options.failOn === undefined ? setting.configuration.criteria : readFailOn(options.failOn);
  const made = await propose(setting, {
    profile: options.profile ?? "full",
    ...readWanted(options),
  });
  const verdict = meetsCriteria(made.scan.findings, criteria);
  const quiet = options.json === true;
  if (!quiet) {
    terminal.print(`${showScan(made.scan, { by: "package", colors: terminal.colors, verdict })}\n`);
    terminal.print(`${showPlan(made.plan, made.scan, terminal.colors)}\n`);
  }
  await storePlan(setting.root, made, options.out);
  if (made.plan.phases.length === 0) {
    const { documents } = await writeDocuments(
      await fitToLeave(setting, {
        schemaVersion: 1,
        kind: "plan",
        madeAt: made.plan.madeAt,
        before: made.scan,
        plan: made.plan,
        ...contextOf(setting.configuration),
      }),
      { folder: path.join(setting.root, ".redress", "reports"), name: made.plan.id, formats: "md,html,json" },
    );
    if (quiet)
      terminal.print(JSON.stringify({ schemaVersion: 1, plan: made.plan, run: null, documents }, null, 2));
    return verdict.met ? 0 : 1;
  }
  const done = await applyAndKeep(workplace, made.plan, options);
  if (quiet)
    terminal.print(
      JSON.stringify(
        { ...done.run, plan: made.plan, documents: done.documents, evidence: done.recorded },
        null,
        2,
      ),
    );
  else {
    terminal.print(showRun(done.run, terminal.colors));
    terminal.print(showRecorded(done.recorded));
    terminal.print(`\nReport: ${done.documents.join("\n        ")}`);
  }
  return done.exit;
}
