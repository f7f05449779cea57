import type { GateResult } from "../model/index.ts";
import { askGates, stops, type Question } from "../gates/index.ts";
import { sleep, type Progress } from "../system/index.ts";
import type { Site } from "./backup.ts";

/** Gates that are asked again and again for some time. */
export interface Watching {
  /** What is watched: the name of the stage. */
  readonly target: string;
  /** Numbers of the phases on trial; the gates' answers are written down with the last one. */
  readonly phases: readonly number[];
  readonly durationMs: number;
  readonly intervalMs: number;
  readonly questions: readonly Question[];
  readonly progress: Progress;
  readonly signal?: AbortSignal;
}

/**
 * Asks until the time is over or a gate stops it; gives the answer that did. Of each gate the first answer, every other
 * verdict and the last answer are written down.
 * @throws {Failure} `cancelled`; `storage`
 */
export async function watch({ journal }: Site, watching: Watching): Promise<GateResult | undefined> {
  const { target, phases, durationMs, questions, progress } = watching;
  const phase = phases.at(-1) ?? 0;
  await journal.append({ event: "watching", target, phases, durationMs });
  const step = progress.step(`Watching ${target} for ${durationMs / 1000} s`);
  const started = performance.now();
  const latest = new Map<string, { result: GateResult; isWritten: boolean }>();
  const write = async (result: GateResult): Promise<void> => {
    await journal.append({ event: "gate", stage: "watch", phase, result });
    latest.set(result.name, { result, isWritten: true });
    progress.line(`  ${target}, watch: ${result.name} ${result.verdict}: ${result.detail}`);
  };
  try {
    for (let round = 1; ; round++) {
      const results = await askGates(questions, async (result) => {
        if (latest.get(result.name)?.result.verdict !== result.verdict || stops(result)) await write(result);
        else latest.set(result.name, { result, isWritten: false });
      });
      const stopping = results.find(stops);
      if (stopping !== undefined) {
        await journal.append({ event: "watched", target, phases, held: false });
        return stopping;
      }
      const leftMs = durationMs - (performance.now() - started);
      step.update(`round ${round}, ${Math.max(0, Math.round(leftMs / 1000))} s to go`);
      if (leftMs <= 0) break;
      await sleep(Math.min(leftMs, watching.intervalMs), watching.signal);
    }
    for (const { result, isWritten } of latest.values()) if (!isWritten) await write(result);
    await journal.append({ event: "watched", target, phases, held: true });
    return undefined;
  } finally {
    step.done();
  }
}
