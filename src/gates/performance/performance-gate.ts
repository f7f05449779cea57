import type { Budget, GateResult, Measure, PerformanceSettings, ProcessSettings } from "../../model/index.ts";
import { assess, assessTwice, type Assessment } from "./assess.ts";
import { measureProcess, sides, type Batch, type Benches, type Unmeasured } from "./batch.ts";
import { measureCommand } from "./commands.ts";
import { median, quantile } from "../statistics/quantile.ts";

const defaultBudget: Budget = { budget: 5, rollback: 20 };

/** What belongs together in one measurement: all measures of a process, or one command. */
export interface Trial {
  readonly process?: ProcessSettings;
  readonly measures: readonly Measure[];
}

/** The measures by what is started for them. */
export function trialsOf(settings: PerformanceSettings, processes: readonly ProcessSettings[]): Trial[] {
  const trials: Trial[] = [];
  for (const process of processes) {
    const measures = settings.measures.filter((one) => "process" in one && one.process === process.name);
    if (measures.length > 0) trials.push({ process, measures });
  }
  for (const measure of settings.measures) if (!("process" in measure)) trials.push({ measures: [measure] });
  return trials;
}

/**
 * Gate `performance`: old and new versions side by side; what does not pass at once is measured again in a second,
 * independent batch before anything is said of it. What can stop nothing is measured again only where it seems to fail.
 */
export async function performanceGates(
  trial: Trial,
  benches: Benches,
  { settings, today }: { readonly settings: PerformanceSettings; readonly today: string },
): Promise<GateResult[]> {
  const first = await measureOnce(trial, benches, settings);
  if ("side" in first) return unmeasured(trial, first, await measureOnce(trial, benches, settings));
  const budgets = new Map(
    trial.measures.map((measure) => [measure.name, budgetOf(measure, { settings, today })]),
  );
  const judged = new Map<string, { assessment: Assessment; batches: Batch[] }>();
  for (const [key, batch] of first)
    if (isComparable(batch))
      judged.set(key, { assessment: assess(batch, budgetFor(key, budgets)), batches: [batch] });
  const isOpen = ([key, { assessment }]: [string, { assessment: Assessment }]): boolean =>
    assessment.verdict === "fail" ||
    (assessment.verdict !== "pass" && measureOf(key, trial)?.mode !== "warn");
  if ([...judged].some(isOpen)) {
    const second = await measureOnce(trial, benches, settings);
    if ("side" in second) return unmeasured(trial, second, second);
    for (const [key, { assessment, batches }] of judged) {
      const [batch, again] = [batches[0], second.get(key)];
      if (assessment.verdict === "pass" || batch === undefined || again === undefined) continue;
      if (!isComparable(again)) continue;
      judged.set(key, {
        assessment: assessTwice(batch, again, budgetFor(key, budgets)),
        batches: [batch, again],
      });
    }
  }
  return [...first.keys()].map((key) => {
    const measure = measureOf(key, trial);
    const one = judged.get(key);
    return one === undefined
      ? unanswered(key, measure)
      : resultOf({ key, measure, budget: budgetFor(key, budgets), ...one });
  });
}

/** Whether the old versions gave anything to compare with. */
const isComparable = ({ samples }: Batch): boolean => samples.old.length > 0 && samples.control.length > 0;

/** Where no request is answered well on the old versions there is nothing to tell of the new ones. */
const unanswered = (key: string, measure: Measure | undefined): GateResult => ({
  name: `performance: ${key}`,
  mode: measure?.mode ?? "enforce",
  verdict: "error",
  detail: `cannot be measured on the old versions: ${measure?.kind === "http" ? `no request of ${measure.path} is answered below 400` : "no sample"}`,
});

type Accepted = Budget & { readonly exception?: string };

/** A key is a measure's name, or that and the name of one of the numbers that its command prints. */
const measureOf = (key: string, { measures }: Trial): Measure | undefined =>
  measures.find((one) => one.name === key || key.startsWith(`${one.name}: `));

function budgetFor(key: string, budgets: ReadonlyMap<string, Accepted>): Accepted {
  const name = [...budgets.keys()].find((one) => one === key || key.startsWith(`${one}: `));
  return budgets.get(name ?? key) ?? defaultBudget;
}

function budgetOf(
  measure: Measure,
  { settings, today }: { settings: PerformanceSettings; today: string },
): Accepted {
  const exception = settings.exceptions.find(
    (one) => one.measure === measure.name && (one.until === undefined || one.until >= today),
  );
  if (exception === undefined) return settings.budgets[measure.class] ?? defaultBudget;
  const until = exception.until === undefined ? "" : ` until ${exception.until}`;
  const { budget, rollback, by, reason } = exception;
  return { budget, rollback, exception: `accepted by ${by}${until}: ${reason}` };
}

async function measureOnce(
  { process, measures }: Trial,
  benches: Benches,
  settings: PerformanceSettings,
): Promise<ReadonlyMap<string, Batch> | Unmeasured> {
  if (process !== undefined) {
    const own = measures.filter((measure) => "process" in measure);
    return measureProcess({ process, measures: own }, benches, settings);
  }
  const all = new Map<string, Batch>();
  for (const measure of measures) {
    if ("process" in measure) continue;
    const batches = await measureCommand(measure, benches, settings);
    if ("side" in batches) return batches;
    for (const [name, batch] of batches)
      all.set(name === "" ? measure.name : `${measure.name}: ${name}`, batch);
  }
  return all;
}

/** Old versions that cannot be measured tell nothing; new ones that twice cannot, where the old ones can, fail. */
function unmeasured(
  { measures }: Trial,
  first: Unmeasured,
  second: ReadonlyMap<string, Batch> | Unmeasured,
): GateResult[] {
  const failsTwice = first.side === "new" && "side" in second && second.side === "new";
  const versions = first.side === "new" ? "new" : "old";
  return measures.map(({ name, mode }) => ({
    name: `performance: ${name}`,
    mode,
    verdict: failsTwice ? "fail" : "error",
    detail: `cannot be measured on the ${versions} versions: ${first.reason}`,
  }));
}

interface Judged {
  readonly key: string;
  readonly measure: Measure | undefined;
  readonly budget: Accepted;
  readonly assessment: Assessment;
  readonly batches: readonly Batch[];
}

function resultOf({ key, measure, budget, assessment, batches }: Judged): GateResult {
  const { verdict, shift, control, alarms } = assessment;
  const unit = unitOf(measure);
  const all = (side: (typeof sides)[number]): number[] => batches.flatMap((batch) => batch.samples[side]);
  const [before, after] = [median(all("old")), median(all("new"))];
  const lines = [
    ...(all("new").length === 0
      ? ["no request is answered well on the new versions"]
      : [
          `${signed(shift.estimate)} (98 % within ${signed(shift.lower)} and ${signed(shift.upper)})`,
          `${unit.show(before)} → ${unit.show(after)}`,
          ...tailOf(batches),
        ]),
    `budget ${budget.budget} %, rollback past ${budget.rollback} %`,
    ...(verdict === "pass"
      ? []
      : [`old against old within ${signed(control.lower)} and ${signed(control.upper)}`]),
    ...alarms,
    ...(verdict === "fail" ? ["a second batch agrees"] : []),
    ...(budget.exception === undefined ? [] : [budget.exception]),
  ];
  const rounded = (values: readonly number[]): number[] =>
    values.map((value) => Number(value.toPrecision(6)));
  return {
    name: `performance: ${key}`,
    mode: measure?.mode ?? "enforce",
    verdict,
    detail: lines.join("; "),
    samples: [
      {
        measure: key,
        kind: measure?.kind,
        unit: unit.name,
        class: measure?.class,
        ...budget,
        shift,
        control,
      },
      ...batches.map(({ samples, requests }, index) => ({
        batch: index + 1,
        ...Object.fromEntries(sides.map((side) => [side, rounded(samples[side])])),
        ...(requests === undefined ? {} : { failed: requests.failed }),
      })),
    ],
  };
}

function tailOf(batches: readonly Batch[]): string[] {
  if (batches.some((batch) => batch.requests === undefined)) return [];
  const p95 = (side: "old" | "new"): string =>
    quantile(
      batches.flatMap((batch) => batch.requests?.durations[side] ?? []),
      0.95,
    ).toFixed(1);
  return [`p95 ${p95("old")} → ${p95("new")} ms`];
}

interface Unit {
  readonly name: string;
  show(value: number): string;
}

function unitOf(measure: Measure | undefined): Unit {
  if (measure?.kind === "memory") return { name: "bytes", show: (value) => `${(value / 1e6).toFixed(1)} MB` };
  if (measure?.kind === "numbers") {
    const turned = measure.better === "higher";
    return {
      name: turned ? "1/number" : "number",
      show: (value) => String(Number((turned ? 1 / value : value).toPrecision(4))),
    };
  }
  return { name: "ms", show: (value) => `${value.toFixed(1)} ms` };
}

const signed = (share: number): string => `${share < 0 ? "−" : "+"}${Math.abs(share * 100).toFixed(1)} %`;
