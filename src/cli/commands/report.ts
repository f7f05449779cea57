import path from "node:path";
import { burnDownChart, describeComparison, describeHistory, foldHistory } from "../../evidence/index.ts";
import { Failure, type Evidence } from "../../model/index.ts";
import { fitToLeave, look, valueFitToLeave, type Setting } from "../../pipeline/index.ts";
import { readRuns } from "../../run/index.ts";
import { exists } from "../../system/index.ts";
import { contextOf, writeDocuments, writePaper, type Written } from "../documents.ts";
import { readPast } from "../past.ts";
import { readPlan } from "../plans.ts";
import type { Exit } from "../program.ts";
import { evidenceOfRun } from "../run-evidence.ts";
import { openWorkplace, type LookOptions, type Workplace } from "../setting.ts";

interface ReportOptions extends LookOptions {
  readonly format: string;
  readonly out?: string;
  /** What all scans and runs kept here add up to. */
  readonly history?: boolean;
  /** Two runs. */
  readonly compare?: readonly string[];
}

/** `redress report` on a run, a plan or a path; on all of the past; on two runs. */
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
  const place = {
    folder: path.resolve(options.out ?? path.join(setting.root, ".redress", "reports")),
    formats: options.format,
  };
  const { documents, notes } =
    options.history === true
      ? await writeHistory(setting, place)
      : options.compare === undefined
        ? await writeOne(isPath ? await stateOf(workplace) : await evidenceFor(workplace, what), place)
        : await writeComparison(setting, options.compare, place);
  if (options.json === true) terminal.print(JSON.stringify({ schemaVersion: 1, documents, notes }, null, 2));
  else terminal.print([...documents, ...notes].join("\n"));
  return 0;
}

interface Named {
  readonly evidence: Evidence;
  readonly name: string;
}

interface OutPlace {
  readonly folder: string;
  readonly formats: string;
}

const writeOne = ({ evidence, name }: Named, place: OutPlace): Promise<Written> =>
  writeDocuments(evidence, { ...place, name });

async function writeHistory(setting: Setting, place: OutPlace): Promise<Written> {
  const history = await valueFitToLeave(setting, foldHistory(await readPast(setting)));
  const paper = {
    document: describeHistory(history),
    madeAt: history.now,
    drawings: burnDownChart(history.points),
    value: history,
  };
  return writePaper(paper, { ...place, name: `history-${history.now.slice(0, 10)}` });
}

async function writeComparison(setting: Setting, runs: readonly string[], place: OutPlace): Promise<Written> {
  const [first, second, ...more] = runs;
  if (first === undefined || second === undefined || more.length > 0)
    throw new Failure("usage", "--compare takes two runs", "redress report --compare RUN RUN");
  const [left, right] = [await runEvidence(setting, first), await runEvidence(setting, second)];
  const document = describeComparison(left, right);
  return writePaper(
    { document, madeAt: right.madeAt, drawings: "", value: { schemaVersion: 1, first: left, second: right } },
    { ...place, name: `${first}-and-${second}` },
  );
}

/** @throws {Failure} `usage`, `unreadable` */
async function runEvidence(setting: Setting, name: string): Promise<Evidence> {
  if (!/^run-[\w-]+$/.test(name))
    throw new Failure("usage", `${name} is neither a run, a plan file nor a path`);
  const run = (await readRuns(setting.root)).find((one) => one.run === name);
  const evidence =
    run === undefined ? undefined : await evidenceOfRun(setting.root, run, setting.configuration);
  if (evidence !== undefined) return fitToLeave(setting, evidence);
  throw new Failure(
    run === undefined ? "usage" : "unreadable",
    run === undefined
      ? `there is no run ${name} here`
      : `nothing is kept of ${name} that a document could be made from${run.reason === undefined ? "" : `: ${run.reason}`}`,
    run === undefined ? "redress status lists them." : "Neither its evidence nor its plan is there any more.",
  );
}

async function evidenceFor(workplace: Workplace, what: string | undefined): Promise<Named> {
  const { setting } = workplace;
  const { root, configuration } = setting;
  if (what?.endsWith(".json") === true) {
    const { plan, scan, file } = await readPlan(root, path.resolve(what));
    if (scan === undefined)
      throw new Failure(
        "unreadable",
        `the scan that ${file} was made from is not kept here`,
        "Report on it where it was made.",
      );
    const evidence: Evidence = {
      schemaVersion: 1,
      kind: "plan",
      madeAt: plan.madeAt,
      before: scan,
      plan,
      ...contextOf(configuration),
    };
    return { name: plan.id, evidence: await fitToLeave(setting, evidence) };
  }
  const newest = what ?? (await readRuns(root)).at(-1)?.run;
  return newest === undefined
    ? stateOf(workplace)
    : { name: newest, evidence: await runEvidence(setting, newest) };
}

async function stateOf({ setting }: Workplace): Promise<Named> {
  const seen = await look(setting);
  seen.base.close();
  const madeAt = seen.scan.scannedAt;
  const evidence: Evidence = {
    schemaVersion: 1,
    kind: "state",
    madeAt,
    before: seen.scan,
    inventory: { before: seen.inventory },
    ...contextOf(setting.configuration),
  };
  return { name: `state-${madeAt.slice(0, 10)}`, evidence: await fitToLeave(setting, evidence) };
}
