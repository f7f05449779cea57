import { Failure, type Measure, type PerformanceSettings } from "../../model/index.ts";
import { execute, lastLines, type Execution } from "../../system/index.ts";
import { commandEnvironment, placeOn } from "../bench.ts";
import { median } from "../statistics/quantile.ts";
import { benchOfSide, forSides, orderOf, type Batch, type Benches, type Unmeasured } from "./batch.ts";
import { readNumbers } from "./read-numbers.ts";

type CommandMeasure = Extract<Measure, { kind: "numbers" | "duration" }>;

/**
 * One batch of a command's numbers, or of the time that it takes: in each round once on each side, in changing order.
 * Numbers that are better when higher are turned over (1/x), so that more is always worse. A command that prints several
 * named numbers gives a batch for each.
 */
export async function measureCommand(
  measure: CommandMeasure,
  benches: Benches,
  plan: PerformanceSettings,
): Promise<ReadonlyMap<string, Batch> | Unmeasured> {
  const batches = new Map<string, Batch>();
  for (let round = -plan.warmUp; round < plan.samples; round++)
    for (const side of orderOf(round + plan.warmUp)) {
      const read = await runOnce(measure, benchOfSide(benches, side));
      if ("reason" in read) return { side, reason: read.reason };
      if (round < 0) continue;
      for (const [name, value] of read.values) {
        const batch = batches.get(name) ?? { samples: forSides<number[]>(() => []) };
        batches.set(name, batch);
        batch.samples[side].push(measure.better === "higher" ? 1 / value : value);
      }
    }
  for (const [name, { samples }] of batches)
    if (Object.values(samples).some((own) => own.length !== plan.samples))
      return { side: "new", reason: `it does not print ${name || "a number"} every time` };
  return batches;
}

async function runOnce(
  { command, kind }: CommandMeasure,
  bench: Benches["old"],
): Promise<{ values: ReadonlyMap<string, number> } | { reason: string }> {
  const cwd = placeOn(bench, command.cwd);
  if (cwd === undefined) return { reason: `${command.cwd} lies outside the project` };
  let done: Execution;
  try {
    done = await execute(command.argv, {
      cwd,
      timeoutMs: command.timeoutMs,
      env: commandEnvironment(cwd, bench),
      ...(bench.signal === undefined ? {} : { signal: bench.signal }),
    });
  } catch (error) {
    if (error instanceof Failure && error.code === "tool") return { reason: error.message };
    throw error;
  }
  if (done.timedOut) return { reason: `it took longer than ${command.timeoutMs / 1000} s` };
  if (done.code !== 0)
    return {
      reason: `exit code ${done.code ?? "none"}: ${lastLines(`${done.stdout}\n${done.stderr}`, 5)}`,
    };
  if (kind === "duration") return { values: new Map([["", done.durationMs]]) };
  const numbers = readNumbers(done.stdout);
  if (numbers.size === 0) return { reason: `it prints no numbers: ${lastLines(done.stdout, 3)}` };
  return { values: new Map([...numbers].map(([name, values]) => [name, median(values)])) };
}
