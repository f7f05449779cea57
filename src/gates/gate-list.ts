import {
  normaliseName,
  type Configuration,
  type FindingChange,
  type GateResult,
  type GateStage,
  type Inventory,
  type Measure,
  type TestGate,
  type Upgrade,
} from "../model/index.ts";
import { maskSecrets, waitForAll } from "../system/index.ts";
import { baselineOf, type Baselines } from "./baselines.ts";
import type { Bench } from "./bench.ts";
import { commandGate } from "./command.ts";
import { isConcerned, lanesOf } from "./concerned.ts";
import { coverageGate } from "./coverage.ts";
import { healthGate } from "./health.ts";
import { licenseGate } from "./license.ts";
import { performanceGates, trialsOf } from "./performance/performance-gate.ts";
import { securityGate } from "./security.ts";
import { testsGate } from "./tests.ts";
import { versionsGate, type ReadVersions } from "./versions.ts";

/** One gate, ready to be asked; a measurement answers with a result for each measure. */
type Asking = () => Promise<readonly GateResult[]>;

/** One gate, or several rows of gates that are asked side by side, each row one after the other. */
export type Question = Asking | { readonly lanes: readonly (readonly Asking[])[] };

/** What a phase made, and what it is compared with. */
export interface Situation {
  readonly stage: Exclude<GateStage, "watch">;
  readonly configuration: Configuration;
  readonly upgrades: readonly Upgrade[];
  readonly versions: ReadVersions;
  readonly findings: FindingChange;
  readonly inventory: Inventory;
  /** The tree with the new versions. */
  readonly bench: Bench;
  /** In rehearsal: how the old versions did. */
  readonly baselines?: Baselines;
  /** Environments are left alone: nothing can be run. */
  readonly filesOnly: boolean;
  /** `YYYY-MM-DD` */
  readonly today: string;
}

/**
 * The gates of a phase, in the order in which they are asked: what is quick and certain first, what disturbs least
 * before what takes long.
 */
export function questionsFor(situation: Situation): Question[] {
  const { configuration, upgrades, stage, filesOnly, bench } = situation;
  const { gates } = configuration;
  const isRehearsal = stage === "rehearsal";
  return [
    one(() => versionsGate(upgrades, situation.versions, gates?.versions ?? "enforce")),
    // Of the real tree files alone clear nothing: whoever installs them scans again.
    ...(isRehearsal || !filesOnly
      ? [one(() => securityGate(upgrades, situation.findings, gates?.security ?? "enforce"))]
      : []),
    ...(isRehearsal ? licenseQuestions(situation) : []),
    // The rest judges the rehearsal; in promotion the versions are proven to be those that were judged.
    ...(isRehearsal ? programQuestions(situation) : []),
    ...(filesOnly ? [] : healthQuestions(stage, configuration, bench)),
    ...(isRehearsal && !filesOnly ? performanceQuestions(situation) : []),
    ...(isRehearsal
      ? (configuration.leftOut ?? []).map((name) => missing(name, "left out on request (--without)"))
      : []),
  ];
}

const one =
  (ask: () => GateResult | Promise<GateResult>): Asking =>
  async () => [await ask()];

/** A gate that is not asked, and why: never taken for a pass. */
function missing(name: string, detail: string): Asking {
  return () => Promise.resolve([{ name, mode: "observe", verdict: "missing", detail }]);
}

/** The health gates of a stage: all that is asked while a promoted project is watched. */
export function healthQuestions(stage: GateStage, configuration: Configuration, bench: Bench): Question[] {
  const { health = [], processes = [] } = configuration.gates ?? {};
  return health
    .filter((gate) => gate.stages.includes(stage))
    .map((gate) => async () => [await healthGate(gate, processes, bench)]);
}

function licenseQuestions({ configuration, upgrades, inventory, bench, baselines }: Situation): Asking[] {
  const policy = configuration.gates?.license;
  if (policy === undefined || baselines === undefined) return [];
  const changed = { upgrades, inventory, bench, known: baselines.licenses };
  return [async () => [await licenseGate(policy, changed)]];
}

const unconcerned = (name: string, { projects = [] }: TestGate): Asking =>
  missing(name, `not asked: the phase changes nothing of ${projects.join(", ")}`);

/**
 * Tests, the coverage that they leave, and commands. Those of different projects disturb each other no more than what else
 * runs on the machine, and a rehearsal is mostly waiting for them.
 */
function programQuestions(situation: Situation): Question[] {
  const { configuration, baselines, bench, filesOnly, upgrades } = situation;
  const [tests, commands] = filesOnly ? [[], []] : [configuration.tests, configuration.commands];
  const coverage = tests.length === 0 ? [] : (configuration.gates?.coverage ?? []);
  const ask = (gate: TestGate): Asking => {
    const isCommand = commands.includes(gate);
    if (!isConcerned(gate, upgrades))
      return unconcerned(`${isCommand ? "command" : "tests"}: ${gate.name}`, gate);
    return one(() =>
      isCommand ? commandGate(gate, bench) : testsGate(gate, baselineOf(baselines, gate.name), bench),
    );
  };
  const ofAll = (gates: readonly TestGate[]): Asking[] =>
    gates.filter((gate) => gate.projects === undefined).map(ask);
  const lanes = lanesOf([...tests, ...commands]).map((lane) => lane.map(ask));
  return [
    ...(tests.length === 0 ? whyNoTests(situation) : []),
    ...ofAll(tests),
    { lanes },
    ...coverage.map((gate): Asking => async () => [
      await coverageGate(gate, baselines?.coverage.get(gate.name), bench),
    ]),
    ...ofAll(commands),
  ];
}

function whyNoTests({ configuration }: Situation): Asking[] {
  if (configuration.tests.length > 0)
    return [missing("tests", "files only: the tests run where these files are installed")];
  const isLeftOut = (configuration.leftOut ?? []).some((name) => name.startsWith("tests: "));
  return isLeftOut ? [] : [missing("tests", "no tests are configured")];
}

function performanceQuestions({ configuration, upgrades, baselines, bench, today }: Situation): Question[] {
  const { performance: settings, processes = [] } = configuration.gates ?? {};
  const old = baselines?.old;
  if (settings === undefined || old === undefined) return [];
  const isMeasured = ({ packages }: Measure): boolean =>
    packages?.some((name) => upgrades.some((one) => one.package === normaliseName(one.ecosystem, name))) ??
    true;
  const measures = settings.measures.filter(isMeasured);
  return [
    ...trialsOf({ ...settings, measures }, processes).map(
      (trial) => () => performanceGates(trial, { old, new: bench }, { settings, today }),
    ),
    ...settings.measures
      .filter((one) => !isMeasured(one))
      .map(({ name, packages = [] }) =>
        missing(`performance: ${name}`, `not measured: the phase changes none of ${packages.join(", ")}`),
      ),
  ];
}

/** Asks one gate after the other until one stops the phase; each answer is told as it comes, fit to be kept. */
export async function askGates(
  questions: readonly Question[],
  tell: (result: GateResult) => Promise<void>,
): Promise<GateResult[]> {
  const results: GateResult[] = [];
  let told = Promise.resolve();
  const askAll = async (row: readonly Question[]): Promise<void> => {
    for (const question of row) {
      if (results.some(stops)) return;
      if (typeof question === "function") {
        const answers = (await question()).map(masked);
        results.push(...answers);
        for (const result of answers) told = told.then(() => tell(result));
        await told;
        continue;
      }
      await waitForAll(question.lanes.map(askAll));
    }
  };
  await askAll(questions);
  return results;
}

/** Whether a phase may go on: an enforced gate that failed, or could not tell, stops it. */
export function stops(gate: GateResult): boolean {
  return gate.mode === "enforce" && ["fail", "error", "inconclusive"].includes(gate.verdict);
}

/** Whether programs of the application are run, so that the old versions must be installed for comparison too. */
export function runsPrograms({ tests, commands, gates }: Configuration): boolean {
  const rehearsed = (gates?.health ?? []).filter((gate) => gate.stages.includes("rehearsal"));
  return tests.length + commands.length + rehearsed.length > 0 || comparesSides({ gates });
}

/** Whether old and new versions must stand side by side. */
export function comparesSides({ gates }: { readonly gates?: Configuration["gates"] }): boolean {
  return (gates?.performance?.measures.length ?? 0) > 0;
}

/** Longest text of a gate that is kept, in characters; most samples. */
const longest = { detail: 1000, sample: 4000, samples: 500 };

function masked(gate: GateResult): GateResult {
  const fit = (_: string, value: unknown): unknown =>
    typeof value === "string" ? maskSecrets(value).slice(0, longest.sample) : value;
  return {
    ...gate,
    detail: maskSecrets(gate.detail).slice(0, longest.detail),
    ...(gate.samples === undefined
      ? {}
      : { samples: JSON.parse(JSON.stringify(gate.samples.slice(0, longest.samples), fit)) as unknown[] }),
  };
}
