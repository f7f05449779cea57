import type { Measure, PerformanceSettings, ProcessSettings } from "../../model/index.ts";
import { probe, residentBytes } from "../../system/index.ts";
import type { Bench } from "../bench.ts";
import { serve, type Serving } from "../served-process.ts";
import type { Occurrence } from "../statistics/fisher.ts";
import { median } from "../statistics/quantile.ts";

/** The old versions, the old ones again as a control, and the new ones. */
export const sides = ["old", "control", "new"] as const;
export type Side = (typeof sides)[number];

/** Something for each side. */
export type Sides<T> = Readonly<Record<Side, T>>;

/** Trees to compare: the application on its old and on its new versions. */
export interface Benches {
  readonly old: Bench;
  readonly new: Bench;
}

/** An `Occurrence` that is still counted. */
type Counted = { -readonly [K in keyof Occurrence]: Occurrence[K] };

/** What one batch of rounds measured; milliseconds, bytes, or whatever a command prints. */
export interface Batch {
  readonly samples: Sides<number[]>;
  /** Of HTTP: every single request, and how many failed. */
  readonly requests?: { readonly durations: Sides<number[]>; readonly failed: Sides<Counted> };
}

/** Why a side could not be measured. */
export interface Unmeasured {
  readonly side: Side;
  readonly reason: string;
}

export const benchOfSide = (benches: Benches, side: Side): Bench =>
  side === "new" ? benches.new : benches.old;

export const forSides = <T>(make: () => T): Record<Side, T> => ({
  old: make(),
  control: make(),
  new: make(),
});

const orders: readonly (readonly Side[])[] = [
  ["old", "new", "control"],
  ["control", "old", "new"],
  ["new", "control", "old"],
  ["new", "old", "control"],
  ["control", "new", "old"],
  ["old", "control", "new"],
];

/** The order of the sides in a turn: each is as often first, second and last, before and after each other. */
export const orderOf = (turn: number): readonly Side[] => orders[turn % orders.length] ?? sides;

/** Processes that serve requests alone are started anew so often in a batch. */
const launches = 3;
const requestTimeoutMs = 30_000;

/** What is measured on one process. */
export interface Watched {
  readonly process: ProcessSettings;
  readonly measures: readonly Extract<Measure, { process: string }>[];
}

type Servings = Record<Side, Serving>;

/**
 * One batch of a process: in each round all three sides are measured, in changing order. Startup and memory take a new
 * process a sample; requests are sent in turn to the three that are running, so that what disturbs the machine
 * disturbs all alike.
 */
export async function measureProcess(
  { process: settings, measures }: Watched,
  benches: Benches,
  plan: PerformanceSettings,
): Promise<ReadonlyMap<string, Batch> | Unmeasured> {
  const batches = new Map(measures.map((measure) => [measure.name, emptyBatch(measure)]));
  const everyRound = measures.some((measure) => measure.kind !== "http");
  const isTimed = measures.some((measure) => measure.kind === "startup");
  const roundsEach = everyRound ? 1 : Math.ceil(plan.samples / launches);
  const warmUps = everyRound ? plan.warmUp : 0;
  const { signal } = benches.new;
  let servings: Servings | undefined;
  try {
    for (let round = -warmUps; round < plan.samples; round++) {
      if (servings === undefined || (round >= 0 && round % roundsEach === 0)) {
        if (servings !== undefined) await endServings(servings);
        servings = undefined;
        const started = await startServings(settings, benches, { turn: round + warmUps, isTimed });
        if ("reason" in started) return started;
        servings = started;
        await visit(servings, measures, { turns: plan.warmUp, turn: round, signal });
      }
      const latencies = await visit(servings, measures, { turns: plan.requests, turn: round, signal });
      if (round < 0) continue;
      for (const measure of measures) {
        const batch = batches.get(measure.name);
        if (batch === undefined) continue;
        if (measure.kind === "http") addRequests(batch, latencies.get(measure.name));
        else await addReading(batch, measure.kind, servings);
      }
    }
    return batches;
  } finally {
    if (servings !== undefined) await endServings(servings);
  }
}

function emptyBatch(measure: Measure): Batch {
  const samples = forSides<number[]>(() => []);
  return measure.kind === "http"
    ? {
        samples,
        requests: {
          durations: forSides<number[]>(() => []),
          failed: forSides(() => ({ events: 0, of: 0 })),
        },
      }
    : { samples };
}

async function startServings(
  settings: ProcessSettings,
  benches: Benches,
  { turn, isTimed }: { readonly turn: number; readonly isTimed: boolean },
): Promise<Servings | Unmeasured> {
  const started: Partial<Servings> = {};
  let unmeasured: Unmeasured | undefined;
  const start = async (side: Side): Promise<void> => {
    const serving = await serve(settings, benchOfSide(benches, side));
    if ("failed" in serving) unmeasured ??= { side, reason: serving.failed };
    else started[side] = serving;
  };
  try {
    // Starting is what disturbs most: one after the other where it is timed, and all at once where it need not be.
    if (isTimed) {
      for (const side of orderOf(turn)) if (unmeasured === undefined) await start(side);
    } else {
      const starts = await Promise.allSettled(sides.map(start));
      for (const one of starts) if (one.status === "rejected") throw one.reason;
    }
  } catch (error) {
    await endServings(started);
    throw error;
  }
  if (unmeasured === undefined) return started as Servings;
  await endServings(started);
  return unmeasured;
}

async function endServings(servings: Partial<Servings>): Promise<void> {
  await Promise.all(Object.values(servings).map((serving) => serving.end()));
}

/** One request after the other, each to all sides in turn; of each measure the answers by side. */
async function visit(
  servings: Servings,
  measures: Watched["measures"],
  { turns, turn, signal }: { turns: number; turn: number; signal: AbortSignal | undefined },
): Promise<Map<string, Sides<(number | undefined)[]>>> {
  const latencies = new Map<string, Sides<(number | undefined)[]>>();
  for (const measure of measures) {
    if (measure.kind !== "http") continue;
    const seen = forSides<(number | undefined)[]>(() => []);
    for (let request = 0; request < turns; request++)
      for (const side of orderOf(Math.abs(turn) + request)) {
        signal?.throwIfAborted();
        const answer = await probe(servings[side].url(measure.path), { timeoutMs: requestTimeoutMs });
        const isGood = answer.status !== undefined && answer.status < 400;
        seen[side].push(isGood ? answer.durationMs : undefined);
      }
    latencies.set(measure.name, seen);
  }
  return latencies;
}

/** A round's sample is the median of its requests; failed ones are counted, not timed. */
function addRequests(
  { samples, requests }: Batch,
  latencies: Sides<(number | undefined)[]> | undefined,
): void {
  if (requests === undefined || latencies === undefined) return;
  for (const side of sides) {
    const good = latencies[side].filter((one) => one !== undefined);
    const counted = requests.failed[side];
    counted.events += latencies[side].length - good.length;
    counted.of += latencies[side].length;
    requests.durations[side].push(...good);
    if (good.length > 0) samples[side].push(median(good));
  }
}

async function addReading({ samples }: Batch, kind: "startup" | "memory", servings: Servings): Promise<void> {
  for (const side of sides) {
    const value = kind === "startup" ? servings[side].startedMs : await residentBytes(servings[side].pid);
    if (value !== undefined) samples[side].push(value);
  }
}
