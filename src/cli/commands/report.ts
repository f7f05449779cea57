import path from "node:path";
import { look } from "../../pipeline/index.ts";
import { Failure, type Evidence } from "../../model/index.ts";
import { readRuns } from "../../run/index.ts";
import { exists } from "../../system/index.ts";
import { contextOf, writeDocuments } from "../documents.ts";
import { readEvidence, readPlan } from "../plans.ts";
import type { Exit } from "../program.ts";
import { openWorkplace, type LookOptions, type Workplace } from "../setting.ts";

interface ReportOptions extends LookOptions {
  readonly format: string;
  readonly out?: string;
}

/** `redress report` on a run, a plan or a path. */
export async function run(
  [what]: readonly string[],
  options: ReportOptions,
  signal: AbortSignal,
): Promise<Exit> {
  const isPath =
    what !== undefined &&
    !what.startsWith("run-") &&
    !what.endsWith(".json") &&
    (await exists(path.resolve(what)));
  const workplace = await openWorkplace(isPath ? [what] : [], options, signal);
  const { setting, terminal } = workplace;
  const { evidence, name } = isPath ? await stateOf(workplace) : await evidenceFor(workplace, what);
  const documents = await writeDocuments(evidence, {
    folder: path.resolve(options.out ?? path.join(setting.root, ".redress", "reports")),
    name,
    formats: options.format,
  });
  if (options.json === true) terminal.print(JSON.stringify({ schemaVersion: 1, documents }, null, 2));
  else terminal.print(documents.join("\n"));
  return 0;
}

interface Named {
  readonly evidence: Evidence;
  readonly name: string;
}

async function evidenceFor(workplace: Workplace, what: string | undefined): Promise<Named> {
  const { root, configuration } = workplace.setting;
  if (what?.endsWith(".json") === true) {
    const { plan, scan, file } = await readPlan(root, path.resolve(what));
    if (scan === undefined)
      throw new Failure(
        "unreadable",
        `the scan that ${file} was made from is not kept here`,
        "Report on it where it was made.",
      );
    return {
      name: plan.id,
      evidence: {
        schemaVersion: 1,
        kind: "plan",
        madeAt: plan.madeAt,
        before: scan,
        plan,
        ...contextOf(configuration),
      },
    };
  }
  const newest = what ?? (await readRuns(root)).at(-1)?.run;
  if (newest === undefined) return stateOf(workplace);
  if (!/^run-[\w-]+$/.test(newest))
    throw new Failure("usage", `${newest} is neither a run, a plan file nor a path`);
  const evidence = await readEvidence(root, newest);
  if (evidence !== undefined) return { name: newest, evidence };
  throw new Failure(
    "unreadable",
    `no evidence is kept of ${newest}`,
    "A run that was cut short has none until redress resume ends it.",
  );
}

async function stateOf({ setting }: Workplace): Promise<Named> {
  const seen = await look(setting);
  seen.base.close();
  const madeAt = seen.scan.scannedAt;
  return {
    name: `state-${madeAt.slice(0, 10)}`,
    evidence: {
      schemaVersion: 1,
      kind: "state",
      madeAt,
      before: seen.scan,
      ...contextOf(setting.configuration),
    },
  };
}
