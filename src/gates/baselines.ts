import { Failure, type Configuration, type Inventory, type TestGate, type Upgrade } from "../model/index.ts";
import { waitForAll, type Progress } from "../system/index.ts";
import type { Bench } from "./bench.ts";
import { isConcerned, lanesOf } from "./concerned.ts";
import { readCoverage, removeCoverage, type Coverage } from "./coverage.ts";
import { readLicenses } from "./license-reading.ts";
import { runTests, type TestRun } from "./test-run.ts";

/** How the old versions did. */
export interface Baselines {
  /** By the name of the gate. */
  readonly tests: ReadonlyMap<string, TestRun>;
  readonly coverage: ReadonlyMap<string, Coverage>;
  /** Licenses of what upgrades move from, by `licenseKey`; phases add what they have read. */
  readonly licenses: Map<string, string | undefined>;
  /** The tree on the old versions, where it is kept for comparison. */
  readonly old?: Bench;
}

/** Asks the old versions what the new ones will be compared with. @throws {Failure} `cancelled` */
export async function takeBaselines(
  configuration: Configuration,
  of: {
    readonly bench: Bench;
    readonly inventory: Inventory;
    readonly upgrades: readonly Upgrade[];
    readonly filesOnly: boolean;
  },
  watch: { readonly progress: Progress; record(name: string, run: TestRun): Promise<void> },
): Promise<Baselines> {
  const { bench, filesOnly } = of;
  const gates = filesOnly ? [] : (configuration.gates?.coverage ?? []);
  // What lies in the working tree is not of these versions.
  for (const gate of gates) await removeCoverage(gate, bench);
  const tests = new Map<string, TestRun>();
  let recorded = Promise.resolve();
  const ask = async (row: readonly TestGate[]): Promise<void> => {
    for (const gate of row) {
      if (!isConcerned(gate, of.upgrades)) continue;
      const step = watch.progress.step(`Tests on the old versions: ${gate.name}`);
      const run = await runTests(gate, bench);
      tests.set(gate.name, run);
      recorded = recorded.then(() => watch.record(gate.name, run));
      await recorded;
      step.done(run.error ?? (run.code === 0 ? "passed" : `exit code ${run.code ?? "none"}`));
    }
  };
  if (!filesOnly) {
    await ask(configuration.tests.filter((gate) => gate.projects === undefined));
    await waitForAll(lanesOf(configuration.tests).map(ask));
  }
  const coverage = new Map<string, Coverage>();
  for (const gate of gates) {
    coverage.set(gate.name, await readCoverage(gate, bench));
    await removeCoverage(gate, bench);
  }
  const moved = of.upgrades.map(({ from, ...upgrade }) => ({ ...upgrade, version: from }));
  const licenses =
    configuration.gates?.license === undefined ? new Map<string, never>() : await readLicenses(moved, of);
  return { tests, coverage, licenses };
}

/** The run of one gate's tests on the old versions. */
export function baselineOf(baselines: Baselines | undefined, name: string): TestRun {
  const baseline = baselines?.tests.get(name);
  if (baseline === undefined)
    throw new Failure("internal", `the tests ${name} have no run on the old versions`);
  return baseline;
}
